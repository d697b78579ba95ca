//! Which ports of this host are taken by programs of its own (`/proc/net/tcp` and the like, proc(5)).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::published::{Protocol, PublishedPort};

use crate::DriverError;

/// Where programs of this host listen, by protocol and port; an address that makes no sense may be any.
pub(crate) struct Listeners(Vec<(Protocol, AddressesByPort)>);

type AddressesByPort = HashMap<u16, Vec<Option<IpAddr>>>;

impl Listeners {
    /// Reads those of these protocols, each table once. SCTP has none.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) fn of(published: &[PublishedPort]) -> Result<Self, DriverError> {
        let tables = [
            (Protocol::Tcp, ["/proc/net/tcp", "/proc/net/tcp6"]),
            (Protocol::Udp, ["/proc/net/udp", "/proc/net/udp6"]),
        ];
        let mut all = Vec::new();
        for (protocol, tables) in tables {
            if !published.iter().any(|published| published.protocol == protocol) {
                continue;
            }
            let mut listeners = AddressesByPort::new();
            for table in tables {
                let failed = |error: std::io::Error| DriverError::new(format!("{table}: {error}"));
                match File::open(table) {
                    Ok(file) => {
                        for row in BufReader::new(file).lines().skip(1) {
                            if let Some((port, ip)) = listener(&row.map_err(failed)?, protocol) {
                                listeners.entry(port).or_default().push(ip);
                            }
                        }
                    }
                    // A kernel without IPv6.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(failed(error)),
                }
            }
            all.push((protocol, listeners));
        }
        Ok(Self(all))
    }

    /// Whether a program listens where `published` is to be.
    pub(crate) fn are_at(&self, published: &PublishedPort) -> bool {
        let of_protocol = self.0.iter().find(|(protocol, _)| *protocol == published.protocol);
        let at_port = of_protocol.and_then(|(_, ports)| ports.get(&published.host_port));
        at_port.into_iter().flatten().any(|ip| ip.is_none_or(|ip| is_shared(ip, published.host_ip)))
    }
}

/// `0: 0100007F:1F90 00000000:0000 0A ...`: a local address, the other end's, and the state. The port and the
/// address of one that waits for others.
fn listener(row: &str, protocol: Protocol) -> Option<(u16, Option<IpAddr>)> {
    /// `TCP_LISTEN` of linux/tcp_states.h.
    const LISTENING: &str = "0A";
    let mut words = row.split_whitespace().skip(1);
    let (local, state) = (words.next()?, words.nth(1)?);
    let (ip, port) = local.split_once(':')?;
    let waits = protocol == Protocol::Udp || state == LISTENING;
    waits.then_some((u16::from_str_radix(port, 16).ok()?, ip_of(ip)))
}

/// Whether both may get the same packets.
fn is_shared(one: IpAddr, other: Option<IpAddr>) -> bool {
    // What is published is not reached at the host's own address.
    if one.is_loopback() {
        return other == Some(one);
    }
    // What listens at all addresses of IPv6 has those of IPv4 as well, unless it says otherwise.
    let takes_all = |other: IpAddr| one.is_unspecified() && (one.is_ipv6() || other.is_ipv4());
    let is_among = |other: IpAddr| other.is_unspecified() && one.is_ipv4() == other.is_ipv4();
    other.is_none_or(|other| other == one || takes_all(other) || is_among(other))
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

    fn listens(wanted: &PublishedPort) -> Result<bool, DriverError> {
        Ok(Listeners::of(std::slice::from_ref(wanted))?.are_at(wanted))
    }

    fn is_taken(row: &str, wanted: &PublishedPort) -> bool {
        let protocol = wanted.protocol;
        let read = listener(row, protocol).map(|(port, ip)| (port, vec![ip]));
        Listeners(vec![(protocol, read.into_iter().collect())]).are_at(wanted)
    }

    #[test]
    fn a_listener_takes_its_port_for_its_address_and_protocol() {
        let row = "   0: 0A0200C0:1F90 00000000:0000 0A 00000000:00000000 00:00000000 0 0 1 1";
        let taken = |text: &str| is_taken(row, &published(text));
        assert!(taken("8080:80/tcp") && taken("192.0.2.10:8080:80/tcp"));
        assert!(!taken("192.0.2.11:8080:80/tcp") && !taken("8081:80/tcp"));
        assert!(taken("0.0.0.0:8080:80/tcp") && !taken("[::]:8080:80/tcp"));
        let any = row.replace("0A0200C0", "00000000");
        assert!(is_taken(&any, &published("0.0.0.0:8080:80/tcp")));
        assert!(!is_taken(&any, &published("[::]:8080:80/tcp")));
        let any_v6 = row.replace("0A0200C0", &"0".repeat(32));
        assert!(is_taken(&any_v6, &published("192.0.2.11:8080:80/tcp")));
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
