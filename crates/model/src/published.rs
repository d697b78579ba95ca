//! A published port: what comes to a port of the host is for one of a container.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// One published port, written as Docker's `-p` takes it: `8080:80/tcp`, `192.0.2.1:53:53/udp`,
/// `[2001:db8::1]:8080:80/tcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublishedPort {
    /// The address of the host; all of them if none, and all of its family if it is the unspecified one.
    pub host_ip: Option<IpAddr>,
    /// The port of the host.
    pub host_port: u16,
    /// The port of the container.
    pub port: u16,
    /// Of which protocol.
    pub protocol: Protocol,
}

/// A protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl PublishedPort {
    /// Whether both are for the same port of the host.
    pub fn is_in_the_way_of(&self, other: &Self) -> bool {
        let shared = match (self.host_ip, other.host_ip) {
            (Some(one), Some(other)) => {
                let is_any = one.is_unspecified() || other.is_unspecified();
                one == other || (is_any && one.is_ipv4() == other.is_ipv4())
            }
            _ => true,
        };
        shared && (self.protocol, self.host_port) == (other.protocol, other.host_port)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

impl FromStr for Protocol {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            "sctp" => Ok(Self::Sctp),
            _ => Err(()),
        }
    }
}

impl fmt::Display for PublishedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host_ip {
            Some(ip) => write!(f, "{}", SocketAddr::new(ip, self.host_port))?,
            None => write!(f, "{}", self.host_port)?,
        }
        write!(f, ":{}/{}", self.port, self.protocol)
    }
}

impl FromStr for PublishedPort {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (ports, protocol) = text.rsplit_once('/').ok_or(())?;
        let (host, port) = ports.rsplit_once(':').ok_or(())?;
        let (host_ip, host_port) = if let Ok(host_port) = host.parse() {
            (None, host_port)
        } else {
            let socket: SocketAddr = host.parse().map_err(|_| ())?;
            (Some(socket.ip()), socket.port())
        };
        let port = port.parse().map_err(|_| ())?;
        Ok(Self { host_ip, host_port, port, protocol: protocol.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_docker_takes_it_and_read_again() {
        let all = [
            "8080:80/tcp",
            "192.0.2.1:53:5353/udp",
            "[2001:db8::1]:9:9/sctp",
            "0.0.0.0:8080:80/tcp",
            "[::]:8080:80/tcp",
        ];
        for text in all {
            let read: PublishedPort = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
        }
        for bad in ["", "80", "80/tcp", "8080:80", "x:80/tcp", "1:70000/tcp", "1:2/icmp"] {
            assert!(bad.parse::<PublishedPort>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_port_of_the_host_is_one_container_s() {
        let read = |text: &str| text.parse::<PublishedPort>().unwrap();
        let way = |a: &str, b: &str| read(a).is_in_the_way_of(&read(b));
        assert!(way("80:1/tcp", "80:2/tcp") && way("80:1/tcp", "192.0.2.1:80:1/tcp"));
        assert!(!way("80:1/tcp", "80:1/udp") && !way("80:1/tcp", "81:1/tcp"));
        assert!(!way("192.0.2.1:80:1/tcp", "192.0.2.2:80:1/tcp"));
        assert!(way("0.0.0.0:80:1/tcp", "192.0.2.1:80:1/tcp") && way("80:1/tcp", "[::]:80:1/tcp"));
        assert!(!way("0.0.0.0:80:1/tcp", "[::]:80:1/tcp"));
        assert!(!way("192.0.2.1:80:1/tcp", "[::]:80:1/tcp"));
    }
}
