//! Members that are killed, hang, or say nothing.

use std::time::{Duration, Instant};

use docker_ovs_etcd::{Client, Error, Settings};
use lab::Etcd;

use crate::{client, client_with, run};

#[test]
fn another_member_is_asked_when_one_is_killed_or_hangs() {
    need_etcd!();
    let mut etcd = Etcd::start(3);
    run(async {
        let client = client(&etcd);
        client.put("/a", "1", 0).await.unwrap();
        let mut watcher = client.watch("/", 0).await.unwrap();
        etcd.kill(0);
        // The stream ends, and is begun again elsewhere.
        while watcher.next().await.is_ok() {}
        let revision = client.put("/a", "2", 0).await.unwrap();
        let mut watcher = client.watch("/", revision).await.unwrap();
        while watcher.next().await.unwrap().events.is_empty() {}
        etcd.revive();
        etcd.hang(1, true);
        assert_eq!(client.get("/a").await.unwrap().0.unwrap().value, "2");
        etcd.hang(1, false);
        etcd.kill_all();
        let error = client.get("/a").await.unwrap_err().to_string();
        assert!((0..3).all(|member| error.contains(etcd.endpoint(member))), "{error}");
    });
}

#[test]
fn a_member_without_the_others_refuses_and_is_passed_over() {
    need_etcd!();
    let mut etcd = Etcd::start(3);
    run(async {
        etcd.kill(1);
        etcd.kill(2);
        let alone = client_with(etcd.endpoint(0), None);
        let error = loop {
            // It takes a moment to know that it has no leader.
            if let Err(error) = alone.put("/a", "1", 0).await {
                break error.to_string();
            }
        };
        assert!(error.contains(etcd.endpoint(0)), "{error}");
        etcd.revive();
        client(&etcd).put("/a", "1", 0).await.unwrap();
    });
}

/// Whatever members do or leave undone, and however many there are.
#[test]
fn a_caller_waits_no_longer_than_it_wants() {
    run(async {
        let silent = [
            std::net::TcpListener::bind("127.0.0.1:0"),
            std::net::TcpListener::bind("127.0.0.1:0"),
        ];
        let urls = silent.map(|socket| {
            let socket = socket.unwrap();
            socket.set_nonblocking(true).unwrap();
            let socket = tokio::net::TcpListener::from_std(socket).unwrap();
            let url = format!("http://{}", socket.local_addr().unwrap());
            (socket, url.parse().unwrap())
        });
        let [(_first, first), (_second, second)] = urls;
        let allowed = Duration::from_millis(300);
        for endpoints in [vec![first], vec![first, second]] {
            let client = Client::within(allowed, Settings { endpoints, tls: None });
            let start = Instant::now();
            let late = |error: &Error| matches!(error, Error::Late(of) if *of == allowed);
            // One time for all of its calls.
            assert!(client.list("/f/", Some).await.is_err_and(|error| late(&error)));
            assert!(client.put("/f/x", "1", 0).await.is_err_and(|error| late(&error)));
            assert!(client.keep_alive(7).await.is_err_and(|error| late(&error)));
            assert!(client.watch("/f/", 0).await.is_err_and(|error| late(&error)));
            let took = start.elapsed();
            assert!(took >= allowed && took < Duration::from_secs(15), "{took:?}");
        }
    });
}
