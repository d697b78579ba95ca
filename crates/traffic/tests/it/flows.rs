//! Whose flows are whose, and which are stale.

use docker_ovs_traffic::{Touched, named_ports, stale, touches};
use flowtext::Flow;

use crate::look;

fn of_webserver(line: &str) -> Option<Touched> {
    let look = look();
    let found =
        look.wiring.attachments.iter().find(|found| found.label() == "webserver:eth0").unwrap();
    let flow = Flow::parse(line).unwrap();
    touches(&flow, &flow.action_list(), found)
}

#[test]
fn a_flow_touches_what_it_may_match_and_what_it_sends_to() {
    for (line, expected) in [
        ("priority=0,actions=NORMAL", Some(Touched::From)),
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
        ("priority=1,in_port=3,ip,actions=mod_nw_dst:172.31.2.80,NORMAL", Some(Touched::To)),
        (
            "priority=1,in_port=3,actions=set_field:0a:7f:3e:52:11:c8->eth_dst,NORMAL",
            Some(Touched::To),
        ),
        (
            "priority=1,in_port=3,ip,actions=ct(commit,nat(dst=172.31.2.80:80),table=1)",
            Some(Touched::To),
        ),
        ("priority=1,in_port=3,actions=set_field:0a:7f:3e:52:11:c8->eth_src,NORMAL", None),
        ("priority=1,in_port=3,ip,actions=ct(commit,nat(dst=172.31.2.8),table=1)", None),
        ("priority=1,in_port=3,arp,arp_tpa=172.31.2.80,actions=drop", Some(Touched::To)),
        (
            "priority=1,in_port=3,ip,actions=load:0xac1f0250->NXM_OF_IP_DST[],NORMAL",
            Some(Touched::To),
        ),
        ("priority=1,in_port=3,ip,actions=load:0xac1f0251->NXM_OF_IP_DST[],NORMAL", None),
        (
            "priority=1,in_port=3,actions=load:0xa7f3e5211c8->NXM_OF_ETH_DST[],NORMAL",
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

fn staleness(line: &str) -> Option<String> {
    let look = look();
    let flow = Flow::parse(line).unwrap();
    let actions = flow.action_list();
    let named = named_ports(&look.wiring, "vlanswitch", &flow, &actions);
    stale(&flow, &named, Some(1_800_000_000))
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
