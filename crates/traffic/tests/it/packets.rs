//! Ends and the packets between them.

use docker_ovs_traffic::{End, Kind, Packet, PacketError, Verdict};
use model::snapshot::Cidr;

use crate::{end, look};

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

fn packet(kind: &Kind, from: &str, to: &str) -> Result<Packet, PacketError> {
    let look = look();
    Packet::new(kind, &end(&look, from), &end(&look, to), None)
}

#[test]
fn a_packet_has_what_both_ends_have() {
    let sent = |kind: &Kind| packet(kind, "trivial_firewall:eth1", "webserver").unwrap().text;
    let ends = "dl_src=e6:0c:ad:58:93:1f,dl_dst=0a:7f:3e:52:11:c8,nw_src=172.31.2.1,nw_dst=172.31.2.80,nw_ttl=64";
    assert_eq!(sent(&Kind::Icmp), format!("in_port=2,icmp,{ends},icmp_type=8,icmp_code=0"));
    assert_eq!(
        sent(&Kind::Tcp(80)),
        format!("in_port=2,tcp,{ends},tcp_src=40000,tcp_dst=80,tcp_flags=0x002")
    );
    assert_eq!(sent(&Kind::Udp(53)), format!("in_port=2,udp,{ends},udp_src=40000,udp_dst=53"));
    assert_eq!(
        sent(&Kind::Arp),
        "in_port=2,arp,dl_src=e6:0c:ad:58:93:1f,dl_dst=ff:ff:ff:ff:ff:ff,arp_spa=172.31.2.1,\
         arp_tpa=172.31.2.80,arp_op=1,arp_sha=e6:0c:ad:58:93:1f,arp_tha=00:00:00:00:00:00"
    );
    assert_eq!(sent(&Kind::Raw("ip,nw_proto=89".to_owned())), "in_port=2,ip,nw_proto=89");
    assert_eq!(sent(&Kind::Raw("in_port=7,ip".to_owned())), "in_port=7,ip");
}

#[test]
fn an_answer_is_the_same_the_other_way() {
    let look = look();
    let (from, to) = (end(&look, "webserver"), end(&look, "trivial_firewall:eth1"));
    let reply = |kind: &Kind| Packet::reply(kind, &from, &to, None).unwrap();
    assert!(reply(&Kind::Tcp(80)).text.ends_with("tcp_src=80,tcp_dst=40000,tcp_flags=0x012"));
    assert!(reply(&Kind::Icmp).text.ends_with("icmp_type=0,icmp_code=0"));
    assert_eq!(reply(&Kind::Icmp).ct_state, "trk,est,rpl");
    let arp = reply(&Kind::Arp).text;
    assert!(arp.contains("dl_dst=e6:0c:ad:58:93:1f") && arp.contains("arp_op=2"), "{arp}");
}

#[test]
fn without_a_way_there_is_no_packet() {
    let error = packet(&Kind::Icmp, "firewall_ext", "webserver").unwrap_err().to_string();
    assert!(error.contains("172.31.2.80") && error.contains("no gateway"), "{error}");
    let error = packet(&Kind::Icmp, "firewall_ext", "vlanswitch:to-kiwi").unwrap_err().to_string();
    assert!(error.contains("has no IP address"), "{error}");
}

/// Linux hands what is for an address of its own to itself.
#[test]
fn a_packet_to_its_own_namespace_is_not_sent() {
    let look = look();
    let ways = [
        ("webserver", "webserver"),
        ("trivial_firewall:eth0", "trivial_firewall:eth1"),
        ("trivial_firewall:eth1", "172.31.2.1"),
        ("webserver", "127.0.0.1"),
        ("webserver", "127.8.8.8"),
    ];
    for (from, to) in ways {
        for kind in [Kind::Icmp, Kind::Tcp(80), Kind::Udp(53)] {
            let told = packet(&kind, from, to);
            let Err(PacketError::Kept(ip)) = told else { panic!("{from} to {to}: {told:?}") };
            let verdict = Verdict::kept(&end(&look, from), &end(&look, to), ip);
            assert_eq!(verdict.reaches(), Some(true), "{from} to {to}: {verdict:?}");
        }
        // What is made by hand leaves by the interface.
        assert!(packet(&Kind::Raw("ip".to_owned()), from, to).is_ok());
    }
    assert!(packet(&Kind::Arp, "webserver", "webserver").is_ok());
}

#[test]
fn an_address_that_both_ends_have_is_the_senders_own() {
    let look = look();
    let (mut from, mut to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let shared = to.addresses[0];
    from.local.push(shared.ip);
    let told = Packet::new(&Kind::Icmp, &from, &to, None);
    assert_eq!(told, Err(PacketError::Kept(shared.ip)));
    let verdict = Verdict::kept(&from, &to, shared.ip);
    assert_eq!(verdict.reaches(), Some(false));
    assert!(verdict.sentence.contains("not sent to webserver:eth0"), "{}", verdict.sentence);
    // By another address of its it is reached all the same.
    let other = Cidr { ip: "172.31.2.81".parse().unwrap(), prefix: 24 };
    to.addresses.push(other);
    let packet = Packet::new(&Kind::Icmp, &from, &to, None).unwrap();
    assert!(packet.text.contains("nw_dst=172.31.2.81"), "{}", packet.text);
}
