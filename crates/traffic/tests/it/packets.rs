//! Ends and the packets between them.

use std::sync::Arc;

use docker_ovs_traffic::{Direction, End, Packet, PacketError, PacketKind, Verdict, addresses};
use model::ids::Mac;
use model::route::{Asking, Cast, RouteOut, SendSettings};
use model::snapshot::Cidr;

use crate::{end, look, look_with_port_called, on_link};

#[test]
fn an_end_is_a_container_an_address_or_a_port() {
    let look = look();
    let number = |word: &str| end(&look, word).ofport().map(|port| port.0);
    for (word, expected) in [
        ("firewall_ext", 3),
        ("trivial_firewall:eth1", 2),
        ("172.31.2.80", 4),
        ("vlanswitch:3", 3),
        ("vlanswitch:LOCAL", 65_534),
        ("vlanswitch:to-kiwi", 6),
    ] {
        assert_eq!(number(word), Some(expected), "{word}");
    }
    assert!(end(&look, "203.0.113.9").port.is_none());
    assert!(end(&look, "vlanswitch:5").broken.unwrap().contains("is gone"));
    for (word, why) in [
        (
            "trivial_firewall",
            "several interfaces on ports: trivial_firewall:INTERFACE with eth0, eth1",
        ),
        ("trivial_firewall:eth7", "there is no interface \"eth7\"; there are eth0, eth1"),
        ("trivial_firewall:", "there is no interface \"\"; there are eth0, eth1"),
        ("vlanswitch:77", "vlanswitch has no port \"77\"; there are "),
        ("vlanswitch:", "vlanswitch has no port \"\"; there are "),
        ("nothing", "nothing"),
        ("nothing:eth0", "nothing"),
    ] {
        let error = End::find(&look, word, None).unwrap_err().to_string();
        assert!(error.contains(why), "{word}: {error}");
    }
}

#[test]
fn a_number_names_a_port_by_number_whatever_ports_are_called() {
    for name in ["4", "77", "0x4"] {
        let look = look_with_port_called(name);
        let number = |word: &str| End::find(&look, word, None).ok().and_then(|end| end.ofport());
        assert_eq!(number("vlanswitch:4").map(|port| port.0), Some(4), "{name}");
        assert_eq!(number("vlanswitch:77"), None, "{name}");
        assert_eq!(number(&format!("vlanswitch:\"{name}\"")).map(|port| port.0), Some(3), "{name}");
        let (web, firewall) = (end(&look, "webserver"), end(&look, "firewall_ext"));
        assert_eq!((web.is_port("4"), firewall.is_port("4")), (true, false), "{name}");
        assert!(firewall.is_port(&format!("\"{name}\"")) && firewall.is_port("3"), "{name}");
    }
}

fn packet(kind: &PacketKind, from: &str, to: &str) -> Result<Packet, PacketError> {
    let look = look();
    Packet::new(kind, Direction::Original, (&end(&look, from), &end(&look, to)), &on_link(), None)
}

#[test]
fn a_packet_has_what_both_ends_have() {
    let sent = |kind: &PacketKind| packet(kind, "trivial_firewall:eth1", "webserver").unwrap().text;
    let ends = "dl_src=e6:0c:ad:58:93:1f,dl_dst=0a:7f:3e:52:11:c8,nw_src=172.31.2.1,nw_dst=172.31.2.80,nw_ttl=64";
    assert_eq!(sent(&PacketKind::Icmp), format!("in_port=2,icmp,{ends},icmp_type=8,icmp_code=0"));
    assert_eq!(
        sent(&PacketKind::Tcp(80)),
        format!("in_port=2,tcp,{ends},tcp_src=40000,tcp_dst=80,tcp_flags=0x002")
    );
    assert_eq!(
        sent(&PacketKind::Udp(53)),
        format!("in_port=2,udp,{ends},udp_src=40000,udp_dst=53")
    );
    assert_eq!(
        sent(&PacketKind::Arp),
        "in_port=2,arp,dl_src=e6:0c:ad:58:93:1f,dl_dst=ff:ff:ff:ff:ff:ff,arp_spa=172.31.2.1,\
         arp_tpa=172.31.2.80,arp_op=1,arp_sha=e6:0c:ad:58:93:1f,arp_tha=00:00:00:00:00:00"
    );
}

#[test]
fn a_packet_in_the_users_words_comes_in_by_the_port() {
    let from = end(&look(), "trivial_firewall:eth1");
    assert_eq!(Packet::raw("ip,nw_proto=89", &from).text, "in_port=2,ip,nw_proto=89");
    assert_eq!(Packet::raw("in_port=7,ip", &from).text, "in_port=7,ip");
}

/// Of a packet in the user's words counts what vswitchd reads them as.
#[test]
fn a_packet_in_the_users_words_is_what_vswitchd_reads() {
    let from = end(&look(), "trivial_firewall:eth1");
    let read = |flow: &str| Packet::raw("any words", &from).as_read(flow);
    let tagged = read(
        "ip,in_port=2,dl_vlan=5,dl_vlan_pcp=0,vlan_tci1=0x0000,dl_src=00:00:00:00:00:00,\
                       dl_dst=0a:7f:3e:52:11:c8,nw_src=0.0.0.0,nw_dst=172.31.2.80",
    );
    assert_eq!(tagged.vlans, [5]);
    assert_eq!(tagged.eth_dst, Some([0x0a, 0x7f, 0x3e, 0x52, 0x11, 0xc8]));
    assert_eq!(tagged.ip_dst, Some("172.31.2.80".parse().unwrap()));
    let twice = read(
        "ip,in_port=2,dl_vlan=5,dl_vlan_pcp=0,dl_vlan1=6,dl_vlan_pcp1=0,dl_dst=0a:7f:3e:52:11:c8",
    );
    assert_eq!(twice.vlans, [6, 5], "the outer one last");
    assert_eq!(read("icmp,in_port=2,vlan_tci=0x0000").vlans, [0u16; 0]);
    let unsaid = read("arp,in_port=2,dl_dst=00:00:00:00:00:00,nw_dst=0.0.0.0");
    assert_eq!((unsaid.eth_dst, unsaid.ip_dst), (None, None), "it is judged by its port");
}

/// Where it goes, and what it is sent from, is for the sender's kernel to say.
#[test]
fn a_packet_is_sent_as_the_route_says() {
    let look = look();
    let (mut from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let gateway = end(&look, "firewall_ext");
    let second = Cidr { ip: "172.31.2.99".parse().unwrap(), prefix: 24 };
    from.addresses.push(second);
    let made = |kind: &PacketKind, route: &RouteOut, next: Option<&End>| {
        Packet::new(kind, Direction::Original, (&from, &to), route, next).unwrap().text
    };
    let by = RouteOut { source: Some(second.ip), ..on_link() };
    assert!(made(&PacketKind::Icmp, &by, None).contains("nw_src=172.31.2.99"));
    // An address that the namespace has not is none of this end's.
    let by = RouteOut { source: Some("203.0.113.1".parse().unwrap()), ..on_link() };
    assert!(made(&PacketKind::Icmp, &by, None).contains("nw_src=172.31.2.1,"));
    let by = RouteOut { gateway: Some(gateway.addresses[0].ip), ..on_link() };
    let mac = gateway.mac.unwrap();
    assert!(made(&PacketKind::Icmp, &by, Some(&gateway)).contains(&format!("dl_dst={mac},")));
    let asked = made(&PacketKind::Arp, &by, Some(&gateway));
    assert!(asked.contains(&format!("arp_tpa={}", gateway.addresses[0].ip)), "{asked}");
    // What the kernel has learnt is what it sends to.
    let learnt = Mac([2, 0, 0, 0, 0, 9]);
    let by = RouteOut { neighbor: Some(learnt), ..on_link() };
    assert!(made(&PacketKind::Icmp, &by, None).contains(&format!("dl_dst={learnt},")));
}

/// A packet of IPv4 may have a next hop of IPv6, which is solicited from the link's own address.
#[test]
fn a_next_hop_of_ipv6_is_solicited_for_a_packet_of_ipv4() {
    let look = look();
    let (mut from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let hop = "fe80::80".parse().unwrap();
    let by = RouteOut { gateway: Some(hop), ..on_link() };
    let next = to.clone().with_address(hop);
    let made = |from: &End, kind: &PacketKind| {
        Packet::new(kind, Direction::Original, (from, &to), &by, Some(&next))
    };
    // It has no address to ask from.
    let error = made(&from, &PacketKind::Arp).unwrap_err().to_string();
    assert!(error.contains("no link-local address"), "{error}");
    let own = Cidr { ip: "fe80::1".parse().unwrap(), prefix: 64 };
    Arc::make_mut(from.link.as_mut().unwrap()).addresses.push(own);
    let asked = made(&from, &PacketKind::Arp).unwrap();
    let words = "ipv6_src=fe80::1,ipv6_dst=ff02::1:ff00:80,nw_ttl=255,icmpv6_type=135";
    assert!(asked.text.contains(",icmp6,") && asked.text.contains(words), "{}", asked.text);
    assert_eq!(asked.message.target_ip, Some(hop));
    let sent = made(&from, &PacketKind::Icmp).unwrap().text;
    let mac = to.mac.unwrap();
    assert!(sent.contains("nw_src=172.31.2.1,") && sent.contains(&format!("dl_dst={mac},")));
}

/// The address that a route prefers may be one of another link, as of `lo`.
#[test]
fn a_packet_is_sent_from_the_address_that_the_route_prefers() {
    let look = look();
    let (mut from, mut to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    for (end, far) in [(&mut from, "fd00::1"), (&mut to, "fd00::2")] {
        end.addresses.push(Cidr { ip: far.parse().unwrap(), prefix: 64 });
    }
    let made = |kind: &PacketKind, from: &End, to: &End, source: &str| {
        let by = RouteOut { source: Some(source.parse().unwrap()), ..on_link() };
        Packet::new(kind, Direction::Original, (from, to), &by, None).unwrap()
    };
    let (four, six) = ("10.255.0.1", "2001:db8::1");
    from.local.extend([four, six].map(|ip| ip.parse::<std::net::IpAddr>().unwrap()));
    for kind in [PacketKind::Icmp, PacketKind::Tcp(80), PacketKind::Udp(53), PacketKind::Arp] {
        let told = made(&kind, &from, &to, four);
        assert_eq!(told.ip_src, Some(four.parse().unwrap()), "{kind:?}");
        let word =
            if kind == PacketKind::Arp { "arp_spa=10.255.0.1," } else { "nw_src=10.255.0.1," };
        assert!(told.text.contains(word), "{}", told.text);
    }
    let by_six = to.clone().with_address("fd00::2".parse().unwrap());
    assert!(made(&PacketKind::Udp(53), &from, &by_six, six).text.contains("ipv6_src=2001:db8::1,"));
    // Who solicits has an address of the link, and who is bound to an address has that.
    assert!(made(&PacketKind::Arp, &from, &by_six, six).text.contains("ipv6_src=fd00::1,"));
    let bound = from.clone().with_address("172.31.2.1".parse().unwrap());
    assert!(made(&PacketKind::Icmp, &bound, &to, four).text.contains("nw_src=172.31.2.1,"));
}

#[test]
fn a_packet_to_several_has_the_mac_of_all_or_of_their_group() {
    let look = look();
    let sent = |to: &str, cast: Cast| {
        let (from, to) = (end(&look, "webserver"), end(&look, to));
        let route = RouteOut { cast, ..on_link() };
        Packet::new(&PacketKind::Udp(53), Direction::Original, (&from, &to), &route, None)
            .unwrap()
            .text
    };
    assert!(sent("172.31.2.255", Cast::Broadcast).contains("dl_dst=ff:ff:ff:ff:ff:ff"));
    assert!(sent("224.129.2.3", Cast::Multicast).contains("dl_dst=01:00:5e:01:02:03"));
}

/// How far a packet goes is told by its sender's kernel; of a message of neighbours the protocol says it.
#[test]
fn a_packet_goes_as_far_as_its_senders_kernel_says() {
    let look = look();
    let mut ends = [end(&look, "webserver"), end(&look, "trivial_firewall:eth1")];
    for (end, ip) in ends.iter_mut().zip(["fd00::1", "fd00::2"]) {
        end.addresses.push(Cidr { ip: ip.parse().unwrap(), prefix: 64 });
    }
    let [from, to] = ends;
    let by_six = to.clone().with_address("fd00::2".parse().unwrap());
    let sent = |kind: &PacketKind, to: &End, hops: Option<u8>| {
        let sending = SendSettings { hops, ..SendSettings::default() };
        let route = RouteOut { sending, ..on_link() };
        Packet::new(kind, Direction::Original, (&from, to), &route, None).unwrap().text
    };
    for to in [&to, &by_six] {
        assert!(sent(&PacketKind::Icmp, to, Some(3)).contains("nw_ttl=3,"));
        assert!(sent(&PacketKind::Icmp, to, None).contains("nw_ttl=64,"));
    }
    assert!(sent(&PacketKind::Arp, &by_six, Some(3)).contains("nw_ttl=255,"));
}

/// What the kernel writes, and a trace is not told, is assumed.
#[test]
fn what_the_senders_kernel_chooses_is_assumed() {
    let look = look();
    let (from, to) = (end(&look, "webserver"), end(&look, "trivial_firewall:eth1"));
    let all =
        SendSettings { asks_ecn: true, asking: Asking::MaybeAsAnother, ..SendSettings::default() };
    let assumed = |kind: &PacketKind, direction: Direction, cast: Cast, sending: SendSettings| {
        let route = RouteOut { sending, cast, ..on_link() };
        Packet::new(kind, direction, (&from, &to), &route, None).unwrap().assumed
    };
    let (there, back) = (Direction::Original, Direction::Reply);
    let (one, usual) = (Cast::Unicast, SendSettings::default());
    let (tcp, arp) = (PacketKind::Tcp(80), PacketKind::Arp);
    for (kind, direction, field, is_so) in [
        (&tcp, there, "tcp_flags", true),
        (&tcp, back, "tcp_flags", true),
        (&PacketKind::Udp(53), there, "tcp_flags", false),
        (&arp, there, "arp_spa", true),
        (&arp, back, "arp_spa", false),
    ] {
        let told = assumed(kind, direction, one, all);
        assert_eq!(told.contains(&field), is_so, "{kind:?} {direction:?}: {told:?}");
        assert!(!assumed(kind, direction, one, usual).contains(&field), "{kind:?}");
    }
    // How far a group is sent to is the program's choice.
    assert_eq!(assumed(&PacketKind::Icmp, there, Cast::Multicast, usual), ["nw_ttl"]);
    assert!(assumed(&PacketKind::Icmp, there, one, usual).is_empty());
}

/// The flags of an advertisement, and which options a message of neighbours has, are not told.
#[test]
fn what_neighbours_say_besides_addresses_is_assumed() {
    let look = look();
    let mut ends = [end(&look, "webserver"), end(&look, "trivial_firewall:eth1")];
    for (end, ip) in ends.iter_mut().zip(["fd00::1", "fd00::2"]) {
        *end = end.clone().with_address(ip.parse().unwrap());
    }
    let [from, to] = &ends;
    for direction in [Direction::Original, Direction::Reply] {
        let made = Packet::new(&PacketKind::Arp, direction, (from, to), &on_link(), None).unwrap();
        assert_eq!(made.assumed, ["ipv6_label", "nd_reserved", "nd_options_type"]);
    }
}

#[test]
fn an_answer_is_the_same_the_other_way() {
    let look = look();
    let (from, to) = (end(&look, "webserver"), end(&look, "trivial_firewall:eth1"));
    let reply = |kind: &PacketKind| {
        Packet::new(kind, Direction::Reply, (&from, &to), &on_link(), None).unwrap()
    };
    assert!(reply(&PacketKind::Tcp(80)).text.ends_with("tcp_src=80,tcp_dst=40000,tcp_flags=0x012"));
    assert!(reply(&PacketKind::Icmp).text.ends_with("icmp_type=0,icmp_code=0"));
    assert_eq!(reply(&PacketKind::Icmp).ct_state, "trk,est,rpl");
    // Ports whose digits begin an address or a MAC.
    for port in [1, 10, 17, 172, 22] {
        let told = reply(&PacketKind::Tcp(port)).text;
        assert!(told.contains("nw_src=172.31.2.80,nw_dst=172.31.2.1,"), "{port}: {told}");
        assert!(told.contains(&format!("tcp_src={port},tcp_dst=40000,")), "{port}: {told}");
    }
    let arp = reply(&PacketKind::Arp).text;
    assert!(arp.contains("dl_dst=e6:0c:ad:58:93:1f") && arp.contains("arp_op=2"), "{arp}");
}

#[test]
fn without_an_address_there_is_no_packet() {
    let error =
        packet(&PacketKind::Icmp, "firewall_ext", "vlanswitch:to-kiwi").unwrap_err().to_string();
    assert!(error.contains("has no IP address"), "{error}");
    let error = packet(&PacketKind::Icmp, "webserver", "172.31.2.222").unwrap_err().to_string();
    assert!(error.contains("the MAC of 172.31.2.222 is not known"), "{error}");
}

/// Linux hands what is for an address of its own to itself.
#[test]
fn an_address_that_both_ends_have_is_the_senders_own() {
    let look = look();
    let (mut from, mut to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let shared = to.addresses[0];
    from.local.push(shared.ip);
    assert_eq!(addresses(&from, &to).unwrap().1, shared.ip);
    let verdict = Verdict::kept(&from, &to, shared.ip);
    assert_eq!(verdict.reaches(), Some(false));
    assert!(verdict.sentence.contains("not sent to webserver:eth0"), "{}", verdict.sentence);
    // By another address of its it is reached all the same.
    let other = Cidr { ip: "172.31.2.81".parse().unwrap(), prefix: 24 };
    to.addresses.push(other);
    assert_eq!(addresses(&from, &to).unwrap().1, other.ip);
    let verdict = Verdict::kept(&from, &from, from.addresses[0].ip);
    assert_eq!(verdict.reaches(), Some(true), "{verdict:?}");
}

/// Of several addresses an answer has the pair of what it answers, whichever would be chosen for it.
#[test]
fn an_end_by_one_address_has_that_alone() {
    let look = look();
    let (mut from, mut to) = (end(&look, "webserver"), end(&look, "trivial_firewall:eth1"));
    let address = |ip: &str| Cidr { ip: ip.parse().unwrap(), prefix: 24 };
    from.addresses.extend(["172.31.2.81", "10.99.9.1"].map(address));
    to.addresses.extend(["172.31.2.2", "10.99.9.2", "10.99.9.3"].map(address));
    for (near, far) in [
        ("10.99.9.1", "10.99.9.3"),
        ("172.31.2.81", "172.31.2.1"),
        ("172.31.2.80", "10.99.9.2"),
        // None that it was seen to have.
        ("172.31.2.80", "10.99.7.7"),
    ] {
        let (near, far) = (near.parse().unwrap(), far.parse().unwrap());
        let ends = (from.clone().with_address(near), to.clone().with_address(far));
        assert_eq!(addresses(&ends.0, &ends.1), Ok((near, far)));
        assert_eq!(ends.0.bound_to, Some(near));
    }
}
