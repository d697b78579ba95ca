//! Who is believed and how long is waited, on real sockets.
#![allow(clippy::disallowed_methods, reason = "tests only")]

use std::time::{Duration, Instant};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use crate::message::{NLMSG_DONE, request};
use crate::{Error, RouteSocket};

const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;

/// A socket of the kernel's, as asked, and another program's that writes to it.
fn both() -> Option<(RouteSocket, impl Fn(&[u8]))> {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_none(), "needs root");
        // The test harness swallows what the print macros say.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: needs root\n");
        return None;
    }
    let asking = RouteSocket::here().unwrap();
    let mut address = SocketAddr::new(0, 0);
    asking.0.socket.get_address(&mut address).unwrap();
    let stranger = Socket::new(NETLINK_ROUTE).unwrap();
    Some((asking, move |bytes: &[u8]| {
        stranger.send_to(bytes, &address, 0).unwrap();
    }))
}

/// A link of that name in answer to a socket's first question.
fn forged(name: &[u8]) -> Vec<u8> {
    let mut fixed = [0; 16];
    fixed[4..8].copy_from_slice(&1u32.to_ne_bytes());
    request(RTM_NEWLINK, 0, 1, &fixed, &[(3, name)])
}

#[test]
fn only_the_kernel_is_believed() {
    let Some((asking, write)) = both() else { return };
    write(&forged(b"forged\0"));
    assert_eq!(asking.link(1).unwrap().unwrap().name, "lo");
}

#[test]
fn a_forged_end_does_not_cut_a_dump_short() {
    let Some((asking, write)) = both() else { return };
    write(&request(NLMSG_DONE, 0, 1, &[0; 4], &[]));
    assert!(asking.links().unwrap().iter().any(|link| link.name == "lo"));
}

#[test]
fn waiting_ends() {
    let asking = RouteSocket::here().unwrap();
    let wait = Duration::from_millis(20);
    rustix::net::sockopt::set_socket_timeout(
        &asking.0.socket,
        rustix::net::sockopt::Timeout::Recv,
        Some(wait),
    )
    .unwrap();
    let Err(Error::Socket(error)) =
        asking.0.receive(&mut Vec::with_capacity(64), Instant::now() + wait)
    else {
        panic!("no message was sent")
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn what_came_in_time_is_taken_though_the_time_is_over() {
    let asking = RouteSocket::here().unwrap();
    let over = Instant::now();
    let buffer = &mut Vec::with_capacity(4096);
    assert!(asking.0.receive(buffer, over).is_err(), "there is nothing, and nothing is waited for");
    let mut fixed = [0; 16];
    fixed[4..8].copy_from_slice(&1u32.to_ne_bytes());
    // The kernel answers before the call ends.
    asking.0.socket.send(&request(RTM_GETLINK, 0, 1, &fixed, &[]), 0).unwrap();
    asking.0.receive(buffer, over).unwrap();
    assert!(!buffer.is_empty());
    assert!(asking.0.receive(buffer, over).is_err());
}

#[test]
fn a_stranger_does_not_make_it_wait_when_the_time_is_over() {
    let Some((asking, write)) = both() else { return };
    for _ in 0..3 {
        write(&forged(b"forged\0"));
    }
    let before = Instant::now();
    assert!(asking.0.receive(&mut Vec::with_capacity(4096), before).is_err());
    assert!(before.elapsed() < Duration::from_secs(1));
}
