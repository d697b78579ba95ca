//! An address in its network.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

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
        let bits = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => u128::from(ip.to_bits()) << 96,
            IpAddr::V6(ip) => ip.to_bits(),
        };
        let beyond = 128 - u32::from(self.prefix.min(128));
        let same = (bits(self.ip) ^ bits(ip)).checked_shr(beyond).unwrap_or(0);
        self.ip.is_ipv4() == ip.is_ipv4() && same == 0
    }
}

/// The text is not an address with a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an address such as 192.0.2.1/24")]
pub struct NotACidr;

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let (ip, prefix) = text.split_once('/').ok_or(NotACidr)?;
        let ip: IpAddr = ip.parse().map_err(|_| NotACidr)?;
        let prefix = prefix.parse().map_err(|_| NotACidr)?;
        if prefix > if ip.is_ipv4() { 32 } else { 128 } {
            Err(NotACidr)
        } else {
            Ok(Self { ip, prefix })
        }
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
