//! What releases of Open vSwitch from 2.0 to 4.0 print and keep. Of 3.1, 3.5 and 4.0 it is what they
//! printed; that of older ones is made anew, in the form that reports of their time have it.

use model::switch::SwitchSource;

use crate::database::{SCHEMA, record};
use crate::outputs::{folder, numbered};

/// Outputs of one release about the bridge `br0` with `veth1` on port 1 and `br0` itself.
struct Release {
    called: &'static str,
    /// `ovs-vsctl show`
    show: &'static str,
    /// `ovs-ofctl show br0`, before its ports
    features: &'static str,
    /// `ovs-appctl dpif/show`
    datapath: &'static str,
}

/// The ports of `ovs-ofctl show br0`.
const PORTS: &str = " 1(veth1): addr:9a:69:12:bc:3d:1d
     config:     0
     state:      LIVE
     current:    10GB-FD COPPER
     speed: 10000 Mbps now, 0 Mbps max
 LOCAL(br0): addr:a6:b1:c2:d3:e4:f5
     config:     PORT_DOWN
     state:      LINK_DOWN
     speed: 0 Mbps now, 0 Mbps max
OFPT_GET_CONFIG_REPLY (xid=0x4): frags=normal miss_send_len=0
";

const OLD: [Release; 5] = [
    Release {
        called: "2.0: names are quoted, each bridge counts its hits",
        show: r#"5d5f0b6c-1e5c-4c1b-8a6e-3b1f9f0a7c11
    Bridge "br0"
        Port "br0"
            Interface "br0"
                type: internal
        Port "veth1"
            tag: 10
            Interface "veth1"
    ovs_version: "2.0.2"
"#,
        features: "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5
n_tables:254, n_buffers:256
capabilities: FLOW_STATS TABLE_STATS PORT_STATS QUEUE_STATS ARP_MATCH_IP
actions: OUTPUT SET_VLAN_VID SET_VLAN_PCP STRIP_VLAN SET_DL_SRC SET_DL_DST SET_NW_SRC SET_NW_DST
",
        datapath: "system@ovs-system: hit:0 missed:54
\tflows: cur: 0, avg: 0, max: 14, life span: 0ms
\thourly avg: add rate: 0.381/min, del rate: 0.381/min
\toverall avg: add rate: 1.000/min, del rate: 1.000/min
\tbr0: hit:0 missed:7
\t\tbr0 65534/1: (internal)
\t\tveth1 1/2: (system)
",
    },
    Release {
        called: "2.5: actions by the names of OpenFlow 1.1 on",
        show: r#"5d5f0b6c-1e5c-4c1b-8a6e-3b1f9f0a7c11
    Manager "ptcp:6640:127.0.0.1"
        is_connected: true
    Bridge "br0"
        Controller "tcp:192.0.2.1:6653"
            is_connected: true
        fail_mode: secure
        Port "veth1"
            tag: 10
            Interface "veth1"
        Port "br0"
            Interface "br0"
                type: internal
    ovs_version: "2.5.9"
"#,
        features: "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5
n_tables:254, n_buffers:256
capabilities: FLOW_STATS TABLE_STATS PORT_STATS QUEUE_STATS ARP_MATCH_IP
actions: output enqueue set_vlan_vid set_vlan_pcp strip_vlan mod_dl_src mod_dl_dst
",
        datapath: "system@ovs-system: hit:1234 missed:56
\tbr0:
\t\tbr0 65534/1: (internal)
\t\tveth1 1/2: (system)
",
    },
    Release {
        called: "2.9: a port that could not be opened says why",
        show: r#"5d5f0b6c-1e5c-4c1b-8a6e-3b1f9f0a7c11
    Bridge "br0"
        Port "veth9"
            Interface "veth9"
                error: "could not open network device veth9 (No such device)"
        Port "br0"
            Interface "br0"
                type: internal
        Port "veth1"
            trunks: [10, 20]
            Interface "veth1"
    ovs_version: "2.9.8"
"#,
        features: "OFPT_FEATURES_REPLY (OF1.3) (xid=0x2): dpid:0000a6b1c2d3e4f5
n_tables:254, n_buffers:0
capabilities: FLOW_STATS TABLE_STATS PORT_STATS GROUP_STATS QUEUE_STATS
OFPST_PORT_DESC reply (OF1.3) (xid=0x3):
",
        datapath: "system@ovs-system: hit:1234 missed:56
\tbr0:
\t\tbr0 65534/1: (internal)
\t\tveth1 1/2: (system)
",
    },
    Release {
        called: "2.13: names are quoted where they must be, the kind of datapath is told",
        show: r#"5d5f0b6c-1e5c-4c1b-8a6e-3b1f9f0a7c11
    Bridge br0
        datapath_type: system
        Port veth1
            tag: 10
            Interface veth1
        Port br0
            Interface br0
                type: internal
    ovs_version: "2.13.8"
"#,
        features: "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5
n_tables:254, n_buffers:0
capabilities: FLOW_STATS TABLE_STATS PORT_STATS QUEUE_STATS ARP_MATCH_IP
",
        datapath: "system@ovs-system: hit:1234 missed:56
  br0:
    br0 65534/1: (internal)
    veth1 1/2: (system)
",
    },
    Release {
        called: "2.17: two datapaths at once",
        show: r#"5d5f0b6c-1e5c-4c1b-8a6e-3b1f9f0a7c11
    Bridge other
        datapath_type: netdev
        Port other
            Interface other
                type: internal
    Bridge br0
        Port veth1
            tag: 10
            Interface veth1
        Port br0
            Interface br0
                type: internal
    ovs_version: "2.17.9"
"#,
        features: "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5
n_tables:254, n_buffers:0
",
        datapath: "netdev@ovs-netdev: hit:0 missed:3
  other:
    other 65534/1: (tap)
system@ovs-system: hit:1234 missed:56
  br0:
    br0 65534/1: (internal)
    veth1 1/2: (system)
",
    },
];

#[test]
fn outputs_of_old_releases_have_the_numbers() {
    for release in OLD {
        let Release { called, show, features, datapath } = release;
        let ports = &format!("{features}{PORTS}");
        for files in [
            &[("a", show), ("b", ports), ("c", datapath)][..],
            &[("a", show), ("c", datapath)],
            &[("a", show), ("b", ports)],
        ] {
            let told = folder(files);
            for wanted in ["br0 65534", "veth1 1"] {
                let all = numbered(&told, SwitchSource::Ovsdb);
                assert!(all.iter().any(|row| row == wanted), "{called}: {wanted} in {all:?}");
            }
        }
        let alone = folder(&[("c", datapath)]);
        let all = numbered(&alone, SwitchSource::Appctl);
        assert!(all.contains(&"veth1 1".to_owned()), "{called}: {all:?}");
    }
}

#[test]
fn outputs_of_new_releases_have_the_numbers() {
    let fixture = |release: &str, what: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../flowtext/tests/fixtures");
        std::fs::read_to_string(format!("{folder}/{release}_{what}.txt")).unwrap()
    };
    for release in ["3.1", "3.5", "4.0"] {
        let [show, ports, datapath] =
            ["vsctl_show", "show", "dpif_show"].map(|what| fixture(release, what));
        let told = folder(&[("a", &show), ("b", &ports), ("c", &datapath)]);
        let all = numbered(&told, SwitchSource::Ovsdb);
        for wanted in ["flwv1 1", "flwv2 2", "flwv3 3", "flw-a 4", "flw0 65534"] {
            assert!(all.iter().any(|row| row == wanted), "{release}: {wanted} in {all:?}");
        }
    }
}

/// The log of a database with `br0` and `veth1`, whose number becomes 1 in a transaction of its own.
fn log(version: &str, date: &str, is_diff: bool) -> String {
    let id = |n: u32| format!("{n:08x}-0000-4000-8000-000000000000");
    let schema = SCHEMA.replace("\"8.3.0\"", &format!("\"{version}\""));
    let made = format!(
        r#"{{"_date":{date},"_comment":"ovs-vsctl add-br br0","Interface":{{"{}":{{"name":"veth1"}}}},"Port":{{"{}":{{"name":"veth1","interfaces":["uuid","{}"]}}}},"Bridge":{{"{}":{{"name":"br0","ports":["uuid","{}"]}}}}}}"#,
        id(1),
        id(11),
        id(1),
        id(21),
        id(11)
    );
    let diff = if is_diff { r#""_is_diff":true,"# } else { "" };
    let numbered =
        format!(r#"{{"_date":{date},{diff}"Interface":{{"{}":{{"ofport":1}}}}}}"#, id(1));
    [schema, made, numbered].iter().map(|json| record("JSON", &format!("{json}\n"))).collect()
}

#[test]
fn databases_of_all_releases_have_the_numbers() {
    // The version of the schema, and how dates and changes of a row are written.
    for (release, version, date, is_diff) in [
        ("2.0", "7.3.0", "1400000000", false),
        ("2.3", "7.6.2", "1400000000000", false),
        ("2.5", "7.12.1", "1460000000000", false),
        ("2.9", "7.15.1", "1520000000000", false),
        ("2.13", "8.2.0", "1580000000000", false),
        ("2.17", "8.3.0", "1640000000000", true),
        ("3.1", "8.3.1", "1680000000000", true),
        ("3.5", "8.8.0", "1740000000000", true),
        ("4.0", "8.9.0", "1770000000000", true),
    ] {
        let told = folder(&[("conf.db", &log(version, date, is_diff))]);
        let all = numbered(&told, SwitchSource::Ovsdb);
        assert_eq!(all, ["veth1 1"], "{release}");
        let taken = told.snapshot.taken / 1000;
        assert!(date.starts_with(&taken.to_string()), "{release}: {taken}");
    }
}
