//! An address in its network.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An address with its prefix length, as in `192.0.2.1/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    /// The address.
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

impl Serialize for Cidr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Cidr {
    /// Whether an address is in the same network.
    pub fn holds(self, ip: IpAddr) -> bool {
        IpNet::new(self.ip, self.prefix).is_ok_and(|network| network.contains(&ip))
    }
}

/// The text is not an address with a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an address such as 192.0.2.1/24")]
pub struct NotACidr;

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let network: IpNet = text.parse().map_err(|_| NotACidr)?;
        // ipnet reads 010.0.0.1 as 10.0.0.1; the standard library refuses it, for some
        // programs read 010 as an octal number.
        let ip = text.split_once('/').and_then(|(ip, _)| ip.parse().ok()).ok_or(NotACidr)?;
        Ok(Self { ip, prefix: network.prefix_len() })
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_its_prefix_length_and_written_alike() {
        for text in ["192.0.2.1/24", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::1/64", "::1/128"] {
            assert_eq!(text.parse().map(|cidr: Cidr| cidr.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_or_may_be_read_in_two_ways_is_refused() {
        let bad = ["", "192.0.2.1", "192.0.2.1/", "192.0.2.1/33", "::1/129", "192.0.2.1/+24"];
        for text in bad.into_iter().chain(["010.0.0.1/8", " 192.0.2.1/24", "192.0.2.1/24/1"]) {
            assert_eq!(text.parse::<Cidr>(), Err(NotACidr), "{text}");
        }
    }

    #[test]
    fn a_network_holds_the_addresses_of_its_family_below_its_prefix() {
        let holds = |cidr: &str, ip: &str| cidr.parse::<Cidr>().unwrap().holds(ip.parse().unwrap());
        assert!(holds("192.0.2.1/24", "192.0.2.254"));
        assert!(!holds("192.0.2.1/24", "192.0.3.1"));
        assert!(holds("192.0.2.1/0", "203.0.113.1"));
        assert!(!holds("192.0.2.1/0", "::1"));
        assert!(holds("2001:db8::1/64", "2001:db8::2"));
        assert!(!holds("2001:db8::1/64", "2001:db8:0:1::1"));
    }
}
