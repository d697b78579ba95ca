//! Which one container is at a port: that whose processes alone are in the namespace that the port's veth leads to. So
//! a question about a port is one about a container, and its answer does not take longer the more containers there are,
//! but for a walk over all processes. At a bridge's own port is this host, where no link of any namespace leads there.

use model::ids::{NetnsId, OfPort};
use model::switch::{Bridge, PortKey};
use model::{SourceError, SourceErrorKind};
use netns::Netns;

use super::tenants::{Inside, in_it, where_seen};
use crate::Host;
use crate::deadline::Deadline;
use crate::identity::cgroup::container_in;
use crate::kernel::{self, Inhabitants, PortLink};

/// So many bridges may have ports of these numbers: of more it costs less to read everything.
const MANY: usize = 32;

/// A port that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedPort {
    /// The bridge, which is no fake bridge.
    pub bridge: String,
    /// Which of its ports.
    pub port: PortKey,
}

/// What alone is at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortHolder {
    /// One container.
    Container {
        /// Its full id, by which its engine is still to be asked for it: that proves whose the namespace is.
        id: String,
        /// The namespace that the port's link leads to.
        netns: NetnsId,
    },
    /// This host: the port is the bridge's own, and no other link leads to that.
    Host,
}

impl AskedPort {
    /// Whether it is the bridge's own port.
    pub fn is_own(&self) -> bool {
        match &self.port {
            PortKey::Number(number) => *number == OfPort::LOCAL,
            PortKey::Interface(name) => *name == self.bridge,
        }
    }

    /// The link of this port, as the database tells it; none where the port is no link that is there by itself.
    fn link_in(&self, bridges: &[Bridge]) -> Option<PortLink> {
        let bridge = bridges.iter().find(|row| *row.name == *self.bridge)?;
        let mut found = bridge.ports.iter().filter(|port| self.port.is(port));
        let (port, other) = (found.next()?, found.next());
        let kind = if self.is_own() { "internal" } else { "system" };
        let is_plain = port.kind == kind && port.bond.is_none() && port.error.is_none();
        let index = port.ifindex.filter(|index| index.0 != 0);
        (is_plain && other.is_none()).then(|| (port.iface.to_string(), index))
    }

    /// The name of its interface; none where only its number is known.
    fn interface(&self) -> Option<String> {
        match &self.port {
            _ if self.is_own() => Some(self.bridge.clone()),
            PortKey::Interface(name) => Some(name.clone()),
            PortKey::Number(_) => None,
        }
    }

    /// Its number, where its name is not known.
    fn number(&self) -> Option<OfPort> {
        match self.port {
            PortKey::Number(number) if !self.is_own() => Some(number),
            PortKey::Number(_) | PortKey::Interface(_) => None,
        }
    }
}

impl Host {
    /// What alone is at each of these ports. None where that is not plain of one of them, as with several containers in
    /// a namespace, links that stand on one another or processes that may not be looked at, or where what has it is told
    /// by something other than its full id: then only a look at everything tells who is there.
    ///
    /// # Errors
    /// The database was silent for as long as is waited.
    pub async fn port_holders(
        &self,
        ports: &[AskedPort],
    ) -> Result<Option<Vec<PortHolder>>, SourceError> {
        match self.bridges_with(ports).await {
            Ok(bridges) => Ok(self.held(ports, &bridges)),
            Err(why) if why.kind == SourceErrorKind::TimedOut => Err(why),
            Err(_) => Ok(None),
        }
    }

    /// The bridges that have ports of these numbers and names, with those; none where there are more than [`MANY`].
    async fn bridges_with(&self, ports: &[AskedPort]) -> Result<Vec<Bridge>, SourceError> {
        let due = Deadline::after(self.timeout);
        let mut database = self.database(due).await?;
        let what = database.what().to_owned();
        let numbers: Vec<_> = ports.iter().filter_map(AskedPort::number).collect();
        let ask = async {
            let mut names = database.numbered(&numbers).await?;
            names.extend(ports.iter().filter_map(AskedPort::interface));
            if names.len() > MANY {
                return Ok(Vec::new());
            }
            database.named(&names, &[], None, false).await
        };
        due.hold(|| what.clone(), ask).await
    }

    fn held(&self, ports: &[AskedPort], bridges: &[Bridge]) -> Option<Vec<PortHolder>> {
        let links = ports.iter().map(|asked| asked.link_in(bridges));
        let links = links.collect::<Option<Vec<PortLink>>>()?;
        let switch = self.identify_switch(true).netns.ok()?;
        let all = || ports.iter().zip(&links);
        let veths = all().filter(|(asked, _)| !asked.is_own()).map(|(_, link)| link.clone());
        let mut containers = containers_behind(&switch, &veths.collect::<Vec<_>>())?.into_iter();
        let holders = all().map(|(asked, link)| {
            if asked.is_own() {
                return kernel::is_alone(&switch, link).then_some(PortHolder::Host);
            }
            containers.next()
        });
        holders.collect()
    }
}

/// The one container that each of these veths of the switch's leads to.
fn containers_behind(switch: &Netns, veths: &[PortLink]) -> Option<Vec<PortHolder>> {
    if veths.is_empty() {
        return Some(Vec::new());
    }
    let inhabitants = Inhabitants::read()?;
    let homes = inhabitants.behind(switch, veths)?.into_iter();
    let containers = homes.map(|netns| {
        let id = only_container(netns, inhabitants.of(netns))?;
        Some(PortHolder::Container { id, netns })
    });
    containers.collect()
}

/// The full id of the container that all processes in a namespace are of, by their cgroups.
fn only_container(netns: NetnsId, inside: impl Iterator<Item = u32>) -> Option<String> {
    only_one(inside.map(|pid| where_seen(pid, in_it(pid, netns))))
}

/// The full id of the container that all of these processes are of. One that has ended meanwhile is not there any more,
/// nor is one that has left; one that there was no room to look at may be any container's.
fn only_one(seen: impl Iterator<Item = Result<Option<Inside>, netns::Error>>) -> Option<String> {
    let mut only: Option<String> = None;
    for process in seen {
        let Some(Inside { cgroups, .. }) = process.ok()? else { continue };
        let id = container_in(&cgroups)?;
        if *only.get_or_insert_with(|| id.to_owned()) != *id {
            return None;
        }
    }
    only
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use model::ids::Ifindex;
    use model::switch::{OfPortState, Port};

    use super::*;
    use crate::identity::process::Process;

    fn port(iface: &str, number: u16) -> Port {
        let ofport = OfPortState::Assigned(OfPort(number));
        let (iface, kind) = (iface.into(), "system".to_owned());
        Port { iface, kind, ofport, ifindex: Some(Ifindex(7)), ..Port::default() }
    }

    fn asked(port: PortKey) -> AskedPort {
        AskedPort { bridge: "br0".to_owned(), port }
    }

    fn link(of: &AskedPort, ports: Vec<Port>) -> Option<PortLink> {
        let ports = ports.into_iter().map(Arc::new).collect();
        let other = Bridge { name: "br1".into(), ports, ..Bridge::default() };
        assert_eq!(of.link_in(std::slice::from_ref(&other)), None, "of another bridge");
        of.link_in(&[other.clone(), Bridge { name: "br0".into(), ..other }])
    }

    #[test]
    fn a_port_has_a_link_where_it_is_one_by_itself() {
        let held = Some(("veth1".to_owned(), Some(Ifindex(7))));
        let (by_number, by_name) =
            (asked(PortKey::Number(OfPort(3))), asked(PortKey::Interface("veth1".to_owned())));
        for of in [&by_number, &by_name] {
            assert_eq!(link(of, vec![port("veth1", 3), port("veth2", 4)]), held);
            assert_eq!(link(of, vec![port("veth2", 4)]), None, "there is no such port");
            let bond = Some("bond0".to_owned());
            assert_eq!(link(of, vec![Port { bond, ..port("veth1", 3) }]), None);
            let error = Some("no such device".to_owned());
            assert_eq!(link(of, vec![Port { error, ..port("veth1", 3) }]), None);
            let kind = "internal".to_owned();
            assert_eq!(link(of, vec![Port { kind, ..port("veth1", 3) }]), None);
        }
        let kind = "internal".to_owned();
        let own = || Port { kind: kind.clone(), ..port("br0", 65_534) };
        for of in [PortKey::Number(OfPort::LOCAL), PortKey::Interface("br0".to_owned())].map(asked)
        {
            assert!(of.is_own() && of.number().is_none(), "{of:?}");
            assert_eq!(link(&of, vec![own()]), Some(("br0".to_owned(), Some(Ifindex(7)))));
            assert_eq!(link(&of, vec![port("br0", 65_534)]), None, "it is no bridge's own");
        }
        let same = vec![port("veth1", 3), port("veth2", 3)];
        assert_eq!(link(&by_number, same), None, "which of them is not told");
        let unheld = Port { ifindex: Some(Ifindex(0)), ..port("veth1", 3) };
        assert_eq!(link(&by_name, vec![unheld]), Some(("veth1".to_owned(), None)));
    }

    #[test]
    fn a_namespace_is_of_the_container_that_its_processes_are_of_by_their_cgroups() {
        let own = std::process::id();
        let process = Process::open(own).unwrap();
        let (dev, ino) = process.netns_file().unwrap();
        let home = NetnsId { dev, ino };
        let cgroups = String::from_utf8(process.read("cgroup").unwrap()).unwrap();
        let of_container = container_in(&cgroups).map(str::to_owned);
        assert_eq!(only_container(home, std::iter::once(own)), of_container);
        let elsewhere = NetnsId { ino: ino + 1, ..home };
        assert_eq!(only_container(elsewhere, std::iter::once(own)), None, "it is not in there");
        assert_eq!(only_container(home, std::iter::empty()), None);
    }

    #[test]
    fn of_a_process_that_there_was_no_room_to_look_at_nothing_is_known() {
        let of = |id: &str| {
            let cgroups = format!("0::/system.slice/docker-{id}.scope\n");
            Ok(Some(Inside { pid: 7, cgroups }))
        };
        let seen = |errno| where_seen(8, Err(io::Error::from_raw_os_error(errno)));
        let (a, b) = ("1a".repeat(32), "2b".repeat(32));
        let one = |other| only_one([of(&a), other].into_iter());
        assert_eq!(one(of(&a)), Some(a.clone()));
        assert_eq!(one(of(&b)), None, "of two containers");
        assert_eq!(one(of("")), None, "of none");
        assert_eq!(one(Ok(None)), Some(a.clone()), "it has left");
        // ENOENT, ESRCH
        for errno in [2, 3] {
            assert_eq!(one(seen(errno)), Some(a.clone()), "it has ended: {errno}");
        }
        // EMFILE, ENFILE, ENOMEM
        for errno in [24, 23, 12] {
            assert_eq!(one(seen(errno)), None, "{errno}");
        }
    }
}
