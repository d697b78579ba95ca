use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::host::{HostRecord, Membership};
use crate::keys::Key;
use crate::local::Local;

const BLUE: &[u8] = br#"{"Type":"geneve","Key":7,"DstPort":6081}"#;

fn of(ip: &str, uplinks: &[&str]) -> Membership {
    Membership {
        bridge: "br0".into(),
        local_ip: Some(ip.parse().unwrap()),
        mtu: Some(1446),
        uplinks: uplinks.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn record(number: Option<u16>, of: Option<Membership>) -> HostRecord {
    let meshes = of.into_iter().map(|of| ("blue".to_owned(), of)).collect();
    HostRecord { number, meshes, ..HostRecord::default() }
}

/// What `own` knows when these are told of.
fn mirror(own: &str, records: &[(&str, HostRecord)]) -> Mirror {
    let mut mirror = Mirror::new(own, || 0);
    mirror.begin();
    mirror.put(&Key::Mesh("blue"), BLUE);
    for (host, record) in records {
        if *host == own {
            mirror.set_own(&Local::default(), record.clone());
        } else {
            mirror.put(&Key::Host(host), &serde_json::to_vec(record).unwrap());
        }
    }
    mirror.finish();
    mirror
}

fn hosts_of(wanted: &Wanted) -> Vec<&str> {
    wanted.tunnels.iter().map(|tunnel| &*tunnel.host).collect()
}

#[test]
fn a_tunnel_leads_to_each_other_member_by_its_number() {
    let records = [
        ("a", record(Some(1), Some(of("192.0.2.1", &[])))),
        ("b", record(Some(2), Some(of("192.0.2.2", &[])))),
        ("c", record(Some(1_279), Some(of("192.0.2.3", &[])))),
        ("apart", record(Some(4), None)),
    ];
    let wanted = wanted(&mirror("a", &records), "a");
    let tunnel = |host: &str, number: u16, ip: &str| Tunnel {
        mesh: "blue".into(),
        host: host.into(),
        bridge: "br0".into(),
        name: format!("dov000007-{number}"),
        ofport: 64_000 + number,
        kind: "geneve",
        remote_ip: ip.parse().unwrap(),
        local_ip: "192.0.2.1".parse().unwrap(),
        key: 7,
        dst_port: 6081,
    };
    assert_eq!(wanted.tunnels, [tunnel("b", 2, "192.0.2.2"), tunnel("c", 1_279, "192.0.2.3")]);
    // A link's name has 15 bytes.
    assert!(name(LARGEST_KEY, MAX_NUMBERS).len() <= 15);
    assert_eq!(wanted.left, [("blue".to_owned(), "apart".to_owned())].into());
    assert!(!wanted.has_left("blue") && wanted.kept_out.is_empty());
}

#[test]
fn there_is_no_tunnel_to_a_host_that_cannot_be_reached_and_it_has_not_left() {
    let own = ("a", record(Some(1), Some(of("192.0.2.1", &[]))));
    let without = Membership { local_ip: None, ..of("192.0.2.2", &[]) };
    for (why, other) in [
        ("it has no number", record(None, Some(of("192.0.2.2", &[])))),
        ("it has no address", record(Some(2), Some(without))),
        ("it claims this one's address", record(Some(2), Some(of("192.0.2.1", &[])))),
        ("it has another family", record(Some(2), Some(of("2001:db8::2", &[])))),
    ] {
        let wanted = wanted(&mirror("a", &[own.clone(), ("b", other)]), "a");
        assert_eq!((hosts_of(&wanted), wanted.left.len()), (vec![], 0), "{why}");
    }
    let mut removed = record(Some(2), Some(of("192.0.2.2", &[])));
    removed.removed = true;
    let wanted = wanted(&mirror("a", &[own, ("b", removed)]), "a");
    assert_eq!((hosts_of(&wanted), wanted.left.len()), (vec![], 1), "an administrator says so");
}

#[test]
fn of_two_that_claim_one_number_or_one_address_one_gets_a_tunnel() {
    let own = ("a", record(Some(1), Some(of("192.0.2.1", &[]))));
    let b = ("b", record(Some(2), Some(of("192.0.2.2", &[]))));
    for other in [of("192.0.2.3", &[]), of("192.0.2.2", &[])] {
        let number = if other.local_ip == b.1.meshes["blue"].local_ip { 3 } else { 2 };
        let c = ("c", record(Some(number), Some(other)));
        let wanted = wanted(&mirror("a", &[own.clone(), b.clone(), c]), "a");
        assert_eq!(hosts_of(&wanted), ["b"]);
        assert!(wanted.left.is_empty());
    }
}

#[test]
fn of_those_with_an_uplink_all_but_the_least_number_are_kept_out() {
    let records = [
        ("a", record(Some(3), Some(of("192.0.2.1", &["eth1"])))),
        ("b", record(Some(2), Some(of("192.0.2.2", &["eth1"])))),
        ("c", record(Some(1), Some(of("192.0.2.3", &[])))),
    ];
    let of_host = |host: &str| wanted(&mirror(host, &records), host);
    let a = of_host("a");
    assert!(a.tunnels.is_empty() && a.left.is_empty());
    assert!(a.kept_out["blue"].contains("it has the uplink eth1 and b has eth1"), "{a:?}");
    assert_eq!(hosts_of(&of_host("b")), ["a", "c"]);
    assert_eq!(hosts_of(&of_host("c")), ["a", "b"]);
}

#[test]
fn without_its_number_a_host_makes_nothing_and_removes_nothing() {
    let records = [
        ("a", record(None, Some(of("192.0.2.1", &["eth1"])))),
        ("b", record(Some(2), Some(of("192.0.2.2", &["eth1"])))),
    ];
    let wanted = wanted(&mirror("a", &records), "a");
    assert!(!wanted.has_left("blue"));
    assert_eq!(wanted, Wanted { own: wanted.own.clone(), ..Wanted::default() });
}

#[test]
fn without_a_record_of_its_own_nothing_is_wanted() {
    let records = [("b", record(Some(2), Some(of("192.0.2.2", &[]))))];
    assert_eq!(wanted(&mirror("a", &records), "a"), Wanted::default());
}

#[test]
fn a_host_that_has_left_has_none() {
    let records =
        [("a", record(Some(1), None)), ("b", record(Some(2), Some(of("192.0.2.2", &[]))))];
    let wanted = wanted(&mirror("a", &records), "a");
    assert!(wanted.has_left("blue") && wanted.has_left("one that the fleet has no more"));
    assert!(wanted.tunnels.is_empty() && wanted.left.is_empty());
}

#[test]
fn a_mesh_that_cannot_be_is_refused() {
    for bad in [
        r#"{"Type":"geneve","Key":0,"DstPort":6081}"#,
        r#"{"Type":"geneve","Key":16777216,"DstPort":6081}"#,
        r#"{"Type":"geneve","Key":7,"DstPort":0}"#,
        r#"{"Type":"geneve","Key":7,"DstPort":65536}"#,
        r#"{"Type":"gre","Key":7,"DstPort":6081}"#,
        r#"{"Type":"vxlan","Key":7,"DstPort":4789,"MTU":67}"#,
        r#"{"Type":"vxlan","Key":7,"DstPort":4789,"MTU":65536}"#,
        r#"{"Key":7}"#,
        "[]",
        "",
    ] {
        assert!(MeshRecord::read(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(MeshRecord::read(BLUE).is_ok());
}

#[test]
fn room_is_left_for_what_a_tunnel_puts_around_a_frame() {
    assert_eq!(overhead("192.0.2.1".parse().unwrap()), 54);
    assert_eq!(overhead("2001:db8::1".parse().unwrap()), 74);
}

/// A host as others tell of it, number and address one's own, as claims make them.
fn any_host(at: u8) -> impl Strategy<Value = Option<HostRecord>> {
    let told = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 0..8_u8, 0..8_u8);
    told.prop_map(move |(is_member, is_numbered, has_ip, has_uplink, removed, missing)| {
        let ip = IpAddr::from(Ipv4Addr::new(192, 0, 2, at + 1));
        let of = Membership {
            local_ip: has_ip.then_some(ip),
            ..self::of("192.0.2.1", if has_uplink { &["eth1"] } else { &[] })
        };
        let number = is_numbered.then_some(u16::from(at) + 1);
        let mut record = record(number, is_member.then_some(of));
        record.removed = removed == 0;
        (missing != 0).then_some(record)
    })
}

fn any_fleet() -> impl Strategy<Value = Vec<Option<HostRecord>>> {
    (0..6_u8).map(any_host).collect::<Vec<_>>()
}

proptest! {
    /// What one host wants of another, that one wants of it, unless it is kept out.
    #[test]
    fn tunnels_have_two_ends(fleet in any_fleet()) {
        let names: Vec<_> = (0..fleet.len()).map(|at| format!("h{at}")).collect();
        let told: Vec<_> = names.iter().map(String::as_str).zip(&fleet)
            .filter_map(|(name, record)| Some((name, record.clone()?)))
            .filter(|(_, record)| !record.removed)
            .collect();
        let all: Vec<_> = told.iter().map(|(own, _)| wanted(&mirror(own, &told), own)).collect();
        for ((own, _), wanted) in told.iter().zip(&all) {
            for tunnel in &wanted.tunnels {
                let other = told.iter().position(|(name, _)| *name == tunnel.host).unwrap();
                let back = all[other].tunnels.iter().find(|back| back.host == *own);
                match back {
                    Some(back) => {
                        prop_assert_eq!(back.remote_ip, tunnel.local_ip);
                        prop_assert_eq!(back.local_ip, tunnel.remote_ip);
                        prop_assert_eq!((back.key, back.kind, back.dst_port), (tunnel.key, tunnel.kind, tunnel.dst_port));
                    }
                    None => prop_assert!(all[other].kept_out.contains_key("blue")),
                }
            }
        }
        // Of those that have an uplink, at most one has tunnels: no loop goes through the mesh.
        let led = told.iter().zip(&all).filter(|((_, record), wanted)| {
            !wanted.tunnels.is_empty() && record.meshes["blue"].uplinks == ["eth1"]
        });
        prop_assert!(led.count() <= 1);
    }

    /// Only what is told makes a tunnel go.
    #[test]
    fn nothing_unknown_leads_to_a_removal(fleet in any_fleet(), mesh_known: bool) {
        let names: Vec<_> = (0..fleet.len()).map(|at| format!("h{at}")).collect();
        let told: Vec<_> = names.iter().map(String::as_str).zip(&fleet)
            .filter_map(|(name, record)| Some((name, record.clone()?)))
            .collect();
        let mut mirror = mirror("h0", &told);
        if !mesh_known {
            mirror.delete(&Key::Mesh("blue"));
        }
        let wanted = wanted(&mirror, "h0");
        let known = |name: &str| told.iter().find(|(of, _)| *of == name).map(|(_, record)| record);
        if known("h0").is_none() || !mesh_known {
            let own = wanted.own.clone();
            prop_assert_eq!(&wanted, &Wanted { own, ..Wanted::default() });
        }
        for (_, host) in &wanted.left {
            let record = known(host);
            prop_assert!(record.is_some_and(|of| of.removed || of.meshes.is_empty()), "{}", host);
        }
        if wanted.has_left("blue") {
            prop_assert!(known("h0").is_some_and(|of| of.meshes.is_empty()));
        }
        if !wanted.kept_out.is_empty() {
            prop_assert!(known("h0").is_some_and(|of| of.number.is_some()));
        }
    }

    /// A list that has nothing, or nothing of use, has no tunnel go.
    #[test]
    fn an_empty_or_unreadable_list_removes_nothing(fleet in any_fleet(), garbage in prop::option::of(".{0,20}")) {
        let names: Vec<_> = (0..fleet.len()).map(|at| format!("h{at}")).collect();
        let told: Vec<_> = names.iter().map(String::as_str).zip(&fleet)
            .filter_map(|(name, record)| Some((name, record.clone()?)))
            .filter(|(_, record)| !record.removed && !record.meshes.is_empty())
            .collect();
        let mut mirror = mirror("h0", &told);
        mirror.begin();
        if let Some(garbage) = &garbage {
            mirror.put(&Key::Mesh("blue"), b"{");
            for name in &names {
                mirror.put(&Key::Host(name), garbage.as_bytes());
            }
        }
        mirror.finish();
        let after = wanted(&mirror, "h0");
        prop_assert!(after.left.is_empty() && !after.has_left("blue"));
        if garbage.is_none() {
            let own = after.own.clone();
            prop_assert_eq!(after, Wanted { own, ..Wanted::default() });
        }
    }
}
