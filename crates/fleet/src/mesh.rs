//! Bridges of several hosts as one network: which tunnels a host is to have.
//!
//! Every member has a tunnel to every other one, on the containers' own bridge, each a protected port:
//! what comes in by one tunnel never goes out by another, so that a full mesh cannot loop. The port of
//! the host that has number n is 64000 + n on every bridge.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use report::v1;

use crate::mirror::Mirror;

pub use crate::mesh_record::{Kind, LARGEST_KEY, MeshRecord};

/// The port of the host with number n is this and n.
const BASE: u16 = 64_000;
/// Numbers of hosts are 1 to this: an OpenFlow port that is asked for is at most 65279.
pub const MAX_NUMBERS: u16 = 1_279;

/// The OpenFlow port of tunnels to the host with this number, on every other host.
pub fn ofport(number: u16) -> u16 {
    BASE.saturating_add(number)
}

/// How many bytes of an underlay's MTU a tunnel takes: outer IP, UDP and tunnel header, the inner
/// Ethernet header, and a VLAN tag, which may ride inside.
pub fn overhead(remote: IpAddr) -> u32 {
    let ip = if remote.is_ipv6() { 40 } else { 20 };
    ip + 8 + 8 + 14 + 4
}

/// A tunnel to another host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tunnel {
    /// The mesh.
    pub mesh: String,
    /// The host it leads to.
    pub host: String,
    /// The bridge it is on.
    pub bridge: String,
    /// Name of port and interface.
    pub name: String,
    /// Its OpenFlow port.
    pub ofport: u16,
    /// What it is: `geneve` or `vxlan`.
    pub kind: &'static str,
    /// Where it leads.
    pub remote_ip: IpAddr,
    /// Where it comes from.
    pub local_ip: IpAddr,
    /// Its key.
    pub key: u32,
    /// Its UDP port.
    pub dst_port: u16,
}

/// What of a mesh a host is to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The tunnels that are to be there.
    pub tunnels: Vec<Tunnel>,
    /// The hosts that are known not to be in a mesh, each with that mesh: tunnels to them are to go.
    /// Tunnels to hosts of which nothing is known are in neither list, and stay.
    pub left: BTreeSet<(String, String)>,
    /// The meshes that this host is in by its own record; none where there is no record.
    pub own: Option<BTreeSet<String>>,
    /// Why this host is kept out of a mesh: none of its tunnels there stays.
    pub kept_out: BTreeMap<String, String>,
}

impl Wanted {
    /// Whether this host is known not to be in a mesh: none of its tunnels stays, whether the fleet still
    /// has that mesh or not.
    pub fn has_left(&self, mesh: &str) -> bool {
        self.own.as_ref().is_some_and(|own| !own.contains(mesh))
    }
}

/// The name of the tunnel to host `number` in the mesh with this key, which is one in all: a link's name
/// has 15 bytes.
pub fn name(key: u32, number: u16) -> String {
    format!("dov{key:06x}-{number}")
}

/// Which tunnels the host `own` is to have, by what is known. Only what is known leads to anything: a
/// host of which there is no record has not left.
pub fn wanted(mirror: &Mirror, own: &str) -> Wanted {
    let mut wanted = Wanted::default();
    let Some(record) = mirror.hosts.get(own).and_then(|host| host.record.clone()) else {
        return wanted;
    };
    wanted.own = Some(record.meshes.keys().cloned().collect());
    for (mesh, (of, _)) in &mirror.meshes {
        let Some(ours) = record.meshes.get(mesh) else { continue };
        // Until it has its number, the others have no tunnel to it either, and whether it may be in the
        // mesh is not known.
        let is_numbered = record.number.is_some();
        for (name, host) in mirror.hosts.iter().filter(|(name, _)| &***name != own) {
            let Some(theirs) = &host.record else { continue };
            if theirs.removed || !theirs.meshes.contains_key(mesh) {
                wanted.left.insert((mesh.clone(), name.to_string()));
                continue;
            }
            let remote = theirs.meshes.get(mesh).and_then(|of| of.local_ip);
            let (Some(number), Some(remote), Some(local)) = (theirs.number, remote, ours.local_ip)
            else {
                continue;
            };
            // Another host that claims this one's address, or a family that cannot reach it.
            if !is_numbered || remote == local || remote.is_ipv4() != local.is_ipv4() {
                continue;
            }
            wanted.tunnels.push(Tunnel {
                mesh: mesh.clone(),
                host: name.to_string(),
                bridge: ours.bridge.clone(),
                name: self::name(of.key, number),
                ofport: ofport(number),
                kind: of.kind.word(),
                remote_ip: remote,
                local_ip: local,
                key: of.key,
                dst_port: of.dst_port,
            });
        }
    }
    for mesh in mirror.meshes() {
        let own = mesh.members.iter().find(|member| member.from.host == own);
        if let Some(why) = own.and_then(kept_out) {
            wanted.tunnels.retain(|tunnel| tunnel.mesh != mesh.mesh);
            wanted.kept_out.insert(mesh.mesh, why);
        }
    }
    wanted.tunnels = without_clashes(wanted.tunnels);
    wanted
}

/// Of tunnels of one name, or to one address in one mesh, the first: two hosts cannot both be there.
fn without_clashes(mut tunnels: Vec<Tunnel>) -> Vec<Tunnel> {
    tunnels.sort();
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    tunnels.retain(|tunnel| {
        let place = (tunnel.key, tunnel.dst_port, tunnel.remote_ip);
        !names.contains(&tunnel.name) && places.insert(place) && names.insert(tunnel.name.clone())
    });
    tunnels
}

const SECOND_UPLINK: &str = "kept out: ";

/// Why a member has no tunnels.
fn kept_out(member: &v1::MeshMember) -> Option<String> {
    member.notes.iter().find(|note| note.starts_with(SECOND_UPLINK)).cloned()
}

/// Two uplinks to the same network make a loop through the mesh: of the members that have one only that
/// with the least number is let in. One without a number has no tunnels yet, and it is not known which of
/// them it will be.
pub(crate) fn note_uplinks(mesh: &mut v1::Mesh) {
    let with = |member: &&v1::MeshMember| !member.uplinks.is_empty() && member.number.is_some();
    let first = mesh.members.iter().filter(with).min_by_key(|member| member.number);
    let Some(first) = first.cloned() else { return };
    let name = &first.from.host;
    for member in &mut mesh.members {
        if with(&&*member) && member.from.host != *name {
            member.notes.push(format!(
                "{SECOND_UPLINK}it has the uplink {} and {name} has {}: a loop, if both lead to one network",
                member.uplinks.join(","),
                first.uplinks.join(","),
            ));
        }
    }
}

#[cfg(test)]
mod tests;
