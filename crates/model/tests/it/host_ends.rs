//! An index or a name of a host link is told of the switch's namespace alone: another container's
//! link may have the same ones.

use std::sync::Arc;

use docker_ovs_model::ids::Ifindex;
use docker_ovs_model::snapshot::{Link, Namespace, Observed};
use docker_ovs_model::switch::Port;
use docker_ovs_model::timeline::Timeline;
use docker_ovs_model::who::{Match, WhoQuery, is_about, who};
use docker_ovs_model::{Look, Snapshot};

use crate::wiring::{cases, read};

fn look(case: &str) -> Look {
    let all = cases().into_iter();
    let mut of_name = all.filter(|path| path.ends_with(case));
    Look::new(read::<Snapshot>(&of_name.next().unwrap().join("snapshot.json")))
}

/// The links of all namespaces that were read, or of the switch's.
fn links(look: &Look) -> (Vec<&Link>, Vec<&Link>) {
    let rows = look.snapshot.kernel.rows();
    let of = |row: &Namespace| Some(row.id) == look.snapshot.switch_netns;
    let all = rows.iter().flat_map(|row| &row.links).map(|link| &**link).collect();
    (
        all,
        rows.iter().filter(|row| of(row)).flat_map(|row| &row.links).map(|link| &**link).collect(),
    )
}

/// The containers that a query fits an attachment of.
fn attached(look: &Look, query: &WhoQuery) -> Vec<String> {
    let hits =
        who(&look.snapshot, &look.wiring, query).into_iter().filter_map(|(_, hit)| match hit {
            Match::Attachment(found) => Some(found.label()),
            Match::Port(_) => None,
        });
    hits.collect()
}

#[test]
fn the_index_of_another_containers_link_is_no_host_links() {
    let look = look("container-to-container");
    for query in ["ifindex:10", "10", "ifindex:7"] {
        assert_eq!(attached(&look, &query.into()), [""; 0], "{query}");
    }
    assert_eq!(attached(&look, &"eth0".into()), [""; 0], "no host link has that name");
    let events = Timeline::new().advance(&look.wiring, 0);
    assert!(!events.is_empty());
    for event in &events {
        assert!(!is_about(event, "ifindex:10", &"ifindex:10".into()), "{event:?}");
    }
}

#[test]
fn a_host_interface_is_a_link_of_the_switchs_namespace() {
    let mut told = 0;
    for case in cases() {
        let look = Look::new(read::<Snapshot>(&case.join("snapshot.json")));
        let (all, here) = links(&look);
        for found in &look.wiring.attachments {
            let Some(name) = found.host_interface() else { continue };
            told += 1;
            assert!(here.iter().any(|link| *link.name == *name), "{}: {name}", case.display());
        }
        for ifindex in all.iter().map(|link| link.ifindex) {
            let found = attached(&look, &WhoQuery::Ifindex(ifindex));
            let is_here = here.iter().any(|link| link.ifindex == ifindex);
            assert!(found.is_empty() || is_here, "{}: {ifindex:?} {found:?}", case.display());
        }
    }
    assert!(told > 20, "{told}");
}

#[test]
fn what_stands_on_another_containers_link_ends_on_no_host_link_of_that_name() {
    // The Linux bridge that a's veth ends on is in a third namespace.
    let bridge = look("bridge-elsewhere");
    let a = &bridge.wiring.attachments[0];
    assert!(a.port.port().is_some(), "{a:?}");
    assert_eq!(a.host_interface(), None, "{a:?}");
    // The host end of the link beneath a macvlan is one, and is told.
    let macvlan = look("macvlan-over-a-peer");
    assert!(macvlan.wiring.attachments.iter().any(|found| found.host_interface().is_some()));
    let host = look("veth");
    let ended = &host.wiring.attachments[0];
    let name = ended.host_interface().unwrap();
    let index = links(&host).1.into_iter().find(|link| *link.name == *name).unwrap().ifindex;
    assert_eq!(attached(&host, &WhoQuery::Ifindex(index)), [ended.label()]);
    assert_ne!(index, Ifindex(0));
}

/// What a query finds: attachments by their label, ports by their name.
fn found(snapshot: &Snapshot, query: &str) -> Vec<String> {
    let look = Look::new(snapshot.clone());
    let hits = who(&look.snapshot, &look.wiring, &query.into());
    let label = |(_, hit)| match hit {
        Match::Attachment(found) => found.label(),
        Match::Port(row) => row.port.iface.to_string(),
    };
    hits.into_iter().map(label).collect()
}

#[test]
fn a_link_of_the_host_is_found_by_every_name_that_it_has() {
    let whole = look("veth");
    let ended = &whole.wiring.attachments[0];
    let label = ended.label();
    let name = ended.host_interface().unwrap();
    let renamed = |rename: &dyn Fn(&mut Link)| {
        let mut snapshot = Snapshot::clone(&whole.snapshot);
        let index = links(&whole).1.into_iter().find(|link| *link.name == *name).unwrap().ifindex;
        let home = snapshot.switch_netns;
        let rows = snapshot.switch.values_mut().flat_map(Observed::rows_mut);
        for port in rows.flat_map(|bridge| &mut bridge.ports).filter(|port| *port.iface == *name) {
            let port = Arc::make_mut(port);
            port.ifindex = Some(index);
        }
        for row in snapshot.kernel.rows_mut().iter_mut().filter(|row| Some(row.id) == home) {
            let own = row.links.iter_mut().find(|link| *link.name == *name).unwrap();
            rename(Arc::make_mut(own));
        }
        snapshot
    };
    let altname = renamed(&|link| link.altnames.push("cable-to-web".into()));
    assert_eq!(found(&altname, "cable-to-web"), [label.as_str()]);
    assert_eq!(found(&altname, name), [label.as_str()]);
    assert_eq!(found(&altname, "cable"), [""; 0]);
    // One link has it as a name of its own, and is still known as the port's by the other.
    let both = renamed(&|link| {
        link.altnames.push(link.name.clone());
        link.name = "wan".into();
    });
    for query in ["wan", name] {
        assert_eq!(found(&both, query), [label.as_str()], "{query}");
    }
}

#[test]
fn a_port_without_a_container_is_found_by_the_names_of_its_link() {
    let whole = look("veth");
    let mut snapshot = Snapshot::clone(&whole.snapshot);
    let home = snapshot.switch_netns;
    let uplink = Link {
        ifindex: Ifindex(4070),
        name: "wan".into(),
        ethernet: true,
        altnames: vec!["enp9s0".into(), "cable-0".into()],
        ..Link::default()
    };
    let row = snapshot.kernel.rows_mut().iter_mut().find(|row| Some(row.id) == home).unwrap();
    row.links.push(Arc::new(uplink));
    let bridge = snapshot.switch.values_mut().flat_map(Observed::rows_mut).next().unwrap();
    let kind = "system".to_owned();
    bridge.ports.push(Arc::new(Port { iface: "enp9s0".into(), kind, ..Port::default() }));
    for query in ["wan", "enp9s0", "cable-0", "ifindex:4070", "4070"] {
        assert_eq!(found(&snapshot, query), ["enp9s0"], "{query}");
    }
    assert_eq!(found(&snapshot, "cable-1"), [""; 0]);
}

#[test]
fn a_port_is_found_by_its_own_addresses_whoever_is_on_it() {
    let whole = look("veth");
    let ended = &whole.wiring.attachments[0];
    let (label, name) = (ended.label(), ended.host_interface().unwrap());
    let index = links(&whole).1.into_iter().find(|link| *link.name == *name).unwrap().ifindex;
    let mut snapshot = Snapshot::clone(&whole.snapshot);
    let home = snapshot.switch_netns;
    let (in_use, of_link) = ("02:00:00:00:0b:01", "02:00:00:00:0b:02");
    for row in snapshot.kernel.rows_mut().iter_mut().filter(|row| Some(row.id) == home) {
        let end = row.links.iter_mut().find(|link| link.ifindex == index).unwrap();
        let end = Arc::make_mut(end);
        (end.mac, end.addresses) = (of_link.parse().ok(), vec!["198.18.0.1/24".parse().unwrap()]);
    }
    let rows = snapshot.switch.values_mut().flat_map(Observed::rows_mut).next().unwrap();
    let port = rows.ports.iter_mut().find(|port| *port.iface == *name).unwrap();
    Arc::make_mut(port).mac = in_use.parse().ok();
    let tunnel = Port {
        iface: "vx0".into(),
        kind: "vxlan".to_owned(),
        options: [("remote_ip".to_owned(), "198.18.0.9".to_owned())].into(),
        ..Port::default()
    };
    rows.ports.push(Arc::new(tunnel));
    for query in [in_use, of_link, "198.18.0.1"] {
        assert_eq!(found(&snapshot, query), [label.as_str()], "{query}");
    }
    assert_eq!(found(&snapshot, "198.18.0.9"), ["vx0"]);
    for query in ["02:00:00:00:0b:03", "198.18.0.2"] {
        assert_eq!(found(&snapshot, query), [""; 0], "{query}");
    }
}

#[test]
fn what_is_behind_a_port_is_not_found_by_the_ports_address() {
    let whole = look("linux-bridge-by-veth");
    let (label, mac) = (whole.wiring.attachments[0].label(), "02:00:00:00:0b:01");
    let mut snapshot = Snapshot::clone(&whole.snapshot);
    let bridges = snapshot.switch.values_mut().flat_map(Observed::rows_mut);
    let mut ports = bridges.flat_map(|bridge| bridge.ports.iter_mut());
    let port = ports.find(|port| *port.iface == *"qvo0").unwrap();
    Arc::make_mut(port).mac = mac.parse().ok();
    assert_eq!(found(&snapshot, mac), ["qvo0"]);
    assert_eq!(found(&snapshot, "qvo0"), [label.as_str()]);
}
