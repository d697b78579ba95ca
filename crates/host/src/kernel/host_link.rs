//! One link of the switch's namespace, by whichever of its names it is asked for.

use model::ids::Ifindex;
use model::switch::Port;
use netns::{Error, Link, RouteSocket};

/// A link of the switch's namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostLink {
    /// Its index.
    pub ifindex: Ifindex,
    /// Its kind: `veth`, `bridge`, …, empty for hardware.
    pub kind: String,
    /// All its names.
    pub names: Vec<String>,
    /// The link that it is enslaved to: its name and its kind.
    pub master: Option<(String, String)>,
}

impl HostLink {
    /// The one that has this name among its own, else the one of this index.
    pub(super) fn read(
        socket: &RouteSocket,
        name: &str,
        held: Option<Ifindex>,
    ) -> Result<Option<Self>, Error> {
        let called = socket.link_named(name)?;
        let held = || held.map_or(Ok(None), |held| socket.link(held.0));
        let found = called.map_or_else(held, |called| Ok(Some(called)))?;
        let Some(link) = found else { return Ok(None) };
        let master = link.master.map_or(Ok(None), |master| socket.link(master))?;
        let master = master.map(|master| (master.name, master.kind.unwrap_or_default()));
        Ok(Some(Self { master, ..Self::from(link) }))
    }

    /// Whether it is the link of a port: that is called as it is, or vswitchd holds it.
    pub fn is_of(&self, port: &Port) -> bool {
        port.ifindex == Some(self.ifindex) || self.names.iter().any(|name| **name == *port.iface)
    }
}

impl From<Link> for HostLink {
    fn from(link: Link) -> Self {
        let names = std::iter::once(link.name).chain(link.altnames).collect();
        let kind = link.kind.unwrap_or_default();
        Self { ifindex: Ifindex(link.ifindex), kind, names, master: None }
    }
}
