//! What `trace` says is what packets do: rule sets of each kind with details by chance, a trace of each way, and then
//! a real datagram, the first segment of a connection, an echo request or a request for a MAC. `DOCKER_OVS_TEST_SEED`
//! repeats a run, `DOCKER_OVS_TEST_RULES` makes more of them.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

mod answers;
mod beyond;
mod effects;
mod intake;
mod kernel;
mod portless;
mod ports;
mod scene;
mod written;

use lab::{Bridge, Container, Home, run};

use crate::tool::dice::Dice;
use crate::tool::{Ran, docker_ovs, number, says};
use scene::{PROBES, Scene};

/// Rules that look at what conntrack keeps of a connection, and at translated addresses.
fn by_connection(kind: usize, ip: &str, number: u16, dice: &mut Dice) -> Vec<String> {
    let either = |dice: &mut Dice| ["drop", "NORMAL"][dice.throw(2)];
    let through =
        |words: &str| format!("priority=5,ip,actions=ct({words}zone={},table=1)", 5 + kind);
    let other = |action: &str| format!("table=1,priority=1,ip,actions={action}");
    match kind {
        0 => vec![
            through(""),
            format!(
                "table=1,priority=5,ct_state=+new+trk,ct_nw_dst={ip},ip,actions={}",
                either(dice)
            ),
            other(either(dice)),
        ],
        1 => vec![
            through(""),
            format!(
                "table=1,priority=5,ct_state=+new+trk,ct_nw_proto=17,ct_tp_dst={number},ip,actions=drop"
            ),
            other("NORMAL"),
        ],
        2 => vec![
            through("commit,nat(src=10.78.0.200-10.78.0.201),"),
            "table=1,priority=5,ip,nw_src=10.78.0.201,actions=NORMAL".to_owned(),
            other("drop"),
        ],
        _ => vec![
            through("commit,exec(load:1->NXM_NX_CT_MARK[]),"),
            format!("table=1,priority=5,ct_mark=1,ip,actions={}", either(dice)),
            other("drop"),
        ],
    }
}

/// How many kinds of rule sets there are: each comes in its turn.
const KINDS: usize = 31;

/// Makes a rule set of a kind; says which.
fn rules(scene: &Scene, kind: usize, dice: &mut Dice) -> String {
    scene.clear();
    let one = dice.throw(4);
    let two = dice.throw(3);
    let (port, other) = (scene.towards(one).to_owned(), scene.hosts[two].ofport.clone());
    let number = PROBES[dice.throw(3)];
    let (mac, ip) = (&scene.hosts[one].mac, scene.hosts[one].ip);
    let normal = "priority=0,actions=NORMAL";
    let near = scene.near.name();
    let all: Vec<String> = match kind {
        0 => vec![normal.to_owned()],
        1 => vec![normal.to_owned(), format!("priority=5,udp,udp_dst={number},actions=drop")],
        2 => vec![format!("priority=5,ip,nw_dst={ip},actions=output:{port}")],
        3 => vec![normal.to_owned(), format!("priority=5,in_port={other},actions=drop")],
        4 => vec![format!("priority=5,udp,actions=mod_vlan_vid:{},output:{port}", 10 + dice.throw(3))],
        5 => {
            let tag = 10 + dice.throw(2);
            for host in &scene.hosts[..4] {
                let tag = format!("tag={}", 10 + dice.throw(2));
                run("ovs-vsctl", &["set", "port", &host.port, &tag]);
            }
            vec![normal.to_owned(), format!("priority=5,in_port={other},actions=mod_vlan_vid:{tag},NORMAL")]
        }
        6 => vec![
            "priority=5,actions=load:7->NXM_NX_REG0[0..15],resubmit(,1)".to_owned(),
            format!("table=1,priority=5,reg0=7,udp,udp_dst={number},actions=resubmit(,2)"),
            format!("table=1,priority=1,actions={}", ["drop", "NORMAL"][dice.throw(2)]),
            format!("table=2,priority=5,actions=output:{port},output:{other}"),
        ],
        7 => vec![
            "priority=5,actions=learn(table=3,priority=9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),resubmit(,3)".to_owned(),
            format!("table=3,priority=0,actions={}", ["drop", "NORMAL", "FLOOD"][dice.throw(3)]),
        ],
        8 => vec![
            "priority=5,ip,actions=ct(table=1)".to_owned(),
            format!("table=1,priority=5,ct_state=+new+trk,udp,udp_dst={number},actions=ct(commit),NORMAL"),
            "table=1,priority=5,ct_state=+est+trk,actions=NORMAL".to_owned(),
        ],
        9 => vec![
            "priority=5,ip,actions=ct(commit,zone=3,table=1)".to_owned(),
            format!("table=1,priority=5,ct_state=+trk,ip,actions=output:{port}"),
        ],
        10 => vec![format!("priority=5,ip,actions=output:{}", scene.patch.0), normal.to_owned()],
        11 => {
            for host in &scene.hosts[..4] {
                let protected = format!("protected={}", ["true", "false"][dice.throw(2)]);
                run("ovs-vsctl", &["set", "port", &host.port, &protected]);
            }
            vec![normal.to_owned()]
        }
        12 => {
            let kind = ["all", "select", "indirect"][dice.throw(3)];
            let second = if kind == "indirect" { String::new() } else { format!(",bucket=output:{other}") };
            scene.group(&format!("group_id=1,type={kind},bucket=output:{port}{second}"));
            vec!["priority=5,ip,actions=group:1".to_owned()]
        }
        13 => {
            scene.group(&format!("group_id=2,type=ff,bucket=watch_port:{other},output:{other},bucket=watch_port:{port},output:{port}"));
            vec!["priority=5,ip,actions=group:2".to_owned()]
        }
        14 => {
            run("ovs-ofctl", &["-O", "OpenFlow13", "add-meter", near, "meter=1,pktps,band=type=drop,rate=1000"]);
            vec![format!("priority=5,udp,udp_dst={number},actions=meter:1,NORMAL"), normal.to_owned()]
        }
        15 => {
            let to = &scene.hosts[2].port;
            run("ovs-vsctl", &[
                "--id=@p", "get", "port", to, "--", "--id=@m", "create", "mirror", "name=m", "select-all=true",
                "output-port=@p", "--", "set", "bridge", near, "mirrors=@m",
            ]);
            vec![normal.to_owned()]
        }
        16 => vec![format!("priority=5,udp,udp_dst={number},actions=controller"), normal.to_owned()],
        17 => vec![format!("priority=5,ip,actions=mod_dl_dst:{mac},output:{port}")],
        18 => vec![format!("priority=5,ip,actions=mod_dl_dst:{mac},mod_nw_dst:{ip},output:{port}")],
        19 => vec![format!("priority=5,ip,actions=write_actions(output:{port}),goto_table:4"), format!("table=4,priority=1,udp,udp_dst={number},actions=clear_actions")],
        20 => vec![format!("priority=5,ip,actions=clone(mod_dl_dst:02:00:00:00:00:77,output:{port}),output:{other}")],
        21 => vec![format!("priority=5,ip,actions=dec_ttl,output:{port},output:IN_PORT")],
        22 => vec![
            format!("priority=5,conj_id=7,ip,actions=output:{port}"),
            format!("priority=5,udp,udp_dst={number},actions=conjunction(7,1/2)"),
            format!("priority=5,ip,nw_src={},actions=conjunction(7,2/2)", scene.hosts[two].ip),
        ],
        23 => vec![
            format!("priority=5,udp,udp_src={}/{:#x},actions=drop", dice.throw(2), 1),
            normal.to_owned(),
        ],
        25..29 => by_connection(kind - 25, &ip.to_string(), number, dice),
        29 => vec![format!("priority=5,ip,actions=load:{}->NXM_OF_IN_PORT[],NORMAL", ["0", "0xffff"][dice.throw(2)])],
        24 => vec![format!("priority=5,ip,actions=load:{other}->NXM_OF_IN_PORT[],output:{port},output:{other}")],
        _ => vec![format!("priority=5,ip,actions=output(port={port},max_len={}),resubmit(,6)", [14, 600][dice.throw(2)]), format!("table=6,actions={}", ["drop", "FLOOD", "output:NXM_NX_REG0[]"][dice.throw(3)])],
    };
    for flow in &all {
        scene.flow(flow);
    }
    // Until then packets go as the rules before said.
    run("ovs-appctl", &["revalidator/wait"]);
    format!("{kind}: {}", all.join("; "))
}

#[test]
fn what_trace_says_is_what_packets_do() {
    lab::need!(Docker);
    let scene = Scene::new();
    let mut dice = Dice::seeded("DOCKER_OVS_TEST_SEED");
    let sets = number("DOCKER_OVS_TEST_RULES", 80);
    let (mut delivered, mut refused, mut unknown, mut wrong) = (0, 0, 0, Vec::new());
    for n in 0..sets {
        let set = rules(&scene, n % KINDS, &mut dice);
        println!("{set}");
        let mirrors = run("ovs-vsctl", &["get", "bridge", scene.near.name(), "mirrors"]) != "[]";
        // Each kind of rule set meets all of them: there is an odd number of kinds.
        for protocol in ["--udp", "--tcp", ["--icmp", "--arp"][n % 2]] {
            // Nothing that comes from a mirror's output port passes, no barrier either.
            let from = if mirrors { dice.throw(2) } else { dice.throw(4) };
            let to = (from + 1 + dice.throw(3)) % 4;
            let probe = dice.throw(3);
            let (from, to) = (&scene.hosts[from], &scene.hosts[to]);
            let port = PROBES[probe].to_string();
            let words = ["trace", from.name(), to.name(), protocol, &port];
            let has_port = !matches!(protocol, "--icmp" | "--arp");
            let words = if has_port { &words[..] } else { &words[..4] };
            let reaches = || match protocol {
                "--tcp" => from.opens(to, &scene.hosts[4], probe),
                "--icmp" => from.echoes(to, &scene.hosts[4]),
                "--arp" => from.asks(to, &scene.hosts[4]),
                _ => from.reaches(to, &scene.hosts[4], probe),
            };
            let whole =
                || docker_ovs(&[words, &["--format", "{{.Outcome}}: {{.Verdict}}"]].concat());
            let line = |told: &Ran| {
                let verdict = told.stdout.split_once(": ").map_or("", |(_, said)| said.trim_end());
                (format!("{}:eth0 to {}:eth0: {verdict}", from.name(), to.name()), told.code)
            };
            let mut told = whole();
            // A sentence alone, which rests on less where it can, is the same one. An address may be learnt
            // meanwhile, of what a container says unasked.
            let sentence = docker_ovs(words);
            let said = (sentence.stdout.lines().next().unwrap().to_owned(), sentence.code);
            let (before, after) = (line(&told), line(&whole()));
            assert!(said == before || said == after, "{set}: {said:?}, {before:?}, {after:?}");
            let mut came = reaches();
            // What a container says unasked teaches a switch whose flows learn where it is. An answer holds
            // for the datagram if it is the same one after it; no other flows change by themselves.
            let mut again = if set.contains("learn(") { whole() } else { told.clone() };
            for _ in 0..5 {
                if line(&again) == line(&told) {
                    break;
                }
                told = again;
                came = reaches();
                again = whole();
            }
            let line = format!(
                "{set}\n  {} to {} {protocol} {port}: came {came}, {told:?}",
                from.name(),
                to.name()
            );
            match (told.code, came) {
                (0, true) => delivered += 1,
                (1, false) => refused += 1,
                (2, _)
                    if told.stdout.starts_with("unknown: ")
                        || told.stdout.starts_with("controller: ") =>
                {
                    println!("unknown {line}");
                    unknown += 1;
                }
                _ => wrong.push(line),
            }
        }
    }
    println!("{delivered} delivered, {refused} not, {unknown} unknown");
    assert!(wrong.is_empty(), "{} wrong of {}:\n{}", wrong.len(), 3 * sets, wrong.join("\n"));
    assert!(unknown * 3 < sets * 3, "most cannot be known");
    assert!(delivered > 0 && refused > 0);
}

/// A sentence rests on the two containers alone where it can; where it tells of another one, or needs more,
/// the whole host is looked at.
#[test]
fn a_sentence_is_the_same_whatever_it_rests_on() {
    lab::need!(Docker);
    let scene = Scene::new();
    let [a, b, c, ..] = scene.hosts.as_slice() else { panic!("there are five") };
    let beside = Container::run_with(&["--network", &format!("container:{}", a.name())]);
    let flow = |text: &str| drop(run("ovs-ofctl", &["add-flow", scene.near.name(), text]));
    let same = |from: &str, to: &str| -> String {
        let words = ["trace", from, to, "--udp", "53"];
        let whole = says_whatever(
            &[&words[..], &["--format", "{{.Source.Who}} to {{.Destination.Who}}: {{.Verdict}}"]]
                .concat(),
        );
        let brief = says_whatever(&words);
        assert_eq!(brief.lines().next(), whole.lines().next());
        whole
    };
    // Whoever else is in the namespace, it is called as it was asked for.
    for from in [a.name(), beside.name(), a.container.id()] {
        same(from, b.name());
    }
    // It goes to another one.
    flow(&format!("priority=900,udp,in_port={},actions=output:{}", a.ofport, c.ofport));
    let said = same(a.name(), b.name());
    assert!(
        said.contains(&format!("delivered to {}:eth0, not to {}:eth0", c.name(), b.name())),
        "{said}"
    );
    flow(&format!("priority=901,udp,in_port={},actions=drop", a.ofport));
    assert!(same(a.name(), b.name()).contains("dropped by"));
    // Rules of a table that has a name, and one in it that no trace can tell of.
    let bridge = scene.near.name();
    flow(&format!("priority=902,udp,in_port={},actions=output:{}", a.ofport, b.ofport));
    let name = ["--id=@t", "create", "flow_table", "name=first"];
    let set = ["--", "set", "bridge", bridge, "flow_tables:0=@t"];
    run("ovs-vsctl", &[&name[..], &set].concat());
    assert!(same(a.name(), b.name()).contains("delivered to"));
    flow(&format!(
        "priority=903,udp,in_port={},actions=learn(table=9,result_dst=reg0[0]),output:{}",
        a.ofport, b.ofport
    ));
    assert!(same(a.name(), b.name()).contains("cannot be known: learn()"));
    run("ovs-vsctl", &["clear", "bridge", bridge, "flow_tables"]);
    assert!(same(a.name(), b.name()).contains("cannot be known: learn()"));
    run("ovs-ofctl", &["del-flows", bridge, &format!("udp,in_port={}", a.ofport)]);
    // A port that is called as an action is: `pop_vlan` takes no tag off.
    for called in ["drop", "ct_clear", "pop_vlan"] {
        let kind = ["--", "set", "interface", called, "type=internal"];
        run("ovs-vsctl", &[&["add-port", bridge, called], &kind[..]].concat());
        for actions in [
            format!("output:{called}"),
            format!("output:{called},output:{}", b.ofport),
            format!("mod_vlan_vid:10,output:{called},output:{}", b.ofport),
            "flood".to_owned(),
        ] {
            flow(&format!("priority=904,udp,in_port={},actions={actions}", a.ofport));
            same(a.name(), b.name());
        }
        run("ovs-vsctl", &["del-port", bridge, called]);
    }
    run("ovs-ofctl", &["del-flows", bridge, &format!("udp,in_port={}", a.ofport)]);
    // To an address, and beyond the subnet.
    same(a.name(), &b.ip.to_string());
    same(a.name(), "192.0.2.77");
    same("no-such-container", b.name());
    same(a.name(), "no-such-container");
}

/// Links of this host between two bridges, and containers that bridge, take a packet on: where it comes then is not
/// known.
#[test]
fn what_is_passed_on_is_not_known() {
    lab::need!(Docker);
    let (near, far) = (Bridge::new(), Bridge::new());
    let connect = |bridge: &Bridge, iface: &str, ip: Option<u8>, more: &[&str]| {
        let container = Container::run();
        let ip = ip.map(|n| format!("10.80.2.{n}/24"));
        let by = ip.as_deref().map_or(Vec::new(), |ip| vec!["--ip", ip]);
        let words = ["connect", bridge.name(), container.name(), "-i", iface, "--quiet"];
        says(&[&words[..], &by[..], more].concat());
        container
    };
    let (a, b) = (connect(&near, "eth0", Some(1), &[]), connect(&far, "eth0", Some(2), &[]));
    let told = |from: &Container, to: &Container| docker_ovs(&["trace", from.name(), to.name()]);
    let (one, two) = (lab::unique("pa"), lab::unique("pb"));
    let _pair = lab::Link::named(&one, &["type", "veth", "peer", "name", &two]);
    run("ip", &["link", "set", &two, "up"]);
    near.add(&one, &[]);
    let number = far.add(&two, &[]);
    for _ in 0..2 {
        let ran = told(&a, &b);
        let why = format!("goes on by {two}, port {number} of {}", far.name());
        assert!(ran.code == 2 && ran.stdout.contains(&why), "{ran:?}");
        assert!(lab::single_ping(&a, "10.80.2.2", true));
    }
    run("ovs-vsctl", &["del-port", far.name(), &two]);
    let ran = told(&a, &b);
    assert!(ran.code == 1 && !lab::single_ping(&a, "10.80.2.2", false), "{ran:?}");
    // A firewall with a bridge inside, between two VLANs.
    let fw = connect(&near, "eth0", None, &["--vlan", "10"]);
    let more = ["connect", near.name(), fw.name(), "-i", "eth1", "--vlan", "20", "--quiet"];
    says(&more);
    let c = connect(&near, "eth0", Some(3), &["--vlan", "10"]);
    let d = connect(&near, "eth0", Some(4), &["--vlan", "20"]);
    let ran = told(&c, &d);
    assert!(ran.code == 1 && !lab::single_ping(&c, "10.80.2.4", false), "{ran:?}");
    fw.ip(&["link", "add", "inner", "type", "bridge"]);
    for link in ["eth0", "eth1"] {
        fw.ip(&["link", "set", link, "master", "inner"]);
    }
    fw.ip(&["link", "set", "inner", "up"]);
    // The firewall passes packets on.
    lab::wait_for_answer(&c, "10.80.2.4");
    let ran = told(&c, &d);
    assert!(ran.code == 2 && ran.stdout.contains("may pass it on"), "{ran:?}");
}

/// What it prints on either stream, and how it ends.
fn says_whatever(words: &[&str]) -> String {
    let ran = docker_ovs(words);
    format!("{}{}{}\n", ran.stdout, ran.stderr, ran.code)
}
