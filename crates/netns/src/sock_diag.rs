//! Whose socket is at the other end of a TCP connection inside this machine (sock_diag(7)).

use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use crate::Error;
use crate::message::u32_at;
use crate::netlink::Netlink;

/// linux/sock_diag.h.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
/// `struct inet_diag_req_v2` of linux/inet_diag.h: family, protocol, extensions, padding, states,
/// and the id of a socket.
const REQUEST: usize = 8 + SOCKET_ID;
/// `struct inet_diag_sockid`: ports, addresses, interface, and a cookie of two words.
const SOCKET_ID: usize = 2 + 2 + 16 + 16 + 4 + 8;
/// No cookie: the addresses and ports name the socket.
const INET_DIAG_NOCOOKIE: [u8; 8] = [0xff; 8];
/// Where `struct inet_diag_msg` has the user id: after family, state, timer, retransmissions, the
/// socket's id, and three words.
const UID: usize = 4 + SOCKET_ID + 12;
/// And the inode of its file, 0 where it has none any more.
const INODE: usize = UID + 4;
/// errno(3).
const ENOENT: i32 = 2;

/// The user id that made the TCP socket with the address `own` that is connected to `other`, in
/// the calling thread's network namespace.
///
/// # Errors
/// [`Error::Socket`], with `ENOENT` where there is no such socket, or it is closed already: the kernel
/// has it a while longer, and says of it that it is root's.
pub fn tcp_socket_owner(own: SocketAddr, other: SocketAddr) -> Result<u32, Error> {
    let netlink = Netlink::here(NETLINK_SOCK_DIAG)?;
    let answers = netlink.ask(
        SOCK_DIAG_BY_FAMILY,
        0,
        &request(own, other),
        &[],
        SOCK_DIAG_BY_FAMILY,
        owner,
    )?;
    match answers.first() {
        Some((_, 0)) => Err(Error::Socket(io::Error::from_raw_os_error(ENOENT))),
        Some((uid, _)) => Ok(*uid),
        None => Err(Error::Malformed("an answer without a socket")),
    }
}

/// Reads the body of an answer: the user id of the socket, and its inode, 0 once it is closed.
pub(crate) fn owner(body: &[u8]) -> Option<(u32, u32)> {
    Some((u32_at(body, UID)?, u32_at(body, INODE)?))
}

/// An address of either family, from the first byte on.
fn in_sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

fn request(own: SocketAddr, other: SocketAddr) -> [u8; REQUEST] {
    let mut request = [0; REQUEST];
    request[0] = if own.is_ipv4() { AF_INET } else { AF_INET6 };
    request[1] = IPPROTO_TCP;
    // In whatever state it is.
    request[4..8].fill(0xff);
    request[8..10].copy_from_slice(&own.port().to_be_bytes());
    request[10..12].copy_from_slice(&other.port().to_be_bytes());
    request[12..28].copy_from_slice(&in_sixteen(own.ip()));
    request[28..44].copy_from_slice(&in_sixteen(other.ip()));
    request[48..].copy_from_slice(&INET_DIAG_NOCOOKIE);
    request
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::tcp_socket_owner;

    /// The kernel says of them that they are root's, and it may have been any user's.
    #[test]
    fn a_socket_that_is_closed_is_of_no_known_owner() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let connected = || {
                let listener = TcpListener::bind(loopback).unwrap();
                let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                let (server, from) = listener.accept().unwrap();
                (client, from, server)
            };
            // The other end is open, is closed after it, or has not taken all that was sent.
            let (client, from, server) = connected();
            let at = server.local_addr().unwrap();
            drop(client);
            assert!(tcp_socket_owner(from, at).is_err());
            drop(server);
            assert!(tcp_socket_owner(from, at).is_err());
            let (mut client, from, server) = connected();
            let at = server.local_addr().unwrap();
            client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let own = rustix::process::geteuid().as_raw();
            assert_eq!(tcp_socket_owner(from, at).unwrap(), own, "it has its file still");
            drop(client);
            assert!(tcp_socket_owner(from, at).is_err());
            drop(server);
        }
    }

    #[test]
    fn both_ends_of_a_connection_have_an_owner_and_a_closed_one_has_none() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(loopback).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, from) = listener.accept().unwrap();
            let at = server.local_addr().unwrap();
            let own = rustix::process::geteuid().as_raw();
            assert_eq!(tcp_socket_owner(from, at).unwrap(), own);
            assert_eq!(tcp_socket_owner(at, from).unwrap(), own);
            let mut nowhere = from;
            nowhere.set_port(1);
            assert!(tcp_socket_owner(nowhere, at).is_err());
            drop(client);
        }
    }
}
