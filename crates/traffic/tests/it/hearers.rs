//! Who gets a question for a MAC, and answers it.

use std::net::IpAddr;

use docker_ovs_traffic::{
    Answering, Direction, Hearer, Hearers, Holder, Packet, PacketKind, hearers,
};
use flowtext::parse_trace;
use model::Look;
use model::ids::Ifindex;
use model::route::AnswerSettings;
use serde_json::{Value, json};

use crate::beneath::{FIREWALL, look_with};
use crate::{end, look, on_link};

const TRIVIAL: u64 = 4_026_532_301;
/// Links of trivial_firewall, on datapath ports 4 and 5, and of firewall_ext, on 6.
const FIRST: u32 = 23;
const SECOND: u32 = 25;
const OTHER: u32 = 27;
/// The address of trivial_firewall:eth1.
const ASKED: &str = "172.31.2.1";

/// Who gets the question of webserver, which is on datapath port 7, for the MAC of trivial_firewall:eth1.
fn heard(look: &Look, target: &str, actions: &str) -> Hearers {
    let target: IpAddr = target.parse().unwrap();
    let (from, next) = (end(look, "webserver"), end(look, "trivial_firewall:eth1"));
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
    ] {
        let heard = heard(&look, ASKED, actions);
        assert_eq!((heard.goes_beside, heard.has_unseen), (beside, unseen), "{actions}: {heard:?}");
    }
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
