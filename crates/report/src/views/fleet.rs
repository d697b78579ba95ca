//! Rows of several hosts.

use super::attachment;
use super::cells::{dash, name_number, number, some};
use crate::format::{Column, View};
use crate::v1::vlan::vlans;
use crate::v1::{
    FleetAttachment, FleetEvent, FleetHost, FleetMatch, FleetPort, FromHost, Liveness, Mesh,
    MeshBlock, MeshMember,
};

/// Whether it is live, or since when not: the seconds are enough.
fn age(from: &FromHost) -> String {
    match (&from.stale_since, from.liveness) {
        (_, Liveness::Live) => "live".to_owned(),
        (Some(since), Liveness::Stale) => {
            format!("stale since {}Z", since.split('.').next().unwrap_or(since))
        }
        (None, Liveness::Stale) => "stale".to_owned(),
    }
}

/// The hosts.
pub const HOSTS: View<FleetHost> = View {
    table: &[
        ("HOST", |row| row.from.host.clone()),
        ("STATE", |row| age(&row.from)),
        ("NUMBER", |row| dash(row.number.map(|n| n.to_string()).as_ref())),
        ("ADDRESS", |row| dash(row.address.as_ref())),
        ("ATTACHMENTS", |row| dash(row.attachments.map(|n| n.to_string()).as_ref())),
        ("BRIDGES", |row| some(row.bridges.join(","))),
        ("MESHES", |row| some(row.meshes.join(","))),
        ("VERSION", |row| row.version.clone()),
        ("NOTES", |row| some(row.notes.join("; "))),
    ],
    csv: &[
        ("", |row| row.from.host.clone()),
        ("", |row| row.from.liveness.to_string()),
        ("", |row| row.from.stale_since.clone().unwrap_or_default()),
        ("", |row| number(row.number)),
        ("", |row| row.address.clone().unwrap_or_default()),
    ],
};

/// A column of a local view, for what another host tells.
macro_rules! of {
    ($column:path, $($field:ident).+) => {
        ($column.0, |row| ($column.1)(&row.$($field).+))
    };
}

const HOST: Column<FleetAttachment> = ("HOST", |row| row.from.host.clone());
const AGE: Column<FleetAttachment> = ("STATE", |row| age(&row.from));
const SHORT_ID: Column<FleetAttachment> = of!(attachment::SHORT_ID, attachment);
const FULL_ID: Column<FleetAttachment> = of!(attachment::FULL_ID, attachment);
const CONTAINER: Column<FleetAttachment> = of!(attachment::CONTAINER, attachment);
const INTERFACE: Column<FleetAttachment> = of!(attachment::INTERFACE, attachment);
const BRIDGE: Column<FleetAttachment> = of!(attachment::BRIDGE, attachment);
const OFPORT: Column<FleetAttachment> = of!(attachment::OFPORT, attachment);
const MAC: Column<FleetAttachment> = of!(attachment::MAC, attachment);
const VLAN: Column<FleetAttachment> = of!(attachment::VLAN, attachment);
const ADDRESSES: Column<FleetAttachment> = of!(attachment::ADDRESSES, attachment);

const FLEET_CSV: &[Column<FleetAttachment>] = &[
    HOST,
    ("", |row| row.from.liveness.to_string()),
    CONTAINER,
    INTERFACE,
    ("", |row| row.attachment.bridge.clone().unwrap_or_default()),
    ("", |row| number(row.attachment.ofport)),
    ("", |row| row.attachment.mac.clone().unwrap_or_default()),
    ("", |row| row.attachment.addresses.join(" ")),
    ("", |row| row.attachment.state.to_string()),
];

/// Every interface of every host's containers.
pub const FLEET: View<FleetAttachment> = View {
    table: &[HOST, AGE, SHORT_ID, CONTAINER, INTERFACE, BRIDGE, OFPORT, MAC, VLAN, ADDRESSES],
    csv: FLEET_CSV,
};

/// The same with full ids.
pub const FLEET_NO_TRUNC: View<FleetAttachment> = View {
    table: &[HOST, AGE, FULL_ID, CONTAINER, INTERFACE, BRIDGE, OFPORT, MAC, VLAN, ADDRESSES],
    csv: FLEET_CSV,
};

/// What fits a query, on every host.
pub const FLEET_WHO: View<FleetMatch> = View {
    table: &[
        ("WHO", |row| row.who.clone()),
        ("HOST", |row| row.row.from.host.clone()),
        ("STATE", |row| age(&row.row.from)),
        of!(attachment::BRIDGE, row.attachment),
        of!(attachment::OFPORT, row.attachment),
        of!(attachment::MAC, row.attachment),
        of!(attachment::ADDRESSES, row.attachment),
        ("MATCHED BY", |row| row.matched_by.to_string()),
    ],
    csv: &[
        ("", |row| row.who.clone()),
        ("", |row| row.row.from.host.clone()),
        ("", |row| row.row.attachment.bridge.clone().unwrap_or_default()),
        ("", |row| number(row.row.attachment.ofport)),
        ("", |row| row.row.attachment.mac.clone().unwrap_or_default()),
        ("", |row| row.row.attachment.state.to_string()),
    ],
};

/// The ports that attachments are on, on every host.
pub const FLEET_PORTS: View<FleetPort> = View {
    table: &[
        ("HOST", |row| row.from.host.clone()),
        ("STATE", |row| age(&row.from)),
        ("BRIDGE", |row| row.bridge.clone()),
        ("OFPORT", |row| row.ofport.map_or_else(|| row.state.to_string(), name_number)),
        ("PORT", |row| row.port.clone()),
        ("VLAN", vlans),
        ("WHO", |row| row.who.clone()),
    ],
    csv: &[
        ("", |row| row.from.host.clone()),
        ("", |row| row.bridge.clone()),
        ("", |row| number(row.ofport)),
        ("", |row| row.port.clone()),
        ("", |row| row.who.clone()),
    ],
};

/// What happens on all hosts.
pub const FLEET_EVENTS: View<FleetEvent> = View {
    table: &[
        ("TIME", |row| row.time.clone()),
        ("HOST", |row| row.host.clone()),
        ("ACTION", |row| row.action.to_string()),
        ("CONTAINER", |row| row.container.clone()),
        ("INTERFACE", |row| row.interface.clone()),
        ("BRIDGE", |row| dash(row.bridge.as_ref())),
        ("OFPORT", |row| number(row.ofport)),
    ],
    csv: &[
        ("", |row| row.time.clone()),
        ("", |row| row.host.clone()),
        ("", |row| row.action.to_string()),
        ("", |row| row.container.clone()),
        ("", |row| row.interface.clone()),
        ("", |row| row.bridge.clone().unwrap_or_default()),
        ("", |row| number(row.ofport)),
    ],
};

/// A member of a mesh, or a mesh that has none: a row of the table.
#[derive(Debug, serde::Serialize)]
pub struct MeshRow {
    mesh: Mesh,
    member: Option<MeshMember>,
}

impl MeshRow {
    /// The rows of a mesh.
    pub fn all(mesh: &Mesh) -> Vec<Self> {
        let bare = Mesh { members: Vec::new(), ..mesh.clone() };
        let row = |member| Self { mesh: bare.clone(), member };
        match mesh.members.as_slice() {
            [] => vec![row(None)],
            members => members.iter().cloned().map(|member| row(Some(member))).collect(),
        }
    }

    fn of(&self, text: impl Fn(&MeshMember) -> Option<String>) -> String {
        self.member.as_ref().and_then(text).unwrap_or_else(|| "-".to_owned())
    }
}

/// The members of meshes.
pub const MESH_TABLE: View<MeshRow> = View {
    table: &[
        ("MESH", |row| row.mesh.mesh.clone()),
        ("TYPE", |row| format!("{}:{}", row.mesh.kind, row.mesh.dst_port)),
        ("KEY", |row| row.mesh.key.to_string()),
        ("MTU", |row| dash(row.mesh.mtu.map(|mtu| mtu.to_string()).as_ref())),
        ("HOST", |row| row.of(|member| Some(member.from.host.clone()))),
        ("STATE", |row| row.of(|member| Some(age(&member.from)))),
        ("OFPORT", |row| row.of(|member| member.ofport.map(|n| n.to_string()))),
        ("BRIDGE", |row| row.of(|member| Some(member.bridge.clone()))),
        ("ADDRESS", |row| row.of(|member| member.local_ip.clone())),
        ("NOTES", |row| row.of(|member| Some(some(member.notes.join("; "))))),
    ],
    csv: &[],
};

/// Meshes, one row each.
pub const MESHES: View<Mesh> = View {
    table: &[
        ("MESH", |row| row.mesh.clone()),
        ("TYPE", |row| row.kind.clone()),
        ("KEY", |row| row.key.to_string()),
        ("MTU", |row| dash(row.mtu.map(|mtu| mtu.to_string()).as_ref())),
        ("MEMBERS", |row| row.members.len().to_string()),
    ],
    csv: &[
        ("", |row| row.mesh.clone()),
        ("", |row| row.kind.clone()),
        ("", |row| row.key.to_string()),
        ("", |row| row.mtu.map(|mtu| mtu.to_string()).unwrap_or_default()),
        ("", |row| {
            row.members.iter().map(|of| of.from.host.as_str()).collect::<Vec<_>>().join(" ")
        }),
    ],
};

/// Blocks of addresses, one row each.
pub const MESH_BLOCKS: View<MeshBlock> = View {
    table: &[
        ("MESH", |row| row.mesh.clone()),
        ("SUBNET", |row| row.subnet.clone()),
        ("BLOCK", |row| row.block.clone()),
        ("HOST", |row| row.host.clone()),
    ],
    csv: &[
        ("", |row| row.mesh.clone()),
        ("", |row| row.subnet.clone()),
        ("", |row| row.block.clone()),
        ("", |row| row.host.clone()),
    ],
};
