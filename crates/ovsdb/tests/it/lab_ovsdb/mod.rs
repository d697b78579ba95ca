//! The client against a real ovsdb-server, private to each test, over a Unix domain
//! socket and over TLS. Without ovsdb-server the tests are skipped, unless the
//! environment variable `DOCKER_OVS_TEST_REQUIRE` is set.

// The server under test is a program.
#![allow(clippy::disallowed_methods)]

#[macro_use]
mod server;
mod follow;
mod tls;
mod write;

use std::collections::BTreeSet;
use std::time::Instant;

use docker_ovs_ovsdb::{Columns, Error, Map, Optional, Select, Set, Uuid, VSWITCH, Value};
use serde::Deserialize;
use serde_json::json;

use self::server::Server;

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
    // In an order that differs between versions.
    let databases: BTreeSet<_> = client.list_dbs().await.unwrap().into_iter().collect();
    assert_eq!(databases, ["Open_vSwitch", "_Server"].map(str::to_owned).into());
    let schema = client.schema(VSWITCH).await.unwrap();
    assert_eq!(schema.version.split('.').count(), 3, "{schema:?}");
    assert!(schema.has_table("Bridge") && !schema.has_table("Bridges"));
    assert!(schema.has_column("Port", "tag") && schema.has_column("Port", "_uuid"));
    assert!(!schema.has_column("Port", "tags") && !schema.has_column("Ports", "_uuid"));
    let error = client.schema("Nothing").await.unwrap_err();
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
