//! Rows, and hosts that have nothing but engines.

use std::sync::Arc;

use host::engine::{Engine, EngineContainer};
use host::{Host, Settings};
use model::ids::{ContainerId, Ifindex, NetnsId};
use model::snapshot::{Container, EngineName, Link, Namespace};
use model::switch::{Bridge, OfPortState, Port};
use tempfile::TempDir;

pub(crate) const SWITCH: NetnsId = NetnsId { dev: 4, ino: 1 };

/// A container that runs, without a process that could be looked at.
pub(crate) fn container(id: &str, name: &str) -> EngineContainer {
    let row = Container {
        id: ContainerId(id.into()),
        name: name.into(),
        state: "running".to_owned(),
        pid: None,
        netns: None,
        netns_error: None,
        unread: false,
        sandbox: None,
        network_mode: "bridge".to_owned(),
        labels: std::collections::BTreeMap::new(),
    };
    EngineContainer { row, sandbox: None }
}

pub(crate) fn with_pid(found: EngineContainer, pid: u32) -> EngineContainer {
    EngineContainer { row: Container { pid: Some(pid), ..found.row }, ..found }
}

pub(crate) fn kind(name: &str) -> EngineName {
    EngineName(name.into())
}

/// A bridge with these system ports.
pub(crate) fn bridge(ports: &[&str]) -> Bridge {
    let port = |name: &&str| {
        Arc::new(Port {
            iface: (*name).into(),
            ofport: OfPortState::Pending,
            kind: "system".to_owned(),
            ..Port::default()
        })
    };
    Bridge {
        name: "br0".into(),
        datapath: Some("netdev".to_owned()),
        ports: ports.iter().map(port).collect(),
        ..Bridge::default()
    }
}

/// The switch's namespace with these links.
pub(crate) fn namespace(links: &[&str]) -> Namespace {
    let link = |(ifindex, name): (u32, &&str)| {
        Arc::new(Link {
            ifindex: Ifindex(ifindex),
            name: (*name).into(),
            kind: Some("veth".to_owned()),
            ethernet: true,
            mtu: 1500,
            up: true,
            ..Link::default()
        })
    };
    Namespace {
        links: (1..).zip(links).map(link).collect(),
        ..Namespace::empty(SWITCH, Vec::new())
    }
}

/// A host with these engines and a folder in which there is no Open vSwitch.
pub(crate) fn host(engines: Vec<Arc<dyn Engine>>) -> (Host, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { rundir: folder.path().to_owned(), ..Settings::from_env() };
    (Host::open(&settings).unwrap().with_engines(engines), folder)
}
