//! The client against real members.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

use std::fs::Permissions;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use docker_ovs_etcd::{Client, Compare, Error, Event, KeyValue, Op, Settings, TlsFiles, Txn};
use lab::{Authority, Etcd, Need, is_there, patience};
use tokio::time::timeout;

/// Runs a test that must come to an end.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(patience(), test).await.expect("it comes to an end") });
}

fn client(etcd: &Etcd) -> Client {
    client_with(&etcd.endpoints(), None)
}

fn client_with(endpoints: &str, tls: Option<TlsFiles>) -> Client {
    let endpoints = endpoints.split(',').map(|url| url.parse().unwrap()).collect();
    Client::new(Settings { endpoints, tls })
}

macro_rules! need_etcd {
    () => {
        if !is_there(Need::Etcd) {
            return;
        }
    };
}

#[test]
fn keys_are_set_read_page_by_page_and_deleted() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        for from in (0..2_500).step_by(100) {
            let put = |n| Op::Put { key: format!("/k/{n:04}"), value: "v".into(), lease: 0 };
            let ops = (from..from + 100).map(put).collect();
            assert!(client.txn(Txn { compare: Vec::new(), ops }).await.unwrap().is_some());
        }
        client.put("/l", "beside", 0).await.unwrap();
        let (rows, header) = client.list("/k/", Some).await.unwrap();
        assert_eq!((rows.len(), &*rows[0].key), (2_500, b"/k/0000".as_slice()));
        assert_eq!(&*rows[2_499].key, b"/k/2499");
        assert!(header.revision > 1 && header.cluster_id != 0);
        client.delete("/k/0000").await.unwrap();
        assert_eq!(client.get("/k/0000").await.unwrap().0, None);
        client.delete_all("/k/").await.unwrap();
        assert_eq!(client.list("/", Some).await.unwrap().0.len(), 1);
        assert_eq!(etcd.says(&["get", "--prefix", "/", "--print-value-only"]), "beside");
    });
}

/// Whatever others have written, the keys beside it are read.
#[test]
fn values_that_are_too_long_for_one_answer_are_read_in_several() {
    need_etcd!();
    let etcd = Etcd::start_with(1, &["--max-request-bytes", "40000000"]);
    run(async {
        let client = client(&etcd);
        let long = |bytes: usize| "x".repeat(bytes);
        for (key, value) in [
            ("/k/a", "first".to_owned()),
            ("/k/b", long(9 << 20)),
            ("/k/c", long(9 << 20)),
            ("/k/d", "between".to_owned()),
            // No answer has room for these.
            ("/k/e", long(17 << 20)),
            ("/k/f", long(17 << 20)),
            ("/k/g", "last".to_owned()),
        ] {
            client.put(key, value, 0).await.unwrap();
        }
        for number in 0..20 {
            client.put(format!("/m/{number:02}"), long(1 << 20), 0).await.unwrap();
        }
        let length = |row: KeyValue| {
            assert!(row.mod_revision > 0);
            Some((String::from_utf8(row.key.to_vec()).unwrap(), row.value.len()))
        };
        let (rows, header) = client.list("/k/", length).await.unwrap();
        let lengths: Vec<_> = rows.iter().map(|(_, length)| *length).collect();
        assert_eq!(lengths, [5, 9 << 20, 9 << 20, 7, 0, 0, 4]);
        assert_eq!((rows[4].0.as_str(), rows[5].0.as_str()), ("/k/e", "/k/f"));
        let (rows, _) = client.list("/m/", length).await.unwrap();
        assert_eq!((rows.len(), rows[19].1), (20, 1 << 20));
        // Also as of then, where it is another one now.
        let mut then = client.pages("/k/e", header.revision);
        client.put("/k/e", "short", 0).await.unwrap();
        let page = then.next().await.unwrap().unwrap();
        assert_eq!((page.header.revision, page.rows[0].value.len()), (header.revision, 0));
        let now = client.pages("/k/e", 0).next().await.unwrap().unwrap();
        assert_eq!(now.rows[0].value, "short");
        let now = client.pages("/k/f", 0).next().await.unwrap().unwrap();
        assert_eq!((now.rows.len(), now.rows[0].value.len()), (1, 0));
        assert!(client.get("/k/f").await.is_err());
        // What is no page of a list is refused all the same.
        let error = client.pages("/k/", header.revision + 1_000).next().await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    });
}

#[test]
fn of_two_that_claim_a_key_one_gets_it() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let claim = |who: &str| Txn {
            compare: vec![Compare::Missing("/c".into())],
            ops: vec![Op::Put { key: "/c".into(), value: who.to_owned().into(), lease: 0 }],
        };
        let (a, b) = tokio::join!(client.txn(claim("a")), client.txn(claim("b")));
        assert!(a.unwrap().is_some() != b.unwrap().is_some());
        let (row, _) = client.get("/c").await.unwrap();
        let row = row.unwrap();
        let change = |revision| Txn {
            compare: vec![Compare::Unchanged("/c".into(), revision)],
            ops: vec![Op::Delete("/c".into())],
        };
        assert!(client.txn(change(row.mod_revision + 1)).await.unwrap().is_none());
        assert!(client.txn(change(row.mod_revision)).await.unwrap().is_some());
    });
}

#[test]
fn what_rests_on_a_list_is_done_as_long_as_it_is_the_same() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let after = |revision: i64, key: &str| Txn {
            compare: vec![Compare::NoneSince("/l/".into(), revision)],
            ops: vec![Op::Put { key: key.into(), value: "".into(), lease: 0 }],
        };
        // An empty list is one, too.
        let (_, empty) = client.list("/l/", Some).await.unwrap();
        client.put("/m", "beside", 0).await.unwrap();
        assert!(client.txn(after(empty.revision, "/l/a")).await.unwrap().is_some());
        assert!(client.txn(after(empty.revision, "/l/b")).await.unwrap().is_none());
        let (rows, full) = client.list("/l/", Some).await.unwrap();
        assert_eq!(rows.len(), 1);
        client.put("/l/a", "changed", 0).await.unwrap();
        assert!(client.txn(after(full.revision, "/l/b")).await.unwrap().is_none());
        let (_, now) = client.list("/l/", Some).await.unwrap();
        assert!(client.txn(after(now.revision, "/l/b")).await.unwrap().is_some());
    });
}

#[test]
fn a_watch_tells_what_changes_from_a_revision_on() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let first = client.put("/w/a", "1", 0).await.unwrap();
        let mut watcher = client.watch("/w/", first + 1).await.unwrap();
        let lease = client.grant(60).await.unwrap();
        client.put("/w/b", "2", lease).await.unwrap();
        client.put("/x", "3", 0).await.unwrap();
        client.revoke(lease).await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(watcher.next().await.unwrap().events);
        }
        let Event::Put(row) = &seen[0] else { panic!("{seen:?}") };
        assert_eq!((&*row.key, &*row.value, row.lease), (&b"/w/b"[..], &b"2"[..], lease));
        let Event::Deleted { key, revision } = &seen[1] else { panic!("{seen:?}") };
        assert_eq!(&**key, b"/w/b");
        assert!(*revision > row.mod_revision);
        assert!(matches!(client.keep_alive(lease).await, Err(Error::LeaseGone)));
        assert!(matches!(client.put("/w/c", "", lease).await, Err(Error::LeaseGone)));
    });
}

#[test]
fn what_was_compacted_is_said_by_list_and_watch() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let first = client.put("/a", "1", 0).await.unwrap();
        let last = client.put("/a", "2", 0).await.unwrap();
        client.put("/a", "3", 0).await.unwrap();
        etcd.says(&["compact", &last.to_string()]);
        let page = client.pages("/", first).next().await;
        assert!(matches!(page, Err(Error::Compacted)), "{page:?}");
        let mut watcher = client.watch("/", first).await.unwrap();
        let told = loop {
            if let Err(error) = watcher.next().await {
                break error;
            }
        };
        assert!(matches!(told, Error::Compacted), "{told:?}");
    });
}

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

#[test]
fn the_user_is_the_name_in_the_certificate_and_may_do_what_its_role_says() {
    need_etcd!();
    let etcd = Etcd::start_tls(1, Authority::new());
    let authority = etcd.authority();
    let files = |common: &str| {
        let own = authority.sign_for(common);
        TlsFiles {
            authorities: authority.cert().into(),
            own: Some((own.cert.into(), own.key.into())),
        }
    };
    for words in [
        &["user", "add", "root", "--new-user-password", "r"][..],
        &["user", "grant-role", "root", "root"],
        &["role", "add", "host-a"],
        &["role", "grant-permission", "host-a", "--prefix=true", "read", "/f/"],
        &["role", "grant-permission", "host-a", "--prefix=true", "readwrite", "/f/a/"],
        &["user", "add", "a", "--no-password"],
        &["user", "grant-role", "a", "host-a"],
        &["auth", "enable"],
    ] {
        etcd.says(words);
    }
    run(async {
        let client = client_with(&etcd.endpoints(), Some(files("a")));
        client.put("/f/a/x", "1", 0).await.unwrap();
        assert_eq!(client.list("/f/", Some).await.unwrap().0.len(), 1);
        let error = client.put("/f/b/x", "1", 0).await.unwrap_err();
        assert!(error.is_denied(), "{error:?}");
        let mut watcher = client.watch("/g/", 0).await.unwrap();
        let error = watcher.next().await.unwrap_err();
        assert!(error.is_denied(), "{error:?}");
        let unknown = client_with(&etcd.endpoints(), Some(files("nobody")));
        assert!(unknown.put("/f/a/x", "1", 0).await.is_err());
        // One without a certificate is hung up on, one of another authority's is not trusted.
        let none = TlsFiles { authorities: authority.cert().into(), own: None };
        let error = client_with(&etcd.endpoints(), Some(none)).get("/f/").await.unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        let other = Authority::new();
        let other = TlsFiles { authorities: other.cert().into(), own: None };
        let error = client_with(&etcd.endpoints(), Some(other)).get("/f/").await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    });
}

#[test]
fn a_certificate_that_is_renewed_is_used_without_a_restart() {
    need_etcd!();
    let etcd = Etcd::start_tls(1, Authority::new());
    let authority = etcd.authority();
    let expired = authority.sign_expired(&["a"]);
    let files = TlsFiles {
        authorities: authority.cert().into(),
        own: Some((expired.cert.clone().into(), expired.key.clone().into())),
    };
    run(async {
        let client = client_with(&etcd.endpoints(), Some(files));
        // etcd says so after the handshake, by when the connection may be gone.
        let error = client.get("/").await.unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        let good = authority.sign(&["a"]);
        std::fs::rename(good.cert, &expired.cert).unwrap();
        std::fs::rename(good.key, &expired.key).unwrap();
        client.get("/").await.unwrap();
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

#[test]
fn files_of_no_use_are_named() {
    let none = TlsFiles { authorities: "/nonexistent/ca.pem".into(), own: None };
    run(async {
        // Something listens there, so that it comes to TLS.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let error = client_with(&url, Some(none)).get("/").await.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/ca.pem"), "{error}");
        let error = client_with(&url, None).get("/").await.unwrap_err().to_string();
        assert!(error.contains("authority"), "{error}");
    });
}

/// It is the caller's identity, whatever the member is.
#[test]
fn a_key_that_others_can_read_or_write_is_refused() {
    let authority = Authority::new();
    let own = authority.sign_for("a");
    let files = TlsFiles {
        authorities: authority.cert().into(),
        own: Some((own.cert.into(), own.key.clone().into())),
    };
    run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let error = async |mode: u32| {
            std::fs::set_permissions(&own.key, Permissions::from_mode(mode)).unwrap();
            let allowed = Duration::from_millis(300);
            let endpoints = vec![url.parse().unwrap()];
            let settings = Settings { endpoints, tls: Some(files.clone()) };
            Client::within(allowed, settings).get("/").await.unwrap_err()
        };
        for mode in [0o644, 0o640, 0o620, 0o602, 0o666] {
            let error = error(mode).await;
            assert!(matches!(error, Error::Unusable { .. }), "{mode:o}: {error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        for mode in [0o600, 0o400] {
            let error = error(mode).await;
            assert!(matches!(error, Error::Late(_)), "{mode:o}: {error}");
        }
    });
}

#[test]
fn no_room_is_said() {
    need_etcd!();
    let etcd = Etcd::start_with(1, &["--quota-backend-bytes", "1000000"]);
    run(async {
        let client = client(&etcd);
        let lease = client.grant(60).await.unwrap();
        let error = loop {
            let filled = client.put("/fill", "x".repeat(200_000), 0).await;
            if let Err(error) = filled {
                break error;
            }
        };
        assert!(error.is_no_space(), "{error:?}");
        let status = client.status().await.unwrap();
        assert!(status.has_leader && status.size > 0, "{status:?}");
        assert!(status.errors.iter().any(|error| error.contains("NOSPACE")), "{status:?}");
        // What has a lease goes on.
        client.keep_alive(lease).await.unwrap();
    });
}
