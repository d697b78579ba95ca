//! An anonymised Snapshot has no key and no word of the host's, and means the same.

use docker_ovs_model::identity::SourceIdentity;
use docker_ovs_model::port_record::PortRecord;
use docker_ovs_model::snapshot::{Container, EngineName, Observed};
use docker_ovs_model::switch::Port;
use docker_ovs_model::whereabouts::{Whereabouts, whereabouts};
use docker_ovs_model::wiring::{Attachment, ContainerRef, Occupant, SwitchPort};
use docker_ovs_model::{Snapshot, anonymise, resolve};
use serde_json::{Map, Value, json};

use crate::plans::scene;
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

/// What it is, without what it says.
fn kind(of: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(of).unwrap();
    let tagged = ["found", "note", "kind"].iter().find_map(|tag| value.get(tag)?.as_str());
    let named = || value.as_object().and_then(|fields| fields.keys().next().cloned());
    tagged.map(str::to_owned).or_else(named).unwrap_or_else(|| value.to_string())
}

/// Who runs a container, as far as that decides anything.
fn engine(who: &std::sync::Arc<ContainerRef>) -> (bool, bool, String) {
    let kind = who.engine.kind().to_owned();
    (who.qualified.is_some(), who.engine.user().is_some(), kind)
}

/// What is known of the container of a record.
fn whereabouts_word(host: &Snapshot, port: &Port) -> String {
    let record = PortRecord::of(port).unwrap();
    match whereabouts(host, &record) {
        Whereabouts::Known(row) => format!("known {:?}", row.netns),
        Whereabouts::Replaced(row) => format!("replaced {:?}", row.netns),
        Whereabouts::InOtherEngine { .. } => "in another engine".to_owned(),
        Whereabouts::Gone => "gone".to_owned(),
        Whereabouts::Unknown { .. } => "unknown".to_owned(),
    }
}

/// Where everything is, without a word.
fn shape(host: &Snapshot) -> (Vec<String>, Vec<String>) {
    let wiring = resolve(host);
    let attachment = |a: &Attachment| {
        let port = a.port.port().map(|port| (port.ofport, port.fake_bridge.is_some()));
        let wire = serde_json::to_value(&a.wire).unwrap()["kind"].clone();
        let sizes = (a.tenants.len(), a.candidates.len());
        let evidence: Vec<_> = a.evidence.iter().map(kind).collect();
        let notes: Vec<_> = a.notes.iter().map(kind).collect();
        let sizes = (sizes, evidence, notes, a.tenants.iter().map(engine).collect::<Vec<_>>());
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
        let last = p.occupant.last_tenant().and_then(|last| last.container.as_ref());
        let last = last.map(|who| (who.qualified.is_some(), who.engine.user().is_some()));
        let notes: Vec<_> = p.notes.iter().map(self::kind).collect();
        let record = PortRecord::of(&p.port).map(|record| {
            let mark = record.engine.map(|mark| (mark.kind, mark.id.is_some()));
            // What was typed, and may be a name or the beginning of an id, is masked as neither.
            (mark, record.ours.then(|| whereabouts_word(host, &p.port)))
        });
        format!("{:?} {kind} {count} {:?} {notes:?} {last:?} {record:?}", p.ofports, p.vlans())
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
        assert_eq!(shape(&anonymise(&host)), shape(&host), "{}", case.display());
    }
}

/// Whose a container is decides what counts: engines of users, containers of one id, and ids of engines of every
/// form.
#[test]
fn engines_of_users_and_records_of_engines_mean_the_same() {
    let kinds = ["docker", "podman", "cri", "containerd", "incus", "lxd", "lxc", "nspawn"];
    let ids = [
        "0ef0ad27-60b7-45c0-b4ee-e0590285d115:/var/lib/docker",
        "0ef0ad27-60b7-45c0-b4ee-e0590285d115",
        "0ef0ad27-60b7-45c0-b4ee-e0590285d115:/srv/docker@1-2-3",
        "podman:/var/lib/acme",
        "podman:/var/lib/acme@unknown",
        "lxc:/var/lib/lxc",
    ];
    for (other, user) in [("docker@1000", None), ("podman@1000", None), ("docker@/acme", Some(7))] {
        for (kind, id) in kinds.iter().flat_map(|kind| ids.map(|id| (kind, id))) {
            for (container, asked) in ids.iter().flat_map(|asked| [("c1", asked), ("c9", asked)]) {
                let host = two_engines(other, user, asked, container, (kind, id));
                let what = format!("{other} {kind} {id} {asked} {container}");
                let (seen, shown) = (shape(&host), shape(&anonymise(&host)));
                assert_eq!(shown, seen, "{what}");
                let called = |host| resolve(host).attachments[0].tenants[0].qualified.is_some();
                assert_eq!(called(&anonymise(&host)), called(&host), "{what}");
            }
        }
    }
}

/// The host with a connected `c1`, and another engine that has a container of that name or id.
fn two_engines(
    other: &str,
    user: Option<u32>,
    asked: &str,
    name: &str,
    (kind, id): (&str, &str),
) -> Snapshot {
    let mut host = scene::connected(&scene::host(), &scene::request("br0", "c1"), 1);
    let docker = EngineName("docker".into());
    host.identities.engines.get_mut(&docker).unwrap().id = Some(asked.to_owned());
    let identity = SourceIdentity { user, ..host.identities.engines[&docker].clone() };
    let engine = EngineName(other.into());
    host.identities.engines.insert(engine.clone(), identity);
    let row = Container { name: name.into(), netns: Some(scene::home(3)), ..scene::container(1) };
    host.engines.insert(engine, Observed::Fresh { rows: [row].into() });
    for row in host.switch.values_mut().flat_map(Observed::rows_mut) {
        for port in row.ports.iter_mut().map(std::sync::Arc::make_mut) {
            port.external_ids.insert("docker-ovs.engine".to_owned(), kind.to_owned());
            port.external_ids.insert("docker-ovs.engine-id".to_owned(), id.to_owned());
        }
    }
    host
}
