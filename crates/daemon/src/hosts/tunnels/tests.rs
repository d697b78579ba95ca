use std::collections::BTreeMap;

use model::Observed;
use model::ids::OfPort;
use model::switch::{Bridge, OfPortState, Port as Row, SwitchSource};

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
        protected: true,
        bfd: true,
        ..Row::default()
    })
}

/// A look at a switch whose bridge `br0` is a member, or not, and has these tunnels.
fn look(is_member: bool, tunnels: &[Tunnel]) -> State {
    look_with(is_member, tunnels.iter().map(row).collect())
}

fn look_with(is_member: bool, ports: Vec<Arc<Row>>) -> State {
    let ids = [("docker-ovs.mesh", "blue"), ("docker-ovs.mesh-ip", "192.0.2.100")];
    let ids = ids.into_iter().filter(|_| is_member);
    let bridge = Bridge {
        name: "br0".into(),
        ports,
        external_ids: ids.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        ..Bridge::default()
    };
    state(Observed::Fresh { rows: vec![bridge].into() })
}

fn wanted(tunnels: &[Tunnel]) -> Wanted {
    Wanted { tunnels: tunnels.to_vec(), ..Wanted::default() }
}

/// What is to be done where vswitchd has made all that is there.
fn now(state: &State, wanted: &Wanted) -> Option<TunnelChange> {
    change(state, wanted, &BTreeSet::new())
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
    assert_eq!(added(now(&look(true, &[]), &wanted(&all)).as_ref()), ["b", "c"]);
    assert_eq!(now(&look(true, &all), &wanted(&all)), None);
    let one = now(&look(true, &all[..1]), &wanted(&all));
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
        let change = now(&look(true, &[other]), &wanted(&[tunnel("b", 2)]));
        assert_eq!(added(change.as_ref()), ["b"]);
        assert_eq!(removed(change.as_ref()), ["dov000007-2"]);
    }
}

#[test]
fn a_tunnel_that_passes_less_or_more_than_it_should_is_replaced() {
    for spoil in [
        (|row: &mut Row| row.protected = false) as fn(&mut Row),
        |row| row.tag = Some(5),
        |row| row.trunks = vec![7],
        |row| row.vlan_mode = Some("access".to_owned()),
        |row| row.bfd = false,
    ] {
        let mut spoilt = Row::clone(&row(&tunnel("b", 2)));
        spoil(&mut spoilt);
        let change = now(&look_with(true, vec![Arc::new(spoilt)]), &wanted(&[tunnel("b", 2)]));
        assert_eq!(added(change.as_ref()), ["b"]);
        assert_eq!(removed(change.as_ref()), ["dov000007-2"]);
    }
}

#[test]
fn a_host_with_another_name_or_another_number_has_one_tunnel() {
    let before = [tunnel("b", 2), tunnel("c", 3)];
    let renamed = Tunnel { host: "b2".to_owned(), ..tunnel("b", 2) };
    let renumbered = Tunnel { remote_ip: "192.0.2.2".parse().unwrap(), ..tunnel("b", 4) };
    let both = Tunnel { host: "b2".to_owned(), ..renumbered.clone() };
    for new in [renamed, renumbered, both] {
        let change = now(&look(true, &before), &wanted(&[new.clone(), tunnel("c", 3)]));
        assert_eq!(added(change.as_ref()), [new.host]);
        assert_eq!(removed(change.as_ref()), ["dov000007-2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_vswitchd_could_not_make_is_made_anew_after_pauses_that_grow() {
    let with = |ofport| {
        let row = Row { ofport, ..Row::clone(&row(&tunnel("b", 2))) };
        look_with(true, vec![Arc::new(row)])
    };
    let (failed, all) = (with(OfPortState::Failed), wanted(&[tunnel("b", 2)]));
    let mut refused = TunnelBackoff::default();
    assert_eq!(change(&failed, &all, &refused.due(&failed)), None);
    let mut tries = Vec::new();
    for second in 1..=20 {
        tokio::time::advance(Duration::from_secs(1)).await;
        if let Some(change) = change(&failed, &all, &refused.due(&failed)) {
            assert_eq!(
                (added(Some(&change)), removed(Some(&change))),
                (vec!["b"], vec!["dov000007-2"])
            );
            tries.push(second);
        }
        assert!(refused.wait(AGAIN) <= AGAIN);
    }
    assert_eq!(tries, [1, 3, 7, 15]);
    let made = with(OfPortState::Assigned(OfPort(64_002)));
    assert_eq!(change(&made, &all, &refused.due(&made)), None);
    assert_eq!(change(&failed, &all, &refused.due(&failed)), None, "its pauses begin anew");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(change(&failed, &all, &refused.due(&failed)).is_some());
}

#[test]
fn nothing_is_made_on_a_bridge_that_has_left_by_its_own_row() {
    // What the fleet was told may be of an earlier look.
    assert_eq!(now(&look(false, &[]), &wanted(&[tunnel("b", 2)])), None);
    let moved = Tunnel { local_ip: "192.0.2.101".parse().unwrap(), ..tunnel("b", 2) };
    assert_eq!(now(&look(true, &[]), &wanted(&[moved])), None);
}

#[test]
fn a_tunnel_goes_for_a_reason_that_is_known_and_never_because_it_is_not_wanted() {
    let there = [tunnel("b", 2)];
    let nothing = wanted(&[]);
    assert_eq!(now(&look(true, &there), &nothing), None, "its host may only be silent");
    assert_eq!(now(&look(false, &there), &nothing), None, "nor is it told that this one left");
    let left = Wanted { left: [("blue".to_owned(), "b".to_owned())].into(), ..Wanted::default() };
    assert_eq!(removed(now(&look(true, &there), &left).as_ref()), ["dov000007-2"]);
    let other = Wanted { left: [("red".to_owned(), "b".to_owned())].into(), ..Wanted::default() };
    assert_eq!(now(&look(true, &there), &other), None, "it left another mesh");
    let own = Wanted { own: Some(["red".to_owned()].into()), ..Wanted::default() };
    assert_eq!(now(&look(true, &there), &own), None, "the row says that it is a member");
    assert_eq!(removed(now(&look(false, &there), &own).as_ref()), ["dov000007-2"]);
    let blue = Wanted { own: Some(["blue".to_owned()].into()), ..Wanted::default() };
    assert_eq!(now(&look(false, &there), &blue), None, "the fleet was told of an earlier look");
    let kept_out = Wanted {
        kept_out: [("blue".to_owned(), "a second uplink".to_owned())].into(),
        ..Wanted::default()
    };
    assert_eq!(removed(now(&look(true, &there), &kept_out).as_ref()), ["dov000007-2"]);
}

#[test]
fn at_most_a_tenth_or_one_goes_at_once() {
    for (count, goes) in [(1, 1), (9, 1), (10, 1), (19, 1), (20, 2), (35, 3)] {
        let all: Vec<_> = (1..=count).map(|n| tunnel(&format!("h{n}"), n)).collect();
        let left = all.iter().map(|of| ("blue".to_owned(), of.host.clone())).collect();
        let wanted = Wanted { left, ..Wanted::default() };
        let change = now(&look(true, &all), &wanted);
        assert_eq!(removed(change.as_ref()).len(), goes, "of {count}");
    }
}

#[test]
fn of_a_switch_that_was_not_seen_nothing_is_known() {
    let why = || model::SourceError::new(model::SourceErrorKind::Gone, "ovsdb", "away");
    let wanted = Wanted {
        tunnels: vec![tunnel("b", 2)],
        own: Some(["red".to_owned()].into()),
        ..Wanted::default()
    };
    assert_eq!(now(&state(Observed::Absent { why: why() }), &wanted), None);
    let seen = look(false, &[tunnel("c", 3)]);
    let rows = seen.snapshot.switch[&SwitchSource::Ovsdb].rows().to_vec();
    let stale = Observed::Stale { rows: rows.into(), why: why() };
    assert_eq!(now(&state(stale), &wanted), None);
}
