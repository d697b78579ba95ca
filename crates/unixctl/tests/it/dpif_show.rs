//! The three looks of `dpif/show`. The 2.0 fixture is the transcript that came with
//! the 2014 script, with and without its tabs; 3.1 was captured from a daemon with a
//! userspace datapath; 3.4 is the same scene in the form of `dpif_show_backer_json`
//! (ofproto/ofproto-dpif.c).

use std::fmt::Write;

use docker_ovs_unixctl::{DpBridge, DpPort, MalformedDpif, parse_dpif_show};
use proptest::prelude::*;

fn port(
    name: &str,
    ofport: u16,
    dp_port: impl Into<Option<u32>>,
    kind: &str,
    options: &str,
) -> DpPort {
    let (name, kind, options) = (name.into(), kind.into(), options.into());
    DpPort { name, ofport, dp_port: dp_port.into(), kind, options }
}

fn bridge(datapath: &str, name: &str, ports: Vec<DpPort>) -> DpBridge {
    DpBridge { name: name.into(), datapath: datapath.into(), ports }
}

fn scene_2_0() -> Vec<DpBridge> {
    let system = |name, ports| bridge("system@ovs-system", name, ports);
    vec![
        system("kiwipycon", vec![port("kiwipycon", 65534, 1, "internal", "")]),
        system("vandervecken", vec![port("vandervecken", 65534, 2, "internal", "")]),
        system(
            "vlanswitch",
            vec![
                port("vethp10565eth0", 1, 4, "system", ""),
                port("vethp10565eth1", 2, 5, "system", ""),
                port("vethp11082eth0", 3, 6, "system", ""),
                port("vethp11240eth0", 4, 7, "system", ""),
                port("vlanswitch", 65534, 3, "internal", ""),
            ],
        ),
    ]
}

fn scene_3_1() -> Vec<DpBridge> {
    let netdev = |name, ports| bridge("netdev@ovs-netdev", name, ports);
    vec![
        netdev(
            "uxtbr0",
            vec![
                port("uxt gap \"q\"", 4, None, "patch", "peer=un done"),
                port("uxtbr0", 65534, 7, "tap", ""),
                port("uxtin0", 40000, 4, "tap", ""),
                port("uxtpa", 2, None, "patch", "peer=uxtpb"),
                port("uxtv0", 1, 5, "system", ""),
                port("uxtvx", 3, 6, "vxlan", "dst_port=4799, key=flow, remote_ip=192.0.2.1"),
            ],
        ),
        netdev(
            "uxtbr1",
            vec![
                port("uxtbr1", 65534, 1, "tap", ""),
                port("uxtpb", 1, None, "patch", "peer=uxtpa"),
                port("uxtv1", 3, 3, "system", ""),
                port("uxtv2", 2, 2, "system", ""),
            ],
        ),
    ]
}

#[test]
fn all_looks_are_read() {
    let tabs = include_str!("../fixtures/dpif_show_2.0.txt");
    assert!(tabs.contains("\n\t\tvethp11082eth0 3/6: (system)\n"));
    assert_eq!(parse_dpif_show(tabs).unwrap(), scene_2_0());
    let spaces = include_str!("../fixtures/dpif_show_2.0_article.txt");
    assert_eq!(parse_dpif_show(spaces).unwrap(), scene_2_0());
    let text = include_str!("../fixtures/dpif_show_3.1_netdev.txt");
    assert_eq!(parse_dpif_show(text).unwrap(), scene_3_1());
    let json = include_str!("../fixtures/dpif_show_3.4.json");
    assert_eq!(parse_dpif_show(json).unwrap(), scene_3_1());
}

#[test]
fn several_datapaths_are_kept_apart() {
    let text = "netdev@ovs-netdev: hit:0 missed:0\n  a:\n    a 65534/1: (tap)\n\
        system@ovs-system: hit:1 missed:2\n\tflows: cur: 0, avg: 0\n\tdaily avg: add rate: 1/min\n\
        \tb:\n\t\tb 65534/1: (internal)\n\tc: hit:1 missed:2\n";
    let expected = [
        bridge("netdev@ovs-netdev", "a", vec![port("a", 65534, 1, "tap", "")]),
        bridge("system@ovs-system", "b", vec![port("b", 65534, 1, "internal", "")]),
        bridge("system@ovs-system", "c", vec![]),
    ];
    assert_eq!(parse_dpif_show(text).unwrap(), expected);
}

#[test]
fn odd_names_are_kept() {
    let text = "netdev@ovs-netdev: hit:0 missed:0\n  b: r:\n     x 1 (y): 7/none: (patch: peer=a/b: (c))\n";
    let ports = vec![port(" x 1 (y):", 7, None, "patch", "peer=a/b: (c)")];
    assert_eq!(parse_dpif_show(text).unwrap(), [bridge("netdev@ovs-netdev", "b: r", ports)]);
}

#[test]
fn no_bridges_are_no_bridges() {
    for answer in ["", "\n", "netdev@ovs-netdev: hit:0 missed:0\n", "{}", r#"{"d":{"bridges":{}}}"#]
    {
        assert_eq!(parse_dpif_show(answer).unwrap(), [], "{answer}");
    }
}

#[test]
fn numbers_in_json_may_be_numbers() {
    let json =
        r#"{"d":{"bridges":{"b":{"p":{"ofport":1,"port_no":2,"type":"x","config":{"n":3}}}}}}"#;
    let expected = [bridge("d", "b", vec![port("p", 1, 2, "x", "n=3")])];
    assert_eq!(parse_dpif_show(json).unwrap(), expected);
}

#[test]
fn a_line_that_makes_no_sense_is_quoted() {
    let head = "netdev@ovs-netdev: hit:0 missed:0\n  br0:\n    br0 65534/1: (tap)\n";
    for line in [
        "  br1",
        "  br1: hit:x missed:0",
        "  :",
        "    ",
        "    p",
        "    p 1",
        "    p 1/2",
        "    p 1/2: system",
        "    p 1/2: (system",
        "    p 65536/2: (system)",
        "    p -1/2: (system)",
        "    p 1/4294967296: (system)",
        "    p 1/: (system)",
        "    p /2: (system)",
        "    p +1/2: (system)",
        "   br1:",
        "datapath",
        " x:",
        "\tx:",
    ] {
        let text = format!("{head}{line}\n");
        match parse_dpif_show(&text) {
            Err(MalformedDpif::Line { number: 4, line: quoted }) => assert_eq!(quoted, line),
            Ok(_) if line.trim().is_empty() => {}
            other => panic!("{line:?}: {other:?}"),
        }
    }
    let error = parse_dpif_show("\u{1b}[31m nonsense").unwrap_err().to_string();
    assert!(error.starts_with("line 1 of dpif/show") && !error.contains('\u{1b}'), "{error}");
    let error = parse_dpif_show(&"x".repeat(1 << 20)).unwrap_err().to_string();
    assert!(error.chars().count() < 300);
    parse_dpif_show("  br0:\n    br0 65534/1: (tap)\n").expect_err("no datapath");
    parse_dpif_show("d:\n    p 1/2: (system)\n").expect_err("no bridge");
}

#[test]
fn json_of_another_shape_is_refused() {
    let in_port = |member: &str| format!(r#"{{"d":{{"bridges":{{"b":{{"p":{{{member}}}}}}}}}}}"#);
    for json in [
        "{",
        "{}}",
        r#"{"d":{}}"#,
        r#"{"d":{"bridges":[]}}"#,
        &in_port(r#""type":"x""#),
        &in_port(r#""type":"x","ofport":"65536","port_no":"1""#),
        &in_port(r#""type":"x","ofport":"-1","port_no":"1""#),
        &in_port(r#""type":"x","ofport":"none","port_no":"1""#),
        &in_port(r#""type":"x","ofport":"1","port_no":"4294967296""#),
        &in_port(r#""type":"x","ofport":"1","port_no":null"#),
    ] {
        let error = parse_dpif_show(json).unwrap_err();
        assert!(matches!(error, MalformedDpif::Json(_)), "{json}");
    }
}

#[test]
fn more_than_any_vswitchd_has_is_refused() {
    let most = 65_536;
    let text = |count: usize| format!("d:\n{}", "  b:\n".repeat(count));
    let json = |count: usize| {
        let bridges: Vec<_> = (0..count).map(|n| format!("\"{n}\":{{}}")).collect();
        format!("{{\"d\":{{\"bridges\":{{{}}}}}}}", bridges.join(","))
    };
    for write in [&text as &dyn Fn(usize) -> String, &json] {
        assert_eq!(parse_dpif_show(&write(most)).unwrap().len(), most);
        let error = parse_dpif_show(&write(most + 1)).unwrap_err();
        assert!(matches!(error, MalformedDpif::TooManyBridges(told) if told == most), "{error}");
    }
    let ports = "    p 1/2: (x)\n".repeat(200_000);
    let error = parse_dpif_show(&format!("d:\n  b:\n{ports}")).unwrap_err();
    assert!(matches!(error, MalformedDpif::TooLong(200_000)), "{error}");
}

/// Writes `bridges`, all of one datapath, as the text of 3.x.
fn written(bridges: &[DpBridge]) -> String {
    let mut text = "netdev@ovs-netdev: hit:0 missed:0\n".to_owned();
    for DpBridge { name, ports, .. } in bridges {
        writeln!(text, "  {name}:").unwrap();
        for DpPort { name, ofport, dp_port, kind, options } in ports {
            let dp_port = dp_port.map_or("none".into(), |number| number.to_string());
            let options = if options.is_empty() { String::new() } else { format!(": {options}") };
            writeln!(text, "    {name} {ofport}/{dp_port}: ({kind}{options})").unwrap();
        }
    }
    text
}

prop_compose! {
    fn any_port()(
        name in "[ -.0-~]{1,15}", ofport: u16, dp_port: Option<u32>, kind in "[a-z]{1,8}",
        options in "(|[a-z]{1,5}=[ -~]{0,10})",
    ) -> DpPort {
        DpPort { name, ofport, dp_port, kind, options }
    }
}

prop_compose! {
    fn any_bridge()(
        name in "[!-.0-~][ -.0-~]{0,14}", ports in prop::collection::vec(any_port(), 0..4),
    ) -> DpBridge {
        bridge("netdev@ovs-netdev", &name, ports)
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(bridges in prop::collection::vec(any_bridge(), 0..4)) {
        prop_assert_eq!(parse_dpif_show(&written(&bridges)).unwrap(), bridges);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|[ \t\n/:(){}0-9]){0,200}") {
        let _ = parse_dpif_show(&text);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0usize..600, damage in "\\PC{0,3}", look in 0..3) {
        let fixtures = [
            include_str!("../fixtures/dpif_show_2.0.txt"),
            include_str!("../fixtures/dpif_show_3.1_netdev.txt"),
            include_str!("../fixtures/dpif_show_3.4.json"),
        ];
        let mut text = fixtures[usize::try_from(look).unwrap()].to_owned();
        let at = text.floor_char_boundary(at);
        text.replace_range(at..(at + 1).min(text.len()), &damage);
        let _ = parse_dpif_show(&text);
    }
}
