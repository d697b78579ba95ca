//! A pretend host: what a Snapshot would be after a plan.
//!
//! For `--dry-run`, for planning several things at once, and for tests. What the kernel and the
//! switch choose by themselves is guessed: indexes, and numbers that were not asked for. What the
//! database would refuse, as a row says something else than was seen, does nothing here either.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::{Ifindex, Name, NetnsId, Nsid, OfPort};
use crate::plan::{KernelStep, NewBridge, ReplacePort, Step, SwitchStep, Veth};
use crate::snapshot::{Link, Namespace, Observed, Peer, Snapshot};
use crate::switch::{Bridge, OfPortState, Port, SwitchSource};

/// The Snapshot after these steps.
pub fn rehearse<'s>(snapshot: &Snapshot, steps: impl IntoIterator<Item = &'s Step>) -> Snapshot {
    let mut pretend = snapshot.clone();
    steps.into_iter().for_each(|step| take(&mut pretend, step));
    pretend
}

fn take(snapshot: &mut Snapshot, step: &Step) {
    match step {
        Step::Kernel(step) => take_in_kernel(snapshot, step),
        Step::Switch(step) => take_in_switch(snapshot, step),
    }
}

fn take_in_switch(snapshot: &mut Snapshot, step: &SwitchStep) {
    match step {
        SwitchStep::ReplacePort(ports) => replace_port(snapshot, ports),
        SwitchStep::Await { bridge, iface, .. } => {
            let ifindex = index_here(snapshot, iface);
            if let Some(port) = port_called(snapshot, bridge, iface) {
                number(port, ifindex);
            }
            packet_sockets(snapshot).for_each(|sockets| sockets.extend(ifindex));
        }
        SwitchStep::RemoveMember { bridge, port, .. } => {
            if !is_as_seen(snapshot, bridge, port) {
                return;
            }
            let Some(row) = bridge_called(snapshot, bridge) else { return };
            row.ports.retain(|other| other.iface != port.iface);
        }
        SwitchStep::MakeBridge(new) => make_bridge(snapshot, new),
        SwitchStep::RemoveBridge { bridge, ports } => {
            let is_as_seen = |row: &Bridge| {
                row.external_ids == bridge.external_ids
                    && row.ports.iter().all(|port| ports.contains(&port.iface))
            };
            change_bridges(snapshot, |rows| {
                rows.retain(|row| row.name != bridge.name || !is_as_seen(row));
            });
        }
        SwitchStep::Rewrite { bridge, port, external_ids, ofport_request, memory, .. } => {
            if !is_as_seen(snapshot, bridge, port) {
                return;
            }
            if let Some(port) = port_called(snapshot, bridge, &port.iface) {
                port.external_ids.clone_from(external_ids);
                port.ofport_request = ofport_request.or(port.ofport_request);
            }
            let Some(row) = bridge_called(snapshot, bridge) else { return };
            memory.apply(&mut row.external_ids);
        }
    }
}

/// As vswitchd makes it, but for its datapath id.
fn make_bridge(snapshot: &mut Snapshot, new: &NewBridge) {
    let own = Port {
        iface: new.name.clone(),
        ofport: OfPortState::Assigned(OfPort::LOCAL),
        kind: "internal".to_owned(),
        ..Port::default()
    };
    let datapath = if new.datapath_type.is_empty() { "system" } else { &new.datapath_type };
    let bridge = Bridge {
        name: new.name.clone(),
        datapath: Some(datapath.to_owned()),
        external_ids: new.external_ids.clone(),
        ports: vec![Arc::new(own)],
        ..Bridge::default()
    };
    change_bridges(snapshot, |rows| rows.push(bridge));
}

fn change_bridges(snapshot: &mut Snapshot, change: impl FnOnce(&mut Vec<Bridge>)) {
    let rows = snapshot.switch.get_mut(&SwitchSource::Ovsdb);
    let rows = match rows {
        Some(
            Observed::Fresh { rows }
            | Observed::Partial { rows, .. }
            | Observed::Stale { rows, .. },
        ) => Some(rows),
        Some(Observed::Absent { .. }) | None => None,
    };
    if let Some(rows) = rows {
        let mut all = rows.to_vec();
        change(&mut all);
        *rows = all.into();
    }
}

fn port_called<'s>(snapshot: &'s mut Snapshot, bridge: &str, iface: &str) -> Option<&'s mut Port> {
    let row = bridge_called(snapshot, bridge)?;
    row.ports.iter_mut().find(|port| *port.iface == *iface).map(Arc::make_mut)
}

fn take_in_kernel(snapshot: &mut Snapshot, step: &KernelStep) {
    match step {
        KernelStep::DeleteLink { name, .. } => {
            stop_listening(snapshot, name);
            delete_link(snapshot, name);
        }
        KernelStep::FinishHostEnd { name, ifindex, alias } => {
            let Some(here) = snapshot.switch_netns else { return };
            change_link(snapshot, here, name, |link| {
                if link.ifindex == *ifindex && link.alias.is_none() {
                    link.alias = Some(alias.clone());
                }
            });
        }
        KernelStep::SetAlias { name, ifindex, from, to } => {
            let Some(here) = snapshot.switch_netns else { return };
            change_link(snapshot, here, name, |link| {
                if link.ifindex == *ifindex && link.alias.as_ref() == Some(from) {
                    link.alias = Some(to.clone());
                }
            });
        }
        KernelStep::MakeVeth(veth) => make_veth(snapshot, veth),
        KernelStep::UnmakeVeth(veth) => delete_link(snapshot, &veth.host_end),
        KernelStep::SetTxChecksumOffload { netns, interface, on, .. } => {
            change_link(snapshot, *netns, interface, |link| link.tx_checksum_offload = Some(*on));
        }
        KernelStep::Adjust { netns, interface, mac, mtu, .. } => {
            change_link(snapshot, *netns, interface, |link| {
                link.mac = mac.or(link.mac);
                link.mtu = mtu.unwrap_or(link.mtu);
            });
        }
        KernelStep::Configure { netns, interface, addresses, gateways, .. } => {
            change_link(snapshot, *netns, interface, |link| {
                link.up = true;
                let missing = addresses.iter().filter(|cidr| !link.addresses.contains(cidr));
                let missing: Vec<_> = missing.copied().collect();
                link.addresses.extend(missing);
                link.gateways = Some(gateways.clone());
            });
        }
    }
}

/// What vswitchd listens to, where that was read.
fn packet_sockets(snapshot: &mut Snapshot) -> impl Iterator<Item = &mut BTreeSet<Ifindex>> {
    let here = snapshot.switch_netns.and_then(|switch| space(snapshot, switch));
    here.into_iter().flat_map(Namespace::listened_to_mut)
}

/// No port has this link any more, or the link itself is gone.
fn stop_listening(snapshot: &mut Snapshot, name: &str) {
    let Some(ifindex) = index_here(snapshot, name) else { return };
    packet_sockets(snapshot).for_each(|sockets| {
        sockets.remove(&ifindex);
    });
}

/// Whether the port is there, and has the owner that was seen: the database compares that.
fn is_as_seen(snapshot: &mut Snapshot, bridge: &str, port: &Port) -> bool {
    let row = port_called(snapshot, bridge, &port.iface);
    row.is_some_and(|row| row.external_ids == port.external_ids)
}

fn replace_port(snapshot: &mut Snapshot, ports: &ReplacePort) {
    let old = ports.remove.as_deref();
    if old.is_some_and(|old| !is_as_seen(snapshot, &ports.bridge, old)) {
        return;
    }
    if let Some(old) = &ports.remove {
        stop_listening(snapshot, &old.iface);
    }
    let Some(row) = bridge_called(snapshot, &ports.bridge) else { return };
    if let Some(old) = &ports.remove {
        row.ports.retain(|port| port.iface != old.iface);
    }
    row.ports.extend(ports.add.clone());
    ports.memory.apply(&mut row.external_ids);
}

/// A number that was asked for is given; another one is left to vswitchd.
fn number(port: &mut Port, ifindex: Option<Ifindex>) {
    if let Some(wanted) = port.ofport_request {
        port.ofport = OfPortState::Assigned(wanted);
    }
    port.ifindex = ifindex;
}

fn bridge_called<'s>(snapshot: &'s mut Snapshot, name: &str) -> Option<&'s mut Bridge> {
    let rows = snapshot.switch.values_mut().flat_map(Observed::rows_mut);
    rows.into_iter().find(|bridge| *bridge.name == *name)
}

fn space(snapshot: &mut Snapshot, id: NetnsId) -> Option<&mut Namespace> {
    snapshot.kernel.rows_mut().iter_mut().find(|ns| ns.id == id)
}

fn change_link(snapshot: &mut Snapshot, netns: NetnsId, name: &str, by: impl Fn(&mut Link)) {
    let links = space(snapshot, netns).into_iter().flat_map(|ns| &mut ns.links);
    links.filter(|link| *link.name == *name).for_each(|link| by(Arc::make_mut(link)));
}

fn index_here(snapshot: &mut Snapshot, name: &str) -> Option<Ifindex> {
    let here = space(snapshot, snapshot.switch_netns?)?;
    here.links.iter().find(|link| *link.name == *name).map(|link| link.ifindex)
}

fn next_index(snapshot: &mut Snapshot, netns: NetnsId) -> Ifindex {
    let links = space(snapshot, netns).into_iter().flat_map(|ns| &ns.links);
    Ifindex(links.map(|link| link.ifindex.0).max().unwrap_or(0).saturating_add(1))
}

fn make_veth(snapshot: &mut Snapshot, veth: &Veth) {
    let Some(here) = snapshot.switch_netns else { return };
    let near = next_index(snapshot, here);
    let far = next_index(snapshot, veth.netns);
    let away = called(snapshot, here, veth.netns);
    let back = called(snapshot, veth.netns, here);
    let end = |name: &Name, own, peer, nsid| Link {
        ifindex: own,
        name: name.clone(),
        kind: Some("veth".to_owned()),
        ethernet: true,
        mtu: veth.mtu.unwrap_or(1500),
        up: false,
        peer: Some(Peer { ifindex: peer, nsid: Some(nsid) }),
        // What the kernel gives every veth (drivers/net/veth.c).
        tx_checksum_offload: Some(true),
        ..Link::default()
    };
    let alias = Some(veth.alias.clone());
    let host_end = Link { up: true, alias, ..end(&veth.host_end, near, far, away) };
    let inside = Link { mac: veth.mac, ..end(&veth.interface, far, near, back) };
    for (netns, link) in [(here, host_end), (veth.netns, inside)] {
        if let Some(ns) = space(snapshot, netns) {
            ns.links.push(Arc::new(link));
        }
    }
}

/// What `from` calls `to`; a new word if it has none yet, as with the kernel.
fn called(snapshot: &mut Snapshot, from: NetnsId, to: NetnsId) -> Nsid {
    let Some(from) = space(snapshot, from) else { return Nsid(0) };
    let known = from.nsids.iter().find(|(_, id)| **id == to).map(|(nsid, _)| *nsid);
    known.unwrap_or_else(|| {
        let used = from.links.iter().filter_map(|link| link.peer?.nsid).map(|nsid| nsid.0);
        let next = from.nsids.keys().map(|nsid| nsid.0).chain(used).max().unwrap_or(-1);
        let new = Nsid(next.saturating_add(1));
        from.nsids.insert(new, to);
        new
    })
}

/// A link of the switch's namespace goes with its other end.
fn delete_link(snapshot: &mut Snapshot, name: &str) {
    let Some(here) = snapshot.switch_netns else { return };
    let Some(ns) = space(snapshot, here) else { return };
    let Some(at) = ns.links.iter().position(|link| *link.name == *name) else { return };
    let link = ns.links.remove(at);
    let peer = link.peer.filter(|_| link.kind.as_deref() == Some("veth"));
    let Some(peer) = peer else { return };
    let home = peer.nsid.map_or(Some(here), |nsid| ns.nsids.get(&nsid).copied());
    if let Some(ns) = home.and_then(|home| space(snapshot, home)) {
        ns.links.retain(|other| {
            other.ifindex != peer.ifindex
                || other.peer.map(|back| back.ifindex) != Some(link.ifindex)
        });
    }
}
