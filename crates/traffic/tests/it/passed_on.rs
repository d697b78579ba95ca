//! Who gets a packet instead may pass it on.

use docker_ovs_traffic::{Direction, End, Outcome, Packet, PacketKind, Verdict, judge};
use flowtext::parse_trace;
use model::Look;
use model::ids::Mac;
use model::route::RouteOut;
use serde_json::{Value, json};

use crate::beneath::{FIREWALL, HOST, look_with};
use crate::{end, on_link};

/// The verdict about a datagram from trivial_firewall to webserver, which is datapath port 7.
fn verdict(look: &Look, actions: &str) -> Verdict {
    verdict_to(look, &end(look, "webserver"), &on_link(), actions)
}

/// The verdict about one to another end.
fn verdict_to(look: &Look, to: &End, out: &RouteOut, actions: &str) -> Verdict {
    let from = end(look, "trivial_firewall:eth1");
    let kind = PacketKind::Udp(53);
    let packet = Packet::new(&kind, Direction::Original, (&from, to), out, None).unwrap();
    let text = format!(
        "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
         Datapath actions: {actions}\n"
    );
    judge(look, &kind, &packet, &from, to, &parse_trace(&text))
}

/// Where the network below the tunnels is a Linux bridge that is seen, its member passes on what the tunnel makes of
/// the packet.
#[test]
fn who_carries_a_tunnels_packet_outside_does_not_pass_on_what_is_in_it() {
    let bridge = json!({"ifindex": 60, "name": "b0", "kind": "bridge"});
    let look = look_with(&[(FIREWALL, bridge)], &[(FIREWALL, 27, json!({"master": 60}))]);
    let out = RouteOut { neighbor: Some(Mac([2, 0, 0, 0, 0, 0x99])), ..on_link() };
    let outside = end(&look, "172.31.2.99");
    let within = "tnl_push(header(ipv4(dst=192.0.2.9))),6";
    let by_tunnel = "leaves by the tunnel to 192.0.2.9; what becomes of it there is not known";
    for (actions, why) in [("6", "gets it, and may pass it on"), (within, by_tunnel)] {
        let told = verdict_to(&look, &outside, &out, actions);
        assert_eq!(told.outcome, Outcome::Unknown, "{actions}: {told:?}");
        assert!(told.sentence.contains(why), "{actions}: {told:?}");
    }
    // To what is on this host it may get by whoever carries it.
    assert_eq!(verdict(&look, within).outcome, Outcome::Unknown);
}

/// firewall_ext is on datapath port 6, and has the MAC 9a:69:12:bc:3d:1d.
#[test]
fn who_bridges_or_routes_may_pass_it_on() {
    let master = |kind: &str| json!({"ifindex": 60, "name": "b0", "kind": kind});
    let enslaved = (FIREWALL, 27, json!({"master": 60}));
    let why = "gets it, and may pass it on";
    for (kind, expected) in [
        ("bridge", Outcome::Unknown),
        ("openvswitch", Outcome::Unknown),
        ("bond", Outcome::Elsewhere),
    ] {
        let look = look_with(&[(FIREWALL, master(kind))], std::slice::from_ref(&enslaved));
        // Alone, beside others, and beside a copy that webserver does not take.
        for actions in ["6", "4,6", "push_vlan(vid=5,pcp=0),7,pop_vlan,6"] {
            let told = verdict(&look, actions);
            assert_eq!(told.outcome, expected, "{kind} {actions}: {told:?}");
            let is_told = told.sentence.contains(why) && told.sentence.contains("firewall_ext");
            assert_eq!(is_told, expected == Outcome::Unknown, "{told:?}");
        }
        assert_eq!(verdict(&look, "6,7").outcome, Outcome::Delivered);
        assert_eq!(verdict(&look, "4").outcome, Outcome::Elsewhere);
    }
    let look = look_with(&[], &[]);
    let own = "set(eth(dst=9a:69:12:bc:3d:1d))";
    for (actions, expected) in [
        (format!("{own},6"), Outcome::Unknown),
        (format!("{own},4"), Outcome::Elsewhere),
        (format!("{own},set(ipv4(dst=172.31.1.2)),6"), Outcome::Elsewhere),
        // What it routes to another one does not get to the one that was meant.
        (format!("{own},set(ipv4(dst=172.31.1.9)),6"), Outcome::Elsewhere),
        (format!("{own},set(ipv4(dst=172.31.1.9)),7"), Outcome::Elsewhere),
        ("6".to_owned(), Outcome::Elsewhere),
    ] {
        let told = verdict(&look, &actions);
        assert_eq!(told.outcome, expected, "{actions}: {told:?}");
    }
}

/// What is changed of links, each in a namespace.
type Links = Vec<(u64, Value)>;

/// Datapath port 6 is a link of this host, which leads to the port that has lost its container.
#[test]
fn a_link_between_two_ports_leads_on() {
    let link = |index: u32, name: &str, kind: &str, peer: Option<u32>, master: Option<u32>| {
        let peer = peer.map(|peer| json!({"ifindex": peer, "nsid": null}));
        (
            HOST,
            json!({"ifindex": index, "name": name, "kind": kind, "peer": peer, "master": master}),
        )
    };
    let bridge = || link(61, "lbr0", "bridge", None, None);
    let near = |master| link(60, "h0", "veth", Some(28), master);
    let gone = (FIREWALL, 27, json!({"peer": null, "kind": "dummy"}));
    let away = (HOST, 28, json!({"peer": {"ifindex": 60, "nsid": null}}));
    let other = "vethp10840eth0";
    let cases: [(Links, Option<&str>); 6] = [
        (vec![link(60, other, "veth", Some(28), None)], Some("port 5 of vlanswitch")),
        // By a Linux bridge, whose member leads to a port, or stands on one.
        (
            vec![
                bridge(),
                near(Some(61)),
                link(62, "h1", "veth", Some(63), Some(61)),
                link(63, other, "veth", Some(62), None),
            ],
            Some("port 5 of vlanswitch"),
        ),
        (
            vec![bridge(), near(Some(61)), link(62, "kiwipycon.5", "vlan", Some(20), Some(61))],
            Some("port LOCAL of kiwipycon"),
        ),
        // A VLAN link on the way.
        (
            vec![
                bridge(),
                near(None),
                link(62, "h0.5", "vlan", Some(60), Some(61)),
                link(63, "h1", "veth", Some(64), Some(61)),
                link(64, other, "veth", Some(63), None),
            ],
            Some("port 5 of vlanswitch"),
        ),
        (vec![near(None)], None),
        (vec![bridge(), near(Some(61)), link(62, "eth9", "dummy", None, Some(61))], None),
    ];
    for (links, expected) in cases {
        let look = look_with(&links, &[gone.clone(), away.clone()]);
        for actions in ["6", "6,set(tunnel(dst=192.0.2.9)),99"] {
            let told = verdict(&look, actions);
            match expected {
                Some(at) => {
                    assert_eq!(told.outcome, Outcome::Unknown, "{links:?}: {told:?}");
                    let is_told =
                        told.sentence.contains("goes on by") && told.sentence.contains(at);
                    assert!(is_told, "{told:?}");
                }
                None if actions == "6" => {
                    assert_eq!(told.outcome, Outcome::Uplink, "{links:?}: {told:?}");
                }
                None => assert_eq!(told.outcome, Outcome::Tunnel, "{links:?}: {told:?}"),
            }
        }
    }
    // The switch's own link may be the member of a Linux bridge.
    let member = |index: u32| (HOST, index, json!({"master": 61}));
    let look = look_with(&[bridge()], &[member(22), member(20)]);
    let told = verdict(&look, "3");
    assert_eq!(told.outcome, Outcome::Unknown, "{told:?}");
    assert!(told.sentence.contains("port LOCAL of kiwipycon"), "{told:?}");
    let look = look_with(&[bridge()], &[member(22)]);
    assert_eq!(verdict(&look, "3").outcome, Outcome::Elsewhere);
}

/// The bridge's own MAC is 3a:4e:12:00:00:03: what is sent to that, or to a link of this host that stands on it, is routed.
#[test]
fn the_host_may_pass_on_what_is_sent_to_its_mac() {
    let ten = json!({"ifindex": 60, "name": "br.10", "kind": "vlan", "vlan": 10, "mac": "02:00:00:00:00:60",
                     "peer": {"ifindex": 22, "nsid": null}});
    let look = look_with(&[(HOST, ten)], &[]);
    let (own, upper) = ("set(eth(dst=3a:4e:12:00:00:03))", "set(eth(dst=02:00:00:00:00:60))");
    for (actions, by) in [
        (format!("{own},3"), Some("vlanswitch of this host")),
        (format!("{upper},push_vlan(vid=10,pcp=0),3"), Some("br.10 of this host")),
        (format!("{upper},3"), None),
        (format!("{own},push_vlan(vid=10,pcp=0),3"), None),
        // For an address of the host itself, and for another one than is meant.
        (format!("{own},set(ipv4(dst=203.0.113.5)),3"), None),
        (format!("{own},set(ipv4(dst=172.31.2.9)),3"), None),
        ("3".to_owned(), None),
    ] {
        let told = verdict(&look, &actions);
        let expected = if by.is_some() { Outcome::Unknown } else { Outcome::Elsewhere };
        assert_eq!(told.outcome, expected, "{actions}: {told:?}");
        assert!(by.is_none_or(|by| told.sentence.contains(by)), "{actions}: {told:?}");
    }
    let down = look_with(&[], &[(HOST, 22, json!({"up": false}))]);
    assert_eq!(verdict(&down, &format!("{own},3")).outcome, Outcome::Elsewhere);
}
