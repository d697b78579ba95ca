//! Whose flows are whose, and which are stale.

use docker_ovs_traffic::{FlowParts, FlowSubject, Touched, named_ports, stale, touches};
use flowtext::Flow;
use model::snapshot::Link;
use model::{Look, Snapshot};
use serde_json::{Value, json};

use crate::beneath::look_with_bond;
use crate::{look, look_with_port_called};

fn parts(line: &str) -> FlowParts<'_> {
    Flow::parse(line).unwrap().into()
}

fn of_webserver(line: &str) -> Option<Touched> {
    touched(&look(), line)
}

fn touched(look: &Look, line: &str) -> Option<Touched> {
    let mut attachments = look.wiring.attachments.iter();
    let found = attachments.find(|found| found.label() == "webserver:eth0").unwrap();
    touches(&parts(line), &FlowSubject::new(&look.snapshot, found))
}

#[test]
fn a_flow_touches_what_it_may_match_and_what_it_sends_to() {
    for (line, expected) in [
        ("priority=0,actions=NORMAL", Some(Touched::Output)),
        ("priority=0,actions=resubmit(,1)", Some(Touched::From)),
        ("priority=1,in_port=4,actions=drop", Some(Touched::From)),
        ("priority=1,in_port=3,actions=drop", None),
        ("priority=1,in_port=3,actions=clone(output:4)", Some(Touched::Output)),
        ("priority=1,ip,nw_src=172.31.2.0/24,actions=drop", Some(Touched::From)),
        ("priority=1,ip,nw_src=172.31.1.0/24,actions=drop", None),
        ("priority=1,in_port=3,ip,nw_dst=172.31.2.80,actions=drop", Some(Touched::To)),
        ("priority=1,in_port=3,dl_dst=0a:7f:3e:52:11:c8,actions=drop", Some(Touched::To)),
        // As a router gets it.
        (
            "priority=1,in_port=3,dl_dst=0a:7f:3e:52:11:c8,ip,nw_dst=10.0.0.1,actions=drop",
            Some(Touched::To),
        ),
        (
            "priority=1,in_port=3,dl_dst=02:00:00:00:00:01,ip,nw_dst=172.31.0.0/16,actions=drop",
            None,
        ),
        // Whatever it says it is, it came from there; and who has no address yet has none to tell.
        ("priority=1,in_port=4,ip,nw_src=10.9.9.0/24,actions=drop", Some(Touched::From)),
        ("priority=1,in_port=4,dl_src=02:00:00:00:00:01,actions=drop", Some(Touched::From)),
        ("priority=1,udp,nw_src=0.0.0.0,actions=drop", Some(Touched::From)),
        ("priority=1,ipv6,ipv6_src=::,actions=drop", Some(Touched::From)),
        ("priority=1,in_port=3,arp,arp_tha=0a:7f:3e:52:11:c8,actions=drop", Some(Touched::To)),
        (
            "priority=1,in_port=3,dl_dst=01:00:5e:00:00:01,arp,arp_tpa=172.31.2.80,actions=drop",
            Some(Touched::To),
        ),
        // By what is not named, and by what is written.
        ("priority=1,in_port=3,actions=group:1", Some(Touched::Output)),
        ("priority=1,in_port=3,actions=write_actions(group:1)", Some(Touched::Output)),
        ("priority=1,in_port=3,actions=FLOOD", Some(Touched::Output)),
        // By where the switch learnt the destination, and by a number that a field has.
        ("priority=9,in_port=3,actions=NORMAL", Some(Touched::Output)),
        ("priority=9,in_port=3,actions=ct(commit),normal", Some(Touched::Output)),
        ("priority=9,in_port=3,actions=clone(output:NXM_NX_REG0[0..15])", Some(Touched::Output)),
        ("priority=9,in_port=3,actions=output:NXM_NX_REG0[]", Some(Touched::Output)),
        ("priority=9,in_port=3,actions=output:2", None),
        ("priority=9,in_port=3,actions=output(port=2,max_len=64)", None),
        ("priority=1,in_port=3,ip,actions=mod_nw_dst:172.31.2.80,goto_table:1", Some(Touched::To)),
        (
            "priority=1,in_port=3,actions=set_field:0a:7f:3e:52:11:c8->eth_dst,goto_table:1",
            Some(Touched::To),
        ),
        (
            "priority=1,in_port=3,ip,actions=ct(commit,nat(dst=172.31.2.80:80),table=1)",
            Some(Touched::To),
        ),
        ("priority=1,in_port=3,actions=set_field:0a:7f:3e:52:11:c8->eth_src,goto_table:1", None),
        ("priority=1,in_port=3,ip,actions=ct(commit,nat(dst=172.31.2.8),table=1)", None),
        ("priority=1,in_port=3,arp,arp_tpa=172.31.2.80,actions=drop", Some(Touched::To)),
        (
            "priority=1,in_port=3,ip,actions=load:0xac1f0250->NXM_OF_IP_DST[],goto_table:1",
            Some(Touched::To),
        ),
        ("priority=1,in_port=3,ip,actions=load:0xac1f0251->NXM_OF_IP_DST[],goto_table:1", None),
        (
            "priority=1,in_port=3,actions=load:0xa7f3e5211c8->NXM_OF_ETH_DST[],goto_table:1",
            Some(Touched::To),
        ),
        (
            "priority=1,in_port=3,ip,actions=ct(commit,nat(dst=172.31.2.80:80,persistent),table=1)",
            Some(Touched::To),
        ),
        (
            "priority=1,in_port=3,ip,actions=ct(commit,nat(dst=172.31.2.9-172.31.2.99,hash))",
            Some(Touched::To),
        ),
    ] {
        assert_eq!(of_webserver(line), expected, "{line}");
    }
}

/// The recorded host with links of webserver's namespace changed and added.
fn with_links(master: Option<u32>, links: &[Value]) -> Look {
    let mut host = serde_json::to_value(&look().snapshot).unwrap();
    let spaces = host["kernel"]["rows"].as_array_mut().unwrap();
    let is_own = |space: &&mut Value| {
        space["links"].as_array().unwrap().iter().any(|link| link["mac"] == "0a:7f:3e:52:11:c8")
    };
    let own = spaces.iter_mut().find(is_own).unwrap()["links"].as_array_mut().unwrap();
    for link in own.iter_mut().filter(|link| link["name"] == "eth0") {
        link["master"] = json!(master);
    }
    for link in links {
        let mut whole =
            serde_json::to_value(Link { mtu: 1500, up: true, ..Link::default() }).unwrap();
        for (key, value) in link.as_object().unwrap() {
            whole[key] = value.clone();
        }
        own.retain(|old| old["ifindex"] != whole["ifindex"]);
        own.push(whole);
    }
    Look::new(serde_json::from_value::<Snapshot>(host).unwrap())
}

/// Linux sends from any address of its own by any link, and takes what is for one by any.
#[test]
fn an_address_is_the_interfaces_whichever_link_has_it() {
    let lo = json!({"ifindex": 1, "name": "lo", "addresses": ["127.0.0.1/8", "10.255.0.1/32"]});
    let look = with_links(None, &[lo]);
    for (line, expected) in [
        ("priority=9,ip,nw_src=10.255.0.1,actions=drop", Some(Touched::From)),
        ("priority=8,in_port=77,ip,nw_dst=10.255.0.1,actions=drop", Some(Touched::To)),
        ("priority=8,in_port=77,ip,actions=mod_nw_dst:10.255.0.1,goto_table:1", Some(Touched::To)),
        // Loopback is no way to forward by.
        ("priority=9,ip,nw_src=10.255.0.2,actions=drop", None),
        ("priority=9,ip,nw_src=127.0.0.0/8,actions=drop", None),
        ("priority=8,in_port=77,ip,nw_src=10.255.0.1,actions=drop", None),
    ] {
        assert_eq!(touched(&look, line), expected, "{line}");
    }
    // The address is the bond's.
    let bond = json!({
        "ifindex": 77, "name": "bond0", "kind": "bond", "mac": "02:00:00:00:00:77",
        "addresses": ["10.9.0.1/24"],
    });
    let look = with_links(Some(77), &[bond]);
    for (line, expected) in [
        ("priority=8,in_port=77,ip,nw_dst=10.9.0.1,actions=drop", Some(Touched::To)),
        ("priority=8,in_port=77,dl_dst=02:00:00:00:00:77,actions=drop", Some(Touched::To)),
        ("priority=8,dl_src=02:00:00:00:00:77,actions=drop", Some(Touched::From)),
        ("priority=8,dl_src=02:00:00:00:00:78,actions=drop", None),
    ] {
        assert_eq!(touched(&look, line), expected, "{line}");
    }
}

/// What a container forwards has the address of who sent it.
#[test]
fn what_is_forwarded_comes_from_the_interface_too() {
    let second = |up: bool| {
        let mac = "02:00:00:00:00:77";
        json!({"ifindex": 77, "name": "eth7", "kind": "veth", "mac": mac, "up": up})
    };
    let foreign = "priority=9,ip,nw_src=10.1.1.1,nw_dst=10.2.2.2,actions=drop";
    let foreign_frames = "priority=9,dl_src=02:00:00:00:00:99,actions=drop";
    for (look, forwards, bridges) in [
        (look(), None, None),
        (with_links(None, &[second(false)]), None, None),
        (with_links(None, &[second(true)]), Some(Touched::From), None),
        (
            with_links(Some(77), &[json!({"ifindex": 77, "name": "br", "kind": "bridge"})]),
            Some(Touched::From),
            Some(Touched::From),
        ),
    ] {
        assert_eq!(touched(&look, foreign), forwards);
        assert_eq!(touched(&look, foreign_frames), bridges);
        assert_eq!(touched(&look, &foreign.replace("ip,", "in_port=3,ip,")), None);
    }
}

#[test]
fn a_number_is_the_port_of_that_number_whatever_ports_are_called() {
    for name in ["4", "0x4", "77"] {
        let look = look_with_port_called(name);
        let named = |line: &str| -> Vec<_> {
            let flow = parts(line);
            let named = named_ports(&look.wiring, "vlanswitch", &flow);
            named
                .into_iter()
                .map(|one| one.port.map(|port| port.port.ofport.assigned().unwrap().0))
                .collect()
        };
        assert_eq!(named("priority=1,in_port=4,actions=output:4"), [Some(4), Some(4)], "{name}");
        assert_eq!(named("priority=1,in_port=0x4,actions=output:77"), [Some(4), None], "{name}");
        let quoted = format!("priority=1,in_port=\"{name}\",actions=\"{name}\"");
        assert_eq!(named(&quoted), [Some(3), Some(3)], "{name}");
        let mut attachments = look.wiring.attachments.iter();
        let found = attachments.find(|found| found.label() == "firewall_ext:eth0").unwrap();
        let subject = FlowSubject::new(&look.snapshot, found);
        for (line, expected) in [
            ("priority=1,in_port=4,actions=drop", None),
            ("priority=1,in_port=9,actions=output:4", None),
            ("priority=1,in_port=3,actions=drop", Some(Touched::From)),
            (quoted.as_str(), Some(Touched::Output)),
        ] {
            assert_eq!(touches(&parts(line), &subject), expected, "{name}: {line}");
        }
    }
}

fn staleness(line: &str) -> Option<String> {
    let look = look();
    let flow = parts(line);
    let named = named_ports(&look.wiring, "vlanswitch", &flow);
    stale(&look, &flow.flow, &named, Some(1_800_000_000))
}

#[test]
fn a_flow_is_stale_whose_port_is_gone() {
    assert_eq!(staleness("priority=1,in_port=3,actions=output:4,LOCAL"), None);
    assert_eq!(staleness("priority=1,in_port=99,actions=drop").unwrap(), "no port is 99");
    assert_eq!(
        staleness("priority=1,actions=learn(in_port=98,output:NXM_OF_IN_PORT[])").unwrap(),
        "no port is 98"
    );
    assert_eq!(staleness("priority=1,in_port=vethp11082eth0,actions=drop"), None);
    // What begins like the name of a port is no port of that name.
    for other in ["veth", "vethp11082eth00", "vethp11082eth"] {
        let told = staleness(&format!("priority=1,in_port={other},actions=drop"));
        assert_eq!(told.unwrap(), format!("no port is {other}"));
    }
    // What stands for no port that comes and goes is never gone.
    for sound in [
        "priority=1,udp,actions=load:0->NXM_OF_IN_PORT[],NORMAL",
        "priority=1,udp,actions=load:0xffff->NXM_OF_IN_PORT[],NORMAL",
        "priority=1,in_port=CONTROLLER,actions=drop",
        "priority=1,in_port=ANY,actions=drop",
        "priority=1,in_port=local,actions=drop",
        "priority=1,actions=output(port=IN_PORT,max_len=100)",
        "priority=1,actions=learn(table=1,in_port=0,output:NXM_OF_IN_PORT[])",
    ] {
        assert_eq!(staleness(sound), None, "{sound}");
    }
    let orphaned = staleness("priority=1,actions=output:5").unwrap();
    assert!(orphaned.contains("port 5 was old_ext:eth0, whose link is gone"), "{orphaned}");
}

/// Whether a flow is stale 1,000,100 s after the epoch, where the port of webserver has these keys in its row, and its
/// bridge those.
fn staleness_with(port: &Value, bridge: &Value, line: &str) -> Option<String> {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    let mut snapshot: Snapshot = serde_json::from_str(scene).unwrap();
    for seen in snapshot.switch.values_mut() {
        let mut rows = serde_json::to_value(&*seen).unwrap();
        let bridges = rows["rows"].as_array_mut().unwrap();
        for row in bridges.iter_mut().filter(|row| row["name"] == "vlanswitch") {
            row["external_ids"] = bridge.clone();
            let ports = row["ports"].as_array_mut().unwrap();
            let web = ports.iter_mut().find(|port| port["iface"] == "vethp11240eth0").unwrap();
            web["external_ids"] = port.clone();
        }
        *seen = serde_json::from_value(rows).unwrap();
    }
    let look = Look::new(snapshot);
    let flow = parts(line);
    let named = named_ports(&look.wiring, "vlanswitch", &flow);
    stale(&look, &flow.flow, &named, Some(1_000_100))
}

/// A port that `connect` made: a container that got its number back has had it before.
#[test]
fn a_flow_is_older_than_that_a_container_has_the_number() {
    let told = |numbered: Option<&str>, line: &str| {
        let mut keys = json!({"container_id": "webserver", "container_iface": "eth0",
                              "docker-ovs.created": "1000090"});
        let own = keys.as_object_mut().unwrap();
        own.extend(numbered.map(|at| ("docker-ovs.numbered".to_owned(), json!(at))));
        staleness_with(&keys, &json!({}), line)
    };
    let line = "duration=80s, priority=1,in_port=4 actions=drop";
    assert!(told(None, line).unwrap().starts_with("port 4 is webserver:eth0 only for 10 s"));
    assert_eq!(told(Some("1000010"), line), None);
    assert!(told(Some("1000040"), line).unwrap().contains("only for 1 min"));
    assert_eq!(told(Some("1000040"), "duration=50s, priority=1,in_port=4 actions=drop"), None);
}

/// An endpoint is made anew at each start of its container, which has its number again: flows are older than it and
/// not stale. They are where another container had the number.
#[test]
fn a_flow_is_older_than_whose_endpoint_a_port_is() {
    let told = |keys: Value, memory: Value, line: &str| staleness_with(&keys, &memory, line);
    let keys = || {
        json!({"docker-ovs.network": "n1", "docker-ovs.endpoint": "e1", "docker-ovs.name": "webserver",
               "docker-ovs.created": "1000090"})
    };
    let memory = |former: &Value| {
        let owner =
            json!({"network": "n1", "name": "webserver", "used": 1_000_090, "former": former});
        json!({"docker-ovs.number.4": owner.to_string()})
    };
    let of = |name: &str| json!({"name": name, "until": 1_000_040});
    let old = "duration=80s, priority=1,in_port=4 actions=drop";
    let young = "duration=50s, priority=1,in_port=4 actions=drop";
    for (former, line, why) in [
        (of("db"), old, Some("port 4 is webserver:eth0 only for 1 min")),
        (of("db"), young, None),
        (of("webserver"), old, None),
        (Value::Null, old, None),
    ] {
        let told = told(keys(), memory(&former), line);
        assert_eq!(told.is_some(), why.is_some(), "{former} {line}: {told:?}");
        assert!(why.is_none_or(|why| told.unwrap().starts_with(why)));
    }
    // Without a memory, or of one that is of another container, nothing is known.
    assert_eq!(told(keys(), json!({}), old), None);
    let mut nameless = keys();
    nameless.as_object_mut().unwrap().remove("docker-ovs.name");
    assert_eq!(told(nameless, memory(&of("db")), old), None);
}

/// A bond is on the ports of all its members.
#[test]
fn flows_of_each_of_several_ports_touch_what_is_on_all() {
    let look = look_with_bond();
    let mut attachments = look.wiring.attachments.iter();
    let found = attachments.find(|found| found.label() == "trivial_firewall:bond0").unwrap();
    let subject = FlowSubject::new(&look.snapshot, found);
    for (line, expected) in [
        ("priority=1,in_port=1,actions=drop", Some(Touched::From)),
        ("priority=1,in_port=2,actions=drop", Some(Touched::From)),
        ("priority=1,in_port=3,actions=output:2", Some(Touched::Output)),
        ("priority=1,in_port=vethp10565eth1,actions=drop", Some(Touched::From)),
        ("priority=1,in_port=3,actions=output:4", None),
    ] {
        assert_eq!(touches(&parts(line), &subject), expected, "{line}");
    }
}

/// The lines that webserver (port 4) may meet of these, all in one bridge.
fn met<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let look = look();
    let mut attachments = look.wiring.attachments.iter();
    let found = attachments.find(|found| found.label() == "webserver:eth0").unwrap();
    let mut subject = FlowSubject::new(&look.snapshot, found);
    let flows: Vec<_> = lines.iter().map(|line| parts(line)).collect();
    subject.follow(&flows);
    let met = flows.iter().filter(|flow| touches(flow, &subject).is_some());
    met.map(|flow| flow.flow.line).collect()
}

/// Where a rule has written another port or source, the rules after it are met by that.
#[test]
fn a_flow_is_met_by_what_another_one_wrote() {
    for (first, second) in [
        ("in_port=4,actions=resubmit(5,1)", "table=1,in_port=5,actions=drop"),
        ("in_port=4,actions=clone(resubmit(5,1))", "table=1,in_port=5,actions=drop"),
        (
            "in_port=4,actions=load:0x5->NXM_OF_IN_PORT[],resubmit(,1)",
            "table=1,in_port=5,actions=drop",
        ),
        ("in_port=4,actions=set_field:5->in_port,goto_table:1", "table=1,in_port=5,actions=drop"),
        (
            "in_port=4,actions=mod_dl_src:02:00:00:00:00:09,resubmit(,1)",
            "table=1,dl_src=02:00:00:00:00:09,actions=drop",
        ),
        (
            "in_port=4,actions=move:NXM_OF_ETH_DST[]->NXM_OF_ETH_SRC[],resubmit(,1)",
            "table=1,dl_src=02:00:00:00:00:09,actions=drop",
        ),
        (
            "ip,in_port=4,actions=mod_nw_src:10.9.9.9,resubmit(,1)",
            "table=1,ip,nw_src=10.9.9.0/24,actions=drop",
        ),
        (
            "ip,in_port=4,actions=load:0xa090909->NXM_OF_IP_SRC[],resubmit(,1)",
            "table=1,ip,nw_src=10.9.9.9,actions=drop",
        ),
        (
            "ip,in_port=4,actions=ct(commit,nat(src=10.9.9.9),table=1)",
            "table=1,ip,nw_src=10.9.9.9,actions=drop",
        ),
        (
            "ip,in_port=4,actions=ct(commit,nat(src=10.9.9.1-10.9.9.9),table=1)",
            "table=1,ip,nw_src=10.9.9.9,actions=drop",
        ),
        (
            "ip,in_port=4,actions=ct(commit,nat(src=10.9.9.9:1024-65535),table=1)",
            "table=1,ip,nw_src=10.9.9.9,actions=drop",
        ),
        ("in_port=4,actions=resubmit:5", "in_port=5,actions=drop"),
    ] {
        assert_eq!(met(&[first, second]), [first, second]);
        // Not by what is written into the packets of others.
        let other = first.replace("in_port=4", "in_port=3");
        assert!(met(&[&other, second]).is_empty(), "{other}");
    }
    // One after the other, in whatever order they are told.
    let chain = [
        "table=2,in_port=6,actions=drop",
        "table=1,in_port=5,actions=resubmit(6,2)",
        "in_port=4,actions=resubmit(5,1)",
    ];
    assert_eq!(met(&chain), chain);
    for (first, second) in [
        ("in_port=4,actions=resubmit(5,1)", "in_port=5,actions=drop"),
        ("in_port=4,actions=resubmit(5,1)", "table=1,in_port=6,actions=drop"),
        (
            "in_port=4,actions=mod_nw_src:10.9.9.9,resubmit(,1)",
            "table=1,ip,nw_src=10.9.9.8,actions=drop",
        ),
    ] {
        assert_eq!(met(&[first, second]), [first]);
    }
}
