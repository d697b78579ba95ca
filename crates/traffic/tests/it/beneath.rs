//! What stands between a link and its port.

use docker_ovs_traffic::{Direction, End, Outcome, Packet, PacketKind, judge};
use flowtext::parse_trace;
use model::Look;
use serde_json::{Value, json};

use crate::{end, on_link};

/// The namespaces of the scene: of the host, of firewall_ext, and of webserver.
pub(crate) const HOST: u64 = 4_026_531_840;
pub(crate) const FIREWALL: u64 = 4_026_532_402;
const WEB: u64 = 4_026_532_503;

/// The scene with more links, each in a namespace, and with some links changed.
pub(crate) fn look_with(more: &[(u64, Value)], changed: &[(u64, u32, Value)]) -> Look {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    let mut scene: Value = serde_json::from_str(scene).unwrap();
    let spaces = scene["kernel"]["rows"].as_array_mut().unwrap();
    for space in spaces {
        let id = space["id"]["ino"].as_u64().unwrap();
        if id == FIREWALL {
            space["nsids"] = json!([[0, {"dev": 4, "ino": HOST}], [1, {"dev": 4, "ino": WEB}]]);
        }
        let links = space["links"].as_array_mut().unwrap();
        for (_, fields) in more.iter().filter(|(there, _)| *there == id) {
            let mut link = links[1].clone();
            for name in ["peer", "master", "mac", "alias"] {
                link[name] = Value::Null;
            }
            (link["up"], link["addresses"]) = (json!(true), json!([]));
            set(&mut link, fields);
            links.push(link);
        }
        for (_, index, fields) in changed.iter().filter(|(there, ..)| *there == id) {
            let is_it = |link: &&mut Value| link["ifindex"] == json!(index);
            set(links.iter_mut().find(is_it).unwrap(), fields);
        }
    }
    Look::new(serde_json::from_value::<model::Snapshot>(scene).unwrap())
}

fn set(link: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        link[name] = value.clone();
    }
}

fn vlan(index: u32, name: &str, vid: u16, peer: &Value) -> Value {
    json!({"ifindex": index, "name": name, "kind": "vlan", "vlan": vid, "peer": peer, "mac": "02:00:00:00:00:41"})
}

fn macvlan(index: u32, peer: &Value) -> Value {
    let addresses = json!(["172.31.2.99/24"]);
    json!({"ifindex": index, "name": "m0", "kind": "macvlan", "peer": peer, "mac": "02:00:00:00:00:40",
           "addresses": addresses})
}

/// A macvlan on a VLAN link of another namespace: what it sends bears the tag of that.
#[test]
fn a_tag_is_of_every_vlan_link_beneath() {
    let on = |index: u32, nsid: Option<i32>| json!({"ifindex": index, "nsid": nsid});
    let ten = || (WEB, vlan(40, "eth0.10", 10, &on(29, None)));
    let kind = PacketKind::Udp(53);
    for (links, word, tags) in [
        (vec![ten()], "webserver:eth0.10", vec![10]),
        (vec![ten(), (WEB, macvlan(41, &on(40, None)))], "webserver:m0", vec![10]),
        (vec![ten(), (FIREWALL, macvlan(41, &on(40, Some(1))))], "firewall_ext:m0", vec![10]),
        (vec![(FIREWALL, vlan(42, "far", 30, &on(29, Some(1))))], "firewall_ext:far", vec![30]),
        (vec![(FIREWALL, macvlan(41, &on(29, Some(1))))], "firewall_ext:m0", vec![]),
        (
            vec![ten(), (FIREWALL, vlan(42, "m0", 20, &on(40, Some(1))))],
            "firewall_ext:m0",
            vec![20, 10],
        ),
    ] {
        let look = look_with(&links, &[]);
        let found = end(&look, word);
        assert_eq!(found.ofport().map(|port| port.0), Some(4), "{word}");
        assert_eq!((&found.tags, found.broken.as_deref()), (&tags, None), "{word}");
        // Of two tags one is written, and no verdict rests on that.
        assert_eq!(found.doubts.len(), usize::from(tags.len() > 1), "{word}: {:?}", found.doubts);
        // A packet bears them there, and is taken with them alone.
        let [outer] = tags[..] else { continue };
        let from = end(&look, "trivial_firewall:eth1");
        let ends = (
            &from,
            &docker_ovs_traffic::End { addresses: from.addresses.clone(), ..found.clone() },
        );
        let packet = Packet::new(&kind, Direction::Original, ends, &on_link(), None).unwrap();
        assert!(!packet.text.contains("dl_vlan"), "{}", packet.text);
        for (actions, outcome) in [
            (format!("push_vlan(vid={outer},pcp=0),7"), Outcome::Delivered),
            ("7".to_owned(), Outcome::Elsewhere),
        ] {
            let text = format!(
                "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. priority 7\n    drop\n\nMegaflow: a\nDatapath actions: {actions}\n"
            );
            let told = judge(&look, &kind, &packet, ends.0, ends.1, &parse_trace(&text));
            assert_eq!(told.outcome, outcome, "{word} {actions}: {told:?}");
        }
        let packet =
            Packet::new(&kind, Direction::Original, (ends.1, ends.0), &on_link(), None).unwrap();
        assert!(packet.text.contains(&format!(",dl_vlan={outer},")), "{}", packet.text);
    }
}

/// A port is its far end, whatever stands on that and whichever index it has; of several none is known to be meant.
#[test]
fn a_port_is_the_link_at_its_other_end() {
    let on = |index: u32, nsid: Option<i32>| json!({"ifindex": index, "nsid": nsid});
    let ten = |index: u32| (WEB, vlan(index, "eth0.10", 10, &on(29, None)));
    for links in [
        vec![ten(3)],
        vec![(WEB, macvlan(4, &on(29, None)))],
        vec![ten(3), (WEB, macvlan(4, &on(3, None)))],
        vec![ten(40)],
        vec![(FIREWALL, macvlan(4, &on(29, Some(1))))],
    ] {
        let look = look_with(&links, &[]);
        let found = end(&look, "vlanswitch:4");
        assert_eq!((&*found.called, &found.tags[..]), ("webserver:eth0", &[][..]), "{links:?}");
        assert_eq!(found.doubts, [""; 0], "{links:?}");
    }
    // Two stand on the port's own link, or are behind one Linux bridge.
    let local = |links: &[(u64, Value)], changed: &[(u64, u32, Value)]| {
        let doubts = end(&look_with(links, changed), "vlanswitch:LOCAL").doubts;
        doubts.iter().any(|why| why.contains("is on port LOCAL too"))
    };
    let stands = |space: u64, mac: &str| {
        let mut link = macvlan(41, &on(22, Some(0)));
        link["mac"] = json!(mac);
        (space, link)
    };
    let (one, two) = (stands(WEB, "02:00:00:00:00:61"), stands(FIREWALL, "02:00:00:00:00:62"));
    assert!(!local(std::slice::from_ref(&one), &[]));
    assert!(local(&[one, two], &[]));
    let bridge = (HOST, json!({"ifindex": 50, "name": "lbr0", "kind": "bridge"}));
    let behind = |space: u64, nsid: i32, index: u32, mac: &str| {
        let near = json!({"ifindex": index, "name": format!("h{index}"), "kind": "veth",
                          "peer": on(index + 1, Some(nsid)), "master": 50});
        let far = json!({"ifindex": index + 1, "name": "w0", "kind": "veth", "peer": on(index, Some(0)),
                         "mac": mac});
        [(HOST, near), (space, far)]
    };
    let member = [(HOST, 22, json!({"master": 50}))];
    let first = behind(WEB, 2, 51, "02:00:00:00:00:63");
    let second = behind(FIREWALL, 1, 61, "02:00:00:00:00:64");
    assert!(!local(&[&[bridge.clone()][..], &first].concat(), &member));
    assert!(local(&[&[bridge][..], &first, &second].concat(), &member));
}

/// What is down anywhere on the way takes nothing.
#[test]
fn a_link_beneath_is_down_in_whatever_namespace() {
    let on = |index: u32, nsid: Option<i32>| json!({"ifindex": index, "nsid": nsid});
    let links = || {
        let ten = (WEB, vlan(40, "eth0.10", 10, &on(29, None)));
        vec![ten, (FIREWALL, macvlan(41, &on(40, Some(1))))]
    };
    for (netns, index, why) in [
        (FIREWALL, 41, "firewall_ext:m0 is down"),
        (WEB, 40, "eth0.10, the link beneath it, is down"),
        (WEB, 29, "eth0, the link beneath it, is down"),
        (HOST, 30, "the link of port vethp11240eth0 is down"),
    ] {
        let look = look_with(&links(), &[(netns, index, json!({"up": false}))]);
        let told = end(&look, "firewall_ext:m0").broken.unwrap();
        assert!(told.contains(why), "{told}");
    }
}

/// Behind a Linux bridge a VLAN link may be the way: which tag there is then is not known.
#[test]
fn a_linux_bridge_may_lead_by_a_vlan_link() {
    let on = |index: u32, nsid: Option<i32>| json!({"ifindex": index, "nsid": nsid});
    let master = |mut link: Value| {
        link["master"] = json!(50);
        link
    };
    let bridged = |by: Option<Value>| {
        let bridge = json!({"ifindex": 50, "name": "lbr0", "kind": "bridge"});
        let near = json!({"ifindex": 51, "name": "h0", "kind": "veth", "peer": on(52, Some(2)), "master": 50});
        let far = json!({"ifindex": 52, "name": "w0", "kind": "veth", "peer": on(51, Some(0)),
                         "mac": "02:00:00:00:00:52"});
        let mut links = vec![(HOST, bridge), (HOST, near), (WEB, far)];
        links.extend(by.map(|link| (HOST, link)));
        links
    };
    let ten = master(vlan(53, "vlanswitch.10", 10, &on(22, None)));
    let found = end(&look_with(&bridged(Some(ten)), &[]), "webserver:w0");
    assert_eq!((found.ofport().map(|port| port.0), &found.tags[..]), (Some(65_534), &[][..]));
    let doubts = &found.doubts;
    assert!(doubts.iter().any(|why| why.contains("bears the tag of a VLAN")), "{doubts:?}");
    // Where the port itself is a member there is none.
    let plain = [(HOST, 22, json!({"master": 50}))];
    let found = end(&look_with(&bridged(None), &plain), "webserver:w0");
    assert_eq!((found.ofport().map(|port| port.0), found.broken), (Some(65_534), None));
    assert_eq!(found.doubts, [""; 0]);
    for (index, why) in [
        (50, "lbr0, the Linux bridge on the way, is down"),
        (51, "h0, the other end of w0, is down"),
    ] {
        let down = [plain[0].clone(), (HOST, index, json!({"up": false}))];
        let told = end(&look_with(&bridged(None), &down), "webserver:w0").broken.unwrap();
        assert!(told.contains(why), "{told}");
    }
}

/// Which VLANs a Linux bridge passes is not read.
#[test]
fn a_linux_bridge_may_filter_by_vlan() {
    let on = |index: u32, nsid: Option<i32>| json!({"ifindex": index, "nsid": nsid});
    let filtering = |told: Value| {
        let bridge =
            json!({"ifindex": 50, "name": "lbr0", "kind": "bridge", "vlan_filtering": told});
        let near = json!({"ifindex": 51, "name": "h0", "kind": "veth", "peer": on(52, Some(2)), "master": 50});
        let far = json!({"ifindex": 52, "name": "w0", "kind": "veth", "peer": on(51, Some(0)),
                         "mac": "02:00:00:00:00:52"});
        let links = [(HOST, bridge), (HOST, near), (WEB, far)];
        end(&look_with(&links, &[(HOST, 22, json!({"master": 50}))]), "webserver:w0").doubts
    };
    let doubts = filtering(json!(true));
    assert!(doubts.iter().any(|why| why.contains("lbr0 filters by VLAN")), "{doubts:?}");
    assert_eq!(filtering(json!(false)), [""; 0]);
    assert_eq!(filtering(Value::Null), [""; 0]);
}

/// The switch is asked about tags of 802.1Q.
#[test]
fn a_vlan_link_may_write_tags_of_another_ethertype() {
    let on = |index: u32, nsid: Option<i32>| json!({"ifindex": index, "nsid": nsid});
    let links =
        [(WEB, vlan(40, "eth0.10", 10, &on(29, None))), (FIREWALL, macvlan(41, &on(40, Some(1))))];
    for (protocol, is_other) in [(0x8100, false), (0x88a8, true)] {
        let told = [(WEB, 40, json!({"vlan_protocol": protocol}))];
        let found = end(&look_with(&links, &told), "firewall_ext:m0");
        assert_eq!(found.tags, [10]);
        let is_told =
            found.doubts.iter().any(|why| why.contains("eth0.10, which have EtherType 0x88a8"));
        assert_eq!(is_told, is_other, "{:?}", found.doubts);
    }
}

/// A bond sends by its members that are up.
#[test]
fn members_of_a_bond_may_be_down() {
    const TRIVIAL: u64 = 4_026_532_301;
    let bond = json!({"ifindex": 60, "name": "bond0", "kind": "bond", "mac": "02:00:00:00:00:60"});
    let other = json!({"ifindex": 61, "name": "d0", "kind": "dummy", "master": 60});
    let links = [(TRIVIAL, bond), (TRIVIAL, other)];
    let found = |down: &[u32]| {
        let mut changed = vec![(TRIVIAL, 23, json!({"master": 60}))];
        changed.extend(down.iter().map(|index| (TRIVIAL, *index, json!({"up": false}))));
        let found = end(&look_with(&links, &changed), "trivial_firewall:bond0");
        assert!(found.port.is_some(), "{found:?}");
        let doubts = found.doubts.iter().any(|why| why.contains("d0, a member of bond0, is down"));
        let broken = found.broken.is_some_and(|why| why.contains("all members of bond0 are down"));
        (doubts, broken)
    };
    assert_eq!(found(&[]), (false, false));
    assert_eq!(found(&[61]), (true, false));
    assert_eq!(found(&[23, 61]), (false, true));
}

/// trivial_firewall with a bond over its two links, on ports 1 and 2.
pub(crate) fn look_with_bond() -> Look {
    const TRIVIAL: u64 = 4_026_532_301;
    let bond = json!({"ifindex": 60, "name": "bond0", "kind": "bond", "mac": "02:00:00:00:00:60",
                      "addresses": ["172.31.7.7/24"]});
    let member = |index: u32| (TRIVIAL, index, json!({"master": 60}));
    look_with(&[(TRIVIAL, bond)], &[member(23), member(25)])
}

/// A bond sends by one of its ports, and gets by all: by which is not known.
#[test]
fn what_is_on_several_ports_is_not_known_to_get_it() {
    let look = look_with_bond();
    let from = end(&look, "webserver");
    for word in ["172.31.7.7", "trivial_firewall:bond0"] {
        let to = End::find(&look, word, Some(&from)).unwrap();
        assert!(to.port.is_none() && to.mac.is_some(), "{word}: {to:?}");
        let link = to.link.as_ref().unwrap().ifindex;
        let several = End::several(&look, to.netns, link).unwrap();
        assert!(several.contains("vlanswitch/vethp10565eth0 (1)"), "{several}");
        let to = to.with_address("172.31.7.7".parse().unwrap());
        let kind = PacketKind::Udp(53);
        let packet =
            Packet::new(&kind, Direction::Original, (&from, &to), &on_link(), None).unwrap();
        for actions in ["4", "4,5", "drop", "6"] {
            let text = format!(
                "Flow: udp\n\nbridge(\"vlanswitch\")\n--\n 0. ip, priority 7\n    drop\n\nMegaflow: a\n\
                 Datapath actions: {actions}\n"
            );
            let told = judge(&look, &kind, &packet, &from, &to, &parse_trace(&text));
            assert_eq!(told.outcome, Outcome::Unknown, "{word} {actions}: {told:?}");
            assert!(told.sentence.contains("it is on several ports"), "{told:?}");
        }
    }
    // What is on one port comes first, and its members are that.
    assert!(End::several(&look, from.netns, from.link.as_ref().unwrap().ifindex).is_none());
    assert!(end(&look, "trivial_firewall:eth0").port.is_some());
}
