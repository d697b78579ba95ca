//! Rows that are known again by a key, and rows that have such rows.

use std::hash::Hash;
use std::sync::Arc;

use model::ids::{ContainerId, Ifindex, Name, NetnsId};
use model::snapshot::{Container, Link, Namespace};
use model::switch::{Bridge, Port};

/// A row that is known by a key.
pub(crate) trait Keyed: Clone {
    type Key: Clone + Eq + Hash + Ord;

    fn key(&self) -> &Self::Key;

    fn is_same(&self, other: &Self) -> bool;
}

impl Keyed for Container {
    type Key = ContainerId;

    fn key(&self) -> &ContainerId {
        &self.id
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Keyed for Arc<Link> {
    type Key = Ifindex;

    fn key(&self) -> &Ifindex {
        &self.ifindex
    }

    fn is_same(&self, other: &Self) -> bool {
        Self::ptr_eq(self, other) || self == other
    }
}

impl Keyed for Arc<Port> {
    type Key = Name;

    fn key(&self) -> &Name {
        &self.iface
    }

    fn is_same(&self, other: &Self) -> bool {
        Self::ptr_eq(self, other) || self == other
    }
}

/// A row that has rows.
pub(crate) trait Holder: Clone {
    type Key: Clone + Eq + Hash + Ord;
    type Row: Keyed;

    fn key(&self) -> &Self::Key;

    fn rows(&self) -> &[Self::Row];

    /// Itself without its rows.
    fn hollow(&self) -> Self;

    /// Whether all but the rows is the same.
    fn is_same(&self, other: &Self) -> bool;
}

impl Holder for Namespace {
    type Key = NetnsId;
    type Row = Arc<Link>;

    fn key(&self) -> &NetnsId {
        &self.id
    }

    fn rows(&self) -> &[Arc<Link>] {
        &self.links
    }

    fn hollow(&self) -> Self {
        Self { links: Vec::new(), ..self.clone() }
    }

    fn is_same(&self, other: &Self) -> bool {
        let Self {
            id,
            names,
            paths,
            process,
            nsids,
            unread_ways,
            links: _,
            packet_sockets,
            vswitchd_sockets,
            source_error,
        } = self;
        (*id, names, paths, process) == (other.id, &other.names, &other.paths, &other.process)
            && (nsids, packet_sockets) == (&other.nsids, &other.packet_sockets)
            && *unread_ways == other.unread_ways
            && *vswitchd_sockets == other.vswitchd_sockets
            && *source_error == other.source_error
    }
}

impl Holder for Bridge {
    type Key = Name;
    type Row = Arc<Port>;

    fn key(&self) -> &Name {
        &self.name
    }

    fn rows(&self) -> &[Arc<Port>] {
        &self.ports
    }

    fn hollow(&self) -> Self {
        Self { ports: Vec::new(), ..self.clone() }
    }

    fn is_same(&self, other: &Self) -> bool {
        let Self {
            name,
            datapath_id,
            datapath,
            userspace_tso,
            fail_mode,
            fake_bridges,
            external_ids,
            ports: _,
        } = self;
        (name, datapath_id, datapath) == (&other.name, &other.datapath_id, &other.datapath)
            && (userspace_tso, fake_bridges) == (&other.userspace_tso, &other.fake_bridges)
            && (fail_mode, external_ids) == (&other.fail_mode, &other.external_ids)
    }
}
