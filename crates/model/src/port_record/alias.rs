//! The alias of a veth (`IFLA_IFALIAS`, at most 255 bytes): what it was made for, and which
//! database has its port.

use std::fmt;

use super::ALIAS;

/// At most so many bytes of a system-id: a UUID has 36.
const SYSTEM: usize = 36;

/// What the alias of a link says that we made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias<'a> {
    /// Full id of the container.
    pub(crate) container: &'a str,
    /// Name of the interface inside.
    pub(crate) interface: &'a str,
    /// The bridge.
    pub(crate) bridge: &'a str,
    /// The database, as [`short_system`] writes it; earlier versions did not say it.
    pub(crate) system: Option<String>,
}

impl<'a> Alias<'a> {
    pub(crate) fn read(alias: &'a str) -> Option<Self> {
        let (container, rest) = alias.strip_prefix(ALIAS)?.split_once('/')?;
        let (interface, rest) = rest.split_once(" on ")?;
        let (bridge, system) = match rest.rsplit_once(" of ") {
            Some((bridge, system)) => (bridge, Some(system.to_owned())),
            None => (rest, None),
        };
        Some(Self { container, interface, bridge, system })
    }
}

impl fmt::Display for Alias<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, interface, bridge, system } = self;
        write!(f, "{ALIAS}{container}/{interface} on {bridge}")?;
        system.iter().try_for_each(|system| write!(f, " of {system}"))
    }
}

/// A system-id as aliases have it: an administrator may set any words, of any length.
pub(crate) fn short_system(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    id.chars().map(plain).take(SYSTEM).collect()
}
