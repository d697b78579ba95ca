//! Ports as Open vSwitch's programs write them.

use flowtext::{of_port_number, unquoted};
use model::ids::{DpPort, OfPort};
use model::switch::{Port, PortKey};

/// A word that stands for a port. One of digits is a number, whatever interfaces are called: a name of digits stands
/// in quotes (`namemap_put` in lib/ofp-util.c).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortWord {
    Number(u64),
    Name(String),
}

impl PortWord {
    /// As ovs-ofctl(8) writes an OpenFlow port.
    pub(crate) fn of_openflow(word: &str) -> Self {
        of_port_number(word.as_bytes()).map_or_else(|| Self::of_datapath(word), Self::Number)
    }

    /// As lib/odp-util.c writes a datapath port.
    pub(crate) fn of_datapath(word: &str) -> Self {
        if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            // What is too large for a number is one that no port has.
            return Self::Number(word.parse().unwrap_or(u64::MAX));
        }
        Self::Name(String::from_utf8_lossy(&unquoted(word.as_bytes())).into_owned())
    }

    /// The number that it is, where an OpenFlow port can have that.
    pub(crate) fn ofport(&self) -> Option<OfPort> {
        match self {
            Self::Number(number) => u16::try_from(*number).ok().map(OfPort),
            Self::Name(_) => None,
        }
    }

    /// Which port of a bridge it is; none where no port can have that number.
    pub(crate) fn key(self) -> Option<PortKey> {
        match self {
            Self::Number(_) => self.ofport().map(PortKey::Number),
            Self::Name(name) => Some(PortKey::Interface(name)),
        }
    }

    /// Whether it is this port of a bridge, by OpenFlow number or by name.
    pub(crate) fn is(&self, port: &Port) -> bool {
        match self {
            Self::Number(_) => self.ofport().is_some() && port.ofport.assigned() == self.ofport(),
            Self::Name(name) => *name == *port.iface,
        }
    }

    /// Whether it is this port of a datapath.
    pub(crate) fn is_datapath(&self, port: &Port) -> bool {
        match self {
            Self::Number(number) => {
                port.dp_port.is_some_and(|DpPort(own)| u64::from(own) == *number)
            }
            Self::Name(name) => *name == *port.iface,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PortWord;

    #[test]
    fn digits_are_a_number_unless_they_stand_in_quotes() {
        let name = |name: &str| PortWord::Name(name.to_owned());
        for (word, openflow, datapath) in [
            ("7", PortWord::Number(7), PortWord::Number(7)),
            ("70000", PortWord::Number(70_000), PortWord::Number(70_000)),
            ("\"7\"", name("7"), name("7")),
            ("0x7", PortWord::Number(7), name("0x7")),
            ("\"0x7\"", name("0x7"), name("0x7")),
            ("LOCAL", PortWord::Number(65_534), name("LOCAL")),
            ("local", PortWord::Number(65_534), name("local")),
            ("\"LOCAL\"", name("LOCAL"), name("LOCAL")),
            ("7a", name("7a"), name("7a")),
            ("\"a b\"", name("a b"), name("a b")),
            ("", name(""), name("")),
        ] {
            assert_eq!(PortWord::of_openflow(word), openflow, "{word}");
            assert_eq!(PortWord::of_datapath(word), datapath, "{word}");
        }
        let huge = "9".repeat(40);
        assert_eq!(PortWord::of_openflow(&huge).ofport(), None);
        assert_eq!(PortWord::of_openflow(&huge).key(), None);
    }
}
