//! Databases that lack columns or tables of today's schema, and those of older releases as they were.

use lab::{Container, Database, Home, IdleVswitchd, Link, run, unique};
use serde_json::{Value, json};

use crate::tool::live::Events;
use crate::tool::{docker_ovs, lists};

/// Releases of Open vSwitch and what their schemas have.
const RELEASES: [(&str, &str); 3] = [
    ("1.4", include_str!("../schemas/1.4.columns")),
    ("2.1.3", include_str!("../schemas/2.1.3.columns")),
    ("2.5", include_str!("../schemas/2.5.columns")),
];

/// The schema that these lines tell of, with the types of today's: a version, and a line for each table.
fn of_release(columns: &str) -> Database {
    let today: Value = serde_json::from_str(&Database::schema()).unwrap();
    let (version, tables) = columns.split_once('\n').unwrap();
    let version = version.strip_prefix("version ").unwrap();
    let mut schema = json!({"name": "Open_vSwitch", "version": version, "tables": {}});
    for line in tables.lines() {
        let (name, columns) = line.split_once(' ').unwrap();
        let mut table = today["tables"][name].clone();
        let types = table["columns"].take();
        table["columns"] = json!({});
        for column in columns.split(' ') {
            let (column, words) = column.split_once('=').unwrap_or((column, ""));
            let mut of = types[column].clone();
            assert!(of.is_object(), "{name}.{column} is not in today's schema");
            if !words.is_empty() {
                let words: Vec<_> = words.split(',').collect();
                of["type"]["key"]["enum"] = json!(["set", words]);
            }
            table["columns"][column] = of;
        }
        schema["tables"][name] = table;
    }
    Database::of_schema(&schema.to_string())
}

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

/// An operation of a transaction (RFC 7047 section 5.2.1).
fn insertion(table: &str, id: &str, row: &Value) -> Value {
    json!({"op": "insert", "table": table, "uuid-name": id, "row": row})
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

    /// The same as [`plug`](Self::plug) in one transaction: ovs-vsctl reads the columns of its own release.
    fn insert(&self, database: &Database) -> IdleVswitchd {
        let name = self.veth.name();
        let interface = json!({"name": name, "ofport": 7, "external_ids": ["map", [["a", "b"]]]});
        let port = json!({"name": name, "interfaces": ["named-uuid", "interface"], "tag": 10});
        let local = json!({"name": "br", "type": "internal"});
        let at = json!({"name": "br", "interfaces": ["named-uuid", "local"]});
        let ports = json!(["set", [["named-uuid", "port"], ["named-uuid", "at"]]]);
        let new = json!(["set", [["named-uuid", "bridge"]]]);
        let told = json!([
            "Open_vSwitch",
            insertion("Interface", "interface", &interface),
            insertion("Port", "port", &port),
            insertion("Interface", "local", &local),
            insertion("Port", "at", &at),
            insertion("Bridge", "bridge", &json!({"name": "br", "ports": ports})),
            {"op": "mutate", "table": "Open_vSwitch", "where": [],
             "mutations": [["bridges", "insert", new]]},
        ]);
        let answer = run("ovsdb-client", &["transact", &database.remote(), &told.to_string()]);
        assert!(!answer.contains("\"error\""), "{answer}");
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

    /// The same whatever the names of this scene are.
    fn told(&self, database: &Database) -> Vec<String> {
        let named = |answer: String| {
            answer.replace(self.veth.name(), "VETH").replace(self.container.name(), "CONTAINER")
        };
        self.answers(database).into_iter().map(named).collect()
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

/// Whatever asks, whatever follows, and what changes a port.
#[test]
fn whole_schemas_of_older_releases_are_answered_followed_and_changed() {
    lab::need!(Docker);
    let expected = {
        let (scene, whole) = (Scene::new(), without(&[]));
        let _vswitchd = scene.plug(&whole);
        scene.told(&whole)
    };
    for (release, columns) in RELEASES {
        let (scene, database) = (Scene::new(), of_release(columns));
        let _vswitchd = scene.insert(&database);
        assert_eq!(scene.told(&database), expected, "{release}");
        let (remote, name) = (database.remote(), scene.container.name());
        let events = Events::start(&["--db", &remote, "--filter", &format!("container={name}")]);
        let interface = format!("{name}:eth0");
        events.wait_for(&format!("appeared {interface} br 7 []"));
        let tag = json!(["Open_vSwitch", {"op": "update", "table": "Port",
            "where": [["name", "==", scene.veth.name()]], "row": {"tag": 20}}]);
        run("ovsdb-client", &["transact", &remote, &tag.to_string()]);
        events.wait_for_changes(&interface, &["VLAN"]);
        let ran = docker_ovs(&["--db", &remote, "disconnect", "--force", "br", name]);
        assert_eq!(ran.code, 0, "{release}: {ran:?}");
        let left = lists(&["--db", &remote, "ports", "br", "--format", "{{.Port}}"]);
        assert!(!left.contains(scene.veth.name()), "{release}: {left}");
    }
}

/// Open vSwitch 1.4 knows no numbers that are asked for: what asks for one is told so, and leaves nothing.
#[test]
fn what_an_old_schema_cannot_hold_is_refused_by_the_columns_name() {
    lab::need!(Docker);
    let (scene, database) = (Scene::new(), of_release(RELEASES[0].1));
    let _vswitchd = scene.insert(&database);
    let (remote, name) = (database.remote(), scene.container.name());
    let asked = ["--db", &remote, "connect", "br", name, "--interface", "lan1", "--ofport", "40"];
    let ran = docker_ovs(&asked);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("ofport_request"), "{ran:?}");
    let links = scene.container.ip(&["link", "show"]);
    assert!(!links.contains("lan1"), "{links}");
    let rows = run("ovsdb-client", &["dump", &remote, "Open_vSwitch", "Port", "name"]);
    // Its heading ends with a line of dashes.
    let ports = rows.lines().skip_while(|row| !row.starts_with("--")).skip(1);
    assert_eq!(ports.filter(|row| !row.is_empty()).count(), 2, "{rows}");
}
