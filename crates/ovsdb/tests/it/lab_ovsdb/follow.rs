//! What others change, as it is told.

use docker_ovs_ovsdb::{Columns, Uuid, VSWITCH};
use jsonrpc::Connection;
use serde_json::json;
use tokio::net::UnixStream;

use crate::lab_ovsdb::Interface;
use crate::lab_ovsdb::server::Server;

/// Changes one column of an Interface, as another client would.
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
