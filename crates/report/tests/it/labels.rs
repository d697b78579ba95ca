//! Who is on a port that a text names.

use docker_ovs_report::PortLabels;
use flowtext::Labels;

/// The recorded host of the 2014 script, with one bridge on the userspace datapath.
fn look() -> model::Look {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    let mut host: serde_json::Value = serde_json::from_str(scene).unwrap();
    for source in ["ovsdb", "appctl"] {
        let rows = host.pointer_mut(&format!("/switch/{source}/rows"));
        for bridge in rows.and_then(|rows| rows.as_array_mut()).into_iter().flatten() {
            let is_other = bridge["name"] == "kiwipycon";
            bridge["datapath"] = if is_other { "netdev" } else { "system" }.into();
            for port in bridge["ports"].as_array_mut().unwrap().iter_mut().filter(|_| is_other) {
                if port["iface"] == "kiwipycon" {
                    port["dp_port"] = 7.into();
                }
            }
        }
    }
    model::Look::new(serde_json::from_value::<model::Snapshot>(host).unwrap())
}

/// The bridge's own port by its name in OpenFlow, in letters of either case (ovs-ofctl(8)), and by its number.
#[test]
fn an_openflow_port_is_known_however_it_is_written() {
    let look = look();
    let labels = PortLabels::new(&look, Some("vlanswitch"));
    for word in ["LOCAL", "local", "Local", "65534", "0xfffe"] {
        for bridge in [None, Some("vlanswitch")] {
            assert_eq!(labels.of_port(bridge, word.as_bytes()), Some("vlanswitch"), "{word}");
        }
        assert_eq!(labels.of_port(Some("kiwipycon"), word.as_bytes()), Some("kiwipycon"));
    }
    assert_eq!(labels.of_port(None, b"vethp11240eth0"), Some("webserver:eth0"));
    assert_eq!(labels.of_port(None, b"\"vethp11240eth0\""), Some("webserver:eth0"));
    // In quotes it is a name, and none that a port has here; nor has a datapath such a port.
    for other in ["\"local\"", "locals", "loc", "", "0x", "99999999999999999999"] {
        assert_eq!(labels.of_port(None, other.as_bytes()), None, "{other}");
    }
    assert_eq!(labels.dp_port(None, b"local"), None);
}

#[test]
fn a_datapath_port_is_of_the_datapath_that_is_told() {
    let look = look();
    for (bridge, asked) in [
        (Some("vlanswitch"), Some("webserver:eth0")),
        (Some("kiwipycon"), Some("kiwipycon")),
        (None, None),
    ] {
        let labels = PortLabels::new(&look, bridge);
        for (datapath, expected) in [
            (None, asked),
            (Some("system@ovs-system"), Some("webserver:eth0")),
            (Some("netdev@ovs-netdev"), Some("kiwipycon")),
            // Those that dpctl made are no bridge's.
            (Some("system@mine"), None),
            (Some("netdev@ovs-system"), None),
            (Some("dummy@ovs-dummy"), None),
        ] {
            assert_eq!(labels.dp_port(datapath, b"7"), expected, "{bridge:?} {datapath:?}");
        }
        assert_eq!(labels.dp_port(Some("system@mine"), b"vethp11240eth0"), Some("webserver:eth0"));
    }
}
