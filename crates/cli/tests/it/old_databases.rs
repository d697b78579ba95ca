//! Databases that lack columns or tables of today's schema, as those of older releases.

use lab::{Container, Database, Home, IdleVswitchd, Link, run, unique};
use serde_json::Value;

use crate::tool::{docker_ovs, lists};

/// Today's schema without these tables, or columns of a table, each `TABLE` or `TABLE.COLUMN`.
fn without(names: &[&str]) -> Database {
    let mut schema: Value = serde_json::from_str(&Database::schema()).unwrap();
    schema.as_object_mut().unwrap().remove("cksum");
    for name in names {
        let tables = schema["tables"].as_object_mut().unwrap();
        let gone = match name.split_once('.') {
            None => tables.remove(*name),
            Some((table, column)) => {
                tables[table]["columns"].as_object_mut().unwrap().remove(column)
            }
        };
        assert!(gone.is_some(), "{name} is not in today's schema");
    }
    Database::of_schema(&schema.to_string())
}

/// A veth into a container, its host's end on `br` of this database as port 7.
struct Scene {
    container: Container,
    veth: Link,
}

impl Scene {
    fn new() -> Self {
        let (container, outer, inner) = (Container::run(), unique("v"), unique("i"));
        let veth = Link::named(&outer, &["type", "veth", "peer", "name", &inner]);
        run("ip", &["link", "set", &inner, "netns", &container.pid()]);
        container.ip(&["link", "set", &inner, "name", "eth0"]);
        Self { container, veth }
    }

    fn plug(&self, database: &Database) -> IdleVswitchd {
        let name = self.veth.name();
        database.vsctl(&["add-br", "br"]);
        database.vsctl(&["add-port", "br", name, "tag=10"]);
        database.vsctl(&["set", "interface", name, "ofport=7", "external_ids:a=b"]);
        database.idle_vswitchd()
    }

    /// What a narrow look, a whole one, the ports and the drop-in say.
    fn answers(&self, database: &Database) -> Vec<String> {
        let remote = database.remote();
        let name = self.container.name();
        let asked: [&[&str]; 4] = [
            &["port", name, "br", "-q"],
            &["port", name, "--format", "{{.Interface}} {{.Bridge}} {{.OFPort}} {{.VLAN}}"],
            &["ls", "--filter", &format!("container={name}"), "--format", "{{.OFPort}} {{.VLAN}}"],
            &["ports", "br", "--format", "{{.Port}} {{.OFPort}} {{.VLAN}} {{.Who}}"],
        ];
        let all = asked.map(|words| lists(&[&["--db", &remote][..], words].concat()));
        all.into()
    }
}

#[test]
fn a_column_that_is_not_there_changes_no_answer_that_does_not_need_it() {
    lab::need!(Docker);
    let scene = Scene::new();
    let whole = without(&[]);
    let _vswitchd = scene.plug(&whole);
    let expected = scene.answers(&whole);
    assert_eq!(expected[0], "7\n");
    assert_eq!(expected[1], "eth0 br 7 10\n");
    for gone in [
        &["Interface.error"][..],
        &["Interface.ofport_request", "Interface.ifindex", "Interface.mac_in_use"],
        &["Port.vlan_mode", "Port.cvlans"],
        &["Port.external_ids"],
        &["Bridge.datapath_type", "Bridge.datapath_id", "Bridge.datapath_version"],
        &["Open_vSwitch.other_config", "Port.fake_bridge", "Interface.options"],
    ] {
        let database = without(gone);
        let _vswitchd = scene.plug(&database);
        assert_eq!(scene.answers(&database), expected, "without {gone:?}");
    }
}

#[test]
fn what_changes_a_port_does_without_it_too() {
    lab::need!(Docker);
    for gone in [&["Interface.ifindex"][..], &["Interface.error", "Interface.mac_in_use"]] {
        let database = without(gone);
        database.vsctl(&["add-br", "br"]);
        let _vswitchd = database.idle_vswitchd();
        let (remote, container) = (database.remote(), Container::run());
        let (name, host_end) = (container.name(), unique("v"));
        let pid = container.pid();
        let inner = unique("i");
        let _veth = Link::named(&host_end, &["type", "veth", "peer", "name", &inner]);
        run("ip", &["link", "set", &inner, "netns", &pid]);
        container.ip(&["link", "set", &inner, "name", "eth0"]);
        database.vsctl(&["add-port", "br", &host_end]);
        database.vsctl(&["set", "interface", &host_end, "ofport=7"]);
        let ran = docker_ovs(&["--db", &remote, "disconnect", "--force", "br", name]);
        assert_eq!(ran.code, 0, "without {gone:?}: {ran:?}");
        let left = lists(&["--db", &remote, "ports", "br", "--format", "{{.Port}}"]);
        assert!(!left.contains(&host_end), "without {gone:?}: {left}");
    }
}

#[test]
fn what_is_followed_does_without_it_too() {
    lab::need!(Docker);
    let scene = Scene::new();
    let database = without(&["Interface.error", "Port.cvlans", "Interface.lldp"]);
    let _vswitchd = scene.plug(&database);
    let remote = database.remote();
    let asked = ["--db", &remote, "wait", scene.container.name(), "br", "-q"];
    assert_eq!(lists(&asked), "7\n");
}

#[test]
fn without_what_every_answer_needs_the_refusal_stands_and_says_what_else_to_ask() {
    lab::need!(Lab);
    let database = without(&["Interface.ofport"]);
    let ran = docker_ovs(&["--db", &database.remote(), "ports"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("ofport"), "{ran:?}");
    assert!(ran.stderr.contains("--source appctl"), "{ran:?}");
}
