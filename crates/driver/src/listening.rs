//! Which ports of this host are taken by programs of its own (`/proc/net/tcp` and the like, proc(5)).

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::published::{Protocol, PublishedPort};

use crate::DriverError;

/// Whether a program listens where `published` is to be. SCTP has no such list.
pub(crate) fn listens(published: &PublishedPort) -> Result<bool, DriverError> {
    let tables: &[&str] = match published.protocol {
        Protocol::Tcp => &["/proc/net/tcp", "/proc/net/tcp6"],
        Protocol::Udp => &["/proc/net/udp", "/proc/net/udp6"],
        Protocol::Sctp => &[],
    };
    for table in tables {
        let failed = |error: std::io::Error| DriverError::new(format!("{table}: {error}"));
        match File::open(table) {
            Ok(file) => {
                for row in BufReader::new(file).lines().skip(1) {
                    if is_taken(&row.map_err(failed)?, published) {
                        return Ok(true);
                    }
                }
            }
            // A kernel without IPv6.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(false)
}

/// `0: 0100007F:1F90 00000000:0000 0A ...`: a local address, the other end's, and the state.
fn is_taken(row: &str, published: &PublishedPort) -> bool {
    /// `TCP_LISTEN` of linux/tcp_states.h.
    const LISTENING: &str = "0A";
    let mut words = row.split_whitespace().skip(1);
    let (Some(local), Some(state)) = (words.next(), words.nth(1)) else { return false };
    let Some((ip, port)) = local.split_once(':') else { return false };
    let is_port = u16::from_str_radix(port, 16) == Ok(published.host_port);
    let waits = published.protocol == Protocol::Udp || state == LISTENING;
    is_port && waits && ip_of(ip).is_none_or(|ip| is_shared(ip, published.host_ip))
}

/// Whether both may get the same packets.
fn is_shared(one: IpAddr, other: Option<IpAddr>) -> bool {
    // What is published is not reached at the host's own address.
    if one.is_loopback() {
        return other == Some(one);
    }
    one.is_unspecified() || other.is_none_or(|other| other.is_unspecified() || other == one)
}

/// Words of 32 bits, each as this machine has it in memory.
fn ip_of(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    if hex.len() == 8 {
        return Some(Ipv4Addr::from(word(0)?).into());
    }
    let words = [word(0)?, word(8)?, word(16)?, word(24)?];
    let octets: [u8; 16] = words.concat().try_into().ok()?;
    Some(Ipv6Addr::from(octets).to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    fn published(text: &str) -> PublishedPort {
        text.parse().unwrap()
    }

    #[test]
    fn a_listener_takes_its_port_for_its_address_and_protocol() {
        let row = "   0: 0A0200C0:1F90 00000000:0000 0A 00000000:00000000 00:00000000 0 0 1 1";
        let taken = |text: &str| is_taken(row, &published(text));
        assert!(taken("8080:80/tcp") && taken("192.0.2.10:8080:80/tcp"));
        assert!(!taken("192.0.2.11:8080:80/tcp") && !taken("8081:80/tcp"));
        let connected = row.replace(" 0A ", " 01 ");
        assert!(!is_taken(&connected, &published("8080:80/tcp")));
        assert!(
            !is_taken("", &published("8080:80/tcp")) && !is_taken("a b", &published("1:1/tcp"))
        );
    }

    #[test]
    fn programs_of_this_host_are_seen() {
        let tcp = TcpListener::bind("0.0.0.0:0").unwrap();
        let udp = UdpSocket::bind("[::]:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        assert!(listens(&published(&format!("{port}:80/tcp"))).unwrap());
        assert!(listens(&published(&format!("192.0.2.1:{port}:80/tcp"))).unwrap());
        let port = udp.local_addr().unwrap().port();
        assert!(listens(&published(&format!("{port}:80/udp"))).unwrap());
        let own = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = own.local_addr().unwrap().port();
        assert!(!listens(&published(&format!("{port}:80/tcp"))).unwrap());
    }
}
