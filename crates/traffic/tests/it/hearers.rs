//! Who gets a question for a MAC, and answers it.

use std::net::IpAddr;

use docker_ovs_traffic::{
    Answering, ByLocal, Direction, Hearer, Hearers, Holder, Packet, PacketKind, hearers,
};
use flowtext::parse_trace;
use model::Look;
use model::ids::Ifindex;
use model::route::{AnswerSettings, KeptBy};
use serde_json::{Value, json};

use crate::beneath::{FIREWALL, HOST, look_with};
use crate::{end, look, on_link};

const TRIVIAL: u64 = 4_026_532_301;
/// Links of trivial_firewall, on datapath ports 4 and 5, and of firewall_ext, on 6.
const FIRST: u32 = 23;
const SECOND: u32 = 25;
const OTHER: u32 = 27;
/// That of the bridge vlanswitch itself, on datapath port 3, and that of the host which firewall_ext is behind.
const LOCAL: u32 = 22;
const PAIRED: u32 = 28;
/// The address of trivial_firewall:eth1.
const ASKED: &str = "172.31.2.1";

/// Who gets the question of webserver, which is on datapath port 7, for the MAC of trivial_firewall:eth1.
fn heard(look: &Look, target: &str, actions: &str) -> Hearers {
    heard_of(look, "webserver", target, actions)
}

fn heard_of(look: &Look, from: &str, target: &str, actions: &str) -> Hearers {
    let target: IpAddr = target.parse().unwrap();
    let (from, next) = (end(look, from), end(look, "trivial_firewall:eth1"));
    let next = next.with_address(target);
    let from = match target {
        IpAddr::V4(_) => from,
        IpAddr::V6(_) => from.with_address("fd00::80".parse().unwrap()),
    };
    let kind = PacketKind::Arp;
    let packet = Packet::new(&kind, Direction::Original, (&from, &next), &on_link(), None).unwrap();
    let text = format!(
        "Flow: arp\n\nbridge(\"vlanswitch\")\n--\n 0. arp, priority 7\n    drop\n\nMegaflow: a\n\
         Datapath actions: {actions}\n"
    );
    hearers(look, &packet, (&from, &next), target, &parse_trace(&text))
}

/// The same in words: who has the address there, and whether that is the one that was thought of.
fn told(look: &Look, target: &str, actions: &str) -> Vec<(String, Holder, bool)> {
    let links = heard(look, target, actions).links.into_iter();
    links.map(|one| (one.end.called, one.holder, one.is_asked)).collect()
}

fn one(called: &str, holder: Holder, is_asked: bool) -> (String, Holder, bool) {
    (called.to_owned(), holder, is_asked)
}

fn set(netns: u64, index: u32, fields: Value) -> (u64, u32, Value) {
    (netns, index, fields)
}

#[test]
fn another_link_of_the_namespace_is_asked_where_a_copy_arrives_as_it_takes_one() {
    let look = look();
    let eth1 = one("trivial_firewall:eth1", Holder::Link, true);
    let eth0 = one("trivial_firewall:eth0", Holder::Namespace, false);
    for (actions, expected) in [
        ("4,5", vec![eth0.clone(), eth1.clone()]),
        ("5", vec![eth1.clone()]),
        ("4", vec![eth0]),
        // A copy of another VLAN, in a tunnel, or for the MAC of one.
        ("5,push_vlan(vid=20,pcp=0),4", vec![eth1.clone()]),
        ("set(eth(dst=e6:0c:ad:58:93:1f)),4,5", vec![eth1.clone()]),
        ("push_vlan(vid=20,pcp=0),4,5", vec![]),
        // Two copies get to one link, and who asks does not answer itself.
        ("5,5,7", vec![eth1]),
        ("drop", vec![]),
    ] {
        assert_eq!(told(&look, ASKED, actions), expected, "{actions}");
    }
}

/// As where each of the two is in a VRF of its own.
#[test]
fn a_link_may_be_asked_by_another_one_of_its_namespace() {
    let heard = heard_of(&look(), "trivial_firewall:eth0", ASKED, "4,5");
    let told: Vec<_> = heard.links.into_iter().map(|one| (one.end.called, one.is_asked)).collect();
    assert_eq!(told, [("trivial_firewall:eth1".to_owned(), true)]);
}

#[test]
fn a_vlan_link_gets_the_copy_that_bears_its_tag() {
    let vlan = json!({"ifindex": 40, "name": "eth0.20", "kind": "vlan", "vlan": 20,
                      "mac": "02:00:00:00:00:41", "peer": {"ifindex": FIRST, "nsid": null}});
    let look = look_with(&[(TRIVIAL, vlan)], &[]);
    let tagged = "push_vlan(vid=20,pcp=0),4";
    let by_vlan = one("trivial_firewall:eth0.20", Holder::Namespace, false);
    assert_eq!(told(&look, ASKED, tagged), [by_vlan]);
    let eth0 = one("trivial_firewall:eth0", Holder::Namespace, false);
    assert_eq!(told(&look, ASKED, "4"), [eth0]);
    assert!(told(&look, ASKED, "push_vlan(vid=21,pcp=0),4").is_empty());
}

#[test]
fn another_container_with_the_address_is_asked_as_well() {
    let with = |fields: Value| look_with(&[], &[set(FIREWALL, OTHER, fields)]);
    let addresses = json!(["172.31.1.2/24", "172.31.2.1/24"]);
    let both = [
        one("trivial_firewall:eth1", Holder::Link, true),
        one("firewall_ext:eth0", Holder::Link, false),
    ];
    assert_eq!(told(&with(json!({"addresses": addresses})), ASKED, "5,6"), both);
    assert_eq!(told(&with(json!({"addresses": addresses})), ASKED, "5"), both[..1]);
    // What is down, or does no ARP, gets none; without the address it is no holder.
    for fields in [json!({"up": false}), json!({"no_arp": true})] {
        let mut fields = fields;
        fields["addresses"] = addresses.clone();
        assert_eq!(told(&with(fields.clone()), ASKED, "5,6"), both[..1], "{fields}");
    }
    let stranger = one("firewall_ext:eth0", Holder::Neither, false);
    assert_eq!(told(&with(json!({})), ASKED, "6"), [stranger]);
    // Where it is a member of a bridge, that gets it, and whom it passes it on to is not seen.
    let bridge = (FIREWALL, json!({"ifindex": 60, "name": "b0", "kind": "bridge"}));
    let look = look_with(&[bridge], &[set(FIREWALL, OTHER, json!({"master": 60}))]);
    assert_eq!(told(&look, ASKED, "6"), [one("firewall_ext:b0", Holder::Neither, false)]);
    assert!(heard(&look, ASKED, "6").has_unseen);
}

#[test]
fn a_solicitation_is_answered_for_addresses_of_the_link_alone() {
    let six = "fd00::1";
    let look = look_with(
        &[],
        &[
            set(TRIVIAL, SECOND, json!({"addresses": ["172.31.2.1/24", "fd00::1/64"]})),
            set(FIREWALL, OTHER, json!({"addresses": ["fd00::1/64"], "tentative": ["fd00::1"]})),
        ],
    );
    let expected = [
        one("trivial_firewall:eth0", Holder::Neither, false),
        one("trivial_firewall:eth1", Holder::Link, true),
        // Nothing is answered for an address that is tentative.
        one("firewall_ext:eth0", Holder::Neither, false),
    ];
    assert_eq!(told(&look, six, "4,5,6"), expected);
}

#[test]
fn a_short_look_knows_who_is_on_the_ports_of_both_ends_alone() {
    let look = look();
    for (actions, beside, unseen) in [
        ("5", false, false),
        ("5,7", false, false),
        ("4,5", true, false),
        ("push_vlan(vid=20,pcp=0),5", true, false),
        // A port that is not known, an uplink in all but name.
        ("5,99", true, true),
        ("5,userspace(pid=0,controller(reason=1))", false, true),
        // A copy that is not followed.
        ("5,tnl_pop(99)", false, true),
    ] {
        let heard = heard(&look, ASKED, actions);
        assert_eq!((heard.goes_beside, heard.has_unseen), (beside, unseen), "{actions}: {heard:?}");
    }
}

/// What stands on the bridge's own link gets what comes there, with its tag.
#[test]
fn links_of_the_host_on_the_bridges_own_link_get_their_copies() {
    let upper = |index: u32, name: &str, kind: &str, vlan: Option<u16>, on: u32| {
        let peer = json!({"ifindex": on, "nsid": null});
        let mac = format!("02:00:00:00:00:{index}");
        (
            HOST,
            json!({"ifindex": index, "name": name, "kind": kind, "vlan": vlan, "peer": peer, "mac": mac}),
        )
    };
    let mut ten = upper(60, "br.10", "vlan", Some(10), LOCAL);
    let (plain, macvlan) = (ten.clone(), upper(61, "m0", "macvlan", None, LOCAL));
    ten.1["addresses"] = json!(["172.31.2.1/24"]);
    let local = |holder| one("vlanswitch:LOCAL", holder, false);
    let (tagged, own) = ("push_vlan(vid=10,pcp=0),3", Holder::Namespace);
    let look = look_with(&[ten.clone(), macvlan.clone()], &[]);
    assert_eq!(told(&look, ASKED, tagged), [one("br.10", Holder::Link, false)]);
    assert_eq!(told(&look, ASKED, "3"), [local(own), one("m0", own, false)]);
    assert!(told(&look, ASKED, "push_vlan(vid=11,pcp=0),3").is_empty());
    // It may be set to answer for others, and is asked for its settings by its own name.
    let look = look_with(&[plain], &[]);
    let heard = heard(&look, ASKED, tagged);
    let links: Vec<_> = heard.links.iter().map(|one| (&*one.end.called, one.holder)).collect();
    assert_eq!(links, [("br.10", Holder::Neither)]);
    assert_eq!(heard.links[0].end.link.as_ref().map(|link| &*link.name), Some("br.10"));
    assert!(heard.links[0].is_sure && heard.by_local == ByLocal::Known, "{heard:?}");
    // Of what is down nothing is heard, nor by what stands on it.
    let down = look_with(&[ten.clone(), macvlan], &[set(HOST, LOCAL, json!({"up": false}))]);
    assert!(told(&down, ASKED, tagged).is_empty() && told(&down, ASKED, "3").is_empty());
    // Of two VLAN links the inner tag comes first; which of them is written is not known.
    let look = look_with(&[ten.clone(), upper(62, "br.10.20", "vlan", Some(20), 60)], &[]);
    let both = self::heard(&look, ASKED, "push_vlan(vid=20,pcp=0),push_vlan(vid=10,pcp=0),3");
    let links: Vec<_> = both.links.iter().map(|one| (&*one.end.called, one.is_sure)).collect();
    assert_eq!(links, [("br.10.20", false)]);
    // A tap hands it to a program, and a member to its bridge.
    let bridge = (HOST, json!({"ifindex": 70, "name": "lbr", "kind": "bridge"}));
    let mut member = ten;
    member.1["master"] = json!(70);
    for more in [vec![upper(63, "t0", "macvtap", None, LOCAL)], vec![bridge, member]] {
        let heard = self::heard(&look_with(&more, &[]), ASKED, "3");
        assert_eq!((heard.by_local, heard.has_unseen), (ByLocal::Unseen, false), "{heard:?}");
    }
}

/// The same of a pair of this host, one end of which is a port.
#[test]
fn links_on_the_other_end_of_a_pair_of_the_host_get_their_copies() {
    let near = json!({"ifindex": 60, "name": "h0", "kind": "veth", "mac": "02:00:00:00:00:60",
                      "peer": {"ifindex": PAIRED, "nsid": null}});
    let vlan = json!({"ifindex": 61, "name": "h0.10", "kind": "vlan", "vlan": 10, "mac": "02:00:00:00:00:60",
                      "peer": {"ifindex": 60, "nsid": null}, "addresses": ["172.31.2.1/24"]});
    let gone = set(FIREWALL, OTHER, json!({"peer": null, "kind": "dummy"}));
    let away = set(HOST, PAIRED, json!({"peer": {"ifindex": 60, "nsid": null}}));
    let look = look_with(&[(HOST, near), (HOST, vlan)], &[gone, away]);
    let tagged = heard(&look, ASKED, "push_vlan(vid=10,pcp=0),6");
    let links: Vec<_> = tagged.links.iter().map(|one| (&*one.end.called, one.holder)).collect();
    assert_eq!(links, [("h0.10", Holder::Link)]);
    assert!(!tagged.has_unseen && tagged.goes_beside, "{tagged:?}");
    assert_eq!(told(&look, ASKED, "6"), [one("vlanswitch:3", Holder::Namespace, false)]);
}

/// The scene with the port of firewall_ext (datapath port 6) as an internal one, whose link was moved there.
fn with_moved_port(more: &[(u64, Value)]) -> Look {
    let name = "vethp11082eth0";
    let moved = json!({"kind": "openvswitch", "name": name, "peer": null});
    let left = json!({"name": "left0", "master": null, "peer": null, "kind": "dummy"});
    let look = look_with(more, &[set(FIREWALL, OTHER, moved), set(HOST, PAIRED, left)]);
    let mut scene = serde_json::to_value(&look.snapshot).unwrap();
    for source in scene["switch"].as_object_mut().unwrap().values_mut() {
        for bridge in source["rows"].as_array_mut().unwrap() {
            let ports = bridge["ports"].as_array_mut().unwrap();
            for port in ports.iter_mut().filter(|port| port["iface"] == name) {
                if port["kind"] == "system" {
                    port["kind"] = json!("internal");
                }
                port["ifindex"] = Value::Null;
            }
        }
    }
    Look::new(serde_json::from_value::<model::Snapshot>(scene).unwrap())
}

#[test]
fn an_internal_port_that_was_moved_into_a_container_ends_there() {
    let look = with_moved_port(&[]);
    let heard = heard(&look, ASKED, "5,6");
    let links: Vec<_> = heard.links.iter().map(|one| &*one.end.called).collect();
    assert_eq!(links, ["trivial_firewall:eth1", "firewall_ext:vethp11082eth0"]);
    assert!(!heard.has_unseen && heard.goes_beside, "{heard:?}");
}

/// The bridge itself is told apart, by number or by name: a look at two ends alone asks for its link.
#[test]
fn a_copy_to_the_bridge_itself_is_told_apart() {
    let look = look();
    for (actions, by_local, beside) in [
        ("5", ByLocal::Nothing, false),
        ("5,3", ByLocal::Known, false),
        ("vethp10565eth1,vlanswitch", ByLocal::Known, false),
        ("3,4,5", ByLocal::Known, true),
        // That of another bridge.
        ("5,2", ByLocal::Nothing, true),
    ] {
        let heard = heard(&look, ASKED, actions);
        assert_eq!((heard.by_local, heard.goes_beside), (by_local, beside), "{actions}: {heard:?}");
    }
    // Its link was not read.
    let short = look_with(&[], &[set(HOST, LOCAL, json!({"name": "other0", "ifindex": 99}))]);
    let heard = heard(&short, ASKED, "3,5");
    assert_eq!(heard.by_local, ByLocal::Unseen, "{heard:?}");
    assert!(!heard.goes_beside && !heard.has_unseen, "{heard:?}");
}

fn hearer(look: &Look, called: &str) -> Hearer {
    let heard = heard(look, ASKED, "4,5,6");
    heard.links.into_iter().find(|one| one.end.called == called).unwrap()
}

#[test]
fn settings_of_the_kernel_decide_who_answers() {
    let look = look();
    let asked = hearer(&look, "trivial_firewall:eth1");
    let beside = hearer(&look, "trivial_firewall:eth0");
    let other = hearer(&look, "firewall_ext:eth0");
    let set = |arp_ignore: u8| AnswerSettings { arp_ignore, ..AnswerSettings::default() };
    let by_route = AnswerSettings { by_route: true, ..set(0) };
    let between = AnswerSettings { proxies_between: true, ..set(0) };
    let within = AnswerSettings { proxies_within: true, ..set(0) };
    let local = |arp_ignore| AnswerSettings { kept_by: KeptBy::Route, ..set(arp_ignore) };
    let (yes, no, may) = (Answering::Surely, Answering::No, Answering::May);
    let by = |index: u32| Some(Ifindex(index));
    for (hearer, settings, out, expected) in [
        (&asked, Some(set(0)), None, yes),
        (&beside, Some(set(0)), None, yes),
        (&asked, Some(set(1)), None, yes),
        (&beside, Some(set(1)), None, no),
        (&asked, Some(set(2)), None, yes),
        (&beside, Some(set(3)), None, may),
        (&asked, Some(set(8)), None, no),
        (&asked, None, None, yes),
        (&other, None, None, Answering::Unknown),
        // The way back is by the other link.
        (&beside, Some(by_route), by(SECOND), no),
        (&beside, Some(by_route), by(FIRST), yes),
        (&asked, Some(by_route), by(SECOND), yes),
        (&asked, Some(by_route), by(FIRST), may),
        // Who answers for others forwards to them by another link, or by this one.
        (&other, Some(set(0)), by(OTHER), no),
        (&other, Some(between), by(OTHER), no),
        (&other, Some(between), by(99), may),
        (&other, Some(between), None, Answering::Unknown),
        (&other, Some(within), by(OTHER), may),
        (&other, Some(within), by(99), no),
        // A route of type local to the address, which no link there has.
        (&other, Some(local(0)), None, may),
        (&other, Some(local(1)), None, no),
        (&other, Some(local(8)), None, no),
    ] {
        let target = ASKED.parse().unwrap();
        let sender = "172.31.2.80".parse().ok();
        let told = hearer.answering(settings, (sender, target), |_, _| out);
        assert_eq!(told, expected, "{} {settings:?} {out:?}", hearer.end.called);
    }
    // Of another network than the address is, with `arp_ignore` 2.
    let (far, target) = ("10.9.9.9".parse().ok(), ASKED.parse().unwrap());
    assert_eq!(asked.answering(Some(set(2)), (far, target), |_, _| None), no);
}
