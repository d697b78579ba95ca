//! Rows that others recorded are read as those of a live host, and what is none is left out.

use host::recorded::{Tables, bridges, database_id, datapaths, inspected};
use serde_json::json;

fn id(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02x}")
}

#[test]
fn tables_become_bridges_with_their_ports() {
    let row = |n: u8, row: serde_json::Value| vec![(id(n), row)];
    let uuid = |n: u8| json!(["uuid", id(n)]);
    let tables = Tables {
        interfaces: row(1, json!({ "name": "veth0", "type": "", "ofport": 7 })),
        ports: row(2, json!({ "name": "veth0", "interfaces": uuid(1), "tag": 10 })),
        bridges: row(3, json!({ "name": "br0", "ports": uuid(2), "datapath_type": "netdev" })),
        open_vswitch: row(4, json!({ "bridges": uuid(3) })),
    };
    assert_eq!(database_id(&tables), Some(id(4)));
    let (found, unread) = bridges(tables);
    assert_eq!((found.len(), &*found[0].name, unread), (1, "br0", 0));
    let port = &found[0].ports[0];
    assert_eq!((&*port.iface, port.tag), ("veth0", Some(10)));
    let nonsense = Tables { bridges: vec![("no id".into(), json!(7))], ..Tables::default() };
    let (none, unread) = bridges(nonsense);
    assert_eq!((none.len(), unread, database_id(&Tables::default())), (0, 1, None));
}

#[test]
fn what_engines_and_appctl_print_is_known_by_its_content() {
    let one = json!({ "Id": "ab", "Name": "/web", "State": { "Status": "running", "Pid": 7 } });
    let names = |text: &str| {
        let rows = inspected(text)?;
        Some(rows.iter().map(|row| row.name.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(names(&one.to_string()), Some(vec!["web".to_owned()]));
    assert_eq!(names(&json!([one, one]).to_string()).unwrap().len(), 2);
    for other in ["", "[]", "7", "{\"Id\":\"ab\"}", "[{\"Id\":\"ab\",\"State\":\"up\"}]"] {
        assert_eq!(names(other), None, "{other}");
    }
    let shown = "netdev@ovs-netdev: hit:0 missed:0\n  br0:\n    br0 65534/1: (tap)\n    veth0 7/2: (system)\n";
    assert_eq!(datapaths(shown).unwrap()[0].ports.len(), 2);
    assert!(datapaths("").is_none() && datapaths("br0").is_none());
}
