//! Datapath actions, as `format_odp_actions` of lib/odp-util.c writes them, followed to where a packet
//! leaves.

use crate::conntrack::Tracked;
use crate::header::Header;
use crate::split::{call, parts};

/// So deep lists in lists are followed.
const DEEPEST: usize = 16;

/// No more outputs are told: a datapath has 65,535 ports, and an action list 64 KiB.
const MAX_OUTPUTS: usize = 65_536;

/// A datapath action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DpAction<'a> {
    /// What it does; of an output the port, by number or name.
    pub name: &'a str,
    /// What is in its parentheses.
    pub inside: Option<&'a str>,
}

impl<'a> DpAction<'a> {
    /// The actions of a list.
    pub fn list(text: &'a str) -> impl Iterator<Item = Self> {
        parts(text).map(|part| {
            let (name, inside) = call(part);
            Self { name, inside }
        })
    }
}

/// A port that a packet leaves by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The datapath port, by number or name.
    pub port: String,
    /// The packet then.
    pub header: Header,
}

/// What comes of a list of datapath actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Each port that the packet leaves by, in order.
    pub outputs: Vec<Output>,
    /// The packets that begin again, by the number after `recirc`.
    pub recirculated: Vec<(String, Header)>,
    /// The connections that are committed of it.
    pub committed: Vec<Tracked>,
    /// Whether `ct_mark` of a connection is written.
    pub marked: bool,
    /// Whether `ct_label` is.
    pub labelled: bool,
    /// Whether it is sent to a controller.
    pub controller: bool,
    /// Where it is taken besides, in ways that are not followed: it may arrive by them.
    pub untold: Vec<String>,
    /// What is not understood, or cannot be known.
    pub doubts: Vec<String>,
}

/// Follows a packet through a list of datapath actions.
pub fn follow(actions: &str, header: Header) -> Outputs {
    let mut outputs = Outputs::default();
    walk(actions, header, &mut outputs, 0);
    outputs
}

fn walk(actions: &str, mut header: Header, told: &mut Outputs, depth: usize) {
    let mut cut = false;
    let mut is_tracked = false;
    for DpAction { name, inside } in DpAction::list(actions) {
        let goes_on_tracked = std::mem::replace(&mut is_tracked, name == "ct");
        // What is cut is what leaves next, in whatever way.
        let leaving = |cut: bool| {
            let altered = if cut { Some("trunc".to_owned()) } else { header.altered.clone() };
            Header { altered, ..header.clone() }
        };
        if inside.is_none() && is_output(name) {
            let header = leaving(std::mem::take(&mut cut));
            if told.outputs.len() < MAX_OUTPUTS {
                told.outputs.push(Output { port: name.to_owned(), header });
            } else {
                told.untold.push(format!("it leaves by more than {MAX_OUTPUTS} ports"));
                return;
            }
            continue;
        }
        let inside = inside.unwrap_or_default();
        match name {
            "trunc" => cut = true,
            "clone" => nested(inside, &leaving(cut), told, depth),
            "sample" => sample(inside, &leaving(cut), told, depth),
            "check_pkt_len" => by_length(inside, &leaving(cut), told, depth),
            "dec_ttl" => {
                by_ttl(inside, &leaving(cut), told, depth);
                header.ttl = header.ttl.map(|ttl| ttl.saturating_sub(1));
            }
            "recirc" => {
                let mut header = leaving(cut);
                // What begins by anything else has vswitchd trace it as if no `ct(…)` had been there.
                header.mark.before |= told.marked && !goes_on_tracked;
                header.label.before |= told.labelled && !goes_on_tracked;
                told.recirculated.push((inside.to_owned(), header));
            }
            "userspace" => userspace(inside, told),
            // Each takes a packet to where these actions do not tell, and leaves it as it is to those behind.
            "lb_output" => {
                told.untold.push(format!("bond {inside} chooses by which member it leaves"));
            }
            "tnl_pop" => {
                let why =
                    format!("port {inside} takes a tunnel's header off, and what is in it goes on");
                told.untold.push(why);
            }
            _ => header.change(name, inside, told),
        }
    }
}

/// `pid=0,controller(…)`: what vswitchd does with it. A sample of it for a collector takes it nowhere.
fn userspace(inside: &str, told: &mut Outputs) {
    const SAMPLES: [&str; 3] = ["sFlow", "flow_sample", "ipfix"];
    if !calls(inside, &["controller"]).is_empty() {
        told.controller = true;
    } else if calls(inside, &SAMPLES).is_empty() && !parts(inside).any(|part| part == "ipfix") {
        told.untold.push(format!("vswitchd does with it what userspace({inside}) does not tell"));
    }
}

/// Whether a word without parentheses is an output: a number or a name of a port, and no other action.
pub fn is_output(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "drop", "ct", "ct_clear", "pop_vlan", "pop_eth", "pop_nsh", "pop_mpls", "dec_ttl",
        "push_eth",
    ];
    !WORDS.contains(&name)
}

fn nested(actions: &str, header: &Header, told: &mut Outputs, depth: usize) {
    if depth < DEEPEST {
        walk(actions, header.clone(), told, depth + 1);
    } else {
        told.doubts.push("actions are nested too deeply".to_owned());
    }
}

/// `sample=50.0%,actions(…)`
fn sample(inside: &str, header: &Header, told: &mut Outputs, depth: usize) {
    let always = parts(inside).any(|part| part == "sample=100.0%");
    let mut header = header.clone();
    if !always {
        header.doubt = Some("only a part of all packets is sampled".to_owned());
    }
    for (_, actions) in calls(inside, &["actions"]) {
        nested(actions, &header, told, depth);
    }
}

/// `size=200,gt(…),le(…)`: which way a packet goes depends on how long it is.
fn by_length(inside: &str, header: &Header, told: &mut Outputs, depth: usize) {
    let mut header = header.clone();
    let size = parts(inside).find_map(|part| part.strip_prefix("size=")).unwrap_or_default();
    header.doubt =
        Some(format!("what is done depends on whether the packet has more than {size} bytes"));
    let branches = calls(inside, &["gt", "le"]);
    if branches.is_empty() {
        told.untold.extend(header.doubt.clone());
    }
    for (_, actions) in branches {
        nested(actions, &header, told, depth);
    }
}

/// `le_1(…)`: what is done once its time to live has come to its end.
fn by_ttl(inside: &str, header: &Header, told: &mut Outputs, depth: usize) {
    let doubt = Some("what is done depends on its time to live".to_owned());
    for (_, actions) in calls(inside, &["le_1"]) {
        nested(actions, &Header { doubt: doubt.clone(), ..header.clone() }, told, depth);
    }
}

/// The calls of these names in a list, with what is in their parentheses.
pub(crate) fn calls<'a>(text: &'a str, names: &[&str]) -> Vec<(&'a str, &'a str)> {
    let all = parts(text).filter_map(|part| {
        let (name, inside) = call(part);
        inside.map(|inside| (name, inside))
    });
    all.filter(|(name, _)| names.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::conntrack::KeptField;
    use crate::header::{Message, VlanTag};

    fn ports(actions: &str) -> Vec<(String, Header)> {
        let outputs = follow(actions, Header::default()).outputs;
        outputs.into_iter().map(|output| (output.port, output.header)).collect()
    }

    #[test]
    fn a_packet_is_followed_to_its_ports() {
        let all =
            ports("1,push_vlan(vid=5,pcp=0),4,pop_vlan,clone(set(eth(dst=02:00:00:00:00:09)),5),6");
        let told: Vec<_> =
            all.iter().map(|(port, header)| (&**port, header.vlans.clone())).collect();
        let five = VlanTag::dot1q(5);
        assert_eq!(told, [("1", vec![]), ("4", vec![five]), ("5", vec![]), ("6", vec![])]);
        assert_eq!(all[2].1.eth_dst, [2, 0, 0, 0, 0, 9]);
        assert_eq!(all[3].1.eth_dst, [0; 6], "a clone changes a copy");
    }

    /// A part of a source may be written, and what is written may be what it was.
    #[test]
    fn a_source_is_what_was_written_last() {
        let from = ([10, 0, 0, 1].into(), 40_000);
        let start = || Header { ip_src: Some(from.0), port_src: Some(from.1), ..Header::default() };
        let nine = Some(IpAddr::from([10, 0, 0, 9]));
        let own = (Some(from.0), Some(from.1));
        for (actions, expected) in [
            ("3", own),
            ("set(ipv4(src=10.0.0.9)),3", (nine, own.1)),
            ("set(ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ttl=63,frag=no)),3", own),
            ("set(ipv4(src=10.0.0.0/255.255.255.0)),3", (None, own.1)),
            ("set(ipv6(src=fd00::9)),3", (Some("fd00::9".parse().unwrap()), own.1)),
            ("set(tcp(src=80,dst=8080)),3", (own.0, Some(80))),
            ("set(udp(src=80/0xff)),3", (own.0, None)),
            ("clone(set(ipv4(src=10.0.0.9)),4),3", own),
            ("set(eth(src=02:00:00:00:00:09)),set(tunnel(src=192.0.2.1,dst=192.0.2.2)),3", own),
        ] {
            let header = follow(actions, start()).outputs.pop().unwrap().header;
            assert_eq!((header.ip_src, header.port_src), expected, "{actions}");
        }
    }

    /// What a message of ARP, neighbour discovery or ICMP says is what was written of it.
    #[test]
    fn what_a_message_says_is_followed() {
        let [one, two] = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]];
        let start = || Header {
            eth_src: Some(one),
            ttl: Some(255),
            message: Message { kind: Some(1), sender_mac: Some(one), ..Message::default() },
            ..Header::default()
        };
        let sent = start().message;
        let ip = |ip: &str| Some(ip.parse().unwrap());
        let solicits = Message { kind: Some(136), code: Some(0), option: Some(2), ..sent };
        for (actions, expected) in [
            ("3", sent),
            ("set(eth(src=02:00:00:00:00:02)),3", sent),
            ("clone(set(arp(op=2)),4),3", sent),
            ("set(arp(tip=10.0.0.9)),3", Message { target_ip: ip("10.0.0.9"), ..sent }),
            ("set(arp(tip=10.0.0.0/255.0.0.0)),3", sent),
            ("set(arp(op=2/0xff)),3", Message { kind: Some(2), ..sent }),
            ("set(arp(op=2/0xf)),3", Message { kind: None, ..sent }),
            (
                "set(arp(sip=10.0.0.1,op=2,sha=02:00:00:00:00:02,tha=02:00:00:00:00:01)),3",
                Message {
                    kind: Some(2),
                    sender_ip: ip("10.0.0.1"),
                    sender_mac: Some(two),
                    target_mac: Some(one),
                    ..sent
                },
            ),
            (
                "set(arp(sha=02:00:00:00:00:02/ff:00:00:00:00:00)),3",
                Message { sender_mac: None, ..sent },
            ),
            (
                "set(nd_ext(nd_reserved=0x0,nd_options_type=2)),set(nd(tll=02:00:00:00:00:02)),\
                 set(icmpv6(type=136,code=0)),3",
                Message { target_mac: Some(two), ..solicits },
            ),
            ("set(nd(target=fd00::9)),3", Message { target_ip: ip("fd00::9"), ..sent }),
            ("set(icmp(type=0,code=1)),3", Message { kind: Some(0), code: Some(1), ..sent }),
        ] {
            let header = follow(actions, start()).outputs.pop().unwrap().header;
            assert_eq!(header.message, expected, "{actions}");
        }
        for (actions, source, ttl) in [
            ("set(ipv6(src=fd00::9)),3", Some(one), Some(255)),
            ("set(ipv6(hlimit=254)),3", Some(one), Some(254)),
            ("set(ipv4(src=10.0.0.9,ttl=63)),3", Some(one), Some(63)),
            ("set(ipv6(hlimit=0/0xf)),3", Some(one), None),
            ("set(tunnel(dst=192.0.2.1,ttl=64)),3", Some(one), Some(255)),
            ("dec_ttl(le_1(drop)),3", Some(one), Some(254)),
            ("set(eth(src=02:00:00:00:00:02,dst=02:00:00:00:00:01)),3", Some(two), Some(255)),
            ("set(eth(src=02:00:00:00:00:02/ff:00:00:00:00:00)),3", None, Some(255)),
        ] {
            let header = follow(actions, start()).outputs.pop().unwrap().header;
            assert_eq!((header.eth_src, header.ttl), (source, ttl), "{actions}");
        }
    }

    #[test]
    fn a_tag_keeps_its_ethertype() {
        for (actions, expected) in [
            ("push_vlan(tpid=0x88a8,vid=100,pcp=0),3", vec![(100, 0x88a8)]),
            (
                "push_vlan(vid=5,pcp=0),push_vlan(tpid=0x88a8,vid=100,pcp=0),3",
                vec![(5, 0x8100), (100, 0x88a8)],
            ),
            ("push_vlan(tpid=0x88a8,vid=100,pcp=0),set(vlan(vid=7,pcp=0)),3", vec![(7, 0x88a8)]),
            (
                "push_vlan(tpid=0x88a8,vid=100,pcp=0),pop_vlan,push_vlan(vid=9,pcp=0),3",
                vec![(9, 0x8100)],
            ),
            ("push_vlan(tpid=odd,vid=9,pcp=0),3", vec![(9, 0)]),
        ] {
            let vlans = ports(actions).remove(0).1.vlans;
            let told: Vec<_> = vlans.into_iter().map(|tag| (tag.vid, tag.tpid)).collect();
            assert_eq!(told, expected, "{actions}");
        }
    }

    #[test]
    fn what_is_not_certain_says_so() {
        for actions in [
            "meter(1),3",
            "hash(l4(0)),3",
            "sample(sample=50.0%,actions(3))",
            "check_pkt_len(size=200,gt(3),le(3))",
        ] {
            assert!(ports(actions).iter().all(|(_, header)| header.doubt.is_some()), "{actions}");
        }
        assert_eq!(ports("sample(sample=100.0%,actions(3))")[0].1.doubt, None);
        assert!(ports("trunc(64),3,4")[0].1.altered.is_some());
        assert!(ports("trunc(64),3,4")[1].1.altered.is_none());
        assert!(ports("ct(commit,nat(dst=10.0.0.9)),3")[0].1.altered.is_some());
        let odd = follow("of_the_future(1),3", Header::default());
        assert_eq!((odd.doubts.len(), odd.outputs.len()), (1, 1));
    }

    /// Every action of lib/odp-util.c that takes a packet to where its own words do not tell.
    #[test]
    fn what_is_taken_where_it_is_not_followed_is_told() {
        for taken in [
            "lb_output(1)",
            "tnl_pop(4)",
            "clone(tnl_pop(4))",
            "check_pkt_len(size=200,gt(lb_output(2)),le(drop))",
            "check_pkt_len(error)",
            "sample(sample=50.0%,actions(tnl_pop(vxlan_sys_4789)))",
            "userspace(pid=1,slow_path(action))",
            "userspace(pid=1,userdata(0102))",
            "userspace(pid=1)",
            "userspace(error)",
            "ct(error)",
        ] {
            let told = follow(&format!("{taken},3"), Header::default());
            assert_eq!((told.untold.len(), told.outputs.len()), (1, 1), "{taken}: {told:?}");
            // A copy that goes on is certain.
            assert_eq!(told.outputs[0].header.doubt, None, "{taken}");
        }
        for not_taken in [
            "drop",
            "meter(1)",
            "ct(commit,nat(src=192.0.2.1))",
            "psample(group=1,cookie=0x2)",
            "userspace(pid=1,sFlow(vid=0,pcp=0,output=3),actions,tunnel_out_port=3)",
            "userspace(pid=1,ipfix(output_port=3))",
            "userspace(pid=1,flow_sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=4,output_port=3))",
            "dec_ttl(le_1(drop))",
            "push_nsh(flags=0,ttl=63),pop_mpls(eth_type=0x800)",
        ] {
            assert_eq!(follow(not_taken, Header::default()).untold, [""; 0], "{not_taken}");
        }
        assert!(ports("trunc(64),clone(3),4").iter().all(|(_, header)| header.altered.is_some()));
        assert!(ports("dec_ttl(le_1(3)),4")[0].1.doubt.is_some());
    }

    #[test]
    fn what_leaves_by_a_tunnel_says_where_to() {
        let set = "set(tunnel(tun_id=0x7,dst=192.0.2.1,ttl=64,tp_dst=6081,flags(df|key))),2";
        let header = ports(set).remove(0).1;
        assert_eq!((header.tunnel_key.as_deref(), header.tunnel), (Some("192.0.2.1"), None));
        let push = "clone(tnl_push(tnl_port(4),header(size=50,type=5,eth(dst=02:00:00:00:00:01,src=02:00:00:00:00:02,\
                    dl_type=0x0800),ipv4(src=192.0.2.2,dst=192.0.2.1,proto=17,tos=0,ttl=64,frag=0x4000),udp(src=0,dst=6081,\
                    csum=0x0),geneve(vni=0x7)),out_port(1)),1)";
        assert_eq!(ports(push)[0].1.tunnel.as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn what_goes_elsewhere_is_told() {
        let told = follow(
            "userspace(pid=0,controller(reason=1,dont_send=0)),ct(commit),recirc(0x1)",
            Header::default(),
        );
        assert!(told.controller && told.outputs.is_empty());
        assert_eq!(told.recirculated[0].0, "0x1");
    }

    #[test]
    fn zones_are_kept_and_those_with_a_commit_told() {
        for (actions, committed, zone) in [
            ("ct,recirc(0x1)", &[][..], Some(0)),
            ("ct(zone=7),recirc(0x1)", &[], Some(7)),
            ("ct(commit,zone=7,mark=0x1/0x1),recirc(0x1)", &[7], Some(7)),
            ("clone(ct(force_commit)),ct(commit,zone=9),ct_clear,recirc(0x1)", &[0, 9], None),
        ] {
            let told = follow(actions, Header::default());
            let zones: Vec<_> = told.committed.iter().map(|tracked| tracked.zone).collect();
            assert_eq!(zones, committed, "{actions}");
            let tracked = told.recirculated[0].1.tracked.as_ref();
            assert_eq!(tracked.map(|tracked| tracked.zone), zone, "{actions}");
        }
    }

    /// conntrack keeps a packet as it is when it looks at it, whatever is written afterwards.
    #[test]
    fn what_is_committed_has_the_addresses_and_ports_of_then() {
        let [one, two] = [1, 2].map(|last| IpAddr::from([10, 0, 0, last]));
        let start = || Header {
            ip_src: Some(one),
            ip_dst: Some(two),
            port_src: Some(40_000),
            port_dst: Some(80),
            ..Header::default()
        };
        let known = Some((one, two));
        for (actions, addresses, ports) in [
            ("ct(commit),set(tcp(dst=8080)),7", known, Some((40_000, 80))),
            ("set(tcp(dst=8080)),ct(commit),7", known, Some((40_000, 8080))),
            ("set(ipv4(dst=10.0.0.1)),ct(commit),7", Some((one, one)), Some((40_000, 80))),
            ("clone(set(udp(src=9))),ct(commit),7", known, Some((40_000, 80))),
            ("set(ipv4(dst=10.0.0.0/255.0.0.0)),ct(commit),7", None, Some((40_000, 80))),
            ("set(tcp(dst=80/0xff)),ct(commit),7", known, None),
        ] {
            let told = follow(actions, start()).committed;
            assert_eq!(told, [Tracked { zone: 0, addresses, ports }], "{actions}");
        }
        let way = |zone: u16, addresses: (IpAddr, IpAddr), ports| Tracked {
            zone,
            addresses: Some(addresses),
            ports,
        };
        let there = way(5, (one, two), Some((40_000, 80)));
        for (back, is_one) in [
            (way(5, (two, one), Some((80, 40_000))), true),
            (way(6, (two, one), Some((80, 40_000))), false),
            (way(5, (two, one), Some((8080, 40_000))), false),
            (way(5, (two, one), None), false),
            (way(5, (two, two), Some((80, 40_000))), false),
            (there.clone(), false),
        ] {
            assert_eq!(there.is_answered_by(&back), is_one, "{back:?}");
        }
        let unknown = Tracked { addresses: None, ..there };
        assert!(!unknown.is_answered_by(&unknown));
        assert!(way(0, (one, two), None).is_answered_by(&way(0, (two, one), None)));
    }

    /// What is known of a mark is what the last `ct(…)` wrote, and whether there may be more.
    #[test]
    fn a_mark_is_kept_with_who_wrote_it() {
        let all = u128::from(u32::MAX);
        for (actions, bits, before) in [
            ("ct(zone=1),recirc(0x1)", None, false),
            ("ct(commit,mark=0x1/0xffffffff),recirc(0x1)", Some(all), false),
            ("ct(commit,mark=0x1/0x3),recirc(0x1)", Some(3), false),
            ("ct(commit,zone=1,mark=0x1/0xffffffff),ct(zone=1),recirc(0x1)", None, true),
            ("clone(ct(commit,mark=0x1/0x1)),ct(zone=1),recirc(0x1)", None, true),
            ("ct(commit,mark=0x1/0x1),ct(commit,mark=0x2/0x2),recirc(0x1)", Some(2), true),
            // The pass is not begun by it.
            ("ct(commit,mark=0x1/0x1),set(ipv4(ttl=9)),recirc(0x1)", Some(1), true),
            ("clone(ct(commit,mark=0x1/0x1)),recirc(0x1)", None, true),
            ("ct(commit,mark=odd/odd),recirc(0x1)", Some(0), false),
            ("ct(commit,label=0x1/0x1),recirc(0x1)", None, false),
        ] {
            let told = follow(actions, Header::default());
            assert_eq!(told.recirculated[0].1.mark, KeptField { bits, before }, "{actions}");
            let label = follow(&actions.replace("mark=", "label="), Header::default());
            let is_written = actions.contains("mark=") || actions.contains("label=");
            assert_eq!((label.marked, label.labelled), (false, is_written), "{actions}");
        }
        // What an earlier pass wrote stays with the connection.
        let kept = KeptField { bits: Some(all), before: false };
        let start = Header { label: kept, ..Header::default() };
        let told = follow("ct(zone=2),recirc(0x1)", start);
        assert_eq!(told.recirculated[0].1.label, KeptField { bits: None, before: true });
    }
}
