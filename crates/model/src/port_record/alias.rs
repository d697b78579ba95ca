//! The alias of a veth (`IFLA_IFALIAS`, at most 255 bytes): what it was made for, which database
//! has its port, and whether it is being taken away.

use std::fmt;

use super::ALIAS;
use crate::ids::Ifindex;

/// At most so many bytes of a system-id: a UUID has 36.
const SYSTEM: usize = 36;
/// What comes before the link's index once it is to be deleted.
const LEAVING: &str = " leaving ";

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
    /// The link that `disconnect` was about to delete when this was noted on it: on another one it is a
    /// copy, and says nothing. Only beside a database.
    pub(crate) leaving: Option<Ifindex>,
}

impl<'a> Alias<'a> {
    pub(crate) fn read(alias: &'a str) -> Option<Self> {
        let (what, rest) = alias.strip_prefix(ALIAS)?.split_once(" on ")?;
        // As in a bridge's memory: an id may have slashes, an interface's name has none.
        let (container, interface) = what.rsplit_once('/')?;
        let Some((bridge, rest)) = rest.rsplit_once(" of ") else {
            let bridge = rest;
            return Some(Self { container, interface, bridge, system: None, leaving: None });
        };
        let (system, leaving) = match rest.split_once(LEAVING) {
            Some((system, index)) => (system, index.parse().ok().map(Ifindex)),
            None => (rest, None),
        };
        Some(Self { container, interface, bridge, system: Some(system.to_owned()), leaving })
    }
}

impl fmt::Display for Alias<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, interface, bridge, system, leaving } = self;
        write!(f, "{ALIAS}{container}/{interface} on {bridge}")?;
        let Some(system) = system else { return Ok(()) };
        write!(f, " of {system}")?;
        leaving.iter().try_for_each(|index| write!(f, "{LEAVING}{index}"))
    }
}

/// A system-id as aliases have it: an administrator may set any words, of any length.
pub fn short_system(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    id.chars().map(plain).take(SYSTEM).collect()
}

/// Whether the alias of a link says that we made it for a bridge of the database that calls itself `system`, as
/// [`short_system`] writes that. The bridge may be gone since; where the alias names no database, `has_bridge` tells
/// whether this one has it.
pub fn is_marked_in(alias: &str, system: Option<&str>, has_bridge: impl Fn(&str) -> bool) -> bool {
    Alias::read(alias).is_some_and(|alias| match alias.system.as_deref() {
        Some(named) => system == Some(named),
        None => has_bridge(alias.bridge),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_that_an_alias_names_decides_and_its_bridge_where_it_names_none() {
        let is_here = |alias: &str, system| is_marked_in(alias, system, |bridge| bridge == "br0");
        let named = "docker-ovs e1/n1 on br7 of x";
        assert!(is_here(named, Some("x")), "its bridge is gone");
        assert!(!is_here(named, Some("y")) && !is_here(named, None));
        for system in [None, Some("x")] {
            assert!(is_here("docker-ovs e1/n1 on br0", system));
            assert!(!is_here("docker-ovs e1/n1 on br7", system));
        }
        assert!(!is_here("uplink", None));
    }
}
