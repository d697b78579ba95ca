//! An anonymised Snapshot has no key and no word of the host's, and means the same.

use docker_ovs_model::wiring::{Attachment, Occupant, SwitchPort};
use docker_ovs_model::{Snapshot, Wiring, anonymise, resolve};
use serde_json::{Map, Value, json};

use crate::wiring::{cases, read};

/// What could stand wherever a person may write: each has `acme` in it.
const MARKS: [&str; 12] = [
    "acme",
    "acme-customer-prod",
    "docker-ovs.acme",
    "docker-ovs acme/eth0 on br0",
    "/run/netns/acme",
    "/var/acme/net",
    "192.0.2.1,acme",
    "192.0.2.1/24 acme",
    "container:acme",
    "eth0acme",
    "acme/eth0/acme",
    "the namespace acme of acme: no such acme",
];
/// The same for what must have a form: an address, an id, a datapath.
const FORMED: [&str; 5] = [
    "0a:ce:0a:ce:0a:ce",
    "10.172.230.206",
    "10.172.230.206/24",
    "2001:db8:acce::acce/64",
    "acceacceacceacce",
];

/// A host that has something in every field.
pub(crate) fn full() -> Value {
    let path = cases().into_iter().find(|case| case.ends_with("shared-namespace")).unwrap();
    let mut host: Value = read(&path.join("snapshot.json"));
    let error = json!({"kind": "denied", "what": "w", "why": "y", "hint": "h"});
    host["identities"] = json!({
        "vswitchd": {"id": "v", "pid": 7, "world": "here", "evidence": "e"},
        "database": {"id": "d", "pid": 8, "world": "elsewhere", "why": "y"},
        "engines": {"docker": {"id": "i", "pid": 9, "world": "unknown", "why": "y"}},
    });
    host["named_engines"] = json!(["docker", "another"]);
    host["engines"]["another"] = json!({"state": "absent", "why": error});
    let container = &mut host["engines"]["docker"]["rows"][0];
    container["labels"] = json!({"com.docker.compose.project": "p", "l": "v"});
    container["netns_error"] = error.clone();
    let namespace = &mut host["kernel"]["rows"][0];
    namespace["names"] = json!(["blue"]);
    namespace["source_error"] = error.clone();
    namespace["links"][0]["gateways"] = json!(["10.1.2.3", "fd00::1"]);
    for (i, alias) in ["someone's", "docker-ovs 5d2c/eth0 on br0"].iter().enumerate() {
        if let Some(link) = namespace["links"].get_mut(i) {
            link["alias"] = json!(alias);
        }
    }
    let rows = host["switch"]["ovsdb"]["rows"].clone();
    host["switch"]["openflow"] = json!({"state": "stale", "rows": rows, "why": error});
    let bridge = &mut host["switch"]["ovsdb"]["rows"][0];
    bridge["fail_mode"] = json!("secure");
    bridge["fake_bridges"] = json!([{"name": "v100", "vlan": 100}]);
    let port = &mut bridge["ports"][0];
    port["bond"] = json!("bond0");
    port["port_name"] = json!("outer");
    port["error"] = json!("no such device");
    port["vlan_mode"] = json!("dot1q-tunnel");
    port["options"] = json!({"peer": "p", "remote_ip": "flow", "psk": "secret"});
    let ids = json!({
        "container_id": "web", "container_iface": "eth0", "docker-ovs.ip": "192.0.2.1/24",
        "docker-ovs.name": "web", "pod_netns": "/run/netns/blue", "acl": "x",
    });
    port["external_ids"] = ids.clone();
    port["port_external_ids"] = ids;
    serde_json::to_value(serde_json::from_value::<Snapshot>(host).unwrap()).unwrap()
}

/// Every host with one string, or one key, replaced by `mark`.
pub(crate) fn marked<'a>(value: &'a Value, mark: &'a str) -> Box<dyn Iterator<Item = Value> + 'a> {
    match value {
        Value::String(_) => Box::new(std::iter::once(json!(mark))),
        Value::Array(items) => Box::new(items.iter().enumerate().flat_map(move |(i, item)| {
            marked(item, mark).map(move |item| {
                let mut items = items.clone();
                items[i] = item;
                Value::Array(items)
            })
        })),
        Value::Object(fields) => Box::new(fields.iter().flat_map(move |(key, field)| {
            let inside = marked(field, mark).map(move |field| {
                let mut fields = fields.clone();
                fields[key] = field;
                Value::Object(fields)
            });
            inside.chain(std::iter::once(renamed(fields, key, mark)))
        })),
        _ => Box::new(std::iter::empty()),
    }
}

fn renamed(fields: &Map<String, Value>, key: &str, mark: &str) -> Value {
    let mut fields = fields.clone();
    let field = fields.remove(key).unwrap();
    fields.insert(mark.to_owned(), field);
    Value::Object(fields)
}

/// How many of the marked hosts were Snapshots; none of them may show its mark.
fn hidden(host: &Value, marks: &[&str], shown: impl Fn(&str) -> bool) -> usize {
    let mut count = 0;
    for mark in marks {
        for host in marked(host, mark) {
            let Ok(snapshot) = serde_json::from_value::<Snapshot>(host) else { continue };
            count += 1;
            let out = serde_json::to_string(&anonymise(&snapshot)).unwrap();
            assert!(!shown(&out), "{mark} is still there: {out}");
        }
    }
    count
}

#[test]
fn no_string_and_no_key_of_the_hosts_is_left() {
    let host = full();
    let words = hidden(&host, &MARKS, |out| out.contains("acme"));
    assert!(words > 900, "{words}");
    let formed = hidden(&host, &FORMED, |out| {
        ["0a:ce:0a", "10.172.230", "acce"].iter().any(|mark| out.contains(mark))
    });
    assert!(formed > 300, "{formed}");
}

#[test]
fn nothing_of_a_recorded_host_is_left_where_it_is_chosen_freely() {
    // Each with one mark: what the marks differ in is tried above.
    for (case, mark) in cases().into_iter().zip(MARKS[..3].chunks(1).cycle()) {
        let host: Snapshot = read(&case.join("snapshot.json"));
        hidden(&serde_json::to_value(&host).unwrap(), mark, |out| out.contains("acme"));
    }
}

/// What people call something may be digits; a process id, a time and a place in a service are kept.
#[test]
fn a_name_of_digits_is_a_name() {
    const DIGITS: &str = "471147114711";
    let shown = |change: &dyn Fn(&mut Value)| {
        let mut host = full();
        change(&mut host);
        let snapshot: Snapshot = serde_json::from_value(host).unwrap();
        serde_json::to_string(&anonymise(&snapshot)).unwrap().contains(DIGITS)
    };
    let in_port = |key: &str, value: &str| {
        let (key, value) = (key.to_owned(), value.to_owned());
        shown(&move |host: &mut Value| {
            let port = &mut host["switch"]["ovsdb"]["rows"][0]["ports"][0];
            port["external_ids"][&key] = json!(value);
        })
    };
    for key in [
        "container_id",
        "container_iface",
        "docker-ovs.name",
        "docker-ovs.compose-project",
        "docker-ovs.compose-service",
        "docker-ovs.swarm-service",
        "docker-ovs.network-name",
        "docker-ovs.engine-id",
        "pipework.containername",
        "pod_netns",
        "iface-id",
        // None of these is known.
        "created",
        "mtu",
    ] {
        assert!(!in_port(key, DIGITS), "{key}");
        assert!(!in_port(key, &format!("/run/netns/{DIGITS}")), "{key}");
        assert!(!in_port(key, &format!("a,{DIGITS}")), "{key}");
    }
    for key in [
        "docker-ovs.created",
        "docker-ovs.numbered",
        "docker-ovs.compose-number",
        "docker-ovs.mtu",
        "pipework.nspid",
    ] {
        assert!(in_port(key, DIGITS), "{key}");
    }
    for (label, kept) in [
        ("com.docker.compose.project", false),
        ("com.docker.swarm.service.name", false),
        ("com.docker.compose.container-number", true),
        ("key", false),
        ("docker-ovs.created", false),
    ] {
        let told = shown(&|host: &mut Value| {
            host["engines"]["docker"]["rows"][0]["labels"] = json!({label: DIGITS});
        });
        assert_eq!(told, kept, "{label}");
    }
}

/// Where everything is, without a word.
fn shape(wiring: &Wiring) -> (Vec<String>, Vec<String>) {
    let attachment = |a: &Attachment| {
        let port = a.port.port().map(|port| (port.ofport, port.fake_bridge.is_some()));
        let wire = serde_json::to_value(&a.wire).unwrap()["kind"].clone();
        let sizes = (a.tenants.len(), a.candidates.len(), a.evidence.len(), a.notes.len());
        format!("{:?} {} {port:?} {wire} {sizes:?}", a.link.ifindex, a.port.word())
    };
    let port = |p: &SwitchPort| {
        let kind = serde_json::to_value(&p.occupant).unwrap()["kind"].clone();
        let count = match &p.occupant {
            Occupant::Plugged { plugs } => plugs.len(),
            Occupant::Orphaned { last } => {
                last.iter().map(|last| 1 + usize::from(last.container.is_some())).sum()
            }
            _ => 0,
        };
        format!("{:?} {kind} {count} {:?} {}", p.ofports, p.vlans(), p.notes.len())
    };
    let mut rows = (
        wiring.attachments.iter().map(attachment).collect::<Vec<_>>(),
        wiring.ports.iter().map(port).collect::<Vec<_>>(),
    );
    rows.0.sort();
    rows.1.sort();
    rows
}

#[test]
fn every_recorded_host_means_the_same() {
    for case in cases() {
        let host: Snapshot = read(&case.join("snapshot.json"));
        let (seen, shown) = (resolve(&host), resolve(&anonymise(&host)));
        assert_eq!(shape(&shown), shape(&seen), "{}", case.display());
    }
}
