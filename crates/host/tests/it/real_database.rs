//! A real ovsdb-server without a vswitchd: bridges, tunnels of meshes, what belongs to the switch as a
//! whole, and the tables of a capture.
#![allow(clippy::disallowed_methods, reason = "a test starts the database")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use host::{
    ActError, Endpoints, ExternalIdsGuard, Host, MeshOfBridge, OpenVSwitchIds, Question, Settings,
    TargetNetns, Tunnel, TunnelChange, TunnelSettings, tunnels_of,
};
use model::memory::MemoryChange;
use model::plan::{NewBridge, Plan, ReplacePort, SwitchStep};
use model::switch::{Bridge, Port, SwitchSource};
use model::wiring::ContainerRef;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::fake_vswitchd::FakeVswitchd;
use crate::own_kernel::is_inside;
use crate::rows::{container, kind};

const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";

/// A database of the test's own, of this user, with a bridge `br0`.
struct Database {
    folder: TempDir,
    server: Child,
}

impl Database {
    /// None where Open vSwitch is not installed.
    fn start() -> Option<Self> {
        let is_missing = ["ovsdb-tool", "ovsdb-server", "ovs-vsctl"]
            .iter()
            .any(|name| lab::missing_program(name).is_some());
        if is_missing || std::fs::metadata(SCHEMA).is_err() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let create = ["create", &path("conf.db"), SCHEMA];
        assert!(Command::new("ovsdb-tool").args(create).status().unwrap().success());
        let mut server = Command::new("ovsdb-server");
        server.arg(path("conf.db")).arg(format!("--remote=punix:{}", path("db.sock")));
        server.arg(format!("--unixctl={}", path("ctl"))).arg("--log-file=/dev/null");
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let database = Self { folder, server };
        lab::wait_until("the database listens", || database.socket().exists());
        database.vsctl(&["init"]);
        database.vsctl(&["add-br", "br0"]);
        Some(database)
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("db.sock")
    }

    fn vsctl(&self, words: &[&str]) -> String {
        let db = format!("--db=unix:{}", self.socket().display());
        let done = Command::new("ovs-vsctl").args([&db, "--no-wait"]).args(words).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn host(&self) -> Host {
        let settings = Settings {
            engines: vec!["none".into()],
            db: Some(format!("unix:{}", self.socket().display())),
            rundir: self.folder.path().to_owned(),
            ..Settings::from_env()
        };
        Host::open(&settings).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

/// By their names.
async fn tunnels(host: &Host) -> Vec<Tunnel> {
    let mut tunnels = tunnels_of(&br0(host).await);
    tunnels.sort_by(|a, b| a.name.cmp(&b.name));
    tunnels
}

async fn br0(host: &Host) -> Bridge {
    let snapshot = host.look(&Question::default()).await;
    snapshot.switch[&SwitchSource::Ovsdb].rows()[0].clone()
}

fn tunnel(name: &str, host: &str) -> Tunnel {
    Tunnel {
        bridge: "br0".into(),
        name: name.into(),
        mesh: "blue".into(),
        host: host.into(),
        kind: "geneve".into(),
        remote_ip: "192.0.2.2".into(),
        local_ip: "192.0.2.1".into(),
        key: 7,
        dst_port: 6081,
        ofport: 64002,
        settings: TunnelSettings::default(),
    }
}

#[tokio::test]
async fn tunnels_come_and_go_together_and_nothing_else_is_removed() {
    let Some(database) = Database::start() else { return };
    let host = database.host();
    let both = [tunnel("m1", "b"), tunnel("m2", "c")];
    let change = TunnelChange { add: both.to_vec(), remove: Vec::new() };
    host.change_tunnels(&change).await.unwrap();
    assert_eq!(tunnels(&host).await, both);
    assert_eq!(database.vsctl(&["get", "port", "m1", "protected"]), "true");
    assert_eq!(database.vsctl(&["get", "interface", "m1", "bfd:enable"]), "\"true\"");
    database.vsctl(&["set", "interface", "m2", "bfd_status:state=up"]);
    let states = host.tunnel_states().await.unwrap();
    assert_eq!(states.into_iter().collect::<Vec<_>>(), [("m2".to_owned(), "up".to_owned())]);

    // Another program's port of such a name, and one that is gone already.
    database.vsctl(&["add-port", "br0", "eth9"]);
    let remove = |names: &[&str]| TunnelChange {
        add: Vec::new(),
        remove: names.iter().map(|name| ("br0".to_owned(), (*name).to_owned())).collect(),
    };
    host.change_tunnels(&remove(&["m1", "eth9"])).await.unwrap_err();
    assert_eq!(tunnels(&host).await.len(), 2, "all or nothing");
    host.change_tunnels(&remove(&["m1", "gone"])).await.unwrap();
    assert_eq!(tunnels(&host).await, both[1..]);
    assert!(database.vsctl(&["list-ports", "br0"]).contains("eth9"));
}

#[tokio::test]
async fn a_bridge_is_in_one_mesh_or_in_none() {
    let Some(database) = Database::start() else { return };
    let host = database.host();
    let ip: IpAddr = "192.0.2.1".parse().unwrap();
    let mesh = |allow_uplink| MeshOfBridge {
        mesh: "blue".into(),
        local_ip: ip,
        allow_uplink,
        by_network: false,
    };
    database.vsctl(&["br-set-external-id", "br0", "other", "stays"]);
    assert_eq!(MeshOfBridge::of(&br0(&host).await), None);
    for mesh in [mesh(true), mesh(false)] {
        host.set_mesh("br0", Some(&mesh)).await.unwrap();
        assert_eq!(MeshOfBridge::of(&br0(&host).await), Some(mesh));
    }
    host.set_mesh("br0", None).await.unwrap();
    assert_eq!(database.vsctl(&["br-get-external-id", "br0"]), "other=stays");
    host.set_mesh("br1", None).await.unwrap_err();
}

#[tokio::test]
async fn the_tables_of_a_capture_hold_no_secret_and_no_counter() {
    let Some(database) = Database::start() else { return };
    database.vsctl(&["add-port", "br0", "gre0", "--", "set", "interface", "gre0", "type=gre"]);
    database.vsctl(&["set", "interface", "gre0", "options:psk=precious"]);
    let tables = database.host().database_tables().await.unwrap();
    let text = serde_json::to_string(&tables).unwrap();
    assert!(text.contains("gre0") && !text.contains("precious"), "{text}");
    assert!(!text.contains("statistics"), "{text}");
    assert_eq!(tables["Bridge"].len(), 1);
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

#[tokio::test]
async fn what_the_switch_remembers_changes_only_where_it_is_as_it_was_read() {
    let Some(database) = Database::start() else { return };
    database.vsctl(&["set", "open_vswitch", ".", "external_ids:system-id=host1"]);
    let mut own = OpenVSwitchIds::of(&database.host()).await.unwrap();
    let read = own.read().await.unwrap();
    assert_eq!(read, pairs([("system-id", "host1")]));
    let first = MemoryChange { remember: pairs([("a", "1"), ("b", "2")]), ..Default::default() };
    assert!(own.change(&first, &ExternalIdsGuard::Equals(read.clone()), "a and b").await.unwrap());
    // By now there is more than was read.
    let late = MemoryChange { remember: pairs([("c", "3")]), ..Default::default() };
    assert!(!own.change(&late, &ExternalIdsGuard::Equals(read), "c").await.unwrap());
    for (rests_on, expected) in [(pairs([("a", "2")]), false), (pairs([("a", "1")]), true)] {
        let change = MemoryChange { forget: pairs([("b", "2")]), remember: pairs([("c", "3")]) };
        let done =
            own.change(&change, &ExternalIdsGuard::Includes(rests_on), "c for b").await.unwrap();
        assert_eq!(done, expected);
    }
    let after = pairs([("a", "1"), ("c", "3"), ("system-id", "host1")]);
    assert_eq!(own.read().await.unwrap(), after);
}

fn plan(step: SwitchStep) -> Plan {
    let row = container("d1", "web").row;
    let container =
        ContainerRef { name: row.name, id: row.id, engine: kind("docker"), qualified: None };
    let (interface, bridge) = ("eth0".into(), "br1".into());
    Plan { container, interface, bridge, steps: vec![step.into()] }
}

#[tokio::test]
async fn a_hardware_address_that_came_meanwhile_is_not_taken_again() {
    if !is_inside("real_database::a_hardware_address_that_came_meanwhile_is_not_taken_again") {
        return;
    }
    let Some(database) = Database::start() else { return };
    let _vswitchd = FakeVswitchd::start(database.folder.path());
    let mut endpoints = Endpoints::of(&database.host()).await.unwrap();
    let port = |name: &str, seen: &[&str]| {
        let new = Port {
            iface: name.into(),
            kind: "system".to_owned(),
            external_ids: pairs([("docker-ovs.mac", "02:00:00:00:00:01"), ("name", name)]),
            ..Port::default()
        };
        SwitchStep::ReplacePort(ReplacePort {
            bridge: "br0".into(),
            add: Some(Arc::new(new)),
            expected_mac_holders: Some(seen.iter().map(|name| (*name).into()).collect()),
            ..ReplacePort::default()
        })
    };
    let mut run = async |step: SwitchStep| {
        endpoints.carry_out(&plan(step), TargetNetns::own().unwrap()).await
    };
    run(port("p1", &[])).await.unwrap();
    assert!(run(port("p2", &[])).await.unwrap_err().has_changed(), "p1 came meanwhile");
    run(port("p2", &["p1"])).await.unwrap();
    assert!(run(port("p3", &["p1"])).await.unwrap_err().has_changed());
    assert_eq!(database.vsctl(&["list-ports", "br0"]), "p1\np2");
}

/// As after a call that was killed once the bridge was in the database, before vswitchd had made it.
#[tokio::test]
async fn a_bridges_own_port_is_waited_for_and_asks_for_no_number() {
    if !is_inside("real_database::a_bridges_own_port_is_waited_for_and_asks_for_no_number") {
        return;
    }
    let Some(database) = Database::start() else { return };
    let _vswitchd = FakeVswitchd::start(database.folder.path());
    let mut endpoints = Endpoints::of(&database.host()).await.unwrap();
    database.vsctl(&["add-port", "br0", "p1"]);
    for (name, number, asked) in [("br0", 65534, "[]"), ("p1", 7, "7")] {
        database.vsctl(&["set", "interface", name, &format!("ofport={number}")]);
        let (bridge, iface) = ("br0".into(), name.into());
        let wait = SwitchStep::Await { bridge, iface, from: None, wanted: None, remember: None };
        endpoints.carry_out(&plan(wait), TargetNetns::own().unwrap()).await.unwrap();
        assert_eq!(database.vsctl(&["get", "interface", name, "ofport_request"]), asked);
    }
}

#[tokio::test]
async fn those_that_are_at_one_address_take_turns() {
    if !is_inside("real_database::those_that_are_at_one_address_take_turns") {
        return;
    }
    let Some(database) = Database::start() else { return };
    let _vswitchd = FakeVswitchd::start(database.folder.path());
    let host = database.host();
    let at =
        |ips: &[&str]| -> BTreeSet<IpAddr> { ips.iter().map(|ip| ip.parse().unwrap()).collect() };
    let mut first = Endpoints::of(&host).await.unwrap();
    first.turn_at(&at(&["192.0.2.2", "2001:db8::2"])).await.unwrap();
    let mut other = Endpoints::of(&host).await.unwrap();
    other.turn_at(&at(&["192.0.2.3", "2001:db8::3"])).await.unwrap();
    let (mut second, shared) = (Endpoints::of(&host).await.unwrap(), at(&["2001:db8::2"]));
    let mut turn = pin!(second.turn_at(&shared));
    assert!(timeout(Duration::from_millis(200), &mut turn).await.is_err(), "the first one's");
    drop(first);
    turn.await.unwrap();
}

#[tokio::test]
async fn bridges_are_made_whole_and_removed_as_they_were_seen() {
    if !is_inside("real_database::bridges_are_made_whole_and_removed_as_they_were_seen") {
        return;
    }
    let Some(database) = Database::start() else { return };
    let _vswitchd = FakeVswitchd::start(database.folder.path());
    let mut endpoints = Endpoints::of(&database.host()).await.unwrap();
    let new = NewBridge {
        name: "br1".into(),
        datapath_type: "netdev".to_owned(),
        fail_mode: Some("secure".to_owned()),
        protocols: vec!["OpenFlow13".to_owned(), "OpenFlow15".to_owned()],
        controllers: vec!["tcp:127.0.0.1:6653".to_owned(), "tcp:127.0.0.1:6654".to_owned()],
        dpid: Some("00000000000000ab".to_owned()),
        external_ids: pairs([("docker-ovs.network", "n1")]),
    };
    let mut run = async |step: SwitchStep| {
        endpoints.carry_out(&plan(step), TargetNetns::own().unwrap()).await
    };
    run(SwitchStep::MakeBridge(new.clone())).await.unwrap();
    for (column, value) in [
        ("datapath_type", "netdev"),
        ("fail_mode", "secure"),
        ("protocols", "[OpenFlow13, OpenFlow15]"),
        ("other_config", r#"{datapath-id="00000000000000ab"}"#),
        ("external_ids", "{docker-ovs.network=n1}"),
    ] {
        assert_eq!(database.vsctl(&["get", "bridge", "br1", column]), value);
    }
    assert_eq!(database.vsctl(&["get-controller", "br1"]).lines().count(), 2);
    assert_eq!(database.vsctl(&["get", "interface", "br1", "type"]), "internal");

    let has_changed = |done: Result<(), ActError>| done.unwrap_err().has_changed();
    assert!(has_changed(run(SwitchStep::MakeBridge(new.clone())).await), "it is there already");
    // Another program puts a port on it: then it is no longer the one that was seen.
    database.vsctl(&["add-port", "br1", "eth9"]);
    let remove = |ports: &[&str]| SwitchStep::RemoveBridge {
        bridge: new.clone(),
        ports: ports.iter().map(|name| (*name).into()).collect(),
    };
    assert!(has_changed(run(remove(&["br1"])).await));
    assert_eq!(database.vsctl(&["list-ports", "br1"]), "eth9");
    // Our own keys, too; of what others write there no look tells.
    for (key, of_no_use) in
        [("docker-ovs.network.n2", false), ("docker-ovs.mesh", false), ("other", true)]
    {
        database.vsctl(&["set", "bridge", "br1", &format!("external_ids:{key}=x")]);
        if !of_no_use {
            assert!(has_changed(run(remove(&["br1", "eth9"])).await), "{key}");
            database.vsctl(&["remove", "bridge", "br1", "external_ids", key]);
        }
    }
    database.vsctl(&["set", "bridge", "br1", "external_ids:docker-ovs.network=n2"]);
    assert!(has_changed(run(remove(&["br1", "eth9"])).await), "it says something else");
    database.vsctl(&["set", "bridge", "br1", "external_ids:docker-ovs.network=n1"]);
    run(remove(&["br1", "eth9"])).await.unwrap();
    assert_eq!(database.vsctl(&["list-br"]), "br0");
    assert_eq!(database.vsctl(&["list", "controller"]), "", "they go with it");
    run(remove(&["br1"])).await.unwrap();
}
