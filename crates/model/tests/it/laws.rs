//! What holds for every Snapshot, sane or not.

use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::ids::{ContainerId, DatapathId, Ifindex, Mac, NetnsId, Nsid, OfPort};
use docker_ovs_model::snapshot::{Container, EngineName, Link, Namespace, Observed, Peer, Scope};
use docker_ovs_model::switch::{Bridge, OfPortState, Port, SwitchSource};
use docker_ovs_model::{Snapshot, Wiring, anonymise, resolve};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// Few of everything, so that links really meet, and meet in wrong ways too.
fn netns() -> impl Strategy<Value = NetnsId> {
    (0..4u64).prop_map(|ino| NetnsId { dev: 4, ino })
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["eth0", "va", "vb", "br0", "patch-to-the-core-1"])
        .prop_map(str::to_owned)
}

fn link() -> impl Strategy<Value = Link> {
    let kinds =
        vec![None, Some("veth"), Some("macvlan"), Some("vlan"), Some("bridge"), Some("tun")];
    let peer = prop::option::of((0..5u32, prop::option::of(0..3i32)));
    (0..5u32, name(), prop::sample::select(kinds), peer, prop::option::of(0..5u32)).prop_map(
        |(ifindex, name, kind, peer, master)| Link {
            ifindex: Ifindex(ifindex),
            name: name.into(),
            kind: kind.map(str::to_owned),
            ethernet: true,
            mac: u8::try_from(ifindex).ok().map(|last| Mac([2, 0, 0, 0, 0, last])),
            mtu: 1500,
            up: true,
            peer: peer.map(|(index, nsid)| Peer { ifindex: Ifindex(index), nsid: nsid.map(Nsid) }),
            master: master.map(Ifindex),
            ..Link::default()
        },
    )
}

fn namespaces() -> impl Strategy<Value = Vec<Namespace>> {
    let inside = (vec(link(), 0..5), btree_map((0..3i32).prop_map(Nsid), netns(), 0..3));
    vec(inside, 0..4).prop_map(|spaces| {
        let row = |(ino, (mut links, nsids)): (u64, (Vec<Link>, _))| {
            links.sort_by_key(|link| link.ifindex);
            // The kernel gives no index twice in a namespace, nor a name.
            links.dedup_by_key(|link| link.ifindex);
            let mut seen = std::collections::BTreeSet::new();
            links.retain(|link| seen.insert(link.name.clone()));
            let id = NetnsId { dev: 4, ino };
            let links = links.into_iter().map(Arc::new).collect();
            Namespace { nsids, links, ..Namespace::empty(id, vec![format!("ns{ino}")]) }
        };
        (0..).zip(spaces).map(row).collect()
    })
}

fn containers() -> impl Strategy<Value = Vec<Container>> {
    let modes = prop::sample::select(vec!["none", "host"]);
    vec((prop::option::of(netns()), modes), 0..4).prop_map(|rows| {
        let row = |(i, (netns, mode)): (u32, (Option<NetnsId>, &str))| Container {
            id: ContainerId(format!("{i:064x}").into()),
            name: format!("c{i}").into(),
            state: "running".to_owned(),
            pid: netns.map(|_| 100 + i),
            netns,
            netns_error: None,
            unread: false,
            sandbox: None,
            network_mode: mode.to_owned(),
            labels: std::collections::BTreeMap::new(),
        };
        (0..).zip(rows).map(row).collect()
    })
}

fn port(iface: String) -> impl Strategy<Value = Port> {
    let states = prop_oneof![
        (1..6u16).prop_map(|n| OfPortState::Assigned(OfPort(n))),
        Just(OfPortState::Pending),
        Just(OfPortState::Failed)
    ];
    let kinds = prop::sample::select(vec!["system", "internal", "patch", "vxlan", "dpdk", ""]);
    let claim = prop::option::of((0..4u32, prop::sample::select(vec!["eth0", "va"])));
    (states, kinds, claim, prop::option::of(0..5u8)).prop_map(move |(ofport, kind, claim, mac)| {
        let ids = claim.into_iter().flat_map(|(who, interface)| {
            [("container_id", format!("c{who}")), ("container_iface", interface.to_owned())]
        });
        Port {
            iface: iface.as_str().into(),
            ofport,
            kind: kind.to_owned(),
            mac: mac.map(|last| Mac([2, 0, 0, 0, 0, last])),
            external_ids: ids.map(|(key, value)| (key.to_owned(), value)).collect(),
            ..Port::default()
        }
    })
}

/// An interface is on one bridge only, as in the database.
fn bridges() -> impl Strategy<Value = Vec<Bridge>> {
    let ports = ["va", "vb", "eth0", "patch-to-the-core-1", "patch-to-the-core-2"]
        .map(|name| (prop::option::of(port(name.to_owned())), 0..2usize));
    ports.prop_map(|ports| {
        let bridge = |i: usize| Bridge {
            name: format!("br{i}").into(),
            datapath_id: Some(DatapathId(i as u64)),
            ports: ports
                .iter()
                .filter(|(_, on)| *on == i)
                .filter_map(|(p, _)| p.clone().map(Arc::new))
                .collect(),
            ..Bridge::default()
        };
        vec![bridge(0), bridge(1)]
    })
}

// The parts are boxed: strategies are moved by value, and a test thread has 2 MiB of stack.
prop_compose! {
    pub(crate) fn snapshots()(
        containers in containers().boxed(),
        namespaces in namespaces().boxed(),
        ovsdb in bridges().boxed(),
        openflow in prop::option::of(bridges()).boxed(),
        switch_netns in prop::option::of(netns()),
        whole in any::<bool>(),
    ) -> Snapshot {
        let fresh = |rows: Vec<Bridge>| Observed::Fresh { rows: rows.into() };
        let sources = [(SwitchSource::Ovsdb, Some(ovsdb)), (SwitchSource::OpenFlow, openflow)];
        Snapshot {
            version: Snapshot::VERSION,
            host: "h".to_owned(),
            taken: 0,
            scope: if whole { Scope::Everything } else { Scope::One },
            switch_netns,
            named_engines: std::collections::BTreeSet::new(),
            identities: docker_ovs_model::identity::Identities::default(),
        other_engines: Vec::new(),
            engines: [(EngineName("docker".into()), Observed::Fresh { rows: containers.into() })].into(),
            kernel: Observed::Fresh { rows: namespaces.into() },
            switch: sources.into_iter().filter_map(|(source, rows)| Some((source, fresh(rows?)))).collect(),
        }
    }
}

/// The same rows, each list turned round.
fn reversed(snapshot: &Snapshot) -> Snapshot {
    let mut other = snapshot.clone();
    for rows in other.engines.values_mut() {
        rows.rows_mut().reverse();
    }
    other.kernel.rows_mut().reverse();
    for namespace in other.kernel.rows_mut() {
        namespace.links.reverse();
    }
    for rows in other.switch.values_mut() {
        rows.rows_mut().reverse();
        for bridge in rows.rows_mut() {
            bridge.ports.reverse();
        }
    }
    other
}

/// What strangers may see of a Wiring: its numbers, without names.
fn shape(wiring: &Wiring) -> Vec<(&'static str, Option<u16>, usize)> {
    let row = |a: &docker_ovs_model::wiring::Attachment| {
        (a.port.word(), a.port.ofport().map(|port| port.0), a.notes.len())
    };
    let mut rows: Vec<_> = wiring.attachments.iter().map(row).collect();
    rows.sort_unstable();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn row_order_does_not_matter(snapshot in snapshots()) {
        prop_assert_eq!(resolve(&snapshot), resolve(&reversed(&snapshot)));
    }

    #[test]
    fn no_number_is_made_up(snapshot in snapshots()) {
        for attachment in resolve(&snapshot).attachments {
            let Some(port) = attachment.port.port() else { continue };
            let rows = snapshot.switch.values().flat_map(Observed::rows);
            let mut ports = rows.filter(|b| b.name == port.bridge).flat_map(|b| &b.ports);
            prop_assert!(ports.any(|row| row.iface == port.iface && row.ofport == port.ofport));
        }
    }

    #[test]
    fn what_is_ambiguous_has_no_number(snapshot in snapshots()) {
        for attachment in resolve(&snapshot).attachments {
            let ambiguous = attachment.notes.iter().any(|note| matches!(note, Note::Ambiguous { .. }));
            prop_assert!(!(ambiguous && attachment.port.port().is_some()));
        }
    }

    #[test]
    fn a_saved_snapshot_is_the_same_one(snapshot in snapshots()) {
        let text = serde_json::to_string(&snapshot).unwrap();
        let again: Snapshot = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again, &snapshot);
        let wiring = resolve(&snapshot);
        let text = serde_json::to_string(&wiring).unwrap();
        prop_assert_eq!(serde_json::from_str::<Wiring>(&text).unwrap(), wiring);
    }

    #[test]
    fn hiding_the_names_changes_no_answer(snapshot in snapshots()) {
        prop_assert_eq!(shape(&resolve(&anonymise(&snapshot))), shape(&resolve(&snapshot)));
    }
}
