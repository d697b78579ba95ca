//! Ethernet addresses, in the notations that are in use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An Ethernet address; written `9a:69:12:bc:3d:1d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Whether it can tell one link from another: not all zeros, as many tunnels and virtual ports
    /// have it, and no group address (IEEE 802), which no link has.
    pub fn identifies(self) -> bool {
        self.0 != [0; 6] && self.0[0] & 1 == 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is neither six hexadecimal bytes joined by `:` or `-`, nor three groups of four
/// digits joined by `.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an Ethernet address such as 9a:69:12:bc:3d:1d")]
pub struct NotAMac;

impl FromStr for Mac {
    type Err = NotAMac;

    fn from_str(text: &str) -> Result<Self, NotAMac> {
        if text.contains('.') {
            return dotted(text);
        }
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().filter(|p| p.len() == 2).ok_or(NotAMac)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| NotAMac)?;
        }
        parts.next().map_or(Ok(Self(bytes)), |_| Err(NotAMac))
    }
}

/// As switches of Cisco write it: `0242.ac11.0003`.
fn dotted(text: &str) -> Result<Mac, NotAMac> {
    let group = |text: &str| {
        let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(text, 16).ok().filter(|_| digits).map(u16::to_be_bytes)
    };
    let groups: Option<Vec<[u8; 2]>> = text.split('.').map(group).collect();
    let bytes = groups.and_then(|groups| groups.concat().try_into().ok());
    bytes.map(Mac).ok_or(NotAMac)
}

impl Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_all_three_notations() {
        let mac = Mac([2, 0x42, 0xac, 0x11, 0, 3]);
        for text in ["02:42:ac:11:00:03", "02-42-AC-11-00-03", "0242.ac11.0003", "0242.AC11.0003"] {
            assert_eq!(text.parse(), Ok(mac), "{text}");
        }
        for bad in [
            "0242.ac11",
            "0242.ac11.0003.0004",
            "0242.ac11.+003",
            "0242.ac11.03",
            "..",
            "192.0.2.7",
        ] {
            assert_eq!(bad.parse::<Mac>(), Err(NotAMac), "{bad}");
        }
    }
}
