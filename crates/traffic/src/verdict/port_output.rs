//! The ports that a packet leaves by.

use std::net::IpAddr;

use flowtext::{Header, Output};
use model::Look;
use model::switch::TUNNEL_HOST;
use model::wiring::{Occupant, SwitchPort};

use crate::end::End;
use crate::port_word::PortWord;

/// A port that a packet leaves by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortOutput {
    /// The datapath port.
    pub dp_port: String,
    /// Its bridge, where the port is known.
    pub bridge: Option<String>,
    /// Its OpenFlow port.
    pub ofport: Option<u16>,
    /// Who is on it.
    pub who: String,
    /// The link of this host that it is.
    pub uplink: Option<String>,
    /// The tags that the packet bears then.
    pub vlans: Vec<u16>,
    /// Where a tunnel takes it to.
    pub tunnel: Option<String>,
    /// The host of the fleet that this is, by a mesh's tunnel.
    pub tunnel_host: Option<String>,
    /// Why that is not certain.
    pub doubt: Option<String>,
}

pub(super) fn is_port(output: &Output, port: &SwitchPort) -> bool {
    PortWord::of_datapath(&output.port).is_datapath(&port.port)
}

/// Whether a port is of the datapath that the packet came in by: their numbers mean nothing elsewhere.
pub(super) fn same_datapath(look: &Look, from: &End, port: &SwitchPort) -> bool {
    let kind = |name: &str| datapath_type(look, name);
    from.bridge().is_some_and(|bridge| *bridge == port.bridge || kind(bridge) == kind(&port.bridge))
}

/// What kind of datapath a bridge has, where that is known.
pub(super) fn datapath_type<'a>(look: &'a Look, bridge: &str) -> Option<&'a str> {
    let mut rows = look.snapshot.bridges().filter(|row| *row.name == *bridge);
    rows.find_map(|row| row.datapath.as_deref().filter(|kind| !kind.is_empty()))
}

/// Where a tunnel takes what leaves by `port`, as the packet bears it. What `set(tunnel(…))` wrote stays with
/// it to ports that are no tunnel, and means nothing there; of a port that is not known it tells what that is.
pub(super) fn tunnel(header: &Header, port: Option<&SwitchPort>) -> Option<String> {
    let is_plain = port.is_some_and(|port| !matches!(port.occupant, Occupant::Tunnel { .. }));
    let key = header.tunnel_key.clone().filter(|_| !is_plain);
    header.tunnel.clone().or(key)
}

/// The host of the fleet that is at the end of a tunnel. All tunnels of a kind are one port of the datapath, or none
/// where vswitchd writes the header itself: where it leads tells them apart.
fn tunnel_host(look: &Look, remote: &str) -> Option<String> {
    let remote: IpAddr = remote.parse().ok()?;
    let leads = |row: &&SwitchPort| {
        let option = row.port.options.get("remote_ip");
        option.is_some_and(|option| option.parse() == Ok(remote))
    };
    let ports = look.wiring.ports.iter().filter(leads);
    let mut hosts = ports.map(|row| row.port.external_ids.get(TUNNEL_HOST));
    let first = hosts.next()??;
    // Of two tunnels that say otherwise it is not known which one it is.
    hosts.all(|other| other == Some(first)).then(|| first.clone())
}

/// The port that it is, where that is known.
pub(super) fn port_of<'a>(look: &'a Look, from: &End, output: &Output) -> Option<&'a SwitchPort> {
    let mut ports = look.wiring.ports.iter();
    ports.find(|row| is_port(output, row) && same_datapath(look, from, row))
}

pub(super) fn outputs(look: &Look, from: &End, output: &Output) -> PortOutput {
    let row = port_of(look, from, output);
    let header = &output.header;
    let remote = row.and_then(|row| match &row.occupant {
        Occupant::Tunnel { remote } => Some(remote.clone()),
        _ => None,
    });
    let who = row.map_or_else(
        || format!("datapath port {}", output.port),
        |row| match &row.occupant {
            Occupant::Host { .. } => format!("{}, host", row.port.iface),
            Occupant::Local => row.bridge.to_string(),
            other => other.to_string(),
        },
    );
    let uplink = row.and_then(|row| match &row.occupant {
        // What the switch made itself ends in this host.
        Occupant::Host { .. } if row.port.kind != "internal" => Some(row.port.iface.to_string()),
        _ => None,
    });
    let tunnel = tunnel(header, row).or(remote);
    PortOutput {
        dp_port: output.port.clone(),
        bridge: row.map(|row| row.bridge.to_string()),
        ofport: row.and_then(|row| row.port.ofport.assigned()).map(|port| port.0),
        who,
        uplink,
        vlans: header.vlans.iter().map(|tag| tag.vid).collect(),
        tunnel_host: tunnel.as_deref().and_then(|to| tunnel_host(look, to)),
        tunnel,
        doubt: header.doubt.clone().or_else(|| header.altered.clone()),
    }
}
