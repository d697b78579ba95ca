//! The kernel's part of a plan: links, addresses, routes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::ids::{Ifindex, Mac, Name, NetnsId};
use model::plan::KernelStep;
use model::snapshot::{Cidr, Container};
use model::switch::Port;
use model::wiring::ContainerRef;
use model::{Snapshot, SourceError, SourceErrorKind};
use netns::{Error, EthtoolSocket, Netns, RouteSocket};

use super::endpoint_links::{EndpointLink, EndpointLinks, aliases_elsewhere};
use super::endpoint_veth::EndpointVeth;
use super::host_link::HostLink;
use super::switch_namespace::Handle;
use super::uses::rests_on;
use super::veth::{MadeVeth, finish_host_end, is_veth, make_veth, unmake_veth};
use crate::{Host, failure, kernel};

/// Carries out the kernel's steps of a plan.
pub(crate) struct KernelExecutor {
    switch: RouteSocket,
    /// The switch's namespace, which that socket is of wherever it is used.
    switch_netns: Netns,
    home: Option<ContainerNetns>,
    /// The veths that it has made, by the names that they were given.
    made: BTreeMap<Name, MadeVeth>,
}

/// The namespace of the container.
struct ContainerNetns {
    id: NetnsId,
    netns: Netns,
    /// A socket that stays in it: what follows the first step inside need not go there again.
    inside: Option<RouteSocket>,
}

impl KernelExecutor {
    pub(crate) fn of(host: &Host) -> Result<Self, SourceError> {
        let switch_netns = host.identify_switch(true).netns?;
        let switch = inside(&switch_netns, |_| RouteSocket::here());
        let switch = switch.map_err(|error| {
            failure::of_chain("the switch's namespace".to_owned(), &error, "run as root")
        })?;
        Ok(Self { switch, switch_netns, home: None, made: BTreeMap::new() })
    }

    /// Opens the container's namespace, so that it is there as long as we are at it.
    pub(crate) fn enter(
        &mut self,
        snapshot: &Snapshot,
        container: &ContainerRef,
    ) -> Result<(), SourceError> {
        let row = snapshot.container_of(container);
        let of_netns = |row: &Container| Handle::of(row).find(|(_, id)| Some(*id) == row.netns);
        let handle = row.and_then(of_netns);
        let Some((handle, id)) = handle else { return Ok(()) };
        let home = handle.open().ok().filter(|home| kernel::id(home) == id);
        let netns = home.ok_or_else(|| gone(container))?;
        self.home = Some(ContainerNetns { id, netns, inside: None });
        Ok(())
    }

    /// The same with a namespace that is open already.
    pub(crate) fn enter_open(&mut self, netns: Netns) {
        self.home = Some(ContainerNetns { id: kernel::id(&netns), netns, inside: None });
    }

    fn has_made(&mut self, name: &Name, made: Option<MadeVeth>) {
        match made {
            Some(made) => self.made.insert(name.clone(), made),
            None => self.made.remove(name),
        };
    }

    /// Deletes the veth of this name in the switch's namespace where it was never given an alias, as its
    /// maker ended before.
    pub(crate) fn delete_unfinished(&self, name: &str) -> Result<(), SourceError> {
        let failed =
            |error: Error| failure::of_chain(format!("the link {name}"), &error, "run as root");
        let named = self.switch.link_named(name).map_err(failed)?;
        let left = named.filter(|link| is_veth(link) && link.name == name && link.alias.is_none());
        left.map_or(Ok(()), |link| self.switch.delete_link(link.ifindex).map(drop).map_err(failed))
    }

    /// The veth of an endpoint's port, see [`EndpointVeth::of`].
    pub(crate) fn endpoint_veth(&self, port: &Port) -> Result<Option<EndpointVeth>, SourceError> {
        EndpointVeth::of(port, &self.switch).map_err(|error| {
            failure::of_chain(format!("the link {}", port.iface), &error, "run as root")
        })
    }

    /// The veths that bear the mark of an endpoint, see [`EndpointVeth::marked`].
    pub(crate) fn marked_veths(&self, mark: &str) -> Result<Vec<EndpointVeth>, SourceError> {
        EndpointVeth::marked(mark, &self.switch).map_err(|error| {
            let what = "the links of the switch's namespace".to_owned();
            failure::of_chain(what, &error, "run as root")
        })
    }

    /// The links that endpoints may have.
    pub(crate) fn endpoint_links(&self) -> Result<EndpointLinks, SourceError> {
        EndpointLinks::read(&self.switch)
    }

    /// Which of them a port's is.
    pub(crate) fn endpoint_link(&self, links: &EndpointLinks, port: &Port) -> EndpointLink {
        links.of(port, &self.switch_netns)
    }

    /// The aliases of our own links in other namespaces than the switch's.
    ///
    /// # Errors
    /// Why they are not known, in words.
    pub(crate) fn aliases_elsewhere(&self) -> Result<BTreeSet<String>, String> {
        aliases_elsewhere(&self.switch_netns)
    }

    /// The link of the switch's namespace that has this name, else the one of this index; none where neither
    /// is there.
    pub(crate) fn host_link(
        &self,
        name: &str,
        held: Option<Ifindex>,
    ) -> Result<Option<HostLink>, SourceError> {
        HostLink::read(&self.switch, name, held)
            .map_err(|error| failure::of_chain(format!("the link {name}"), &error, "run as root"))
    }

    /// What rests on the link of a port of the switch, see [`rests_on`].
    pub(crate) fn rests_on(&self, port: &Port, given: &[IpAddr]) -> Option<String> {
        rests_on(&self.switch, &self.switch_netns, port, given)
    }

    /// Makes sure that the switch's namespace has no link of this name.
    pub(crate) fn require_gone(&self, name: &str) -> Result<(), SourceError> {
        let what = || format!("the link {name}");
        match self.switch.link_named(name) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => {
                let why = "it is there again; its port is left alone";
                Err(SourceError::new(SourceErrorKind::Gone, what(), why).hint("ask again"))
            }
            Err(error) => Err(failure::of_chain(what(), &error, "run as root")),
        }
    }

    /// Tells all on the bridge where the addresses are that a step has configured: what had them before
    /// may have been on another host, or had another hardware address.
    pub(crate) fn announce(&mut self, step: &KernelStep) {
        let KernelStep::Configure { netns, interface, addresses, .. } = step else { return };
        let Ok(home) = home(&mut self.home, *netns) else { return };
        if addresses.is_empty() {
            return;
        }
        let announce = |socket: &RouteSocket| socket.announce(link_inside(interface, socket)?);
        let told = match &home.inside {
            Some(socket) => announce(socket),
            None => inside(&home.netns, announce),
        };
        if let Err(why) = told {
            // They learn it from the first packet that it sends.
            tracing::warn!("the neighbours of {interface} are not told of its addresses: {why}");
        }
    }

    pub(crate) fn take_step(&mut self, step: &KernelStep) -> Result<(), SourceError> {
        let taken = match step {
            KernelStep::DeleteLink { name, ifindex, alias, peer } => {
                let seen = (name, *ifindex, alias.as_deref(), *peer);
                delete_link(seen, &self.switch)
            }
            KernelStep::SetAlias { name, ifindex, from, to } => {
                set_alias(name, *ifindex, from, to, &self.switch)
            }
            KernelStep::FinishHostEnd { name, ifindex, alias } => {
                finish_host_end((name, *ifindex), alias, &self.switch, &self.switch_netns)
            }
            KernelStep::MakeVeth(veth) => {
                let home = &home(&mut self.home, veth.netns)?.netns;
                let made = make_veth(veth, &self.switch, &self.switch_netns, home);
                made.map(|made| self.has_made(&veth.host_end, made))
            }
            KernelStep::UnmakeVeth(veth) => {
                let made = self.made.get(&veth.host_end);
                made.map_or(Ok(()), |made| unmake_veth(made, &self.switch))
            }
            KernelStep::SetTxChecksumOffload { netns, interface, on, .. } => {
                set_tx_checksum_offload(interface, *on, home(&mut self.home, *netns)?)
            }
            KernelStep::Adjust { netns, interface, mac, mtu, .. } => {
                adjust(interface, *mac, *mtu, home(&mut self.home, *netns)?)
            }
            KernelStep::Configure { netns, interface, addresses, gateways, .. } => {
                configure(interface, addresses, gateways, home(&mut self.home, *netns)?)
            }
        };
        taken.map_err(|error| refused(step, &error))
    }
}

fn home(
    open: &mut Option<ContainerNetns>,
    wanted: NetnsId,
) -> Result<&mut ContainerNetns, SourceError> {
    let missing = || SourceError::new(SourceErrorKind::Gone, wanted.to_string(), "it is not open");
    open.as_mut().filter(|home| home.id == wanted).ok_or_else(missing)
}

/// A link as it was seen: its name, its index, its alias, the index of its other end.
type SeenLink<'a> = (&'a Name, Ifindex, Option<&'a str>, Option<Ifindex>);

/// Deletes a link if it still is the one that was seen, whose, and leads where it led.
fn delete_link(seen: SeenLink<'_>, switch: &RouteSocket) -> Result<(), Error> {
    let (name, ifindex, alias, peer) = seen;
    let link = switch.link(ifindex.0)?.filter(|link| {
        let same = *link.name == **name && link.alias.as_deref() == alias;
        same && link.link.map(Ifindex) == peer
    });
    link.map_or(Ok(()), |link| switch.delete_link(link.ifindex).map(|_| ()))
}

/// Notes another alias on a link if it still is the one that was seen.
fn set_alias(
    name: &Name,
    ifindex: Ifindex,
    from: &str,
    to: &str,
    switch: &RouteSocket,
) -> Result<(), Error> {
    let link = switch.link(ifindex.0)?;
    let link = link.filter(|link| *link.name == **name && link.alias.as_deref() == Some(from));
    link.map_or(Ok(()), |link| switch.set_alias(link.ifindex, to))
}

/// Has the end inside leave the checksums of what it sends to its hardware, or finish them.
fn set_tx_checksum_offload(
    interface: &str,
    on: bool,
    home: &mut ContainerNetns,
) -> Result<(), Error> {
    let kept = inside(&home.netns, |socket| {
        let link = link_inside(interface, socket)?;
        EthtoolSocket::here()?.set_tx_checksum_offload(link, on)?;
        RouteSocket::here()
    })?;
    home.inside = Some(kept);
    Ok(())
}

/// Gives the end inside another hardware address or MTU.
fn adjust(
    interface: &str,
    mac: Option<Mac>,
    mtu: Option<u32>,
    home: &ContainerNetns,
) -> Result<(), Error> {
    inside(&home.netns, |socket| {
        let link = link_inside(interface, socket)?;
        mac.map_or(Ok(()), |mac| socket.set_mac(link, mac.0))?;
        mtu.map_or(Ok(()), |mtu| socket.set_mtu(link, mtu))
    })
}

/// Sets the end inside up, with its addresses and default routes.
fn configure(
    interface: &str,
    addresses: &[Cidr],
    gateways: &[IpAddr],
    home: &ContainerNetns,
) -> Result<(), Error> {
    let set_up = |socket: &RouteSocket| {
        let link = link_inside(interface, socket)?;
        // A link that has an address and is down was set down by another program: what ours leaves
        // when it is killed here is down and bare, or up and lacks something.
        socket.set_up(link)?;
        for cidr in addresses {
            socket.add_address(link, cidr.ip, cidr.prefix)?;
        }
        gateways.iter().try_for_each(|via| socket.add_default_route(*via, link))
    };
    let ipv6 = addresses.iter().any(|cidr| cidr.ip.is_ipv6());
    match &home.inside {
        Some(socket) if !ipv6 => set_up(socket),
        _ => inside(&home.netns, |socket| {
            if ipv6 {
                enable_ipv6(interface);
            }
            set_up(socket)
        }),
    }
}

/// The index of the end inside.
fn link_inside(interface: &str, socket: &RouteSocket) -> Result<u32, Error> {
    let link = socket.link_named(interface)?;
    link.map(|link| link.ifindex).ok_or(Error::Malformed("the new link is gone"))
}

/// The file of a setting of IPv6 for one link. /proc/sys/net is that of the thread's namespace.
pub(super) fn setting_of_ipv6(link: &str, setting: &str) -> String {
    format!("/proc/sys/net/ipv6/conf/{link}/{setting}")
}

/// Docker disables IPv6 in containers whose own networks have none. Where it cannot be written,
/// the address will be refused. Its neighbours are told of its addresses, see [`RouteSocket::announce`].
fn enable_ipv6(interface: &str) {
    for (setting, value) in [("disable_ipv6", "0"), ("ndisc_notify", "1")] {
        let _ = std::fs::write(setting_of_ipv6(interface, setting), value);
    }
}

pub(super) fn inside<T: Send>(
    space: &Netns,
    mut act: impl FnMut(&RouteSocket) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let mut results = netns::visit(&[space], |_, socket| act(socket));
    results.pop().unwrap_or(Err(Error::Malformed("no namespace was visited")))
}

fn gone(container: &ContainerRef) -> SourceError {
    let what = format!("container {}", container.name);
    SourceError::new(SourceErrorKind::Gone, what, "it stopped or restarted meanwhile")
        .hint("ask again")
}

fn refused(step: &KernelStep, error: &netns::Error) -> SourceError {
    const EACCES: i32 = 13;
    let source_error = match error.errno() {
        Some(_) => SourceError::new(SourceErrorKind::Unusable, format!("cannot {step}"), error),
        None => failure::of_chain(format!("cannot {step}"), error, "run as root"),
    };
    match error.errno() {
        Some(EACCES) => source_error.hint(
            "IPv6 may be disabled there: docker run --sysctl net.ipv6.conf.all.disable_ipv6=0",
        ),
        _ => source_error,
    }
}
