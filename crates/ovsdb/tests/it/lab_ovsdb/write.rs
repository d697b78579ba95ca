//! What we change: guarded, counted, under a lock.

use docker_ovs_ovsdb::{
    Error, Mutator, Opaque, Operation, Optional, RowSelector, Select, Until, VSWITCH, Value,
};

use crate::lab_ovsdb::server::Server;
use crate::lab_ovsdb::{INTERFACE, Interface, Port};

/// A port called `name` that asks for `ofport`, on `br0`, if no other port asks for it.
fn port_for(name: &str, ofport: i64) -> Vec<Operation<'_>> {
    let bridge = RowSelector::all("Bridge").equal("name", "br0");
    let (until, columns) = (Until::Are, &["name"][..]);
    let which = RowSelector::all("Interface").equal("ofport_request", ofport);
    let interface = vec![
        ("name", name.into()),
        ("ofport_request", ofport.into()),
        ("external_ids", [("container_iface", "eth0")].into()),
    ];
    let port = vec![("name", name.into()), ("interfaces", Value::NamedUuid("i"))];
    vec![
        Operation::Comment("a test"),
        Operation::Wait { which, columns, until, rows: Vec::new(), timeout: 0 },
        Operation::Insert { table: "Interface", row: interface, name: "i" },
        Operation::Insert { table: "Port", row: port, name: "p" },
        Operation::Mutate {
            which: bridge,
            column: "ports",
            mutator: Mutator::Insert,
            value: Value::NamedUuid("p"),
        },
    ]
}

#[tokio::test]
async fn a_port_is_made_changed_and_deleted_and_counted() {
    let server = lab!(|_| Vec::new());
    server.add_ports(1).await;
    let mut client = server.connect().await;
    let done = client.transact(VSWITCH, &port_for("new", 10)).await.unwrap();
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
    let which = || RowSelector::all("Interface").equal("name", "new");
    let none = Value::Set(Vec::new());
    let change = [
        Operation::Update { which: which(), row: vec![("ofport_request", none)] },
        Operation::Select(Select::new("Interface", &INTERFACE).equal("name", "new")),
        Operation::Mutate {
            which: RowSelector::all("Bridge").includes("ports", id),
            column: "ports",
            mutator: Mutator::Delete,
            value: id.into(),
        },
    ];
    let done = client.transact(VSWITCH, &change).await.unwrap();
    let rows: Vec<Interface> = done.rows(1).unwrap();
    assert_eq!((done.count(0), rows[0].ofport_request, done.count(2)), (1, Optional(None), 1));
    let gone = [Operation::Delete(which())];
    assert_eq!(client.transact(VSWITCH, &gone).await.unwrap().count(0), 0, "it went with its port");
}

#[tokio::test]
async fn a_guard_that_does_not_hold_keeps_everything_as_it_was() {
    let server = lab!(|_| Vec::new());
    server.add_ports(1).await;
    let mut client = server.connect().await;
    client.transact(VSWITCH, &port_for("first", 10)).await.unwrap();
    let error = client.transact(VSWITCH, &port_for("second", 10)).await.unwrap_err();
    let Error::Operation { operation: 1, error, .. } = &error else { panic!("{error:?}") };
    assert_eq!(error, "timed out");
    let error = client.transact(VSWITCH, &port_for("first", 11)).await.unwrap_err();
    let Error::Operation { error, .. } = &error else { panic!("{error:?}") };
    assert_eq!(error, "constraint violation");
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
    let which = RowSelector::all("Interface").equal("name", "p0");
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
    assert_eq!(client.transact(VSWITCH, &operations).await.unwrap().count(0), 1);
}

#[tokio::test]
async fn a_lock_is_given_to_the_next_when_its_holder_is_gone() {
    let server = lab!(|_| Vec::new());
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    first.lock("ours").await.unwrap();
    let held = [Operation::Assert("ours")];
    first.transact(VSWITCH, &held).await.unwrap();
    let error = second.transact(VSWITCH, &held).await.unwrap_err();
    assert!(error.to_string().contains("not owner"), "{error}");
    let mut waiting = Box::pin(second.lock("ours"));
    let patience = std::time::Duration::from_millis(50);
    tokio::time::timeout(patience, &mut waiting).await.expect_err("another client has it");
    drop(first);
    waiting.await.unwrap();
    second.transact(VSWITCH, &held).await.unwrap();
    second.unlock("ours").await.unwrap();
    second.transact(VSWITCH, &held).await.unwrap_err();
}
