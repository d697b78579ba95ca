//! What commands print, in files that are called as one likes.

use docker_ovs_recorded::{Recording, read};
use model::ids::Nsid;
use model::resolve;
use model::switch::SwitchSource;

const SHOW: &str = r#"d9dec6d5-4c27-4a11-a757-6ebcd982be76
    Bridge br0
        datapath_type: netdev
        Port "veth1"
            tag: 10
            Interface "veth1"
        Port br0
            Interface br0
                type: internal
        Port bond0
            Interface eth1
            Interface eth2
                error: "could not open network device eth2 (No such device)"
    ovs_version: "3.1.0"
"#;

const OFCTL: &str = "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5
n_tables:254, n_buffers:0
 1(veth1): addr:9a:69:12:bc:3d:1d
     config:     0
     speed: 0 Mbps now, 0 Mbps max
 2(eth1): addr:9a:69:12:bc:3d:1e
 LOCAL(br0): addr:a6:b1:c2:d3:e4:f5
OFPT_GET_CONFIG_REPLY (xid=0x4): frags=normal miss_send_len=0
";

const LINKS: &str = "$ ip -d link
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
3: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN group default
    link/ether a6:b1:c2:d3:e4:f5 brd ff:ff:ff:ff:ff:ff promiscuity 1
    tun type tap pi off vnet_hdr off persist off addrgenmode eui64
7: veth1@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 qdisc noqueue master br0 state UP
    link/ether 9a:69:12:bc:3d:1d brd ff:ff:ff:ff:ff:ff link-netnsid 3
    veth addrgenmode eui64
8: eth1.5@eth1: <BROADCAST> mtu 1500 qdisc noop state DOWN
    link/ether 9a:69:12:bc:3d:1f brd ff:ff:ff:ff:ff:ff
    vlan protocol 802.1ad id 5 <REORDER_HDR> addrgenmode eui64
9: eth1: <BROADCAST> mtu 1500 qdisc noop state DOWN
    link/ether 9a:69:12:bc:3d:1e brd ff:ff:ff:ff:ff:ff
    inet 192.0.2.7/24 brd 192.0.2.255 scope global eth1
";

const INSPECT: &str = r#"[{"Id":"aaaa","Name":"/web","State":{"Status":"running","Pid":42},
"HostConfig":{"NetworkMode":"none"},"Config":{"Env":["SECRET=x"],"Labels":{"tier":"web"}},
"NetworkSettings":{"SandboxKey":"/var/run/docker/netns/x"}}]"#;

pub(crate) fn folder(files: &[(&str, &str)]) -> Recording {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    read(folder.path(), None).unwrap()
}

pub(crate) fn numbered(recording: &Recording, source: SwitchSource) -> Vec<String> {
    let rows = recording.snapshot.switch[&source].rows();
    let port =
        |port: &std::sync::Arc<model::switch::Port>| format!("{} {}", port.iface, port.ofport);
    rows.iter().flat_map(|bridge| bridge.ports.iter().map(port)).collect()
}

#[test]
fn what_is_shown_has_the_numbers_that_others_tell() {
    let told = folder(&[("a", SHOW), ("b", OFCTL), ("c.txt", LINKS), ("d", INSPECT)]);
    let rows = told.snapshot.switch[&SwitchSource::Ovsdb].rows();
    assert_eq!(numbered(&told, SwitchSource::Ovsdb), ["br0 65534", "eth1 2", "veth1 1"]);
    assert_eq!(rows[0].datapath.as_deref(), Some("netdev"));
    let why = told.snapshot.switch[&SwitchSource::Ovsdb].incompleteness().unwrap();
    assert!(why.why.contains("no number of eth2, which"), "{why}");
    let bond = rows[0].ports.iter().find(|port| &*port.iface == "eth1").unwrap();
    assert_eq!(bond.bond.as_deref(), Some("bond0"));
    assert_eq!(rows[0].ports.iter().find(|port| &*port.iface == "veth1").unwrap().tag, Some(10));
    let links = &told.snapshot.kernel.rows()[0].links;
    let veth = links.iter().find(|link| &*link.name == "veth1").unwrap();
    let peer = veth.peer.unwrap();
    assert_eq!((peer.ifindex.0, peer.nsid), (2, Some(Nsid(3))));
    assert_eq!((veth.kind.as_deref(), veth.mtu, veth.up), (Some("veth"), 1400, true));
    assert_eq!(veth.master.map(|index| index.0), Some(3));
    let vlan = links.iter().find(|link| &*link.name == "eth1.5").unwrap();
    assert_eq!((vlan.vlan, vlan.peer.map(|peer| peer.ifindex.0)), (Some(5), Some(9)));
    assert_eq!(vlan.vlan_protocol, Some(0x88a8));
    let web = told.snapshot.containers().next().unwrap();
    assert_eq!((&*web.name, web.pid, web.netns), ("web", Some(42), None));
    assert!(!serde_json::to_string(&told.snapshot).unwrap().contains("SECRET"));
    let wiring = resolve(&told.snapshot);
    assert!(wiring.attachments.is_empty(), "no container's namespace was recorded");
    assert!(wiring.ports.iter().all(|port| !port.occupant.is_orphaned()));
}

#[test]
fn a_text_alone_says_what_it_says_and_nothing_else() {
    let told = folder(&[("x", OFCTL)]);
    let expected = ["veth1 1", "eth1 2", "br0 65534"];
    assert_eq!(numbered(&told, SwitchSource::OpenFlow), expected);
    assert!(told.snapshot.switch[&SwitchSource::Ovsdb].absence().is_some());
    assert!(told.snapshot.kernel.absence().is_some());
    let nothing = tempfile::tempdir().unwrap();
    std::fs::write(nothing.path().join("x"), "hello").unwrap();
    let error = read(nothing.path(), None).unwrap_err();
    assert!(error.to_string().contains("nothing in it is known"), "{error}");
}

#[test]
fn lists_and_dumps_are_tables() {
    let list = "_uuid               : 11111111-0000-4000-8000-000000000000\n\
        external_ids        : {container_id=\"a b\", iface=eth0}\n\
        name                : \"veth1\"\nofport              : 4\ntype                : \"\"\n";
    let told = folder(&[("show", SHOW), ("list", list)]);
    let rows = told.snapshot.switch[&SwitchSource::Ovsdb].rows();
    let [port] = rows[0].ports.as_slice() else { panic!("{rows:?}") };
    assert_eq!((&*port.iface, port.external_ids["container_id"].as_str()), ("veth1", "a b"));
    let dump = "Bridge table\n_uuid                                name ports\n\
        ------------------------------------ ---- -----\n\
        33333333-0000-4000-8000-000000000000 br0  [22222222-0000-4000-8000-000000000000]\n\n\
        Interface table\n_uuid name ofport type\n----- ---- ------ ----\n\
        11111111-0000-4000-8000-000000000000 \"veth 1\" 5 \"\"\n\n\
        Port table\n_uuid interfaces name tag\n----- ---------- ---- ---\n\
        22222222-0000-4000-8000-000000000000 [11111111-0000-4000-8000-000000000000] \"veth 1\" []\n";
    assert_eq!(numbered(&folder(&[("d", dump)]), SwitchSource::Ovsdb), ["veth 1 5"]);
}

#[test]
fn of_a_report_of_sos_what_is_of_use_is_read() {
    let own = "sosreport-h-1/sos_commands";
    let netns = "ip_netns_exec_blue_ip_-d_address_show";
    let inside = "2: eth0@if7: <BROADCAST,UP> mtu 1400 qdisc noqueue state UP\n    link/ether \
        02:00:00:00:00:07 brd ff:ff:ff:ff:ff:ff link-netnsid 0\n    veth addrgenmode eui64\n    inet \
        192.0.2.9/24 scope global eth0\n";
    let told = folder(&[
        (&format!("{own}/openvswitch/ovs-vsctl_-t_5_show"), SHOW),
        (&format!("{own}/openvswitch/ovs-ofctl_show_br0"), OFCTL),
        (
            &format!("{own}/openvswitch/ovs-ofctl_-O_OpenFlow13_show_br9"),
            "version negotiation failed",
        ),
        (&format!("{own}/networking/ip_-s_-d_link"), LINKS.strip_prefix("$ ip -d link\n").unwrap()),
        (&format!("{own}/networking/ip_netns"), "blue (id: 3)\nred\n"),
        (&format!("{own}/networking/namespaces/blue/{netns}"), inside),
        (&format!("{own}/docker/containers/docker_inspect_aaaa"), INSPECT),
        (&format!("{own}/host/hostname"), "h1\n"),
        ("sosreport-h-1/etc/passwd", LINKS),
    ]);
    assert_eq!(told.snapshot.host, "h1");
    let wiring = resolve(&told.snapshot);
    let blue = wiring.attachments.iter().find(|row| row.netns_names == ["blue"]).unwrap();
    assert_eq!(blue.port.ofport().map(|port| port.0), Some(1), "{blue:?}");
    assert_eq!(told.snapshot.containers().count(), 1);
}

/// What each file says is told of the last by name, and that another one says otherwise.
#[test]
fn of_files_that_disagree_it_is_told_which_is_taken() {
    let other_inspect = INSPECT.replace("running", "exited");
    let other_numbers = OFCTL.replace(" 1(", " 9(");
    let files = [
        ("a.json", INSPECT),
        ("b.json", &*other_inspect),
        ("c.json", &other_inspect),
        ("d_show_br0", OFCTL),
        ("e_show_br0", &other_numbers),
    ];
    let told = folder(&files);
    let containers: Vec<_> = told.snapshot.containers().map(|row| &*row.state).collect();
    assert_eq!(containers, ["exited"], "one container, told of three times");
    let disagree: Vec<_> = told.remarks.iter().map(|remark| remark.split(':').next()).collect();
    assert_eq!(disagree, [Some("b.json"), Some("e_show_br0")], "{:?}", told.remarks);
    assert!(numbered(&told, SwitchSource::OpenFlow).contains(&"veth1 9".to_owned()));
}

#[test]
fn flows_and_mac_tables_are_of_the_bridge_that_the_files_name_tells() {
    use host::SwitchCommand::{Fdb, Flows};
    let flows = "NXST_FLOW reply (xid=0x4):\n cookie=0x0, duration=1s, actions=NORMAL\n";
    let table = " port  VLAN  MAC                Age\n    1     0  9a:69:12:bc:3d:1d    3\n";
    let told = folder(&[
        ("sos_commands/openvswitch/ovs-ofctl_show_br0", OFCTL),
        ("sos_commands/openvswitch/ovs-ofctl_dump-flows_br0", flows),
        ("sos_commands/openvswitch/ovs-appctl_fdb.show_br0", table),
        ("sos_commands/openvswitch/ovs-appctl_fdb.show_br1", "no such bridge\n"),
    ]);
    assert_eq!(told.answers.get(Flows("br0")).unwrap(), flows);
    assert_eq!(told.answers.get(Fdb("br0")).unwrap(), table);
    for missing in [Flows("br1"), Fdb("br1")] {
        let why = told.answers.get(missing).unwrap_err().to_string();
        assert!(why.contains("br1"), "{why}");
    }
}

/// Whatever the release: the header of the table has words in capitals since 4.0.
#[test]
fn flows_and_mac_tables_of_every_release_are_known() {
    use host::SwitchCommand::{Fdb, Flows};
    let fixtures =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../flowtext/tests/fixtures");
    let printed = |name: String| std::fs::read_to_string(fixtures.join(name)).unwrap();
    for release in ["3.1", "3.5", "4.0"] {
        let (flows, table) = (
            printed(format!("{release}_dump_flows.txt")),
            printed(format!("{release}_fdb_show.txt")),
        );
        let told = folder(&[
            ("sos_commands/openvswitch/ovs-ofctl_show_br0", OFCTL),
            ("sos_commands/openvswitch/ovs-ofctl_dump-flows_br0", &flows),
            ("sos_commands/openvswitch/ovs-appctl_fdb.show_br0", &table),
        ]);
        assert_eq!(told.answers.get(Flows("br0")).unwrap(), flows, "{release}");
        assert_eq!(told.answers.get(Fdb("br0")).unwrap(), table, "{release}");
    }
    // That of several bridges is none of this one.
    let several = "Bridge   Port  VLAN  MAC                Age\nbr0  1  0  9a:69:12:bc:3d:1d  3\n";
    let told = folder(&[
        ("sos_commands/openvswitch/ovs-ofctl_show_br0", OFCTL),
        ("sos_commands/openvswitch/ovs-appctl_fdb.show_br0", several),
    ]);
    assert!(told.answers.get(Fdb("br0")).is_err());
}
