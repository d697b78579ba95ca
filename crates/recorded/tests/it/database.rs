//! A database's file, made by hand by the rules of ovsdb(5) and `ovsdb/file.c`.

use std::fmt::Write;

use docker_ovs_recorded::{Recording, port_changes, read_stream};
use model::ids::OfPort;
use model::switch::{OfPortState, SwitchSource};
use sha1::{Digest, Sha1};

pub(crate) const SCHEMA: &str = r#"{"name":"Open_vSwitch","version":"8.3.0","tables":{
"Bridge":{"columns":{"name":{"type":"string"},"datapath_type":{"type":"string"},
"ports":{"type":{"key":{"type":"uuid","refTable":"Port"},"min":0,"max":"unlimited"}}}},
"Port":{"columns":{"name":{"type":"string"},"tag":{"type":{"key":"integer","min":0,"max":1}},
"interfaces":{"type":{"key":{"type":"uuid","refTable":"Interface"},"min":1,"max":"unlimited"}}}},
"Interface":{"columns":{"name":{"type":"string"},"type":{"type":"string"},
"ofport":{"type":{"key":"integer","min":0,"max":1}},
"external_ids":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}}}}"#;

fn id(n: u32) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

/// A record with its head.
pub(crate) fn record(kind: &str, json: &str) -> String {
    let sum = Sha1::digest(json).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    format!("OVSDB {kind} {} {sum}\n{json}", json.len())
}

/// A bridge with one port, then a second one by a difference, a number, and the first one gone.
fn transactions() -> Vec<String> {
    let (one, two) = (id(1), id(2));
    let (port_one, port_two, bridge) = (id(11), id(12), id(21));
    vec![
        format!(
            r#"{{"_date":1000000000000,"_comment":"a","Interface":{{"{one}":{{"name":"veth1","ofport":1,"external_ids":["map",[["a","1"],["b","2"]]]}}}},"Port":{{"{port_one}":{{"name":"veth1","interfaces":["uuid","{one}"]}}}},"Bridge":{{"{bridge}":{{"name":"br0","ports":["uuid","{port_one}"]}}}}}}"#
        ),
        format!(
            r#"{{"_date":1000000001000,"_is_diff":true,"Interface":{{"{two}":{{"name":"veth2"}}}},"Port":{{"{port_two}":{{"name":"veth2","tag":7,"interfaces":["uuid","{two}"]}}}},"Bridge":{{"{bridge}":{{"ports":["uuid","{port_two}"]}}}}}}"#
        ),
        format!(
            r#"{{"_date":1000000002000,"_is_diff":true,"Interface":{{"{two}":{{"ofport":2,"external_ids":["map",[["container_id","web"]]]}},"{one}":{{"ofport":9,"external_ids":["map",[["a","1"],["b","3"],["c","4"]]]}}}}}}"#
        ),
        format!(
            r#"{{"_date":1000000003000,"_is_diff":true,"Interface":{{"{one}":null}},"Port":{{"{port_one}":null}},"Bridge":{{"{bridge}":{{"ports":["uuid","{port_one}"]}}}}}}"#
        ),
    ]
}

fn standalone() -> String {
    let records = transactions();
    let records = records.iter().map(|json| record("JSON", &format!("{json}\n")));
    record("JSON", &format!("{SCHEMA}\n")) + &records.collect::<String>()
}

/// Every interface with its number.
fn ports(recording: &Recording) -> Vec<(String, Option<u16>)> {
    let bridges = recording.snapshot.switch[&SwitchSource::Ovsdb].rows();
    assert_eq!(bridges.len(), 1, "{recording:?}");
    let number = |state: OfPortState| state.assigned().map(|OfPort(number)| number);
    bridges[0].ports.iter().map(|port| (port.iface.to_string(), number(port.ofport))).collect()
}

pub(crate) fn read(file: &str, at: Option<u64>) -> Recording {
    read_stream(file.as_bytes(), "it", at).unwrap()
}

fn named(all: &[(&str, Option<u16>)]) -> Vec<(String, Option<u16>)> {
    all.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
}

#[test]
fn a_log_is_read_to_its_end_or_to_a_moment() {
    let file = standalone();
    let expected = [
        (1_000_000_000_000, named(&[("veth1", Some(1))])),
        (1_000_000_001_999, named(&[("veth1", Some(1)), ("veth2", None)])),
        (1_000_000_002_000, named(&[("veth1", Some(9)), ("veth2", Some(2))])),
        (1_000_000_003_000, named(&[("veth2", Some(2))])),
    ];
    for (at, wanted) in &expected {
        assert_eq!(ports(&read(&file, Some(*at))), *wanted, "{at}");
    }
    let last = read(&file, None);
    assert_eq!(ports(&last), expected[3].1);
    assert_eq!(last.snapshot.taken, 1_000_000_003_000);
    let then = read(&file, Some(1_000_000_002_000));
    let first = &then.snapshot.switch[&SwitchSource::Ovsdb].rows()[0].ports[0];
    let ids: Vec<_> = first.external_ids.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(ids, ["b=3", "c=4"], "items that were there go, others come or change");
    assert_eq!((&*first.kind, first.tag), ("system", None), "what has its default is left out");
    let before = read_stream(file.as_bytes(), "it", Some(1)).unwrap_err().to_string();
    assert!(before.contains("nothing before 2001-09-09T01:46:40.000Z"), "{before}");
}

#[test]
fn what_became_of_each_port_is_told_with_who_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("conf.db");
    std::fs::write(&file, standalone()).unwrap();
    let told = |since, until| {
        let changes = port_changes(&file, since, until).unwrap();
        let number = |port: &Option<std::sync::Arc<model::switch::Port>>| {
            port.as_ref().map(|port| format!("{} {}", port.iface, port.ofport))
        };
        let each = changes.found.iter().map(|change| {
            let (before, now) = (number(&change.before), number(&change.now));
            (change.at % 1_000_000, before, now)
        });
        each.collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    let pending = "veth2 not assigned yet";
    let expected = [
        (0, None, some("veth1 1")),
        (1000, None, some(pending)),
        (2000, some("veth1 1"), some("veth1 9")),
        (2000, some(pending), some("veth2 2")),
        (3000, some("veth1 9"), None),
    ];
    assert_eq!(told(0, u64::MAX), expected);
    assert_eq!(told(1_000_000_001_001, 1_000_000_002_000), expected[2..4]);
    let changes = port_changes(&file, 0, u64::MAX).unwrap();
    assert_eq!(changes.known, Some((1_000_000_000_000, 1_000_000_003_000)));
    assert_eq!(changes.found[0].comment.as_deref(), Some("a"));
    let (_, now) = changes.found[3].ports();
    let occupant = now.unwrap().occupant.to_string();
    assert_eq!(occupant, "unknown: its external_ids name web");
}

#[test]
fn a_damaged_end_is_told_and_what_is_before_it_counts() {
    let file = standalone();
    let whole = file.len();
    for cut in 1..400 {
        let is_torn = !file[..whole - cut].ends_with("}\n");
        let told = read(&file[..whole - cut], None);
        let is_told = told.remarks.iter().any(|remark| remark.contains("damaged at byte"));
        assert_eq!(is_told, is_torn, "{cut}");
        assert!(ports(&told).contains(&("veth2".to_owned(), Some(2))) || cut > 200, "{cut}");
    }
    let garbage = format!("{file}OVSDB JSON 5 {}\nxxxxx", "0".repeat(40));
    let told = read(&garbage, None);
    assert!(told.remarks[0].contains(&format!("damaged at byte {whole}")), "{:?}", told.remarks);
    assert!(told.remarks[0].contains("SHA-1"), "{:?}", told.remarks);
    let huge = format!("{file}OVSDB JSON 99999999999 {}\n", "0".repeat(40));
    assert_eq!(ports(&read(&huge, None)), ports(&read(&file, None)));
}

#[test]
fn a_clustered_database_is_read_and_what_was_not_agreed_on_is_replaced() {
    let all = transactions();
    let head =
        format!(r#"{{"server_id":"x","name":"Open_vSwitch","prev_data":[{SCHEMA},{}]}}"#, all[0]);
    let entry = |index: u32, json: &str| {
        record(
            "CLUSTER",
            &format!(r#"{{"term":1,"index":{index},"eid":"e","data":[null,{json}]}}"#),
        )
    };
    let lost = all[1].replace("veth2", "veth7");
    let mut file = record("CLUSTER", &head);
    file += &entry(3, &lost);
    file += &record("CLUSTER", r#"{"term":2,"vote":"self"}"#);
    file += &entry(3, &all[1]);
    file += &record("CLUSTER", r#"{"commit_index":3}"#);
    file += &entry(4, &all[2]);
    let told = read(&file, None);
    assert_eq!(ports(&told), named(&[("veth1", Some(9)), ("veth2", Some(2))]));
}

#[test]
fn seconds_are_dates_too_and_another_database_is_none_of_a_switch() {
    let old = standalone().replace("\"_date\":1000000003000", "\"_date\":1000000003");
    // The last record's sum is of its text.
    let told = read(&old, None);
    assert!(told.remarks[0].contains("damaged"), "{:?}", told.remarks);
    let json = transactions()[0].replace("1000000000000", "1000000000") + "\n";
    let file = record("JSON", &format!("{SCHEMA}\n")) + &record("JSON", &json);
    assert_eq!(read(&file, None).snapshot.taken, 1_000_000_000_000);
    let other = standalone().replace("Open_vSwitch", "OVN_Northbd1");
    assert!(read_stream(other.as_bytes(), "it", None).is_err());
}
