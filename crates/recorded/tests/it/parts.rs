//! A part of what a host has is told as a part: what is missing in it may be there.

use docker_ovs_recorded::Recording;
use model::query::{self, QueryError};
use model::snapshot::Observed;
use model::switch::SwitchSource;
use model::{Look, Snapshot};

use super::outputs::{folder, numbered};

const BRIDGE: &str = "Bridge table\n_uuid name ports\n----- ---- -----\n\
    33333333-0000-4000-8000-000000000000 br0  [22222222-0000-4000-8000-000000000001, \
    22222222-0000-4000-8000-000000000002]\n\n";
const INTERFACE: &str = "Interface table\n_uuid name ofport type\n----- ---- ------ ----\n\
    11111111-0000-4000-8000-000000000001 veth1 5 \"\"\n\
    11111111-0000-4000-8000-000000000002 veth2 6 \"\"\n\n";
const PORT: &str = "Port table\n_uuid interfaces name tag\n----- ---------- ---- ---\n\
    22222222-0000-4000-8000-000000000001 [11111111-0000-4000-8000-000000000001] veth1 []\n\
    22222222-0000-4000-8000-000000000002 [11111111-0000-4000-8000-000000000002] veth2 []\n";
const SHOW: &str = "d9dec6d5-4c27-4a11-a757-6ebcd982be76\n    Bridge br0\n        Port br0\n            \
    Interface br0\n                type: internal\n        Port veth1\n            Interface veth1\n";
const ENDS: &str = "    ovs_version: \"3.1.0\"\n";
const OFCTL: &str = "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5\n \
    1(veth1): addr:9a:69:12:bc:3d:1d\n LOCAL(br0): addr:a6:b1:c2:d3:e4:f5\n";

fn database(told: &Recording) -> &Observed<model::switch::Bridge> {
    &told.snapshot.switch[&SwitchSource::Ovsdb]
}

/// Nothing may follow from what is missing in such a recording.
fn is_part(files: &[(&str, &str)], why: &str) {
    let told = folder(files);
    let rows = database(&told);
    let error = rows.incompleteness().unwrap_or_else(|| panic!("{files:?} is taken for all"));
    assert!(error.why.contains(why) && rows.staleness().is_none(), "{error}");
    let written = serde_json::to_string(&told.snapshot).unwrap();
    let read: Snapshot = serde_json::from_str(&written).unwrap();
    assert_eq!(read, told.snapshot, "it is a part when it was saved, too");
    let look = Look::new(read);
    let missing = query::bridge(&look.snapshot, "br9").unwrap_err();
    assert!(matches!(missing, QueryError::SourceUnavailable(_)), "{missing}");
    assert!(look.require_sources().is_err() && look.wiring.unseen.ports);
}

fn is_whole(files: &[(&str, &str)]) {
    let told = folder(files);
    assert!(database(&told).is_fresh(), "{:?}", database(&told).incompleteness());
    let missing = query::bridge(&told.snapshot, "br9").unwrap_err();
    assert!(matches!(missing, QueryError::NoSuchBridge { .. }), "{missing}");
}

#[test]
fn a_dump_is_whole_where_each_row_is_there() {
    let whole = [BRIDGE, INTERFACE, PORT].concat();
    is_whole(&[("dump", &whole)]);
    for end in (whole.find(PORT).unwrap() + 1)..whole.trim_end().len() - 2 {
        is_part(&[("dump", &whole[..end])], "");
    }
    is_part(&[("dump", BRIDGE)], "nothing of the table Port, Interface");
    is_part(&[("dump", INTERFACE)], "nothing of the table Bridge, Port");
    is_part(&[("dump", &[INTERFACE, PORT].concat())], "nothing of the table Bridge");
    let odd = whole.replace("veth2 6", "veth2 }6");
    is_part(&[("dump", &odd)], "1 lines of its tables");
    let other = BRIDGE.replace(", 22222222-0000-4000-8000-000000000002", "");
    is_part(&[("dump", &[&other, INTERFACE, PORT].concat())], "not all rows of Bridge");
}

#[test]
fn a_dump_as_json_is_judged_alike() {
    let table = |name: &str, headings: &str, data: &str| {
        format!("{{\"caption\":\"{name} table\",\"data\":[{data}],\"headings\":[{headings}]}}\n")
    };
    let id = |n: u8| format!("[\"uuid\",\"{n}1111111-0000-4000-8000-000000000001\"]");
    let (bridge, port, interface) = (id(3), id(2), id(1));
    let bridges =
        table("Bridge", "\"_uuid\",\"name\",\"ports\"", &format!("[{bridge},\"br0\",{port}]"));
    let ports = table(
        "Port",
        "\"_uuid\",\"name\",\"interfaces\"",
        &format!("[{port},\"veth1\",{interface}]"),
    );
    let interfaces = table(
        "Interface",
        "\"_uuid\",\"name\",\"ofport\",\"type\"",
        &format!("[{interface},\"veth1\",5,\"\"]"),
    );
    let whole = [&*bridges, &interfaces, &ports].concat();
    is_whole(&[("dump", &whole)]);
    is_part(&[("dump", &whole[..whole.len() - 9])], "");
    is_part(&[("dump", &[&*bridges, &ports].concat())], "nothing of the table Interface");
    let short = interfaces.replace(",5,\"\"]", ",5]");
    is_part(&[("dump", &[&*bridges, &short, &ports].concat())], "");
}

#[test]
fn another_database_has_nothing_of_a_switch() {
    let server = "Database table\n_uuid name model\n----- ---- -----\n\
        33333333-0000-4000-8000-000000000000 Open_vSwitch standalone\n";
    let told = folder(&[("dump", server), ("show_br0", OFCTL)]);
    assert!(database(&told).absence().is_some());
}

#[test]
fn some_rows_of_a_list_are_some_of_them() {
    let record = |columns: &str| format!("{columns}\n\n");
    let interface = record(
        "_uuid               : 11111111-0000-4000-8000-000000000001\nname                : veth1\n\
        ofport              : 5\ntype                : \"\"",
    );
    let port = record(
        "_uuid               : 22222222-0000-4000-8000-000000000001\n\
        interfaces          : [11111111-0000-4000-8000-000000000001]\nname                : veth1",
    );
    let second = record(
        "_uuid               : 22222222-0000-4000-8000-000000000002\n\
        interfaces          : [11111111-0000-4000-8000-000000000002]\nname                : veth2",
    );
    let bridge = |ports: &str| {
        record(&format!(
            "_uuid               : 33333333-0000-4000-8000-000000000000\ncontroller          : []\n\
            name                : br0\nports               : [{ports}]"
        ))
    };
    let (one, two) =
        ("22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002");
    let whole = bridge(one);
    is_whole(&[("b", &whole), ("i", &interface), ("p", &port)]);
    let both = bridge(&format!("{one}, {two}"));
    let ports = [&*port, &second].concat();
    is_part(&[("b", &both), ("i", &interface), ("p", &ports)], "not all rows of Interface");
    is_part(&[("b", &both), ("i", &interface), ("p", &port)], "not all rows of Port");
    let untyped = interface.replace("type                : \"\"", "");
    is_part(&[("b", &whole), ("i", &untyped), ("p", &port)], "type of each Interface");
}

#[test]
fn what_is_shown_is_whole_where_each_interface_has_a_number_and_the_text_an_end() {
    let whole = format!("{SHOW}{ENDS}");
    is_whole(&[("a", &whole), ("b", OFCTL)]);
    is_part(&[("a", SHOW), ("b", OFCTL)], "it may be cut");
    is_part(&[("a", &whole)], "no number of br0, veth1, which ovs-vsctl show lists");
    let other = OFCTL.replace("1(veth1)", "1(veth7)");
    is_part(&[("a", &whole), ("b", &other)], "no number of veth1, which");
}

/// OpenFlow cuts names to 15 bytes.
#[test]
fn a_cut_name_has_its_number_where_it_is_of_one_interface() {
    let long = "veth-of-a-long-name";
    let show = format!("{SHOW}{ENDS}").replace("veth1", long);
    let ofctl = OFCTL.replace("veth1", &long[..15]);
    is_whole(&[("a", &show), ("b", &ofctl)]);
    assert!(
        numbered(&folder(&[("a", &show), ("b", &ofctl)]), SwitchSource::Ovsdb)
            .contains(&format!("{long} 1"))
    );
    for second in ["veth-of-a-long-road", &long[..15]] {
        let port = format!("        Port {second}\n            Interface {second}\n{ENDS}");
        let both = show.replace(ENDS, &port);
        is_part(&[("a", &both), ("b", &ofctl)], "no number of veth-of-a-lon");
    }
}

#[test]
fn inspected_containers_are_some_of_an_engines() {
    let inspect = r#"[{"Id":"aaaa","Name":"/web","State":{"Status":"running","Pid":42},
        "HostConfig":{"NetworkMode":"none"},"Config":{"Labels":{}},"NetworkSettings":{}}]"#;
    let told = folder(&[("inspect", inspect), ("show", &format!("{SHOW}{ENDS}")), ("o", OFCTL)]);
    let look = Look::new(told.snapshot);
    assert_eq!(&*look.container("web").unwrap().name, "web");
    let missing = look.container("other").unwrap_err();
    assert!(matches!(missing, QueryError::SourceUnavailable(_)), "{missing}");
    assert!(look.require_sources().is_err() && look.wiring.unseen.hides_containers());
    assert_eq!(look.silent_engines("web").len(), 1);
}

/// A text of ovs-ofctl is of one bridge.
#[test]
fn bridges_that_ovs_ofctl_was_asked_about_are_some_of_them() {
    let mut snapshot = folder(&[("show", OFCTL)]).snapshot;
    snapshot.switch.retain(|source, _| *source == SwitchSource::OpenFlow);
    assert!(query::bridge(&snapshot, "br0").is_ok());
    let missing = query::bridge(&snapshot, "br1").unwrap_err();
    assert!(matches!(missing, QueryError::SourceUnavailable(_)), "{missing}");
}
