//! Which events and ports a word is about: what history is asked.

use std::sync::Arc;

use docker_ovs_model::switch::Port;
use docker_ovs_model::timeline::{Change, Event, Timeline};
use docker_ovs_model::who::{Meant, WhoQuery, is_about, is_port_about};
use docker_ovs_model::wiring::{Attachment, ContainerRef, Occupant, SwitchPort};
use docker_ovs_model::{OfPortBySource, Snapshot, Wiring, resolve};

use crate::wiring::{cases, read};

fn wirings() -> Vec<Wiring> {
    let snapshots = cases().into_iter().map(|case| read(&case.join("snapshot.json")));
    snapshots.map(|snapshot: Snapshot| resolve(&snapshot)).collect()
}

#[test]
fn an_event_is_about_each_name_of_its_container_and_about_no_other() {
    let mut seen = 0;
    for wiring in wirings() {
        let mut timeline = Timeline::default();
        let mut none = wiring.clone();
        none.attachments.clear();
        none.ports.clear();
        timeline.advance(&none, 1);
        let appeared = timeline.advance(&wiring, 2);
        let vanished = timeline.advance(&none, 3);
        for event in appeared.iter().chain(&vanished) {
            let about = |word: &str| is_about(event, word, &WhoQuery::from(word));
            assert!(!about("no-such-container") && !about("no-such:eth0"));
            let (Some(row), seen) = (row(&event.change), &mut seen) else { continue };
            let Some(tenant) = row.tenants.first() else { continue };
            *seen += 1;
            assert!(about(&tenant.name), "{event:?}");
            assert!(about(&format!("{}:{}", tenant.name, row.link.name)), "{event:?}");
            let id = &tenant.id.0;
            if id.len() >= 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                assert!(about(&id[..12]), "{event:?}");
            }
            for name in &row.netns_names {
                assert!(about(&format!("netns:{name}")), "{event:?}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

fn row(
    change: &docker_ovs_model::timeline::Change,
) -> Option<&docker_ovs_model::wiring::Attachment> {
    use docker_ovs_model::timeline::Change;
    match change {
        Change::Appeared(row) | Change::Vanished(row) => Some(row),
        _ => None,
    }
}

#[test]
fn a_port_is_about_whom_its_row_names() {
    let mut seen = 0;
    for port in wirings().iter().flat_map(|wiring| &wiring.ports) {
        let about = |word: &str| is_port_about(port, word, &WhoQuery::from(word));
        assert!(!about("no-such-container") && !about("no-such:eth0"));
        let ids = &port.port.external_ids;
        let name = ids.get("docker-ovs.name").or_else(|| ids.get("container_id"));
        if let Some((name, interface)) = name.zip(ids.get("container_iface")) {
            seen += 1;
            assert!(about(name) && about(&format!("{name}:{interface}")), "{name}");
            assert!(!about(&format!("{name}:no-such")) && !about(interface), "{name}");
        }
    }
    assert!(seen > 0, "no case has such a port");
}

const ID: &str = "e7fd7cf5c4cc08c7d1a3f5e2b69408c7d1a3f5e2b69408c7d1a3f5e2b6949b0d";

/// A port whose row has these keys, as the log of a database tells it.
fn port_with(ids: &[(&str, &str)], is_of_port: bool) -> SwitchPort {
    let ids = ids.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut port = Port { iface: "veth7".into(), ..Port::default() };
    *(if is_of_port { &mut port.port_external_ids } else { &mut port.external_ids }) = ids;
    SwitchPort {
        bridge: "br0".into(),
        datapath_id: None,
        fake_bridge: None,
        port: Arc::new(port),
        ofports: OfPortBySource::default(),
        occupant: Occupant::Unknown { why: "a database has no links".to_owned() },
        notes: Vec::new(),
    }
}

/// Each word of the first list is about the port, none of the second one.
fn assert_about(port: &SwitchPort, yes: &[&str], no: &[&str]) {
    let about = |word: &str| is_port_about(port, word, &WhoQuery::from(word));
    let ids = (&port.port.external_ids, &port.port.port_external_ids);
    for word in yes {
        assert!(about(word), "{word} {ids:?}");
    }
    for word in no {
        assert!(!about(word), "{word} {ids:?}");
    }
}

#[test]
fn a_record_is_read_by_its_keys_and_no_other_value_is_a_name() {
    let ours = [
        ("container_id", ID),
        ("container_iface", "eth0"),
        ("docker-ovs.name", "web"),
        ("docker-ovs.engine", "docker"),
        ("docker-ovs.engine-id", "ab12"),
        ("docker-ovs.ip", "192.0.2.7/24"),
        ("docker-ovs.mtu", "1500"),
    ];
    let long = format!("docker:{ID}:eth0");
    let yes =
        ["web", "/web", "web:eth0", "docker:web", "docker:web:eth0", "docker@/run/x.sock:web"];
    let yes = [&yes[..], &["e7fd", "e7fd7cf5c4cc:eth0", ID, &long]].concat();
    let no =
        ["docker", "docker:", "docker:nosuch", "docker:eth0", "eth0", "eth0:web", "ab12", "1500"];
    let no =
        [&no[..], &["web:eth9", "podman:web", "docker:web:eth9", "web:docker", ":eth0", "e7f"]];
    assert_about(&port_with(&ours, false), &yes, &no.concat());
    let endpoint = [
        ("container_id", ID),
        ("docker-ovs.network", "aaaa0000"),
        ("docker-ovs.endpoint", "bbbb0000"),
        ("docker-ovs.network-name", "lan"),
        ("docker-ovs.engine", "podman"),
        ("docker-ovs.name", "web"),
        ("docker-ovs.interface", "eth1"),
    ];
    let yes = ["web", "web:eth1", "podman:web", "podman:web:eth1", "podman@1000:web", ID];
    let no = ["lan", "podman", "docker:web", "web:eth0", "lan:web", "podman:nosuch", "eth1"];
    assert_about(&port_with(&endpoint, false), &yes, &no);
}

#[test]
fn what_others_write_is_read_as_they_mean_it() {
    let ovs_docker = [("container_id", "web"), ("container_iface", "eth0")];
    let no = ["eth0", "web:eth9", "docker:nosuch", "we", "docker"];
    assert_about(&port_with(&ovs_docker, false), &["web", "web:eth0", "docker:web"], &no);
    let cni = [("contNetns", "/run/netns/blue"), ("contIface", "net1")];
    let yes = ["netns:blue", "netns:blue:net1", "netns:/run/netns/blue"];
    assert_about(&port_with(&cni, true), &yes, &["blue", "net1", "netns:green", "netns:blue:eth0"]);
    let inode = [("pod_netns", "net:[4026534118]"), ("pod_name", "p"), ("iface-id", "p.default")];
    assert_about(&port_with(&inode, false), &["net:[4026534118]"], &["p", "net:[4026534119]"]);
    let pipework = [("pipework.interface", "eth1"), ("pipework.nspid", "4711")];
    assert_about(&port_with(&pipework, false), &["pid:4711", "pid:4711:eth1"], &["4711", "eth1"]);
    let short = [("containerid", "e7fd7cf5c4cc")];
    assert_about(&port_with(&short, true), &["e7fd7cf5c4cc", ID, "e7fd"], &["eth0", "docker:x"]);
}

#[test]
fn an_event_is_about_the_engine_and_the_namespace_of_its_row() {
    let mut seen = 0;
    for wiring in wirings() {
        for row in &wiring.attachments {
            let at = 1;
            let event = Event { at, change: Change::Appeared(Box::new(row.clone())) };
            let about = |word: &str| is_about(&event, word, &WhoQuery::from(word));
            let (netns, link) = (row.netns.to_string(), &row.link.name);
            assert!(about(&netns) && about(&format!("{netns}:{link}")), "{event:?}");
            assert!(!about("net:[1]") && !about(&format!("{netns}:no-such")), "{event:?}");
            for who in row.tenants.iter() {
                seen += 1;
                let called = format!("{}:{}", who.engine, who.name);
                assert!(about(&called) && about(&format!("{called}:{link}")), "{called}");
                assert!(!about(&format!("nothing:{}", who.name)) && !about(&who.engine.0));
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn a_name_that_begins_the_id_of_another_container_is_ambiguous() {
    let mut all = wirings().into_iter().flat_map(|wiring| wiring.attachments);
    let is_long = |id: &str| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let by_id = all.find(|row| row.tenants.first().is_some_and(|who| is_long(&who.id.0))).unwrap();
    let web = by_id.tenants[0].clone();
    let word = &web.id.0[..4];
    let mut named = by_id.clone();
    let called = ContainerRef { name: word.into(), qualified: None, ..(*web).clone() };
    named.tenants = [Arc::new(called)].into();
    let event = |row: &Attachment| Event { at: 1, change: Change::Appeared(Box::new(row.clone())) };
    let mut meant = Meant::default();
    for row in [&by_id, &named] {
        assert_eq!(meant.ambiguity(word), None);
        meant.add(&event(row), word);
    }
    let why = meant.ambiguity(word).unwrap();
    assert!(why.contains(&format!("the id of {} begins with it", web.called())), "{why}");
    assert_eq!(Meant::default().ambiguity(word), None);
}
