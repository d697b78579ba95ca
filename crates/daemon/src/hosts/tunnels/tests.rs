use std::collections::BTreeMap;

use model::Observed;
use model::ids::OfPort;
use model::switch::{Bridge, Port as Row};

use super::*;
use crate::hosts::tests::state;

fn tunnel(host: &str, number: u16) -> Tunnel {
    Tunnel {
        mesh: "blue".to_owned(),
        host: host.to_owned(),
        bridge: "br0".to_owned(),
        name: format!("dov000007-{number}"),
        ofport: 64_000 + number,
        kind: "geneve",
        remote_ip: format!("192.0.2.{number}").parse().unwrap(),
        local_ip: "192.0.2.100".parse().unwrap(),
        key: 7,
        dst_port: 6081,
    }
}

/// The port of a tunnel, as the database has it.
fn row(tunnel: &Tunnel) -> Arc<Row> {
    let pairs = |pairs: &[(&str, String)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    Arc::new(Row {
        iface: tunnel.name.as_str().into(),
        kind: tunnel.kind.to_owned(),
        ofport_request: Some(OfPort(tunnel.ofport)),
        options: pairs(&[
            ("remote_ip", tunnel.remote_ip.to_string()),
            ("local_ip", tunnel.local_ip.to_string()),
            ("key", tunnel.key.to_string()),
            ("dst_port", tunnel.dst_port.to_string()),
        ]),
        external_ids: pairs(&[
            ("docker-ovs.tunnel-mesh", tunnel.mesh.clone()),
            ("docker-ovs.tunnel-host", tunnel.host.clone()),
        ]),
        ..Row::default()
    })
}

/// A look at a switch whose bridge `br0` is a member, or not, and has these tunnels.
fn look(is_member: bool, tunnels: &[Tunnel]) -> State {
    let ids = [("docker-ovs.mesh", "blue"), ("docker-ovs.mesh-ip", "192.0.2.100")];
    let ids = ids.into_iter().filter(|_| is_member);
    let bridge = Bridge {
        name: "br0".into(),
        ports: tunnels.iter().map(row).collect(),
        external_ids: ids.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        ..Bridge::default()
    };
    state(Observed::Fresh { rows: vec![bridge].into() })
}

fn wanted(tunnels: &[Tunnel]) -> Wanted {
    Wanted { tunnels: tunnels.to_vec(), ..Wanted::default() }
}

fn added(change: Option<&TunnelChange>) -> Vec<&str> {
    change.into_iter().flat_map(|change| &change.add).map(|port| &*port.host).collect()
}

fn removed(change: Option<&TunnelChange>) -> Vec<&str> {
    change.into_iter().flat_map(|change| &change.remove).map(|(_, name)| &**name).collect()
}

#[test]
fn what_is_missing_is_made_and_what_is_as_it_should_be_is_left_alone() {
    let all = [tunnel("b", 2), tunnel("c", 3)];
    assert_eq!(added(change(&look(true, &[]), &wanted(&all)).as_ref()), ["b", "c"]);
    assert_eq!(change(&look(true, &all), &wanted(&all)), None);
    let one = change(&look(true, &all[..1]), &wanted(&all));
    assert_eq!((added(one.as_ref()), removed(one.as_ref())), (vec!["c"], vec![]));
}

#[test]
fn a_tunnel_that_is_other_than_it_should_be_is_replaced_in_one_change() {
    for other in [
        Tunnel { kind: "vxlan", ..tunnel("b", 2) },
        Tunnel { key: 8, ..tunnel("b", 2) },
        Tunnel { dst_port: 4789, ..tunnel("b", 2) },
        Tunnel { remote_ip: "192.0.2.99".parse().unwrap(), ..tunnel("b", 2) },
    ] {
        let change = change(&look(true, &[other]), &wanted(&[tunnel("b", 2)]));
        assert_eq!(added(change.as_ref()), ["b"]);
        assert_eq!(removed(change.as_ref()), ["dov000007-2"]);
    }
}

#[test]
fn nothing_is_made_on_a_bridge_that_has_left_by_its_own_row() {
    // What the fleet was told may be of an earlier look.
    assert_eq!(change(&look(false, &[]), &wanted(&[tunnel("b", 2)])), None);
    let moved = Tunnel { local_ip: "192.0.2.101".parse().unwrap(), ..tunnel("b", 2) };
    assert_eq!(change(&look(true, &[]), &wanted(&[moved])), None);
}

#[test]
fn a_tunnel_goes_for_a_reason_that_is_known_and_never_because_it_is_not_wanted() {
    let there = [tunnel("b", 2)];
    let nothing = wanted(&[]);
    assert_eq!(change(&look(true, &there), &nothing), None, "its host may only be silent");
    assert_eq!(change(&look(false, &there), &nothing), None, "nor is it told that this one left");
    let left = Wanted { left: [("blue".to_owned(), "b".to_owned())].into(), ..Wanted::default() };
    assert_eq!(removed(change(&look(true, &there), &left).as_ref()), ["dov000007-2"]);
    let other = Wanted { left: [("red".to_owned(), "b".to_owned())].into(), ..Wanted::default() };
    assert_eq!(change(&look(true, &there), &other), None, "it left another mesh");
    let own = Wanted { own_left: ["blue".to_owned()].into(), ..Wanted::default() };
    assert_eq!(change(&look(true, &there), &own), None, "the row says that it is a member");
    assert_eq!(removed(change(&look(false, &there), &own).as_ref()), ["dov000007-2"]);
    let kept_out = Wanted {
        kept_out: [("blue".to_owned(), "a second uplink".to_owned())].into(),
        ..Wanted::default()
    };
    assert_eq!(removed(change(&look(true, &there), &kept_out).as_ref()), ["dov000007-2"]);
}

#[test]
fn at_most_a_tenth_or_one_goes_at_once() {
    for (count, goes) in [(1, 1), (9, 1), (10, 1), (19, 1), (20, 2), (35, 3)] {
        let all: Vec<_> = (1..=count).map(|n| tunnel(&format!("h{n}"), n)).collect();
        let left = all.iter().map(|of| ("blue".to_owned(), of.host.clone())).collect();
        let wanted = Wanted { left, ..Wanted::default() };
        let change = change(&look(true, &all), &wanted);
        assert_eq!(removed(change.as_ref()).len(), goes, "of {count}");
    }
}

#[test]
fn of_a_switch_that_was_not_seen_nothing_is_known() {
    let why = || model::SourceError::new(model::SourceErrorKind::Gone, "ovsdb", "away");
    let wanted = Wanted {
        tunnels: vec![tunnel("b", 2)],
        own_left: ["blue".to_owned()].into(),
        ..Wanted::default()
    };
    assert_eq!(change(&state(Observed::Absent { why: why() }), &wanted), None);
    let seen = look(false, &[tunnel("c", 3)]);
    let rows = seen.snapshot.switch[&SwitchSource::Ovsdb].rows().to_vec();
    let stale = Observed::Stale { rows: rows.into(), why: why() };
    assert_eq!(change(&state(stale), &wanted), None);
}
