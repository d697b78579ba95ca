//! What `trace --both` says of an answer is what a real connection meets.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use lab::{Bridge, Container, Home, run, single_ping};

use super::scene::Space;
use crate::tool::{docker_ovs, says};

const PORT: u16 = 5432;

/// Whether a container gets a connection. Where one is expected it has the test's patience to come about;
/// that there is none is known after four seconds, and two more attempts of the kernel.
fn connects(from: &Container, at: SocketAddr, expected: bool) -> bool {
    let within = if expected { lab::patience() } else { Duration::from_secs(4) };
    Space::of(from).open(|| Ok(TcpStream::connect_timeout(&at, within).is_ok()))
}

/// A firewall that lets `web` open connections, and answers pass to what is established: conntrack knows
/// just those connections that a rule commits, each zone its own.
#[test]
fn an_answer_passes_where_its_connection_is_committed() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [web, db] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.78.9.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let at = SocketAddr::from((Ipv4Addr::new(10, 78, 9, 2), PORT));
    let _listens = Space::of(&db).open(|| TcpListener::bind(at));
    for (looks, opens, zone) in [
        ("ct(table=1)", "NORMAL", Some(0)),
        ("ct(table=1)", "ct(commit),NORMAL", None),
        ("ct(table=1,zone=4)", "ct(commit,zone=5),NORMAL", Some(4)),
        ("ct(table=1,zone=4)", "ct(commit,zone=4),NORMAL", None),
    ] {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        run("ovs-appctl", &["dpctl/flush-conntrack"]);
        for flow in [
            "arp,actions=NORMAL",
            &format!("priority=5,ip,actions={looks}"),
            &format!("table=1,ct_state=+trk+new,ip,nw_src=10.78.9.1,actions={opens}"),
            "table=1,ct_state=+trk+est,ip,actions=NORMAL",
        ] {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        let port = PORT.to_string();
        let words = ["trace", web.name(), db.name(), "--tcp", &port, "--both"];
        let told = docker_ovs(&words);
        let ways: Vec<_> = told.stdout.lines().filter(|line| line.contains(" to ")).collect();
        assert!(ways[0].contains("delivered to"), "{looks} {opens}: {told:?}");
        let why = zone.map(|zone| format!("the connection is not committed in zone {zone}"));
        let says_why = why.as_ref().is_none_or(|why| ways[1].contains(why));
        let code = if why.is_some() { 2 } else { 0 };
        assert!(told.code == code && says_why, "{looks} {opens}: {told:?}");
        let passes = why.is_none();
        assert_eq!(connects(&web, at, passes), passes, "{looks} {opens}");
    }
}

/// Who has not learnt the MAC of the next hop asks for it first: where the question or its answer is dropped,
/// nothing else is sent.
#[test]
fn what_a_sender_has_not_learnt_it_asks_for() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [web, db] = [1, 2].map(|n| {
        let container = Container::run();
        let (ip, second) = (format!("10.78.8.{n}/24"), format!("2001:db8:78::{n}/64"));
        let words = ["connect", bridge.name(), container.name(), "--ip", &ip, "--ip", &second];
        says(&[&words[..], &["--quiet"]].concat());
        container
    });
    let (four, six) = ("10.78.8.2", "2001:db8:78::2");
    let normal = "priority=0,actions=NORMAL";
    let dropped = "the MAC of";
    for (ip, flows, why) in [
        (four, &["priority=5,ip,actions=NORMAL"][..], Some("its ARP request is dropped by")),
        (
            four,
            &["arp,arp_op=1,actions=NORMAL", "ip,actions=NORMAL"],
            Some("the answer to its ARP"),
        ),
        (four, &["arp,actions=NORMAL", "ip,actions=NORMAL"], None),
        (six, &["icmp6,icmp_type=135,actions=drop", normal], Some("its neighbour solicitation is")),
        (six, &["icmp6,icmp_type=136,actions=drop", normal], Some("the answer to its neighbour")),
        (six, &[normal], None),
    ] {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        for flow in flows {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        for container in [&web, &db] {
            container.ip(&["neigh", "flush", "all"]);
        }
        for more in [&[][..], &["--format", "{{.Verdict}}"]] {
            let told = docker_ovs(&[&["trace", web.name(), ip], more].concat());
            let says_why = why.is_none_or(|why| told.stdout.contains(why));
            let code = i32::from(why.is_some());
            assert!(told.code == code && says_why, "{flows:?}: {told:?}");
            assert_eq!(told.stdout.contains(dropped), why.is_some(), "{flows:?}: {told:?}");
        }
        let is_answered = why.is_none();
        assert_eq!(single_ping(&web, ip, is_answered), is_answered, "{flows:?}");
    }
    // What it has learnt it does not ask for.
    run("ovs-ofctl", &["del-flows", bridge.name()]);
    run("ovs-ofctl", &["add-flow", bridge.name(), "ip,actions=NORMAL"]);
    for (container, other, ip) in [(&web, &db, four), (&db, &web, "10.78.8.1")] {
        let mac = says(&["port", other.name(), "--format", "{{.MAC}}"]);
        let learnt = ["neigh", "replace", ip, "lladdr", mac.trim(), "dev", "eth0"];
        container.ip(&[&learnt[..], &["nud", "permanent"]].concat());
    }
    let told = docker_ovs(&["trace", web.name(), db.name()]);
    assert!(told.code == 0 && single_ping(&web, four, true), "{told:?}");
}

/// Where another one gets the answer the sender learns nothing, and sends nothing; a rule that answers by itself is as
/// good as who is asked.
#[test]
fn an_answer_that_another_one_gets_teaches_the_sender_nothing() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [web, db, other] = [1, 2, 3].map(|n| {
        let container = Container::run();
        let ip = format!("10.78.12.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let told = |container: &Container, what: &str| {
        says(&["port", container.name(), "--format", what]).trim().to_owned()
    };
    let [a, b, c] = [&web, &db, &other].map(|container| told(container, "{{.OFPort}}"));
    let mac = told(&db, "{{.MAC}}");
    let number = mac.replace(':', "");
    let responder = format!(
        "priority=20,arp,arp_op=1,in_port={a},arp_tpa=10.78.12.2,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],\
         mod_dl_src:{mac},load:2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],\
         move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],load:0x{number}->NXM_NX_ARP_SHA[],\
         load:0x0a4e0c02->NXM_OF_ARP_SPA[],IN_PORT"
    );
    for (flow, code) in [
        (format!("priority=20,arp,in_port={b},actions=output:{c}"), 2),
        (format!("priority=20,arp,arp_op=1,in_port={a},actions=output:{c}"), 2),
        (format!("priority=20,arp,arp_op=1,in_port={a},actions=IN_PORT"), 2),
        (responder, 0),
    ] {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        for flow in [flow.as_str(), "priority=0,actions=NORMAL"] {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        for container in [&web, &db, &other] {
            container.ip(&["neigh", "flush", "all"]);
        }
        for more in [&[][..], &["--format", "{{.Verdict}}"]] {
            let told = docker_ovs(&[&["trace", web.name(), db.name()], more].concat());
            let says_why = code == 0 || told.stdout.contains("may answer or not");
            assert!(told.code == code && says_why, "{flow}: {told:?}");
        }
        let is_answered = code == 0;
        assert_eq!(single_ping(&web, "10.78.12.2", is_answered), is_answered, "{flow}");
    }
}

/// What comes before a packet, and what it answers, may add flows by `learn()`, which a trace does not: what
/// meets their table is not known.
#[test]
fn what_learn_adds_before_is_not_known() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [web, db] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.78.10.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let port = |container: &Container| {
        says(&["port", container.name(), "--format", "{{.OFPort}}"]).trim().to_owned()
    };
    let (one, two) = (port(&web), port(&db));
    let learns = "learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])";
    let opens = [
        format!("in_port={one},actions={learns},output:{two}"),
        format!("in_port={two},actions=resubmit(,1)"),
    ];
    let switch = [
        format!("actions={learns},resubmit(,1)"),
        format!("table=1,priority=9,dl_dst=ff:ff:ff:ff:ff:ff,actions=output:{one},output:{two}"),
    ];
    for flows in [opens, switch] {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        for flow in &flows {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        for container in [&web, &db] {
            container.ip(&["neigh", "flush", "all"]);
        }
        for more in [&[][..], &["--both"], &["--format", "{{.Verdict}}"]] {
            let told = docker_ovs(&[&["trace", web.name(), db.name()], more].concat());
            assert!(told.code == 2 && told.stdout.contains("learn() adds"), "{flows:?}: {told:?}");
        }
        assert!(single_ping(&web, "10.78.10.2", true), "{flows:?}");
    }
}

/// An answer comes from the port that the packet arrived at, and goes to who it arrived from: where that is
/// not the sender, it is not known to get there.
#[test]
fn an_answer_is_to_the_packet_as_it_arrived() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [web, db] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.78.11.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let _listens = Space::of(&db).open(|| TcpListener::bind((Ipv4Addr::new(10, 78, 11, 2), PORT)));
    let at = SocketAddr::from((Ipv4Addr::new(10, 78, 11, 2), 80));
    let arp = "arp,actions=NORMAL".to_owned();
    let there = |more: &str| format!("tcp,tp_dst=80,actions={more}mod_tp_dst:{PORT},NORMAL");
    let back = format!("tcp,tp_src={PORT},actions=mod_tp_src:80,NORMAL");
    for (flows, code, passes) in [
        ([arp.clone(), there(""), back.clone()], 0, true),
        ([arp.clone(), there(""), "tcp,tp_src=80,actions=NORMAL".to_owned()], 1, false),
        ([arp, there("mod_nw_src:10.78.11.9,"), back], 2, false),
    ] {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        for flow in &flows {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        for more in [&[][..], &["--format", "{{.Verdict}}"]] {
            let words = ["trace", web.name(), db.name(), "--tcp", "80", "--both"];
            let told = docker_ovs(&[&words[..], more].concat());
            assert_eq!(told.code, code, "{flows:?}: {told:?}");
        }
        assert_eq!(connects(&web, at, passes), passes, "{flows:?}");
    }
}

/// What conntrack keeps of a connection a trace is not told: it has the mark that rules wrote just before, forgets it at
/// the next `ct(…)` or keeps it for another zone, and knows a connection by its zone alone.
#[test]
fn what_conntrack_keeps_is_not_known_where_another_one_wrote_it() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [web, db] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.78.13.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let ip = Ipv4Addr::new(10, 78, 13, 2);
    let listen = |port: u16| Space::of(&db).open(|| TcpListener::bind((ip, port)));
    let _listen = [80, PORT].map(listen);
    let at = SocketAddr::from((ip, 80));
    let (there, back) = (format!("mod_tp_dst:{PORT}"), "mod_tp_src:80");
    let mark = |value: u8| format!("exec(load:{value}->NXM_NX_CT_MARK[])");
    let (one, two) = (mark(1), mark(2));
    for (flows, both, code, passes) in [
        (
            vec![
                format!("ip,actions=ct(commit,zone=41,{one}),ct(zone=41,table=1)"),
                "table=1,ct_mark=1,ip,actions=NORMAL".to_owned(),
            ],
            false,
            2,
            true,
        ),
        (
            vec![
                format!("ip,actions=ct(commit,zone=41,{one},table=1)"),
                "table=1,ip,actions=ct(zone=42,table=2)".to_owned(),
                "table=2,ct_mark=1,ip,actions=NORMAL".to_owned(),
            ],
            false,
            2,
            false,
        ),
        (
            vec![
                format!("ip,actions=ct(commit,zone=41,{one},table=1)"),
                "table=1,ct_mark=1,ip,actions=NORMAL".to_owned(),
            ],
            true,
            0,
            true,
        ),
        (
            vec![
                "tcp,tp_dst=80,actions=ct(zone=43,table=1)".to_owned(),
                "tcp,tp_src=80,actions=ct(zone=43,table=1)".to_owned(),
                format!("table=1,ct_state=+new+trk,tcp,actions=ct(commit,zone=43,{one}),NORMAL"),
                "table=1,ct_state=+est+trk,ct_mark=1,tcp,actions=drop".to_owned(),
                format!(
                    "table=1,ct_state=+est+trk,ct_mark=0,tcp,actions=ct(commit,zone=43,{two}),NORMAL"
                ),
            ],
            true,
            2,
            false,
        ),
        (
            vec![
                format!("tcp,tp_dst=80,actions=ct(commit,zone=44),{there},NORMAL"),
                format!("tcp,tp_src={PORT},actions=ct(zone=44,table=1)"),
                format!("table=1,ct_state=+est+trk,tcp,actions={back},NORMAL"),
            ],
            true,
            2,
            false,
        ),
        (
            vec![
                format!("tcp,tp_dst=80,actions=ct(commit,zone=45),{there},NORMAL"),
                format!("tcp,tp_src={PORT},actions={back},ct(zone=45,table=1)"),
                "table=1,ct_state=+est+trk,tcp,actions=NORMAL".to_owned(),
            ],
            true,
            0,
            true,
        ),
    ] {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        run("ovs-appctl", &["dpctl/flush-conntrack"]);
        for flow in &flows {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-ofctl", &["add-flow", bridge.name(), "arp,actions=NORMAL"]);
        run("ovs-appctl", &["revalidator/wait"]);
        for more in [&[][..], &["--format", "{{.Verdict}}"]] {
            let way = if both { &["--both"][..] } else { &[] };
            let words = ["trace", web.name(), db.name(), "--tcp", "80"];
            let told = docker_ovs(&[&words[..], way, more].concat());
            assert_eq!(told.code, code, "{flows:?}: {told:?}");
        }
        assert_eq!(connects(&web, at, passes), passes, "{flows:?}");
    }
}
