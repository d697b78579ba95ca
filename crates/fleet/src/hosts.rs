//! Hosts and meshes as they are told.

use std::sync::Arc;

use report::v1::{FleetHost, FromHost, Liveness, Mesh, MeshMember};

use crate::host::{HostRecord, Membership};
use crate::mesh::{self, MeshRecord};
use crate::mirror::{HostState, Mirror};

/// How old what is told of a host is.
pub(crate) fn from(
    name: &str,
    is_own: bool,
    host: Option<&HostState>,
    lost: Option<&(Option<u64>, String)>,
) -> FromHost {
    let alive = host.is_some_and(|host| host.alive.is_some());
    let since = host.and_then(|host| host.stale_since);
    let (liveness, since) = match lost {
        _ if is_own => (Liveness::Live, None),
        Some((lost, _)) if alive => (Liveness::Stale, *lost),
        None if alive => (Liveness::Live, None),
        _ => (Liveness::Stale, since),
    };
    let stale_since = since.map(model::moment::rfc3339);
    FromHost { host: name.to_owned(), liveness, stale_since }
}

impl Mirror {
    /// Every host, by name.
    pub fn hosts(&self, with_rows: bool) -> Vec<FleetHost> {
        let hosts = self.hosts.iter();
        let told = hosts.filter(|(_, host)| !host.record.as_ref().is_some_and(|of| of.removed));
        let row = |(name, host): (&Arc<str>, &HostState)| {
            let record = host.record.clone().unwrap_or_default();
            let address = record.meshes.values().find_map(|of| of.local_ip);
            let from = self.from(name);
            let is_live = |name: &str| self.from(name).liveness == Liveness::Live;
            let live_as = self.twins(name, host).find(|other| is_live(other));
            let live_as = live_as.filter(|_| from.liveness != Liveness::Live);
            FleetHost {
                from,
                live_as: live_as.map(ToString::to_string),
                number: record.number,
                address: address.map(|ip| ip.to_string()),
                version: record.version.clone(),
                bridges: record.bridges.clone(),
                attachments: with_rows.then_some(host.rows.len()),
                meshes: record.meshes.keys().cloned().collect(),
                notes: self.notes(name, host),
            }
        };
        told.map(row).collect()
    }

    fn notes(&self, name: &str, host: &HostState) -> Vec<String> {
        let missing = host.record.is_none().then(|| "it has no record of its own".to_owned());
        let twin = self.twins(name, host).next().map(|other| {
            format!("the same machine as {other}: it was renamed, or one is a copy of the other")
        });
        host.refused.told().into_iter().chain(missing).chain(twin).collect()
    }

    /// The other names that its machine has.
    fn twins<'a>(
        &'a self,
        name: &'a str,
        host: &'a HostState,
    ) -> impl Iterator<Item = &'a Arc<str>> {
        let machine = host.record.as_ref().map(|record| &record.machine);
        let machine = machine.filter(|machine| !machine.is_empty());
        let others = self.hosts.iter().filter(move |(other, of)| {
            let of = of.record.as_ref().filter(|of| !of.removed).map(|of| &of.machine);
            ***other != *name && machine.is_some() && of == machine
        });
        others.map(|(other, _)| other)
    }

    /// Every mesh, by name; `own` is how this host is in them.
    pub fn meshes(&self) -> Vec<Mesh> {
        self.meshes.iter().map(|(name, (record, _))| self.mesh(name, record)).collect()
    }

    fn mesh(&self, name: &str, record: &MeshRecord) -> Mesh {
        let of = |host: &HostState| {
            let record = host.record.clone().filter(|record| !record.removed)?;
            Some((record.meshes.get(name)?.clone(), record))
        };
        let members = self.hosts.iter().filter_map(|(name, host)| Some((name, of(host)?)));
        let members: Vec<_> =
            members.map(|(name, (of, record))| self.member(name, of, &record)).collect();
        let least = members.iter().filter_map(|member| member.mtu).chain(record.mtu).min();
        let mut mesh = Mesh {
            mesh: name.to_owned(),
            kind: record.kind.word().to_owned(),
            key: record.key,
            dst_port: record.dst_port,
            mtu: least,
            members,
        };
        mesh::note_uplinks(&mut mesh);
        mesh
    }

    fn member(&self, name: &str, of: Membership, record: &HostRecord) -> MeshMember {
        let without = |what: &str| format!("it has no {what} yet");
        let notes = [
            record.number.is_none().then(|| without("number")),
            of.local_ip.is_none().then(|| without("address")),
        ];
        MeshMember {
            from: self.from(name),
            number: record.number,
            ofport: record.number.map(mesh::ofport),
            bridge: of.bridge,
            local_ip: of.local_ip.map(|ip| ip.to_string()),
            mtu: of.mtu,
            uplinks: of.uplinks,
            notes: notes.into_iter().flatten().collect(),
        }
    }
}
