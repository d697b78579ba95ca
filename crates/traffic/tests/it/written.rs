//! What rules write into a packet, and what Linux takes of that.

use docker_ovs_traffic::{
    Direction, End, LearntTables, Outcome, Packet, PacketKind, Verdict, judge,
};
use flowtext::parse_trace;
use model::Look;
use model::ids::Mac;
use model::snapshot::Cidr;

use crate::{end, look, on_link};

/// trivial_firewall and webserver (datapath port 7), the latter with an IPv6 address too.
fn ends(look: &Look) -> (End, End) {
    let (mut from, mut to) = (end(look, "trivial_firewall:eth1"), end(look, "webserver"));
    for (end, ip) in [(&mut from, "fd00::1"), (&mut to, "fd00::2")] {
        end.addresses.push(Cidr { ip: ip.parse().unwrap(), prefix: 64 });
    }
    (from, to)
}

/// Of IPv6 alone.
fn by_ipv6(end: &End) -> End {
    let mut end = end.clone();
    end.addresses.retain(|address| address.ip.is_ipv6());
    end
}

fn text(flow: &str, rule: &str, actions: &str) -> String {
    format!(
        "Flow: {flow}\n\nbridge(\"vlanswitch\")\n--------\n 0. priority 7\n    {rule}\n\n\
         Megaflow: a\nDatapath actions: {actions}\n"
    )
}

fn verdict(
    kind: &PacketKind,
    direction: Direction,
    (from, to): (&End, &End),
    actions: &str,
) -> Verdict {
    let look = look();
    let packet = Packet::new(kind, direction, (from, to), &on_link(), None).unwrap();
    judge(&look, kind, &packet, from, to, &parse_trace(&text("any", "output:4", actions)))
}

/// Linux takes neighbour discovery with a hop limit of 255 alone, and everything else with any.
#[test]
fn neighbour_discovery_that_passed_a_router_is_not_taken() {
    let (from, to) = ends(&look());
    let (six, other) = (by_ipv6(&from), by_ipv6(&to));
    let four = (&from, &to);
    for direction in [Direction::Original, Direction::Reply] {
        for (kind, ends, actions, outcome) in [
            (PacketKind::Arp, (&six, &other), "7", Outcome::Delivered),
            (PacketKind::Arp, (&six, &other), "set(ipv6(hlimit=254)),7", Outcome::Elsewhere),
            (PacketKind::Arp, (&six, &other), "dec_ttl(le_1(drop)),7", Outcome::Elsewhere),
            (PacketKind::Arp, (&six, &other), "set(ipv6(hlimit=0/0xf)),7", Outcome::Unknown),
            (
                PacketKind::Arp,
                (&six, &other),
                "set(ipv6(hlimit=254)),6,set(ipv6(hlimit=255)),7",
                Outcome::Delivered,
            ),
            (PacketKind::Udp(53), (&six, &other), "set(ipv6(hlimit=63)),7", Outcome::Delivered),
            (PacketKind::Arp, four, "7", Outcome::Delivered),
            (PacketKind::Udp(53), four, "set(ipv4(ttl=63)),7", Outcome::Delivered),
        ] {
            let told = verdict(&kind, direction, ends, actions);
            assert_eq!(told.outcome, outcome, "{kind:?} {direction:?} {actions}: {told:?}");
            if outcome == Outcome::Elsewhere {
                assert!(told.sentence.contains("with the hop limit 254"), "{told:?}");
            }
        }
    }
    // In the user's own words.
    let look = look();
    for (flow, actions, outcome) in [
        ("icmp6,in_port=2,nw_ttl=255,icmp_type=135,icmp_code=0", "7", Outcome::Delivered),
        ("icmp6,in_port=2,nw_ttl=64,icmp_type=135,icmp_code=0", "7", Outcome::Elsewhere),
        // What was not said vswitchd tells as 0.
        ("icmp6,in_port=2,nw_ttl=0,icmp_type=135,icmp_code=0", "7", Outcome::Delivered),
        ("icmp6,in_port=2,nw_ttl=255,icmp_type=136", "set(ipv6(hlimit=254)),7", Outcome::Elsewhere),
        ("icmp6,in_port=2,nw_ttl=64,icmp_type=128", "7", Outcome::Delivered),
        ("udp6,in_port=2,nw_ttl=64", "7", Outcome::Delivered),
    ] {
        let kind = PacketKind::Raw(flow.to_owned());
        let packet = Packet::raw(flow, &from).as_read(flow);
        let said = parse_trace(&text(flow, "output:4", actions));
        let told = judge(&look, &kind, &packet, &from, &to, &said);
        assert_eq!(told.outcome, outcome, "{flow} {actions}: {told:?}");
    }
}

/// What is done with a message whose fields rules have written is not known.
#[test]
fn a_message_that_is_changed_is_not_known_to_do_what_it_would() {
    let (from, to) = ends(&look());
    let (six, other) = (by_ipv6(&from), by_ipv6(&to));
    let (own, wanted) = (from.mac.unwrap(), to.addresses[0].ip);
    for direction in [Direction::Original, Direction::Reply] {
        for changed in [
            "set(arp(tip=172.31.9.9))",
            "set(arp(sip=172.31.9.9))",
            "set(arp(op=7/0xff))",
            "set(arp(sha=02:00:00:00:00:99))",
            "set(arp(sha=02:00:00:00:00:99/ff:00:00:00:00:00))",
        ] {
            let told = verdict(&PacketKind::Arp, direction, (&from, &to), &format!("{changed},7"));
            assert_eq!(told.outcome, Outcome::Unknown, "{changed}: {told:?}");
            assert!(told.sentence.contains("what it says of addresses"), "{told:?}");
            // Another copy is changed.
            let actions = format!("clone({changed},6),7");
            let told = verdict(&PacketKind::Arp, direction, (&from, &to), &actions);
            assert_eq!(told.outcome, Outcome::Delivered, "{changed}: {told:?}");
        }
        for changed in [
            "set(nd(target=fd00::9))",
            "set(icmpv6(type=133,code=0))",
            "set(nd_ext(nd_reserved=0x0,nd_options_type=9))",
            "set(nd(sll=02:00:00:00:00:99,tll=02:00:00:00:00:99))",
        ] {
            let told =
                verdict(&PacketKind::Arp, direction, (&six, &other), &format!("{changed},7"));
            assert_eq!(told.outcome, Outcome::Unknown, "{changed}: {told:?}");
        }
        let told =
            verdict(&PacketKind::Icmp, direction, (&from, &to), "set(icmp(type=3,code=1)),7");
        assert!(told.outcome == Outcome::Unknown && told.sentence.contains("as ICMP"), "{told:?}");
    }
    // What is written is what it was.
    let same = format!("set(arp(tip={wanted},op=1/0xff,sha={own})),7");
    let told = verdict(&PacketKind::Arp, Direction::Original, (&from, &to), &same);
    assert_eq!(told.outcome, Outcome::Delivered, "{told:?}");
}

/// Linux takes nothing from some addresses, and from its own with a setting alone.
#[test]
fn a_source_that_linux_does_not_take_is_not_delivered() {
    let (from, mut to) = ends(&look());
    to.local.push("10.99.9.9".parse().unwrap());
    let own = to.addresses[0].ip;
    let (six, other) = (by_ipv6(&from), by_ipv6(&to));
    for (source, outcome) in [
        (own.to_string(), Outcome::Unknown),
        ("10.99.9.9".to_owned(), Outcome::Unknown),
        ("127.0.0.1".to_owned(), Outcome::Unknown),
        ("0.1.2.3".to_owned(), Outcome::Elsewhere),
        ("224.0.0.5".to_owned(), Outcome::Elsewhere),
        ("255.255.255.255".to_owned(), Outcome::Elsewhere),
        ("172.31.2.0/255.255.255.0".to_owned(), Outcome::Unknown),
        ("172.31.2.77".to_owned(), Outcome::Delivered),
    ] {
        for kind in [PacketKind::Udp(53), PacketKind::Tcp(80), PacketKind::Icmp] {
            let actions = format!("set(ipv4(src={source})),7");
            let told = verdict(&kind, Direction::Original, (&from, &to), &actions);
            assert_eq!(told.outcome, outcome, "{actions}: {told:?}");
            // It was written back.
            let back = from.addresses[0].ip;
            let actions = format!("set(ipv4(src={source})),6,set(ipv4(src={back})),7");
            let told = verdict(&kind, Direction::Original, (&from, &to), &actions);
            assert_eq!(told.outcome, Outcome::Delivered, "{actions}: {told:?}");
        }
    }
    for (source, outcome) in [
        ("::1", Outcome::Elsewhere),
        ("ff02::5", Outcome::Elsewhere),
        ("fd00::9", Outcome::Delivered),
    ] {
        let actions = format!("set(ipv6(src={source})),7");
        let told = verdict(&PacketKind::Udp(53), Direction::Original, (&six, &other), &actions);
        assert_eq!(told.outcome, outcome, "{actions}: {told:?}");
    }
}

/// NORMAL learns from the source that rules wrote, and looks where to send only then.
#[test]
fn a_mac_that_rules_wrote_as_a_source_is_learnt_where_it_comes_from() {
    let look = look();
    let (from, to) = ends(&look);
    let kind = PacketKind::Udp(53);
    let mac = to.mac.unwrap();
    let normal = "NORMAL\n     -> forwarding to learned port";
    let judged = |learnt: &LearntTables, rule: &str, actions: &str| {
        let packet =
            Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
        let packet = Packet { learnt: learnt.clone(), ..packet };
        judge(&look, &kind, &packet, &from, &to, &parse_trace(&text("udp", rule, actions)))
    };
    let nothing = LearntTables::default();
    let written = format!("set(eth(src={mac})),7");
    for (rule, actions, outcome) in [
        (normal, written.as_str(), Outcome::Unknown),
        ("NORMAL\n     -> no learned MAC for destination, flooding", &written, Outcome::Unknown),
        ("output:4", &written, Outcome::Delivered),
        (normal, "set(eth(src=02:00:00:00:00:09)),7", Outcome::Delivered),
        (
            normal,
            &format!("set(eth(src={mac})),6,set(eth(src=02:00:00:00:00:09)),7"),
            Outcome::Delivered,
        ),
        (normal, "7", Outcome::Delivered),
    ] {
        let told = judged(&nothing, rule, actions);
        assert_eq!(told.outcome, outcome, "{rule} {actions}: {told:?}");
        let is_told = told.sentence.contains("NORMAL learns from that where");
        assert_eq!(is_told, outcome == Outcome::Unknown, "{told:?}");
    }
    // An earlier packet bore that MAC: the bridge takes it for one of the sender's port, until its owner sends.
    let mut learnt = nothing.clone();
    learnt.add_mac(&judged(&nothing, normal, &written), &from);
    for (rule, actions, outcome) in [
        (normal, "7", Outcome::Unknown),
        ("output:4", "7", Outcome::Delivered),
        (normal, "drop", Outcome::Unknown),
    ] {
        let told = judged(&learnt, rule, actions);
        assert_eq!(told.outcome, outcome, "{rule} {actions}: {told:?}");
    }
    learnt.add_mac(&judged(&nothing, normal, "7"), &to);
    assert_eq!(judged(&learnt, normal, "7").outcome, Outcome::Delivered);
}

/// The MAC that a rule answers with is the one that the sender sends to.
#[test]
fn an_answer_that_a_rule_makes_is_told_with_its_mac() {
    let look = look();
    let (from, to) = ends(&look);
    let (six, other) = (by_ipv6(&from), by_ipv6(&to));
    let (own, ip) = (from.mac.unwrap(), to.addresses[0].ip);
    let told = |ends: (&End, &End), actions: &str| {
        let told = verdict(&PacketKind::Arp, Direction::Original, ends, actions);
        told.returned.map(|copy| copy.told)
    };
    let nine = Some(Mac([2, 0, 0, 0, 0, 9]));
    let to_own = format!("set(eth(src=02:00:00:00:00:09,dst={own}))");
    for (said, expected) in [
        (format!("set(arp(sip={ip},op=2,sha=02:00:00:00:00:09,tha={own}))"), nine),
        (format!("set(arp(sip={ip},op=2/0xff,sha=02:00:00:00:00:09))"), nine),
        (format!("set(arp(sip=172.31.9.9,op=2,sha=02:00:00:00:00:09,tha={own}))"), None),
        (format!("set(arp(sip={ip},sha=02:00:00:00:00:09))"), None),
        (format!("set(arp(sip={ip},op=2,sha=02:00:00:00:00:09/ff:00:00:00:00:00))"), None),
        ("set(ipv4(ttl=9))".to_owned(), None),
    ] {
        let actions = format!("{to_own},{said},5");
        assert_eq!(told((&from, &to), &actions), Some(expected), "{actions}");
    }
    let two = format!(
        "{to_own},set(arp(sip={ip},op=2,sha=02:00:00:00:00:09)),5,set(arp(sha=02:00:00:00:00:08)),5"
    );
    assert_eq!(told((&from, &to), &two), Some(None));
    assert_eq!(told((&from, &to), "5"), None);
    let advert = "set(nd_ext(nd_reserved=0x0,nd_options_type=2)),set(nd(tll=02:00:00:00:00:09)),\
                  set(icmpv6(type=136,code=0))";
    let addressed = "set(ipv6(src=fd00::2,dst=fd00::1))";
    for (said, expected) in [
        (format!("{addressed},{advert}"), nine),
        (advert.to_owned(), None),
        (format!("set(ipv6(src=fd00::2,dst=fd00::1,hlimit=254)),{advert}"), None),
        (format!("{addressed},set(nd(tll=02:00:00:00:00:09)),set(icmpv6(type=136))"), None),
        (format!("{addressed},set(nd(target=fd00::9)),{advert}"), None),
    ] {
        let actions = format!("{to_own},{said},5");
        assert_eq!(told((&six, &other), &actions), Some(expected), "{actions}");
    }
}

/// What is recirculated more often than a datapath takes it is dropped there; how often that is depends on the release.
#[test]
fn more_recirculations_than_datapaths_take_are_not_known_to_pass() {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    let kind = PacketKind::Udp(53);
    for (datapath, times, outcome) in [
        ("system", 0, Outcome::Delivered),
        ("system", 5, Outcome::Delivered),
        ("system", 8, Outcome::Delivered),
        ("system", 9, Outcome::Unknown),
        ("netdev", 5, Outcome::Delivered),
        ("netdev", 6, Outcome::Unknown),
        ("netdev", 9, Outcome::Unknown),
        ("", 5, Outcome::Delivered),
        ("", 6, Outcome::Unknown),
    ] {
        let scene =
            scene.replace("\"datapath\": \"system\"", &format!("\"datapath\": \"{datapath}\""));
        let look = Look::new(serde_json::from_str::<model::Snapshot>(&scene).unwrap());
        let (from, to) = ends(&look);
        let packet =
            Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
        let mut said = String::from(
            "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\n",
        );
        for pass in 1..=times {
            let pass = format!(
                "Megaflow: a\nDatapath actions: recirc(0x{pass:x})\n\n====\nrecirc(0x{pass:x}) - resume\n====\n\n\
                 bridge(\"vlanswitch\")\n--\n 1. ip, priority 7\n    drop\n\n"
            );
            said += &pass;
        }
        said += "Megaflow: b\nDatapath actions: 7\n";
        let told = judge(&look, &kind, &packet, &from, &to, &parse_trace(&said));
        assert_eq!(told.outcome, outcome, "{datapath} {times}: {told:?}");
        assert_eq!(told.sentence.contains("recirculated"), outcome == Outcome::Unknown, "{told:?}");
    }
    // Beside each other they are as deep as one.
    let look = look();
    let (from, to) = ends(&look);
    let packet = Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
    let mut said = String::from(
        "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
         Datapath actions: clone(recirc(0x1)),clone(recirc(0x2)),recirc(0x3)\n\n",
    );
    for pass in 1..=3 {
        let pass = format!(
            "====\nrecirc(0x{pass}) - resume\n====\n\nbridge(\"vlanswitch\")\n--\n 1. ip, priority 7\n    drop\n\n\
             Megaflow: b\nDatapath actions: 7\n\n"
        );
        said += &pass;
    }
    let told = judge(&look, &kind, &packet, &from, &to, &parse_trace(&said));
    assert_eq!(told.outcome, Outcome::Delivered, "{told:?}");
}

/// A link that does no ARP takes none: it answers no question, and learns nothing of who asks.
#[test]
fn a_link_without_arp_takes_none() {
    let (from, mut to) = ends(&look());
    let mut link = model::snapshot::Link::clone(to.link.as_ref().unwrap());
    link.no_arp = true;
    to.link = Some(std::sync::Arc::new(link));
    let (six, other) = (by_ipv6(&from), by_ipv6(&to));
    for direction in [Direction::Original, Direction::Reply] {
        let told = verdict(&PacketKind::Arp, direction, (&from, &to), "7");
        assert_eq!(told.outcome, Outcome::Elsewhere, "{told:?}");
        assert!(told.sentence.contains("does no ARP"), "{told:?}");
        let told = verdict(&PacketKind::Udp(53), direction, (&from, &to), "7");
        assert_eq!(told.outcome, Outcome::Delivered, "{told:?}");
        // Whether it has joined the group that is asked is not known.
        let told = verdict(&PacketKind::Arp, direction, (&six, &other), "7");
        assert_eq!(told.outcome, Outcome::Unknown, "{told:?}");
    }
}

/// Of the addresses of its namespace Linux takes packets for those of links that are up.
#[test]
fn an_address_of_ipv6_is_none_of_its_own_where_its_link_is_down() {
    const WEB: u64 = 4_026_532_503;
    let judged = |up: bool, address: &str, actions: &str| {
        let link =
            serde_json::json!({"ifindex": 60, "name": "eth1", "up": up, "addresses": [address]});
        let look = crate::beneath::look_with(&[(WEB, link)], &[]);
        let (from, to) = ends(&look);
        let (six, other) = (by_ipv6(&from), by_ipv6(&to));
        let ends = if address.contains(':') { (&six, &other) } else { (&from, &to) };
        verdict(&PacketKind::Udp(53), Direction::Original, ends, actions).outcome
    };
    for (up, outcome) in [(true, Outcome::Delivered), (false, Outcome::Elsewhere)] {
        assert_eq!(judged(up, "fd09::9/64", "set(ipv6(dst=fd09::9)),7"), outcome, "up: {up}");
        // One of IPv4 is the host's, and not the link's.
        let four = judged(up, "172.31.9.9/24", "set(ipv4(dst=172.31.9.9)),7");
        assert_eq!(four, Outcome::Delivered, "up: {up}");
    }
}

/// What duplicate address detection has not let through is no address yet.
#[test]
fn a_tentative_address_is_not_known_to_be_taken() {
    let (from, to) = ends(&look());
    let (six, mut other) = (by_ipv6(&from), by_ipv6(&to));
    for (tentative, outcome) in [("fd00::2", Outcome::Unknown), ("fd00::3", Outcome::Delivered)] {
        other.tentative = vec![tentative.parse().unwrap()];
        for kind in [PacketKind::Udp(53), PacketKind::Arp] {
            let told = verdict(&kind, Direction::Original, (&six, &other), "7");
            assert_eq!(told.outcome, outcome, "{kind:?}: {told:?}");
        }
    }
}
