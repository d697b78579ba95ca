//! What a recording has several of, or of another moment, is told apart and never mixed.

use docker_ovs_recorded::{Recording, read, read_stream};
use model::ids::EngineName;
use model::snapshot::Observed;
use model::switch::SwitchSource;

use super::database::{SCHEMA, record};
use super::outputs::{folder, numbered};

const LINKS: &str = "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN\n    \
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n\
    7: veth1@if2: <BROADCAST,UP> mtu 1400 qdisc noqueue state UP\n    \
    link/ether 9a:69:12:bc:3d:1d brd ff:ff:ff:ff:ff:ff link-netns web\n    veth addrgenmode eui64\n";
const INSIDE: &str = "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN\n    \
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n\
    2: eth0@if7: <BROADCAST,UP> mtu 1400 qdisc noqueue state UP\n    \
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0\n    veth addrgenmode eui64\n";
const WITHIN: &str = "sos_commands/networking/namespaces/web/ip_netns_exec_web_ip_-d_address_show";
/// 2001-09-09T01:46:40Z, in milliseconds.
const EARLY: u64 = 1_000_000_000_000;

fn ofctl(bridge: &str, number: u16) -> String {
    format!(
        "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5\n {number}(veth1): addr:9a:69:12:bc:3d:1d\n \
         LOCAL({bridge}): addr:a6:b1:c2:d3:e4:f5\nOFPT_GET_CONFIG_REPLY (xid=0x4): frags=normal\n"
    )
}

fn conf_db() -> String {
    let made = format!(
        r#"{{"_date":{EARLY},"Bridge":{{"33333333-0000-4000-8000-000000000000":{{"name":"br0"}}}}}}"#
    );
    [record("JSON", SCHEMA), record("JSON", &made)].concat()
}

/// A capture's snapshot, of a moment.
fn snapshot(taken: u64) -> String {
    let mut told = folder(&[("show", &ofctl("br9", 9))]).snapshot;
    told.taken = taken;
    let json = serde_json::to_value(&told).unwrap();
    assert!(json.get("docker-ovs-snapshot").is_some(), "{json}");
    serde_json::to_string(&told).unwrap()
}

fn refused(files: &[(&str, &str)], at: Option<u64>) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    read(folder.path(), at).unwrap_err().to_string()
}

fn at(files: &[(&str, &str)], at: u64) -> Recording {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    read(folder.path(), Some(at)).unwrap()
}

#[test]
fn texts_of_one_moment_tell_nothing_of_another() {
    for (name, text) in [("links", LINKS), ("show_br0", &ofctl("br0", 1))] {
        let said = read_stream(text.as_bytes(), "it", Some(EARLY)).unwrap_err().to_string();
        assert!(said.contains("tells its past") && said.contains("--at"), "{name}: {said}");
    }
    let inspect = r#"[{"Id":"aaaa","Name":"/web","State":{"Status":"running","Pid":42}}]"#;
    assert!(refused(&[("i", inspect)], Some(EARLY)).contains("tells its past"));
    // A database does, and nothing of another moment is beside it.
    let db = conf_db();
    let files =
        [("conf.db", &*db), ("links", LINKS), ("i", inspect), ("show_br0", &ofctl("br0", 1))];
    let told = at(&files, EARLY);
    assert!(told.snapshot.kernel.absence().is_some() && told.snapshot.containers().count() == 0);
    assert!(told.snapshot.switch[&SwitchSource::OpenFlow].absence().is_some());
    assert!(told.remarks.iter().any(|said| said.contains("are left out")), "{:?}", told.remarks);
    assert_eq!(told.snapshot.taken, EARLY);
    let alone = at(&[("conf.db", &db)], EARLY);
    assert!(!alone.remarks.iter().any(|said| said.contains("left out")), "{:?}", alone.remarks);
}

#[test]
fn bridges_that_follow_on_each_other_are_each_its_own() {
    let both = format!(
        "$ ovs-ofctl show br0\n{}$ ovs-ofctl show br1\n{}",
        ofctl("br0", 1),
        ofctl("br1", 5)
    );
    for name in ["ports", "ovs-ofctl_show_br0"] {
        let told = folder(&[(name, &both)]);
        let bridges = told.snapshot.switch[&SwitchSource::OpenFlow].rows();
        let names: Vec<_> = bridges.iter().map(|bridge| &*bridge.name).collect();
        assert_eq!(names, ["br0", "br1"]);
        assert_eq!(
            numbered(&told, SwitchSource::OpenFlow),
            ["veth1 1", "br0 65534", "veth1 5", "br1 65534"]
        );
    }
    // Without its own port only a file's name tells whose ports these are, and of one bridge alone.
    let without = |bridge: &str| {
        ofctl(bridge, 1).replace(&format!(" LOCAL({bridge}): addr:a6:b1:c2:d3:e4:f5\n"), "")
    };
    let one = folder(&[("ovs-ofctl_show_br0", &without("br0"))]);
    assert_eq!(&*one.snapshot.switch[&SwitchSource::OpenFlow].rows()[0].name, "br0");
    let said = refused(&[("ovs-ofctl_show_br0", &[without("br0"), without("br1")].concat())], None);
    assert!(said.contains("nothing in it is known"), "{said}");
}

#[test]
fn two_reports_are_of_two_hosts() {
    let show = "sos_commands/openvswitch/ovs-ofctl_show_br0";
    let [one, other] = ["sosreport-a", "sosreport-b"].map(|host| format!("{host}/{show}"));
    let ports = ofctl("br0", 1);
    let said = refused(&[(&one, &ports), (&other, &ports)], None);
    assert!(said.contains("several reports of sos: sosreport-a, sosreport-b"), "{said}");
    let said = refused(&[(show, &ports), (&other, &ports)], None);
    assert!(said.contains("several reports of sos: ., sosreport-b"), "{said}");
    let inside = "sosreport-a/sos_commands/host/hostname";
    let told = folder(&[(&one, &ports), (inside, "h1\n")]);
    assert_eq!((&*told.snapshot.host, told.remarks.len()), ("h1", 0));
    let told = folder(&[(&one, &ports), (inside, "h1\n"), ("sosreport-a/hostname", "h2\n")]);
    assert!(told.remarks[0].contains("otherwise than another file"), "{:?}", told.remarks);
}

#[test]
fn a_snapshot_among_others_is_told_and_a_database_tells_other_moments() {
    let (db, ports) = (conf_db(), ofctl("br0", 1));
    let bridges = |told: &Recording| {
        let all = told.snapshot.bridges();
        all.map(|bridge| bridge.name.to_string()).collect::<Vec<_>>()
    };
    for (beside, later) in
        [(("conf.db", &*db), true), (("show_br0", &ports), false), (("l", LINKS), false)]
    {
        let told = folder(&[("snapshot.json", &snapshot(EARLY - 1)), beside]);
        assert_eq!(bridges(&told), ["br9"]);
        let said = &told.remarks[0];
        assert!(said.contains("a snapshot of 2001-09-09T01:46:39.999Z is taken"), "{said}");
        assert_eq!(said.contains("the database goes on"), later, "{said}");
    }
    assert_eq!(folder(&[("snapshot.json", &snapshot(EARLY))]).remarks, [""; 0]);
    let files = [("snapshot.json", &*snapshot(EARLY + 1)), ("conf.db", &db)];
    assert_eq!(bridges(&at(&files, EARLY)), ["br0"], "the snapshot is of another moment");
    assert_eq!(bridges(&at(&files, EARLY + 1)), ["br9"]);
}

#[test]
fn the_namespace_of_an_other_end_may_be_told_by_its_name() {
    let peer = |told: &Recording| {
        let host = &told.snapshot.kernel.rows()[0];
        let veth = host.links.iter().find(|link| &*link.name == "veth1").unwrap();
        let nsid = veth.peer.expect("its other end is told").nsid.expect("it is elsewhere");
        let to = host.nsids.get(&nsid).copied().expect("the number is of a namespace");
        (nsid, told.snapshot.namespace(to).map(|row| row.names.clone()))
    };
    let web = Some(vec!["web".to_owned()]);
    let both = [("ip_-d_address", LINKS), (WITHIN, INSIDE)];
    assert_eq!(peer(&folder(&both)).1, web);
    let numbered = [both[0], both[1], ("sos_commands/networking/ip_netns", "web (id: 3)\n")];
    let (nsid, names) = peer(&folder(&numbered));
    assert_eq!((nsid.0, names), (3, web), "by what the host calls it, where that is told");
    assert_eq!(peer(&folder(&[("l", LINKS)])).1, None, "it was not read");
    // A namespace calls others by names, too.
    let by_name = INSIDE.replace("link-netnsid 0", "link-netns other");
    let told = folder(&[("ip_-d_address", LINKS), (WITHIN, &by_name)]);
    let inside = told.snapshot.kernel.rows().iter().find(|row| row.names == ["web"]).unwrap();
    let nsid = inside.links[1].peer.unwrap().nsid.unwrap();
    assert_ne!(inside.nsids[&nsid], inside.id);
}

#[test]
fn whose_a_container_is_its_own_keys_tell() {
    let engines = |inspect: &str| {
        let told = folder(&[("inspect", inspect)]);
        told.snapshot.engines.keys().cloned().collect::<Vec<_>>()
    };
    let container = |more: &str| {
        format!(r#"[{{"Id":"aaaa","Name":"/web","State":{{"Status":"running","Pid":42}}{more}}}]"#)
    };
    let docker = [EngineName("docker".into())];
    for labels in [
        r#","Config":{"Labels":{"OCIRuntime":"x"}}"#,
        r#","Config":{"Env":["\"OCIRuntime\""]}"#,
        r#","Args":["OCIRuntime"],"HostConfig":{"OCIRuntime":"runc"}"#,
        "",
    ] {
        assert_eq!(engines(&container(labels)), docker, "{labels}");
    }
    assert_eq!(engines(&container(r#","OCIRuntime":"crun""#)), [EngineName("podman".into())]);
}

#[test]
fn links_are_all_there_are_where_each_text_begins_with_the_first() {
    let part = |files: &[(&str, &str)]| {
        let told = folder(files);
        let kernel: &Observed<_> = &told.snapshot.kernel;
        assert!(!kernel.rows().is_empty());
        kernel.incompleteness().map(|error| error.why.clone())
    };
    let some = LINKS.split_once("7: ").map(|(_, rest)| format!("7: {rest}")).unwrap();
    assert_eq!(part(&[("l", LINKS), (WITHIN, INSIDE)]), None);
    assert_eq!(part(&[("l", LINKS), ("m", &some), (WITHIN, INSIDE)]), None, "one of them has all");
    let why = part(&[("l", &some), (WITHIN, INSIDE)]).unwrap();
    assert!(why.contains("of the host"), "{why}");
    let why = part(&[("l", LINKS), (WITHIN, INSIDE.split_once("2: ").unwrap().1)]);
    assert_eq!(why, None, "no links at all");
    let eth0 = INSIDE.split_once("\n2: ").map(|(_, rest)| format!("2: {rest}")).unwrap();
    let why = part(&[("l", LINKS), (WITHIN, &eth0)]).unwrap();
    assert!(why.contains("of the namespace web"), "{why}");
    let why = part(&[(WITHIN, INSIDE)]).unwrap();
    assert!(why.contains("the host's own links"), "{why}");
    let why = part(&[("l", LINKS), ("ip_netns", "web (id: 3)\nblue\n"), (WITHIN, INSIDE)]).unwrap();
    assert!(why.contains("in the namespace blue"), "{why}");
}

#[test]
fn what_comes_after_a_damage_is_not_known() {
    let whole = conf_db();
    let state = |file: &str| {
        let told = folder(&[("conf.db", file)]);
        let rows = &told.snapshot.switch[&SwitchSource::Ovsdb];
        (rows.rows().len(), rows.incompleteness().map(|error| error.why.clone()))
    };
    assert_eq!(state(&whole), (1, None));
    let (rows, why) = state(&format!("{whole}OVSDB JSON 9 0000\n{{}}\n"));
    assert!(
        rows == 1 && why.as_ref().is_some_and(|why| why.contains("damaged at byte")),
        "{why:?}"
    );
}
