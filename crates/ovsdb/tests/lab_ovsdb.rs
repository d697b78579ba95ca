//! The client against a real ovsdb-server, private to each test, over a Unix domain
//! socket and over TLS. Without ovsdb-server the tests are skipped, unless the
//! environment variable `DOCKER_OVS_TEST_REQUIRE` is set.

// The server under test is a program.
#![allow(clippy::disallowed_methods)]

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use docker_ovs_ovsdb::{
    Client, Columns, Error, Map, Mutation, Opaque, Operation, Optional, Remote, Select, Set, Tls,
    Until, Uuid, VSWITCH, Value, Which,
};
use jsonrpc::Connection;
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::UnixStream;

const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";

/// Returns from the test when there is no ovsdb-server.
macro_rules! lab {
    ($options:expr) => {
        match Server::start($options) {
            Some(server) => server,
            None => return,
        }
    };
}

/// A server with an empty Open_vSwitch database. It ends when the test does, however
/// that ends: its `--run` command waits for the end of a pipe that we hold.
struct Server {
    dir: TempDir,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(options: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        if Command::new("ovsdb-server").arg("--version").output().is_err() {
            let required = std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_some();
            assert!(!required, "needs ovsdb-server");
            // The test harness swallows what the print macros say.
            let _ =
                std::io::Write::write_all(&mut std::io::stderr(), b"skipped: needs ovsdb-server\n");
            return None;
        }
        let dir = TempDir::new().unwrap();
        run(dir.path(), "ovsdb-tool", &["create", "conf.db", SCHEMA]);
        let mut process = Command::new("ovsdb-server")
            .current_dir(&dir)
            .env("OVS_RUNDIR", dir.path())
            .args(["-vconsole:off", "--log-file=log", "--unixctl=ctl"])
            .args(["--remote=punix:db.sock", "--run=echo ready; exec cat"])
            .args(options(dir.path()))
            .arg("conf.db")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let server = Self { dir, process };
        assert_eq!(ready, "ready\n", "{}", server.log());
        Some(server)
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("db.sock")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    async fn connect(&self) -> Client {
        Client::connect(&Remote::Unix(self.socket()), None).await.unwrap()
    }

    /// Makes a bridge `br0` with the ports `p0` … , of one interface each.
    async fn add_ports(&self, count: usize) {
        let mut operations = vec![json!(VSWITCH)];
        for n in 0..count {
            let name = format!("p{n}");
            let external_ids =
                json!(["map", [["container_id", name], ["container_iface", "eth0"]]]);
            let interface = json!({"name": name, "external_ids": external_ids, "ofport": n + 1,
                "mac_in_use": "02:00:00:00:00:01", "ifindex": n + 100});
            operations.push(insert("Interface", &format!("i{n}"), &interface));
            let port = json!({"name": name, "interfaces": ["named-uuid", format!("i{n}")]});
            operations.push(insert("Port", &name, &port));
        }
        let ports: Vec<_> = (0..count).map(|n| json!(["named-uuid", format!("p{n}")])).collect();
        operations.push(insert("Bridge", "b", &json!({"name": "br0", "ports": ["set", ports]})));
        let root = json!({"bridges": ["named-uuid", "b"], "ovs_version": "3.1.0"});
        operations.push(insert("Open_vSwitch", "root", &root));
        let mut connection = Connection::new(UnixStream::connect(self.socket()).await.unwrap());
        let results: Vec<serde_json::Value> =
            connection.call("transact", &operations).await.unwrap();
        assert!(results.iter().all(|result| result.get("uuid").is_some()), "{results:?}");
    }
}

fn insert(table: &str, name: &str, row: &serde_json::Value) -> serde_json::Value {
    json!({"op": "insert", "table": table, "row": row, "uuid-name": name})
}

fn run(dir: &Path, program: &str, args: &[&str]) {
    let output = Command::new(program).current_dir(dir).args(args).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

#[derive(Debug, Deserialize)]
struct Interface {
    name: String,
    ofport: Optional<i64>,
    ofport_request: Optional<i64>,
    ifindex: Optional<i64>,
    mac_in_use: Optional<String>,
    external_ids: Map<String, String>,
}

const INTERFACE: [&str; 6] =
    ["name", "ofport", "ofport_request", "ifindex", "mac_in_use", "external_ids"];

#[derive(Debug, Deserialize)]
struct Port {
    #[serde(rename = "_uuid")]
    uuid: Uuid,
    interfaces: Set<Uuid>,
}

#[derive(Debug, Deserialize)]
struct Bridge {
    name: String,
    ports: Set<Uuid>,
}

#[tokio::test]
async fn a_database_says_what_it_is() {
    let server = lab!(|_| vec![]);
    let mut client = server.connect().await;
    assert_eq!(client.list_dbs().await.unwrap(), ["Open_vSwitch", "_Server"]);
    let version = client.schema_version(VSWITCH).await.unwrap();
    assert_eq!(version.split('.').count(), 3, "{version}");
    let error = client.schema_version("Nothing").await.unwrap_err();
    assert!(error.to_string().starts_with("unknown database"), "{error}");
    client.close().await.unwrap();
}

#[tokio::test]
async fn conditional_selects_walk_from_interface_to_bridge() {
    let server = lab!(|_| vec![]);
    server.add_ports(3).await;
    let mut client = server.connect().await;

    let by_name = Select::new("Interface", &["_uuid", "name", "ofport"]).equal("name", "p1");
    let pair = Value::from([("container_id", "p2")]);
    let by_id = Select::new("Interface", &INTERFACE).includes("external_ids", pair);
    let results = client.transact(VSWITCH, &[by_name, by_id]).await.unwrap();
    let [interface] = &results.rows::<serde_json::Value>(0).unwrap()[..] else { panic!() };
    assert_eq!((&interface["name"], &interface["ofport"]), (&json!("p1"), &json!(2)));
    let [other] = &results.rows::<Interface>(1).unwrap()[..] else { panic!() };
    assert_eq!(
        (other.name.as_str(), other.ofport.0, other.ofport_request.0),
        ("p2", Some(3), None)
    );
    assert_eq!(
        (other.ifindex.0, other.mac_in_use.0.as_deref()),
        (Some(102), Some("02:00:00:00:00:01"))
    );
    assert_eq!(other.external_ids["container_iface"], "eth0");

    let uuid: Uuid = serde_json::from_value(interface["_uuid"].clone()).unwrap();
    let ports = Select::new("Port", &["_uuid", "interfaces"]).includes("interfaces", uuid);
    let [port] = &client.transact(VSWITCH, &[ports]).await.unwrap().rows::<Port>(0).unwrap()[..]
    else {
        panic!()
    };
    assert_eq!(port.interfaces.0, [uuid]);
    let bridges = Select::new("Bridge", &["name", "ports"]).includes("ports", port.uuid);
    let [bridge] =
        &client.transact(VSWITCH, &[bridges]).await.unwrap().rows::<Bridge>(0).unwrap()[..]
    else {
        panic!()
    };
    assert_eq!((bridge.name.as_str(), bridge.ports.len()), ("br0", 3));
}

#[tokio::test]
async fn a_select_that_is_wrong_names_the_operation() {
    let server = lab!(|_| vec![]);
    let mut client = server.connect().await;
    let good = Select::new("Bridge", &["name"]);
    for bad in [
        Select::new("Nothing", &["name"]),
        Select::new("Bridge", &["nothing"]),
        Select::new("Bridge", &["name"]).equal("name", 7),
    ] {
        let error = client.transact(VSWITCH, &[good.clone(), bad]).await.unwrap_err();
        assert!(matches!(error, Error::Operation { operation: 1, .. }), "{error}");
    }
    let results = client.transact(VSWITCH, &[good]).await.unwrap();
    assert_eq!(results.rows::<Bridge>(0).unwrap().len(), 0, "the connection goes on");
}

#[tokio::test]
async fn one_monitor_reads_a_thousand_interfaces_as_often_as_wanted() {
    let server = lab!(|_| vec![]);
    server.add_ports(1000).await;
    let mut client = server.connect().await;
    let wanted = [
        Columns { table: "Interface", columns: &INTERFACE },
        Columns { table: "Bridge", columns: &["name", "ports"] },
        Columns { table: "Mirror", columns: &["name"] },
    ];
    for _ in 0..3 {
        let begun = Instant::now();
        let tables = client.monitor_once(VSWITCH, &wanted).await.unwrap();
        let came = begun.elapsed();
        let interfaces = tables.rows::<Interface>("Interface").unwrap();
        let [(_, bridge)] = &tables.rows::<Bridge>("Bridge").unwrap()[..] else { panic!() };
        eprintln!("1000 interfaces: {came:?} to come, {:?} in all", begun.elapsed());
        assert_eq!((interfaces.len(), bridge.ports.len()), (1000, 1000));
        let (_, p7) = interfaces.iter().find(|(_, row)| row.name == "p7").unwrap();
        assert_eq!(p7.ofport.0, Some(8));
        assert_eq!(tables.rows::<Bridge>("Mirror").unwrap().len(), 0);
    }
    let unknown = [Columns { table: "Nothing", columns: &["name"] }];
    let error = client.monitor_once(VSWITCH, &unknown).await.unwrap_err();
    assert!(error.to_string().contains("no table named Nothing"), "{error}");
    client.monitor_once(VSWITCH, &wanted).await.unwrap();
}

/// Two authorities, and keys with certificates of the first for `server` and `client`.
fn make_certificates(dir: &Path) {
    let pki = ["--dir=pki", "--log=pki.log"];
    run(dir, "ovs-pki", &[&pki[..], &["init"]].concat());
    for name in ["server", "client"] {
        run(dir, "ovs-pki", &[&pki[..], &["req+sign", name, "switch"]].concat());
    }
}

fn tls(dir: &Path, authority: &str) -> Tls {
    Tls {
        private_key: dir.join("client-privkey.pem"),
        certificate: dir.join("client-cert.pem"),
        ca_cert: dir.join(format!("pki/{authority}/cacert.pem")),
    }
}

fn listen_tls(dir: &Path) -> Vec<String> {
    make_certificates(dir);
    vec![
        "--private-key=server-privkey.pem".into(),
        "--certificate=server-cert.pem".into(),
        "--ca-cert=pki/switchca/cacert.pem".into(),
        "--remote=pssl:0:127.0.0.1".into(),
    ]
}

impl Server {
    /// The server logs the port the kernel chose.
    fn tls_remote(&self) -> Remote {
        let log = self.log();
        let (_, rest) = log.split_once("listening on port ").expect("no TLS port in the log");
        let port = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        format!("ssl:127.0.0.1:{port}").parse().unwrap()
    }
}

#[tokio::test]
async fn tls_works_with_the_certificates_of_ovs_pki() {
    let server = lab!(listen_tls);
    let remote = server.tls_remote();
    let tls = tls(server.dir.path(), "switchca");
    let mut client = Client::connect(&remote, Some(&tls)).await.unwrap();
    assert_eq!(client.list_dbs().await.unwrap(), ["Open_vSwitch", "_Server"]);
    client.close().await.unwrap();
    // A second conversation, after which the server has seen the first one end.
    let mut client = Client::connect(&remote, Some(&tls)).await.unwrap();
    client.list_dbs().await.unwrap();
    assert!(!server.log().contains("|WARN|"), "{}", server.log());
}

#[tokio::test]
async fn tls_refuses_a_server_of_another_authority() {
    let server = lab!(listen_tls);
    let tls = tls(server.dir.path(), "controllerca");
    let Err(error) = Client::connect(&server.tls_remote(), Some(&tls)).await else {
        panic!("connected to a server of an unknown authority")
    };
    assert_eq!(error.kind(), Some(ErrorKind::InvalidData), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
}

/// Changes one column of an Interface, as somebody else would.
async fn set_ofport(server: &Server, name: &str, ofport: i64) {
    let update = json!({"op": "update", "table": "Interface", "row": {"ofport": ofport},
        "where": [["name", "==", name]]});
    let mut other = Connection::new(UnixStream::connect(server.socket()).await.unwrap());
    let _: serde_json::Value = other.call("transact", &json!([VSWITCH, update])).await.unwrap();
}

#[tokio::test]
async fn what_is_followed_tells_each_change() {
    let server = lab!(|_| Vec::new());
    server.add_ports(2).await;
    let mut client = server.connect().await;
    let columns =
        &["name", "ofport", "ofport_request", "ifindex", "mac_in_use", "external_ids"][..];
    let tables = [Columns { table: "Interface", columns }];
    let rows: Vec<(Uuid, Interface)> =
        client.follow(VSWITCH, &tables).await.unwrap().rows("Interface").unwrap();
    assert_eq!(rows.len(), 2);
    let (id, _) = rows.iter().find(|(_, row)| row.name == "p1").unwrap();

    set_ofport(&server, "p1", 42).await;
    let changes = client.next_change().await.unwrap();
    let told: Vec<(Uuid, Option<Interface>)> = changes.rows("Interface").unwrap();
    let [(which, Some(row))] = &told[..] else { panic!("{told:?}") };
    // Whole, though one column changed.
    assert_eq!((which, row.name.as_str(), row.ofport.0), (id, "p1", Some(42)));
    assert_eq!(row.ifindex.0, Some(101));

    // What is told while another answer is awaited is not lost.
    set_ofport(&server, "p0", 43).await;
    client.echo().await.unwrap();
    let changes = client.next_change().await.unwrap();
    assert_eq!(changes.rows::<Interface>("Interface").unwrap().len(), 1);

    let mut other = Connection::new(UnixStream::connect(server.socket()).await.unwrap());
    let delete = json!({"op": "delete", "table": "Bridge", "where": []});
    let unroot = json!({"op": "update", "table": "Open_vSwitch", "where": [],
        "row": {"bridges": ["set", []]}});
    let _: serde_json::Value =
        other.call("transact", &json!([VSWITCH, unroot, delete])).await.unwrap();
    let changes = client.next_change().await.unwrap();
    let gone: Vec<(Uuid, Option<Interface>)> = changes.rows("Interface").unwrap();
    assert!(gone.len() == 2 && gone.iter().all(|(_, row)| row.is_none()), "{gone:?}");
}

/// A port called `name` that asks for `ofport`, on `br0`, if nobody else asks for it.
fn port_for(name: &str, ofport: i64) -> Vec<Operation<'_>> {
    let bridge = Which::all("Bridge").equal("name", "br0");
    let (until, columns) = (Until::Are, &["name"][..]);
    let which = Which::all("Interface").equal("ofport_request", ofport);
    let interface = vec![
        ("name", name.into()),
        ("ofport_request", ofport.into()),
        ("external_ids", [("container_iface", "eth0")].into()),
    ];
    let port = vec![("name", name.into()), ("interfaces", Value::Named("i"))];
    vec![
        Operation::Comment("a test"),
        Operation::Wait { which, columns, until, rows: Vec::new(), timeout: 0 },
        Operation::Insert { table: "Interface", row: interface, name: "i" },
        Operation::Insert { table: "Port", row: port, name: "p" },
        Operation::Mutate {
            which: bridge,
            column: "ports",
            how: Mutation::Insert,
            value: Value::Named("p"),
        },
    ]
}

#[tokio::test]
async fn a_port_is_made_changed_and_deleted_and_counted() {
    let server = lab!(|_| Vec::new());
    server.add_ports(1).await;
    let mut client = server.connect().await;
    let done = client.commit(VSWITCH, &port_for("new", 10)).await.unwrap();
    assert_eq!((done.count(4), done.uuid(0)), (1, None));
    let id = done.uuid(3).unwrap();
    let selects = [
        Select::new("Interface", &INTERFACE).equal("name", "new"),
        Select::new("Port", &["_uuid", "interfaces"]).equal("name", "new"),
    ];
    let answer = client.transact(VSWITCH, &selects).await.unwrap();
    let (interfaces, ports): (Vec<Interface>, Vec<Port>) =
        (answer.rows(0).unwrap(), answer.rows(1).unwrap());
    assert_eq!(interfaces[0].ofport_request, Optional(Some(10)));
    assert_eq!((ports[0].uuid, ports[0].interfaces.len()), (id, 1));
    let which = || Which::all("Interface").equal("name", "new");
    let none = Value::Set(Vec::new());
    let change = [
        Operation::Update { which: which(), row: vec![("ofport_request", none)] },
        Operation::Select(Select::new("Interface", &INTERFACE).equal("name", "new")),
        Operation::Mutate {
            which: Which::all("Bridge").includes("ports", id),
            column: "ports",
            how: Mutation::Delete,
            value: id.into(),
        },
    ];
    let done = client.commit(VSWITCH, &change).await.unwrap();
    let rows: Vec<Interface> = done.rows(1).unwrap();
    assert_eq!((done.count(0), rows[0].ofport_request, done.count(2)), (1, Optional(None), 1));
    let gone = [Operation::Delete(which())];
    assert_eq!(client.commit(VSWITCH, &gone).await.unwrap().count(0), 0, "it went with its port");
}

#[tokio::test]
async fn a_guard_that_does_not_hold_keeps_everything_as_it_was() {
    let server = lab!(|_| Vec::new());
    server.add_ports(1).await;
    let mut client = server.connect().await;
    client.commit(VSWITCH, &port_for("first", 10)).await.unwrap();
    let error = client.commit(VSWITCH, &port_for("second", 10)).await.unwrap_err();
    let Error::Operation { operation: 1, error, .. } = &error else { panic!("{error:?}") };
    assert_eq!(error, "timed out");
    let error = client.commit(VSWITCH, &port_for("first", 11)).await.unwrap_err();
    assert!(error.to_string().contains("index on column \"name\""), "{error}");
    let select = [Select::new("Interface", &["name"])];
    let answer = client.transact(VSWITCH, &select).await.unwrap();
    let rows: Vec<std::collections::BTreeMap<String, String>> = answer.rows(0).unwrap();
    assert_eq!(rows.len(), 2, "{rows:?}");
}

#[tokio::test]
async fn whole_rows_are_read_and_written_again_as_they_were() {
    let server = lab!(|_| Vec::new());
    server.add_ports(1).await;
    let mut client = server.connect().await;
    let read = [Select::new("Interface", &[]).equal("name", "p0")];
    let answer = client.transact(VSWITCH, &read).await.unwrap();
    let rows: Vec<std::collections::BTreeMap<String, Opaque>> = answer.rows(0).unwrap();
    let external_ids = &rows[0]["external_ids"];
    let which = Which::all("Interface").equal("name", "p0");
    let same = vec![("external_ids", Value::Same(external_ids))];
    let operations = [
        Operation::Update { which: which.clone(), row: same.clone() },
        Operation::Wait {
            which,
            columns: &["external_ids"],
            until: Until::Are,
            rows: vec![same],
            timeout: 0,
        },
    ];
    assert_eq!(client.commit(VSWITCH, &operations).await.unwrap().count(0), 1);
}

#[tokio::test]
async fn a_lock_is_given_to_the_next_when_its_holder_is_gone() {
    let server = lab!(|_| Vec::new());
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    first.lock("ours").await.unwrap();
    let held = [Operation::Assert("ours")];
    first.commit(VSWITCH, &held).await.unwrap();
    let error = second.commit(VSWITCH, &held).await.unwrap_err();
    assert!(error.to_string().contains("not owner"), "{error}");
    let mut waiting = Box::pin(second.lock("ours"));
    let patience = std::time::Duration::from_millis(50);
    tokio::time::timeout(patience, &mut waiting).await.expect_err("somebody has it");
    drop(first);
    waiting.await.unwrap();
    second.commit(VSWITCH, &held).await.unwrap();
    second.unlock("ours").await.unwrap();
    second.commit(VSWITCH, &held).await.unwrap_err();
}
