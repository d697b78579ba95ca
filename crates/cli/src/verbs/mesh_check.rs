//! `docker ovs mesh check`: the tunnels of this host, beside what the fleet tells of its meshes.

use std::collections::{BTreeMap, BTreeSet};

use host::{MeshOfBridge, Tunnel, TunnelSettings};
use model::Look;
use model::switch::Bridge;
use model::wiring::Attachment;
use report::v1::{Check, Liveness, Mesh, MeshMember, Verdict};

/// The least MTU of a link that carries IPv6 (RFC 8200 section 5), in bytes.
const LEAST_MTU: u32 = 1280;
/// Who tells the fleet.
const NOT_TOLD: &str = "docker ovs serve --etcd tells it: does it run, and reach etcd?";
/// What BFD calls a tunnel that carries (RFC 5880 section 4.1).
const UP: &str = "up";

/// What of the switch is looked at.
pub(super) struct SwitchView<'a> {
    bridges: &'a [Bridge],
    attachments: &'a [Attachment],
    /// What BFD says of each tunnel, by its name.
    states: &'a BTreeMap<String, String>,
}

impl<'a> SwitchView<'a> {
    /// A look, and what BFD says of each tunnel.
    pub(super) fn new(look: &'a Look, states: &'a BTreeMap<String, String>) -> Self {
        let bridges = look.snapshot.ovsdb_bridges();
        Self { bridges, attachments: &look.wiring.attachments, states }
    }

    /// The bridges that are in a mesh by their own rows, each with that.
    fn members(&self) -> impl Iterator<Item = (String, String)> {
        let of = |bridge: &Bridge| Some((bridge.name.to_string(), MeshOfBridge::of(bridge)?.mesh));
        self.bridges.iter().filter_map(of)
    }
}

/// The rows about one mesh. `own` is this host.
pub(super) fn check_mesh(mesh: &Mesh, own: &str, seen: &SwitchView<'_>) -> Vec<Check> {
    let about = About { mesh, own };
    let Some(me) = mesh.members.iter().find(|member| member.from.host == own) else {
        let local = seen.members().find(|(_, of)| *of == mesh.mesh);
        if let Some((bridge, _)) = local {
            let detail =
                format!("{bridge} is in it, and the fleet does not know that this host is");
            return vec![about.check(Verdict::Fail, own, detail, NOT_TOLD)];
        }
        let hint = format!("docker ovs mesh join {} BRIDGE", mesh.mesh);
        return vec![about.check(Verdict::Note, own, "this host is no member".to_owned(), &hint)];
    };
    let notes = me.notes.iter();
    let mut checks: Vec<_> = notes
        .map(|note| about.check(Verdict::Fail, own, note.clone(), "docker ovs mesh ls"))
        .collect();
    checks.extend(about.mtu(me, seen));
    checks.extend(about.fail_mode(me, seen));
    // One that is kept out, or not to be reached yet, has no tunnels: why is told above.
    if me.notes.is_empty() {
        let others = mesh.members.iter().filter(|member| member.from.host != own);
        checks.extend(others.map(|member| about.member(me, member, seen)));
    }
    checks
}

/// What of this switch is of a mesh that is none of the `known` ones; of all meshes, or of the `wanted` one.
pub(super) fn unknown_meshes(
    known: &[Mesh],
    wanted: Option<&str>,
    own: &str,
    seen: &SwitchView<'_>,
) -> Vec<Check> {
    let tunnels = seen.bridges.iter().flat_map(host::tunnels_of);
    let tunnels = tunnels.map(|tunnel| (tunnel.mesh, tunnel.bridge));
    let members = seen.members().map(|(bridge, mesh)| (mesh, bridge));
    let all: BTreeSet<_> = tunnels.chain(members).collect();
    let is_unknown = |mesh: &str| {
        wanted.is_none_or(|wanted| wanted == mesh) && known.iter().all(|of| of.mesh != *mesh)
    };
    let unknown = all.into_iter().filter(|(mesh, _)| is_unknown(mesh));
    let check = |(mesh, bridge): (String, String)| Check {
        check: format!("mesh {mesh}"),
        verdict: Verdict::Fail,
        target: own.to_owned(),
        detail: format!("{bridge} is in the mesh {mesh}, which the fleet does not know"),
        hint: format!(
            "docker ovs mesh create {mesh}, if etcd has lost it; else docker ovs mesh leave {mesh}"
        ),
    };
    unknown.map(check).collect()
}

struct About<'a> {
    mesh: &'a Mesh,
    own: &'a str,
}

impl About<'_> {
    fn check(&self, verdict: Verdict, target: &str, detail: String, hint: &str) -> Check {
        Check {
            check: format!("mesh {}", self.mesh.mesh),
            verdict,
            target: target.to_owned(),
            detail,
            hint: hint.to_owned(),
        }
    }

    /// What is too large for the mesh, or whether that itself is too small.
    fn mtu(&self, me: &MeshMember, seen: &SwitchView<'_>) -> Vec<Check> {
        let Some(carried) = self.mesh.mtu else { return Vec::new() };
        let mut checks = Vec::new();
        if carried < LEAST_MTU {
            let detail = format!("it carries {carried} bytes, and IPv6 needs {LEAST_MTU}");
            let hint = "the least of all members counts: docker ovs mesh ls --format json";
            checks.push(self.check(Verdict::Note, self.own, detail, hint));
        }
        let on_bridge = seen.attachments.iter().filter(|row| {
            row.port.port().is_some_and(|port| *port.bridge == *me.bridge) && row.link.mtu > carried
        });
        let too_large = on_bridge.map(|row| format!("{} has MTU {}", row.label(), row.link.mtu));
        let too_large: Vec<_> = too_large.collect();
        if !too_large.is_empty() {
            let told = model::told::joined(&too_large, ", ", model::told::TOLD);
            let detail =
                format!("{told}: the mesh carries {carried} bytes, and drops what is larger");
            let hint = "give it to networks: -o mtu=, connect --mtu";
            checks.push(self.check(Verdict::Fail, self.own, detail, hint));
        }
        checks
    }

    /// A bridge that forwards nothing by itself.
    fn fail_mode(&self, me: &MeshMember, seen: &SwitchView<'_>) -> Option<Check> {
        let bridge = seen.bridges.iter().find(|bridge| *bridge.name == *me.bridge)?;
        let is_secure = bridge.fail_mode.as_deref() == Some("secure");
        is_secure.then(|| {
            let detail = format!(
                "{} has fail_mode secure: it forwards nothing but what flows of a controller or of ovs-ofctl let",
                bridge.name
            );
            let hint = "docker ovs flows shows them; ovs-vsctl del-fail-mode lets it forward by itself";
            self.check(Verdict::Note, self.own, detail, hint)
        })
    }

    /// The tunnel to another member.
    fn member(&self, me: &MeshMember, member: &MeshMember, seen: &SwitchView<'_>) -> Check {
        let name = &member.from.host;
        let mut tunnels = seen.bridges.iter().flat_map(host::tunnels_of);
        let there = tunnels.find(|of| of.mesh == self.mesh.mesh && of.host == *name);
        let Some(tunnel) = there else {
            return match member.notes.as_slice() {
                [] => {
                    let hint = "is docker ovs serve --etcd running?";
                    self.check(Verdict::Fail, name, "no tunnel".to_owned(), hint)
                }
                notes => {
                    let detail = format!("no tunnel: {}", notes.join("; "));
                    self.check(Verdict::Fail, name, detail, "docker ovs mesh ls")
                }
            };
        };
        if let Some(detail) = self.difference(me, member, &tunnel) {
            let hint = "the daemon makes it anew; another program may be changing it";
            return self.check(Verdict::Fail, name, detail, hint);
        }
        let ports = seen.bridges.iter().flat_map(|bridge| &bridge.ports);
        let mut ports = ports.filter(|port| *port.iface == *tunnel.name);
        let ofport = ports.find_map(|port| port.ofport.assigned()).map(|port| port.0);
        let Some(ofport) = ofport else {
            let detail = format!("{} has no OpenFlow port", tunnel.name);
            let hint = "ovs-vsctl list interface has the column error";
            return self.check(Verdict::Fail, name, detail, hint);
        };
        let wanted = member.ofport.unwrap_or(tunnel.ofport);
        if ofport != wanted {
            let detail = format!("{} is port {ofport}, and should be {wanted}", tunnel.name);
            let hint = "another port of the bridge has the number: docker ovs ports";
            return self.check(Verdict::Fail, name, detail, hint);
        }
        let state = seen.states.get(&tunnel.name).map_or("unknown", String::as_str);
        let silent = match (&member.from.stale_since, member.from.liveness) {
            (_, Liveness::Live) => String::new(),
            (Some(since), Liveness::Stale) => format!("; its daemon is silent since {since}"),
            (None, Liveness::Stale) => "; its daemon is silent".to_owned(),
        };
        let detail = format!(
            "{} is port {ofport} of {}, BFD is {state}{silent}",
            tunnel.name, tunnel.bridge
        );
        let (verdict, hint) = match (state, silent.is_empty()) {
            (UP, true) => (Verdict::Ok, ""),
            (UP, false) => {
                (Verdict::Note, "the tunnel carries; docker ovs serve is not heard of there")
            }
            (_, true) => (
                Verdict::Fail,
                "does the network between let UDP through to the port of the mesh, both ways?",
            ),
            (_, false) => (Verdict::Fail, "is that host running, and reached?"),
        };
        self.check(verdict, name, detail, hint)
    }

    /// How a tunnel is other than the mesh has it.
    fn difference(&self, me: &MeshMember, member: &MeshMember, tunnel: &Tunnel) -> Option<String> {
        let mesh = self.mesh;
        let pairs = [
            ("type", tunnel.kind.clone(), Some(mesh.kind.clone())),
            ("key", tunnel.key.to_string(), Some(mesh.key.to_string())),
            ("UDP port", tunnel.dst_port.to_string(), Some(mesh.dst_port.to_string())),
            ("remote address", tunnel.remote_ip.clone(), member.local_ip.clone()),
            ("local address", tunnel.local_ip.clone(), me.local_ip.clone()),
            ("bridge", tunnel.bridge.clone(), Some(me.bridge.clone())),
        ];
        let columns = passed(&tunnel.settings).into_iter().zip(passed(&TunnelSettings::default()));
        let columns = columns.map(|((what, is), (_, wanted))| (what, is, Some(wanted)));
        let different = pairs.into_iter().chain(columns).filter_map(|(what, is, wanted)| {
            let wanted = wanted.filter(|wanted| *wanted != is)?;
            Some(format!("its {what} is {is}, and should be {wanted}"))
        });
        let different: Vec<_> = different.collect();
        (!different.is_empty()).then(|| format!("{}: {}", tunnel.name, different.join(", ")))
    }
}

/// The columns that decide which frames a tunnel passes.
fn passed(passes: &TunnelSettings) -> [(&'static str, String); 5] {
    let TunnelSettings { protected, tag, trunks, vlan_mode, bfd } = passes;
    let trunks: Vec<_> = trunks.iter().map(ToString::to_string).collect();
    let or_empty = |text: String| if text.is_empty() { "empty".to_owned() } else { text };
    [
        ("column protected", protected.to_string()),
        ("column tag", or_empty(tag.map(|tag| tag.to_string()).unwrap_or_default())),
        ("column trunks", or_empty(trunks.join(","))),
        ("column vlan_mode", or_empty(vlan_mode.clone().unwrap_or_default())),
        ("bfd:enable", bfd.to_string()),
    ]
}

#[cfg(test)]
mod tests;
