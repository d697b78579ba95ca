//! The bridges of several hosts in one picture.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::ids::{ContainerId, DatapathId, EngineName, NetnsId, OfPort, name};
use model::switch::{OfPortState, Port, SwitchSource};
use model::wiring::{ContainerRef, Occupant, Plug, SwitchPort, Unseen, Wiring};

use super::scene::Scene;
use crate::v1::{FleetAttachment, Liveness, State};

impl Scene {
    /// The bridges that these attachments are on, each called `HOST/BRIDGE`, or `HOST (stale)/BRIDGE`.
    pub fn of_fleet(fleet: &str, rows: &[FleetAttachment]) -> Self {
        let mut ports = BTreeMap::<(String, String), SwitchPort>::new();
        let mut homes = BTreeMap::new();
        for row in rows {
            let of = &row.attachment;
            let (Some(bridge), Some(port)) = (&of.bridge, &of.port) else { continue };
            let host = match row.from.liveness {
                Liveness::Live => row.from.host.clone(),
                Liveness::Stale => format!("{} (stale)", row.from.host),
            };
            let bridge = format!("{host}/{bridge}");
            let key = (bridge.clone(), port.clone());
            let on_it = ports.entry(key).or_insert_with(|| switch_port(&bridge, port, row));
            if let Occupant::Plugged { plugs } = &mut on_it.occupant {
                // Two hosts may call theirs alike.
                let home = (&row.from.host, if of.netns.is_empty() { &of.id } else { &of.netns });
                let number = homes.len() as u64;
                let ino = *homes.entry(home).or_insert(number);
                plugs.push(plug(row, NetnsId { dev: 0, ino }));
            }
        }
        let wiring = Wiring {
            host: fleet.to_owned(),
            taken: 0,
            attachments: Vec::new(),
            ports: ports.into_values().collect(),
            source_errors: Vec::new(),
            unseen: Unseen::default(),
        };
        Self::new(&wiring, None)
    }
}

fn switch_port(bridge: &str, port: &str, row: &FleetAttachment) -> SwitchPort {
    let of = &row.attachment;
    let ofport = match of.ofport {
        Some(number) => OfPortState::Assigned(OfPort(number)),
        None if of.state == State::Failed => OfPortState::Failed,
        None => OfPortState::Pending,
    };
    let port = Port {
        iface: name(port),
        ofport,
        kind: "system".to_owned(),
        tag: of.vlan,
        trunks: of.trunks.clone(),
        vlan_mode: of.vlan_mode.map(|mode| mode.word().to_owned()),
        cvlans: of.cvlans.clone(),
        ..Port::default()
    };
    let mut ofports = model::OfPortBySource::default();
    ofports.insert(SwitchSource::Ovsdb, ofport);
    SwitchPort {
        bridge: name(bridge),
        datapath_id: of
            .datapath_id
            .as_ref()
            .and_then(|id| u64::from_str_radix(id, 16).ok())
            .map(DatapathId),
        fake_bridge: None,
        port: Arc::new(port),
        ofports,
        occupant: match row.last_tenant() {
            Some(last) => Occupant::Orphaned { last: Some(last) },
            None => Occupant::Plugged { plugs: Vec::new() },
        },
        notes: Vec::new(),
    }
}

/// What is plugged in, of a namespace that has a number of its own in the picture.
fn plug(row: &FleetAttachment, netns: NetnsId) -> Plug {
    let of = &row.attachment;
    let tenant = ContainerRef {
        name: name(&of.called),
        id: ContainerId(name(&of.id)),
        engine: EngineName(name(&of.engine)),
        qualified: None,
    };
    Plug {
        tenants: Arc::new([Arc::new(tenant)]),
        netns,
        netns_names: Vec::new(),
        interface: name(&of.interface),
    }
}
