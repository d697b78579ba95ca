//! What becomes of a packet, by the end of a trace.

use docker_ovs_traffic::{
    Direction, End, LearntTables, Outcome, Packet, PacketKind, ReplyPacket, Verdict, judge,
};
use flowtext::{Tracked, parse_trace};
use model::{Look, Snapshot};
use serde_json::{Value, json};

use crate::{end, look, look_with_port_called, on_link};

/// The verdict about a datagram from trivial_firewall to webserver, which is datapath port 7 (VLAN
/// 20), by these lines of a trace.
fn verdict(lines: &str) -> Verdict {
    verdict_on(&look(), lines)
}

/// The same on a host that is another one.
fn verdict_on(look: &Look, lines: &str) -> Verdict {
    let (from, to) = (end(look, "trivial_firewall:eth1"), end(look, "webserver"));
    let kind = PacketKind::Udp(53);
    let packet = Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
    let head =
        "Flow: udp\n\nbridge(\"vlanswitch\")\n--------\n 0. ip, priority 7, cookie 0x5\n    drop\n";
    judge(look, &kind, &packet, &from, &to, &parse_trace(&format!("{head}{lines}")))
}

fn of_actions(actions: &str) -> Verdict {
    verdict(&format!(
        "\nFinal flow: unchanged\nMegaflow: recirc_id=0,ip\nDatapath actions: {actions}\n"
    ))
}

#[test]
fn a_verdict_is_what_the_datapath_does() {
    for (actions, outcome, told) in [
        ("7", Outcome::Delivered, "delivered to webserver:eth0 on port 4 of vlanswitch"),
        ("4,7", Outcome::Delivered, "delivered"),
        ("drop", Outcome::Dropped, "dropped by table 0 of vlanswitch, priority=7,ip"),
        ("6", Outcome::Elsewhere, "delivered to firewall_ext:eth0, not to webserver:eth0"),
        (
            "4,6",
            Outcome::Elsewhere,
            "sent to 2 ports (trivial_firewall:eth0; firewall_ext:eth0), not to webserver:eth0",
        ),
        ("push_vlan(vid=20,pcp=0),7", Outcome::Elsewhere, "with the tag of VLAN 20"),
        ("push_vlan(vid=0,pcp=5),7", Outcome::Delivered, "delivered"),
        ("set(eth(dst=02:00:00:00:00:09)),7", Outcome::Elsewhere, "02:00:00:00:00:09"),
        ("set(ipv4(dst=172.31.9.9)),7", Outcome::Elsewhere, "for the address 172.31.9.9"),
        ("meter(0),7", Outcome::Unknown, "meter 0"),
        ("trunc(64),7", Outcome::Unknown, "trunc"),
        ("hash(l4(0)),recirc(0x3)", Outcome::Unknown, "a hash of the packet"),
        ("of_the_future(1),7", Outcome::Unknown, "of_the_future"),
        ("userspace(pid=0,controller(reason=1))", Outcome::Controller, "sent to the controller"),
        ("set(tunnel(dst=192.0.2.9)),99", Outcome::Tunnel, "leaves by the tunnel to 192.0.2.9"),
        ("ct(commit,nat(dst=10.0.0.1)),7", Outcome::Unknown, "address translation"),
    ] {
        let verdict = of_actions(actions);
        assert_eq!(verdict.outcome, outcome, "{actions}: {verdict:?}");
        assert!(verdict.sentence.contains(told), "{actions}: {}", verdict.sentence);
    }
}

/// A mesh's tunnel says which host it leads to. All tunnels of a kind are one port of the datapath.
#[test]
fn a_tunnel_of_a_mesh_leads_to_a_host() {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    let mut scene: Value = serde_json::from_str(scene).unwrap();
    let tunnels = [
        (40, 40, Some("b")),
        (41, 41, Some("c")),
        (42, 42, None),
        (43, 43, Some("b")),
        (44, 43, None),
    ];
    for (n, last, host) in tunnels {
        let ids = host.map_or(json!({}), |host| json!({"docker-ovs.tunnel-host": host}));
        let iface = format!("dov{n}");
        let port = json!({"iface": iface, "ofport": {"assigned": n}, "kind": "geneve", "dp_port": 99,
                          "options": {"remote_ip": format!("192.0.2.{last}")}, "external_ids": ids});
        for source in ["ovsdb", "dpif"] {
            let ports = scene["switch"][source]["rows"][2]["ports"].as_array_mut().unwrap();
            ports.push(port.clone());
        }
    }
    let look = Look::new(serde_json::from_value::<Snapshot>(scene).unwrap());
    for (ip, to) in [
        ("192.0.2.40", "host b (192.0.2.40)"),
        ("192.0.2.41", "host c (192.0.2.41)"),
        ("192.0.2.42", "192.0.2.42"),
        // Two say otherwise, and none leads there.
        ("192.0.2.43", "192.0.2.43"),
        ("192.0.2.9", "192.0.2.9"),
    ] {
        let told = verdict_on(
            &look,
            &format!(
                "\nFinal flow: unchanged\nMegaflow: recirc_id=0,ip\n\
                 Datapath actions: set(tunnel(dst={ip})),99\n"
            ),
        );
        assert_eq!(told.outcome, Outcome::Tunnel, "{ip}: {told:?}");
        assert_eq!(told.sentence, format!("leaves by the tunnel to {to}"));
    }
}

/// By a bond that the datapath chooses a member of, by what is in a tunnel, or by vswitchd it may get there.
#[test]
fn what_is_taken_where_it_is_not_followed_is_not_dropped() {
    for (taken, why) in [
        ("lb_output(1)", "bond 1 chooses"),
        ("tnl_pop(4)", "takes a tunnel's header off"),
        ("clone(push_vlan(vid=5,pcp=0),lb_output(2)),4", "bond 2 chooses"),
        ("check_pkt_len(size=200,gt(tnl_pop(4)),le(drop))", "takes a tunnel's header off"),
        ("userspace(pid=1,slow_path(action))", "vswitchd does with it"),
        ("action97", "action97"),
        ("push_vlan(vid=20,pcp=0),7,pop_vlan,lb_output(1)", "bond 1 chooses"),
    ] {
        let verdict = of_actions(taken);
        assert_eq!((verdict.outcome, verdict.reaches()), (Outcome::Unknown, None), "{verdict:?}");
        assert!(verdict.sentence.contains(why), "{verdict:?}");
        // A copy that gets there is enough.
        for actions in [format!("7,{taken}"), format!("{taken},set(ipv4(ttl=9)),7")] {
            let is_tagged = taken.starts_with("push_vlan");
            let verdict = of_actions(&actions);
            assert!(is_tagged || verdict.reaches() == Some(true), "{actions}: {verdict:?}");
        }
    }
    for dropped in
        ["drop", "userspace(pid=1,ipfix(output_port=3))", "meter(1)", "dec_ttl(le_1(drop))"]
    {
        assert_eq!(of_actions(dropped).outcome, Outcome::Dropped, "{dropped}");
    }
}

/// A link of 802.1Q takes no tag of 802.1ad.
#[test]
fn a_tag_is_of_a_vlan_by_its_ethertype_too() {
    let look = look();
    let (from, mut to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    to.tags = vec![100];
    let kind = PacketKind::Udp(53);
    let packet = Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
    for (actions, outcome) in [
        ("push_vlan(vid=100,pcp=0),7", Outcome::Delivered),
        ("push_vlan(tpid=0x88a8,vid=100,pcp=0),7", Outcome::Unknown),
        ("push_vlan(tpid=0x9100,vid=100,pcp=0),7", Outcome::Unknown),
        ("push_vlan(tpid=0x88a8,vid=9,pcp=0),set(vlan(vid=100,pcp=0)),7", Outcome::Unknown),
        ("push_vlan(tpid=0x88a8,vid=9,pcp=0),7", Outcome::Elsewhere),
        (
            "push_vlan(tpid=0x88a8,vid=9,pcp=0),7,pop_vlan,push_vlan(vid=100,pcp=0),7",
            Outcome::Delivered,
        ),
    ] {
        let text = format!(
            "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
             Datapath actions: {actions}\n"
        );
        let told = judge(&look, &kind, &packet, &from, &to, &parse_trace(&text));
        assert_eq!(told.outcome, outcome, "{actions}: {told:?}");
    }
}

/// Interfaces may be called as numbers are, and the number of a port may not be known.
#[test]
fn a_number_is_the_datapath_port_of_that_number() {
    let text = |actions: &str| {
        parse_trace(&format!(
            "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
             Datapath actions: {actions}\n"
        ))
    };
    let kind = PacketKind::Udp(53);
    for (name, actions, outcome) in [
        ("7", "7", Outcome::Elsewhere),
        ("7", "6", Outcome::Delivered),
        ("7", "4,7", Outcome::Elsewhere),
        ("99", "99", Outcome::Elsewhere),
        ("fw", "fw", Outcome::Delivered),
    ] {
        let look = look_with_port_called(name);
        let (from, to) = (end(&look, "trivial_firewall:eth0"), end(&look, "firewall_ext"));
        let packet =
            Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
        let told = judge(&look, &kind, &packet, &from, &to, &text(actions));
        assert_eq!(told.outcome, outcome, "{name}: {actions}: {told:?}");
        // Where it is not known which number the destination has, it may be this one.
        let mut unknown = to.clone();
        let at = unknown.port.as_mut().unwrap();
        at.port = std::sync::Arc::new(model::switch::Port { dp_port: None, ..(*at.port).clone() });
        let told = judge(&look, &kind, &packet, &from, &unknown, &text("98"));
        assert_eq!(told.outcome, Outcome::Unknown, "{told:?}");
    }
}

#[test]
fn what_the_sender_chooses_decides_nothing() {
    let verdict =
        verdict("\nMegaflow: recirc_id=0,udp,tp_src=0x8000/0x8000\nDatapath actions: 7\n");
    assert_eq!(verdict.reaches(), None);
    assert!(verdict.sentence.contains("tp_src"), "{}", verdict.sentence);
}

#[test]
fn a_packet_goes_on_where_it_was_recirculated() {
    let pass = "\nMegaflow: a\nDatapath actions: push_vlan(vid=5,pcp=0),recirc(0x1)\n\n====\n\
                recirc(0x1) - resume conntrack with ct_state=new|trk\n====\n\nbridge(\"vlanswitch\")\n--\n \
                1. No match.\n    drop\n\nMegaflow: b\nDatapath actions: ";
    assert_eq!(verdict(&format!("{pass}pop_vlan,7\n")).outcome, Outcome::Delivered);
    assert_eq!(verdict(&format!("{pass}7\n")).outcome, Outcome::Elsewhere, "it still has its tag");
    let dropped = verdict(&format!("{pass}drop\n"));
    assert!(dropped.sentence.contains("table 1 of vlanswitch, where no flow fits"), "{dropped:?}");
}

#[test]
fn a_flood_says_how_far_it_goes() {
    let flooded = verdict(
        "     -> no learned MAC for destination, flooding\nMegaflow: a\nDatapath actions: 4,6,7\n",
    );
    assert_eq!((flooded.outcome, flooded.reaches()), (Outcome::Flooded, Some(true)));
    assert_eq!(flooded.sentence, "flooded to 3 ports, webserver:eth0 among them");
}

#[test]
fn a_trace_that_is_cut_short_proves_nothing() {
    assert_eq!(verdict("").reaches(), None);
}

/// vswitchd drops the whole packet then, and what it had sent of it is no action of the datapath.
#[test]
fn what_meets_too_many_resubmits_is_dropped_for_that() {
    let told = verdict(
        "    output:4\n    resubmit(,1)\n     >>>> over 4096 resubmit actions <<<<\n\nFinal flow: unchanged\n\
         Megaflow: recirc_id=0,ip\nDatapath actions: drop\n\
         Translation failed (Too many resubmits), packet is dropped.\n",
    );
    assert_eq!((told.outcome, told.reaches()), (Outcome::Dropped, Some(false)), "{told:?}");
    assert!(told.sentence.contains("over 4096 resubmit actions"), "{told:?}");
}

#[test]
fn what_follows_the_tables_is_no_action_of_theirs() {
    for lines in
        ["Final flow: unchanged\n", "\nFinal flow: udp,vlan_tci=0x0000\nMegaflow: recirc_id=0\n"]
    {
        let rules = verdict(&format!("{lines}Datapath actions: 7\n")).rules;
        assert_eq!(rules[0].actions, ["drop"], "{lines}");
    }
}

/// What conntrack keeps of a connection, and to which addresses it translates, a trace is not told.
#[test]
fn what_only_the_connection_has_decides_nothing() {
    let recirculated = |megaflow: &str, actions: &str| {
        verdict(&format!(
            "\nMegaflow: a\nDatapath actions: {actions},recirc(0x1)\n\n====\n\
             recirc(0x1) - resume conntrack with ct_state=new|trk\n====\n\nbridge(\"vlanswitch\")\n--\n \
             1. No match.\n    drop\n\nMegaflow: {megaflow}\nDatapath actions: drop\n"
        ))
    };
    for field in ["ct_nw_dst=0.0.0.0", "ct_tp_dst=0", "ct_nw_proto=0", "ct_ipv6_src=::"] {
        let told = recirculated(&format!("recirc_id=0x1,ip,{field}"), "ct(zone=1)");
        assert!(
            told.reaches().is_none() && told.sentence.contains("connection"),
            "{field}: {told:?}"
        );
    }
    let nat = "ct(commit,zone=1,nat(src=10.0.0.9))";
    let told = recirculated("recirc_id=0x1,ip,nw_src=172.31.2.1", nat);
    assert!(told.reaches().is_none() && told.sentence.contains("translated"), "{told:?}");
    // What is dropped whatever its addresses are, is dropped.
    assert_eq!(recirculated("recirc_id=0x1,ip,nw_frag=no", nat).outcome, Outcome::Dropped);
    // A new connection has no mark yet.
    let told = recirculated("recirc_id=0x1,ip,ct_mark=0", "ct(zone=1)");
    assert_eq!(told.outcome, Outcome::Dropped);
}

/// Linux takes what is for any address of its own, whichever link has that.
#[test]
fn an_address_of_another_link_is_the_destinations_own() {
    let look = look();
    let (from, mut to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let kind = PacketKind::Udp(53);
    let packet = Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
    let text = "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
                Datapath actions: set(ipv4(dst=10.99.9.9)),7\n";
    let judged = |to: &_| judge(&look, &kind, &packet, &from, to, &parse_trace(text)).outcome;
    assert_eq!(judged(&to), Outcome::Elsewhere);
    to.local.push("10.99.9.9".parse().unwrap());
    assert_eq!(judged(&to), Outcome::Delivered);
}

/// Where a tunnel would take a packet stays with it, and means something to tunnels alone.
#[test]
fn what_a_tunnel_is_told_means_nothing_to_other_ports() {
    for (actions, outcome, told) in [
        ("set(tunnel(dst=192.0.2.9)),99,7", Outcome::Delivered, "delivered to webserver:eth0"),
        ("set(tunnel(tun_id=0x7,ipv6_dst=fd00::9)),99,4,7", Outcome::Delivered, "delivered"),
        ("set(tunnel(dst=192.0.2.9)),99,set(tunnel(dst=192.0.2.8)),99,7", Outcome::Delivered, ""),
        ("set(tunnel(dst=192.0.2.9)),6", Outcome::Elsewhere, "delivered to firewall_ext:eth0"),
        // What has a tunnel's header is for whom that names.
        ("tnl_push(header(ipv4(dst=192.0.2.9))),7", Outcome::Elsewhere, "in a tunnel to 192.0.2.9"),
        ("clone(tnl_push(header(ipv4(dst=192.0.2.9))),99),7", Outcome::Delivered, "delivered"),
    ] {
        let verdict = of_actions(actions);
        assert_eq!(verdict.outcome, outcome, "{actions}: {verdict:?}");
        assert!(verdict.sentence.contains(told), "{actions}: {}", verdict.sentence);
    }
    let flooded = of_actions("set(tunnel(dst=192.0.2.9)),99,6,7");
    let tunnels: Vec<_> = flooded.outputs.iter().map(|one| one.tunnel.is_some()).collect();
    assert_eq!(tunnels, [true, false, false]);
}

/// What else is done with a packet that a controller gets decides nothing: the controller may send it on.
#[test]
fn a_controller_decides_whatever_else_gets_a_copy() {
    let controller = "userspace(pid=0,controller(reason=1))";
    for copies in
        ["6", "4,6", "99", "set(tunnel(dst=192.0.2.9)),99", "push_vlan(vid=20,pcp=0),7,pop_vlan"]
    {
        for actions in [format!("{copies},{controller}"), format!("{controller},{copies}")] {
            let verdict = of_actions(&actions);
            assert_eq!(verdict.outcome, Outcome::Controller, "{actions}: {verdict:?}");
            assert_eq!(verdict.reaches(), None);
        }
    }
    let delivered = of_actions(&format!("{controller},7"));
    assert_eq!(delivered.outcome, Outcome::Delivered, "{delivered:?}");
    assert_eq!(of_actions(&format!("{controller},trunc(64),7")).outcome, Outcome::Unknown);
}

/// An answer is traced as one of a connection that is known; conntrack knows those alone that were committed.
#[test]
fn an_answer_rests_on_what_was_committed() {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let judged = |kind: &PacketKind, committed: Option<&[u16]>, ct: &str, megaflow: &str| {
        let ends = (&from, &to);
        let packet = Packet::new(kind, Direction::Reply, ends, &on_link(), None).unwrap();
        let there = |zone: &u16| Tracked {
            zone: *zone,
            addresses: packet.ip_dst.zip(packet.ip_src),
            ports: packet.port_dst.zip(packet.port_src),
        };
        let committed = committed.map(|zones| zones.iter().map(there).collect());
        let packet = Packet { committed, ..packet };
        let text = format!(
            "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    {ct}\n\nMegaflow: \
             recirc_id=0,ct_state=-trk,ip\nDatapath actions: {ct},recirc(0x1)\n\n====\nrecirc(0x1) - resume \
             conntrack with ct_state=est|rpl|trk\n====\n\nbridge(\"vlanswitch\")\n--\n 1. ip, priority 7\n    \
             NORMAL\n\nMegaflow: {megaflow}\nDatapath actions: 7\n"
        );
        judge(&look, kind, &packet, &from, &to, &parse_trace(&text))
    };
    let decides = "recirc_id=0x1,ct_state=+est+trk,ip";
    for kind in [PacketKind::Udp(53), PacketKind::Icmp] {
        for (committed, ct, megaflow, outcome) in [
            (Some(&[][..]), "ct(zone=5)", decides, Outcome::Unknown),
            (Some(&[0, 6]), "ct(zone=5)", decides, Outcome::Unknown),
            (Some(&[5]), "ct", decides, Outcome::Unknown),
            (Some(&[5]), "ct(zone=5)", decides, Outcome::Delivered),
            (Some(&[0]), "ct", decides, Outcome::Delivered),
            // What the rules do not ask about, and what is not known.
            (Some(&[]), "ct(zone=5)", "recirc_id=0x1,ip", Outcome::Delivered),
            (Some(&[]), "ct(zone=5)", "recirc_id=0x1,ct_state=+trk,ip", Outcome::Delivered),
            (Some(&[]), "ct(zone=5)", "recirc_id=0x1,ct_state=-inv+trk,ip", Outcome::Unknown),
            (None, "ct(zone=5)", decides, Outcome::Delivered),
            // What is committed is known to later packets alone.
            (Some(&[]), "ct(commit,zone=5)", decides, Outcome::Unknown),
        ] {
            let told = judged(&kind, committed, ct, megaflow);
            assert_eq!(told.outcome, outcome, "{committed:?} {ct} {megaflow}: {told:?}");
        }
    }
    let told = judged(&PacketKind::Icmp, Some(&[]), "ct(zone=5)", decides).sentence;
    assert!(told.contains("the connection is not committed in zone 5"), "{told}");
    let told = of_actions("ct(commit,zone=3),clone(ct(commit)),7");
    let zones: Vec<_> = told.committed.iter().map(|tracked| tracked.zone).collect();
    assert_eq!(zones, [3, 0], "{told:?}");
    let [one, two] = [from.addresses[0].ip, to.addresses[0].ip];
    assert!(told.committed.iter().all(|tracked| tracked.addresses == Some((one, two))));
    assert!(told.committed.iter().all(|tracked| tracked.ports == Some((40_000, 53))));
}

/// What is committed before it is rewritten has other ports and addresses than its answer, unless that is written
/// back before conntrack looks.
#[test]
fn an_answer_is_of_the_connection_that_was_committed() {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let kind = PacketKind::Tcp(80);
    let target = to.addresses[0].ip;
    for (there, back, is_known) in [
        ("ct(commit,zone=5),7", "ct(zone=5)", true),
        ("ct(commit,zone=5),set(tcp(dst=8080)),7", "ct(zone=5)", false),
        ("ct(commit,zone=5),set(tcp(dst=8080)),7", "set(tcp(src=80)),ct(zone=5)", true),
        ("set(tcp(dst=8080)),ct(commit,zone=5),7", "ct(zone=5)", true),
        ("set(tcp(dst=8080)),ct(commit,zone=5),7", "set(tcp(src=80)),ct(zone=5)", false),
        (
            "set(ipv4(src=172.31.2.9)),ct(commit,zone=5),set(ipv4(src=172.31.2.1)),7",
            "ct(zone=5)",
            false,
        ),
        ("ct(commit,zone=5),7", "set(ipv4(src=172.31.2.0/255.255.255.0)),ct(zone=5)", false),
        // Either of two that are committed.
        ("ct(commit,zone=5),set(tcp(dst=8080)),ct(commit,zone=5),7", "ct(zone=5)", true),
    ] {
        let said = |actions: &str| {
            format!(
                "Flow: tcp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
                 Datapath actions: {actions}"
            )
        };
        let ends = (&from, &to);
        let packet = Packet::new(&kind, Direction::Original, ends, &on_link(), None).unwrap();
        let verdict = judge(&look, &kind, &packet, &from, &to, &parse_trace(&said(there)));
        let answered = ReplyPacket::new(&kind, &packet, target, &verdict.arrived).unwrap();
        let ends = (&to, &from);
        let answer = Packet::new(&answered.kind, Direction::Reply, ends, &on_link(), None).unwrap();
        let answer = Packet { committed: Some(verdict.committed), ..answer };
        let said = said(&format!(
            "{back},recirc(0x1)\n\n====\nrecirc(0x1) - resume conntrack with ct_state=est|rpl|trk\n====\n\n\
             bridge(\"vlanswitch\")\n--\n 1. ip, priority 7\n    NORMAL\n\nMegaflow: \
             recirc_id=0x1,ct_state=+est+trk,ip\nDatapath actions: 5\n"
        ));
        let told = judge(&look, &answered.kind, &answer, &to, &from, &parse_trace(&said));
        let why = "has other addresses or ports than this answers";
        assert_eq!(told.sentence.contains(why), !is_known, "{there} {back}: {told:?}");
        assert_eq!(told.outcome == Outcome::Unknown, !is_known, "{there} {back}: {told:?}");
    }
}

/// What an earlier packet makes `learn()` add, a later one may meet, and a trace of that does not.
#[test]
fn what_meets_a_table_of_learnt_flows_is_not_known() {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let kind = PacketKind::Udp(53);
    let judged = |learnt: &LearntTables, rules: &str, actions: &str| {
        let packet =
            Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
        let packet = Packet { learnt: learnt.clone(), ..packet };
        let text = format!(
            "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n{rules}\n\nMegaflow: a\nDatapath actions: {actions}\n"
        );
        judge(&look, &kind, &packet, &from, &to, &parse_trace(&text))
    };
    let nothing = LearntTables::default();
    let into = |table: &str| {
        format!("learn({table}NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])")
    };
    let one = into("table=1,");
    for (learns, rules, actions, outcome) in [
        // A table without a fitting flow drops now, and one that delivers may drop then.
        (&one, " 0. priority 7\n    resubmit(,1)\n     1. No match.\n", "drop", Outcome::Unknown),
        (
            &one,
            " 0. priority 7\n    resubmit(,1)\n     1. ip, priority 3\n    output:4",
            "7",
            Outcome::Unknown,
        ),
        (&into("table=0,priority=100,"), " 0. priority 7\n    output:4", "7", Outcome::Unknown),
        (&format!("clone({one})"), " 1. priority 7\n    output:4", "7", Outcome::Unknown),
        // Which table it is cannot be read.
        (&into("table=odd,"), " 0. priority 7\n    output:4", "7", Outcome::Unknown),
        (&into(""), " 0. priority 7\n    drop", "drop", Outcome::Unknown),
        // It does not meet that table.
        (&one, " 0. priority 7\n    output:4", "7", Outcome::Delivered),
        (&into("table=10,"), " 1. priority 7\n    drop", "drop", Outcome::Dropped),
        (&"NORMAL".to_owned(), " 0. priority 7\n    drop", "drop", Outcome::Dropped),
    ] {
        let before = judged(&nothing, &format!(" 0. priority 7\n    {learns}\n"), "7");
        assert_eq!(before.outcome, Outcome::Delivered, "{before:?}");
        let mut learnt = nothing.clone();
        learnt.add(&before.rules);
        let told = judged(&learnt, rules, actions);
        assert_eq!(told.outcome, outcome, "{learns} {rules}: {told:?}");
        assert_eq!(told.sentence.contains("learn() adds"), outcome == Outcome::Unknown, "{told:?}");
        // Of another bridge it is another table.
        let mut elsewhere = nothing.clone();
        let rules_of = |rule: &flowtext::Rule| flowtext::Rule {
            bridge: "kiwipycon".to_owned(),
            ..rule.clone()
        };
        elsewhere.add(&before.rules.iter().map(rules_of).collect::<Vec<_>>());
        assert_ne!(
            judged(&elsewhere, rules, actions).outcome,
            Outcome::Unknown,
            "{learns} {rules}"
        );
    }
    // It meets itself what it added before it was recirculated.
    let again = |table: u8| {
        format!(
            " 0. priority 7\n    {one}\n    ct(table={table})\n\nMegaflow: a\nDatapath actions: ct,recirc(0x1)\n\n\
             ====\nrecirc(0x1) - resume conntrack with ct_state=new|trk\n====\n\nbridge(\"vlanswitch\")\n--\n \
             {table}. No match.\n    drop"
        )
    };
    assert_eq!(judged(&nothing, &again(1), "drop").outcome, Outcome::Unknown);
    assert_eq!(judged(&nothing, &again(2), "drop").outcome, Outcome::Dropped);
}

/// What is between two links and their one port may join them, which the switch neither does nor sees.
#[test]
fn two_ends_on_one_port_may_be_joined_before_the_switch() {
    type Change = fn(&mut model::snapshot::Link);
    let look = look();
    let from = end(&look, "trivial_firewall:eth1");
    let other = end(&look, "webserver");
    let on_one = |change: Change| {
        let mut to = other.clone();
        let mut link = model::snapshot::Link::clone(to.link.as_ref().unwrap());
        change(&mut link);
        (to.link, to.port) = (Some(std::sync::Arc::new(link)), from.port.clone());
        to
    };
    let judged = |kind: &PacketKind, from: &End, to: &End, actions: &str| {
        let packet = match kind {
            PacketKind::Raw(words) => Packet::raw(words, from),
            _ => Packet::new(kind, Direction::Original, (from, to), &on_link(), None).unwrap(),
        };
        let text = format!(
            "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
             Datapath actions: {actions}\n"
        );
        judge(&look, kind, &packet, from, to, &parse_trace(&text))
    };
    let to = on_one(|_| {});
    for kind in [PacketKind::Udp(53), PacketKind::Arp, PacketKind::Raw("ip".to_owned())] {
        // Nowhere, to another one, to all others, and back by IN_PORT.
        for actions in ["drop", "6", "4,6", "5", "push_vlan(vid=9,pcp=0),5"] {
            for broken in [None, Some("the link of port p is down".to_owned())] {
                let from = End { broken, ..from.clone() };
                let told = judged(&kind, &from, &to, actions);
                assert_eq!(told.outcome, Outcome::Unknown, "{kind:?} {actions}: {told:?}");
                assert!(told.sentence.contains("both are on port 2"), "{told:?}");
            }
        }
    }
    // Of a link that is down nothing comes, on another port or in one namespace nothing joins them.
    let kind = PacketKind::Udp(53);
    let down = on_one(|link| link.up = false);
    assert_eq!(judged(&kind, &from, &down, "drop").outcome, Outcome::Dropped);
    assert_eq!(judged(&kind, &from, &other, "drop").outcome, Outcome::Dropped);
    let beside = End { netns: from.netns, ..to.clone() };
    assert_eq!(judged(&kind, &from, &beside, "drop").outcome, Outcome::Dropped);
}

/// An answer is to the packet as it arrived: to the port that this bears then, and to who sent it.
#[test]
fn an_answer_is_to_what_arrived() {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let target = to.addresses[0].ip;
    let tcp = PacketKind::Tcp(80);
    let answered = |kind: &PacketKind, actions: &str| {
        let packet =
            Packet::new(kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
        let text = format!(
            "Flow: tcp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
             Datapath actions: {actions}\n"
        );
        let verdict = judge(&look, kind, &packet, &from, &to, &parse_trace(&text));
        ReplyPacket::new(kind, &packet, target, &verdict.arrived).unwrap()
    };
    for (actions, port, is_sure) in [
        ("7", 80, true),
        ("set(tcp(dst=8080)),7", 8080, true),
        ("set(tcp(src=40000,dst=8080)),7", 8080, true),
        ("set(eth(src=02:00:00:00:00:09)),set(ipv4(ttl=63)),7", 80, true),
        // Another one gets the copy that is changed.
        ("7,set(tcp(dst=8080)),set(ipv4(src=172.31.2.9)),6", 80, true),
        ("drop", 80, true),
        ("set(ipv4(src=172.31.2.9)),7", 80, false),
        ("set(ipv4(src=172.31.2.0/255.255.255.0)),7", 80, false),
        ("set(tcp(src=1)),7", 80, false),
        ("ct(nat),7", 80, false),
        ("7,set(tcp(dst=8080)),7", 80, false),
    ] {
        let told = answered(&tcp, actions);
        assert_eq!(
            (told.kind, told.doubt.is_none()),
            (PacketKind::Tcp(port), is_sure),
            "{actions}"
        );
        assert_eq!((told.source, told.target), (from.addresses[0].ip, target), "{actions}");
    }
    assert_eq!(answered(&PacketKind::Udp(53), "set(udp(dst=5353)),7").kind, PacketKind::Udp(5353));
    for kind in [PacketKind::Arp, PacketKind::Icmp] {
        let told = answered(&kind, "7");
        assert_eq!((told.kind, told.target, told.doubt), (kind, target, None));
    }
    // What has another destination comes back from that, where it is one of the receiver's.
    let mut own = to.clone();
    let second = "10.99.9.9".parse().unwrap();
    own.local.push(second);
    let packet = Packet::new(&tcp, Direction::Original, (&from, &own), &on_link(), None).unwrap();
    let text = "Flow: tcp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
                Datapath actions: set(ipv4(dst=10.99.9.9)),7\n";
    let verdict = judge(&look, &tcp, &packet, &from, &own, &parse_trace(text));
    let told = ReplyPacket::new(&tcp, &packet, target, &verdict.arrived).unwrap();
    assert_eq!((told.target, told.doubt), (second, None));
    // Of what may be another packet nothing is known.
    let packet = Packet { doubt: Some("it is odd".to_owned()), ..packet };
    let verdict = judge(&look, &tcp, &packet, &from, &own, &parse_trace(text));
    assert_eq!(verdict.outcome, Outcome::Unknown);
}

/// A rule that answers by itself writes the question for who asked, and sends it back.
#[test]
fn what_is_sent_back_for_the_senders_mac_is_told() {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let packet =
        Packet::new(&PacketKind::Arp, Direction::Original, (&from, &to), &on_link(), None).unwrap();
    let returned = |actions: &str| {
        let text = format!(
            "Flow: arp\n\nbridge(\"vlanswitch\")\n--\n 0. arp, priority 7\n    drop\n\nMegaflow: a\n\
             Datapath actions: {actions}\n"
        );
        judge(&look, &PacketKind::Arp, &packet, &from, &to, &parse_trace(&text)).returned.is_some()
    };
    let own = format!("set(eth(dst={}))", from.mac.unwrap());
    for (actions, expected) in [
        (format!("{own},5"), true),
        (format!("7,{own},5"), true),
        // The question itself, what another one gets, and what is cut.
        ("5".to_owned(), false),
        (format!("5,{own},6"), false),
        ("set(eth(dst=02:00:00:00:00:09)),5".to_owned(), false),
        (format!("{own},trunc(20),5"), false),
        ("drop".to_owned(), false),
    ] {
        assert_eq!(returned(&actions), expected, "{actions}");
    }
}

/// Linux discards TCP that is not sent to its own MAC alone, and takes other packets.
#[test]
fn no_tcp_is_taken_that_is_for_several() {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let own = to.mac.unwrap();
    for (kind, flow, is_taken) in [
        (PacketKind::Tcp(80), "tcp", false),
        (PacketKind::Raw("tcp".to_owned()), "tcp6", false),
        (PacketKind::Udp(53), "udp", true),
        (PacketKind::Icmp, "icmp", true),
        (PacketKind::Raw("udp".to_owned()), "udp", true),
    ] {
        let packet = match &kind {
            PacketKind::Raw(words) => Packet::raw(words, &from),
            _ => Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap(),
        };
        let judged = |actions: &str| {
            let text = format!(
                "Flow: {flow},in_port=2\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\n\
                 Megaflow: a\nDatapath actions: {actions}\n"
            );
            judge(&look, &kind, &packet, &from, &to, &parse_trace(&text)).outcome
        };
        for mac in ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:05", "33:33:00:00:00:01"] {
            let expected = if is_taken { Outcome::Delivered } else { Outcome::Elsewhere };
            assert_eq!(judged(&format!("set(eth(dst={mac})),7")), expected, "{kind:?} {mac}");
            // A copy that is for it alone.
            let copies = format!("clone(set(eth(dst={mac})),7),set(eth(dst={own})),7");
            assert_eq!(judged(&copies), Outcome::Delivered, "{kind:?} {mac}");
        }
    }
}

/// A bridge learns where a MAC is from each packet that it switches by that: where it was before says nothing of those
/// that follow.
#[test]
fn where_a_mac_was_says_nothing_once_it_is_learnt_anew() {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let kind = PacketKind::Udp(53);
    let judged = |learnt: &LearntTables, rule: &str, actions: &str| {
        let rule =
            if rule == "NORMAL" { "NORMAL\n     -> forwarding to learned port" } else { rule };
        let packet = Packet::new(&kind, Direction::Reply, (&from, &to), &on_link(), None).unwrap();
        let packet = Packet { learnt: learnt.clone(), ..packet };
        let text = format!(
            "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. priority 7\n    {rule}\n\nMegaflow: a\n\
             Datapath actions: {actions}\n"
        );
        judge(&look, &kind, &packet, &from, &to, &parse_trace(&text))
    };
    let nothing = LearntTables::default();
    let after = |rule: &str, actions: &str, mac| {
        let mut learnt = nothing.clone();
        learnt.add_mac(&judged(&nothing, rule, actions), &End { mac, ..to.clone() });
        learnt
    };
    let taught = |rule: &str, mac| after(rule, "7", mac);
    let learnt = taught("NORMAL", to.mac);
    for (learnt, rule, actions, expected) in [
        (&learnt, "NORMAL", "6", Outcome::Unknown),
        (&learnt, "NORMAL", "4,6", Outcome::Unknown),
        // To the port that it comes in by nothing is sent.
        (&learnt, "NORMAL", "drop", Outcome::Unknown),
        (&learnt, "NORMAL", "7", Outcome::Delivered),
        (&learnt, "output:3", "6", Outcome::Elsewhere),
        (&learnt, "drop", "drop", Outcome::Dropped),
        (&taught("output:3", to.mac), "NORMAL", "6", Outcome::Elsewhere),
        (&taught("NORMAL", from.mac), "NORMAL", "6", Outcome::Elsewhere),
        (&taught("NORMAL", None), "NORMAL", "6", Outcome::Elsewhere),
        (&nothing, "NORMAL", "6", Outcome::Elsewhere),
        // What does not arrive is followed by nothing, and where the table has no place for the MAC it goes to all.
        (&after("NORMAL", "6", to.mac), "NORMAL", "6", Outcome::Elsewhere),
        (
            &learnt,
            "NORMAL\n     -> no learned MAC for destination, flooding",
            "4,6",
            Outcome::Elsewhere,
        ),
    ] {
        let told = judged(learnt, rule, actions);
        assert_eq!(told.outcome, expected, "{rule} {actions}: {told:?}");
        let is_told = told.sentence.contains("learns anew where");
        assert_eq!(is_told, expected == Outcome::Unknown, "{told:?}");
    }
}
