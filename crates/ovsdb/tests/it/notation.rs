//! Column values of RFC 7047 section 5.1, well formed and not.

use docker_ovs_ovsdb::{Map, Optional, Select, Set, Uuid, Value};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{from_str, json, to_value};

const TEXT: &str = "5b0b71c3-31de-4cb9-af21-53243316fec3";

fn uuid() -> Uuid {
    TEXT.parse().unwrap()
}

fn set<T: DeserializeOwned>(json: &str) -> Vec<T> {
    from_str::<Set<T>>(json).unwrap().0
}

#[test]
fn a_set_is_a_bare_atom_or_a_list() {
    assert_eq!(set::<i64>("-1"), [-1]);
    assert_eq!(set::<u64>("18446744073709551615"), [u64::MAX]);
    assert_eq!(set::<f64>("0.5"), [0.5]);
    assert_eq!(set::<bool>("true"), [true]);
    assert_eq!(set::<String>("\"a\\nb\""), ["a\nb"]);
    assert_eq!(set::<String>(r#"["set",[]]"#), [""; 0]);
    assert_eq!(set::<i64>(r#"["set",[1,2]]"#), [1, 2]);
    assert_eq!(set::<Uuid>(&format!(r#"["uuid","{TEXT}"]"#)), [uuid()]);
    let two = format!(r#"["set",[["uuid","{TEXT}"],["uuid","{TEXT}"]]]"#);
    assert_eq!(set::<Uuid>(&two), [uuid(), uuid()]);
}

#[test]
fn a_set_may_borrow() {
    let Set(texts) = from_str::<Set<&str>>(r#""veth1""#).unwrap();
    assert_eq!(texts, ["veth1"]);
}

#[test]
fn an_optional_is_a_set_of_at_most_one() {
    assert_eq!(from_str::<Optional<i64>>(r#"["set",[]]"#).unwrap().0, None);
    assert_eq!(from_str::<Optional<i64>>(r#"["set",[4]]"#).unwrap().0, Some(4));
    assert_eq!(from_str::<Optional<i64>>("4").unwrap().0, Some(4));
    from_str::<Optional<i64>>(r#"["set",[4,5]]"#).unwrap_err();
}

#[test]
fn a_map_is_a_list_of_pairs() {
    let Map(map) = from_str::<Map<String, String>>(r#"["map",[["b","2"],["a","1"]]]"#).unwrap();
    assert_eq!(to_value(map).unwrap(), json!({"a": "1", "b": "2"}));
    let Map(map) =
        from_str::<Map<i64, Uuid>>(&format!(r#"["map",[[7,["uuid","{TEXT}"]]]]"#)).unwrap();
    assert_eq!(map[&7], uuid());
    assert!(from_str::<Map<String, String>>(r#"["map",[]]"#).unwrap().is_empty());
}

#[test]
fn what_is_malformed_is_an_error() {
    for json in [
        "null",
        "{}",
        "[]",
        "[1]",
        "[\"set\"]",
        r#"["set",1]"#,
        r#"["set",[],[]]"#,
        r#"["set",["a"]]"#,
        r#"["map",[]]"#,
        "\"a\"",
        "1.5",
        r#"["set",[["set",[1]]]]"#,
    ] {
        assert!(from_str::<Set<i64>>(json).is_err(), "{json}");
    }
    for json in [
        "[]",
        "1",
        r#"["uuid"]"#,
        r#"["uuid",1]"#,
        r#"["uuid","x"]"#,
        &format!(r#"["uuid","{}"]"#, TEXT.replace('-', "")),
        &format!(r#"["uuid","{{{TEXT}}}"]"#),
        &format!(r#"["uuid","urn:uuid:{TEXT}"]"#),
        r#"["named-uuid","row"]"#,
        &format!(r#"["uuid","{TEXT}",1]"#),
        &format!("\"{TEXT}0\""),
        "\"5b0b71c3+31de-4cb9-af21-53243316fec3\"",
        "\"5b0b71c3-31de-4cb9-af21-53243316fecé\"",
    ] {
        assert!(from_str::<Uuid>(json).is_err(), "{json}");
        assert!(from_str::<Set<Uuid>>(json).is_err(), "{json}");
    }
    for json in [
        "[]",
        "{}",
        r#"["map"]"#,
        r#"["set",[]]"#,
        r#"["map",{}]"#,
        r#"["map",[["a"]]]"#,
        r#"["map",[["a","b","c"]]]"#,
        r#"["map",[],1]"#,
    ] {
        assert!(from_str::<Map<String, String>>(json).is_err(), "{json}");
    }
}

#[test]
fn a_select_is_written_as_rfc_7047_asks() {
    let external_ids = Value::from([("container_id", "ab\"c")]);
    let select = Select::new("Port", &["_uuid", "name"])
        .includes("interfaces", uuid())
        .includes("external_ids", external_ids)
        .equal("name", "veth1")
        .equal("tag", 7)
        .equal("trunks", Value::Set(vec![1.into(), 2.into()]))
        .equal("fake_bridge", false);
    let expected = json!({
        "op": "select",
        "table": "Port",
        "where": [
            ["interfaces", "includes", ["uuid", TEXT]],
            ["external_ids", "includes", ["map", [["container_id", "ab\"c"]]]],
            ["name", "==", "veth1"],
            ["tag", "==", 7],
            ["trunks", "==", ["set", [1, 2]]],
            ["fake_bridge", "==", false],
        ],
        "columns": ["_uuid", "name"],
    });
    assert_eq!(to_value(select).unwrap(), expected);
}

fn notation() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["set", "map", "uuid", TEXT, ""])
            .prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        Just(json!({})),
    ];
    leaf.prop_recursive(5, 20, 3, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::from)
    })
}

proptest! {
    #[test]
    fn nothing_panics(value in notation()) {
        let text = value.to_string();
        let _ = from_str::<Set<i64>>(&text);
        let _ = from_str::<Set<Uuid>>(&text);
        let _ = from_str::<Optional<String>>(&text);
        let _ = from_str::<Map<String, Set<Uuid>>>(&text);
        let _ = from_str::<Set<serde_json::Value>>(&text);
    }

    #[test]
    fn a_uuid_is_displayed_as_it_was_written(
        text in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ) {
        prop_assert_eq!(text.parse::<Uuid>().unwrap().to_string(), text);
    }

    #[test]
    fn no_text_makes_a_uuid_panic(text in "\\PC{30,40}") {
        let _ = text.parse::<Uuid>();
    }
}
