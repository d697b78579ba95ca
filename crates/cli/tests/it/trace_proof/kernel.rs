//! What the kernel of the sender does with a packet before a switch gets it: own addresses, routes, rules, links.

use lab::{Bridge, Container, Home, run, single_ping, wait_until};

use crate::tool::{docker_ovs, says};

/// What is for an address of the sender's own namespace does not leave it, whatever the switch does and
/// wherever else that address is.
#[test]
fn a_packet_to_the_senders_own_namespace_needs_no_switch() {
    lab::need!(Docker);
    let (bridge, a, b) = (Bridge::new(), Container::run(), Container::run());
    let beside = Container::run_with(&["--network", &format!("container:{}", a.name())]);
    let connect = |container: &Container, iface: &str, ip: &str| {
        let words =
            ["connect", bridge.name(), container.name(), "-i", iface, "--ip", ip, "--quiet"];
        says(&words);
    };
    connect(&a, "eth0", "10.79.0.1/24");
    connect(&a, "eth1", "10.79.1.1/24");
    connect(&b, "eth0", "10.79.0.3/24");
    let duplicate = ["addr", "add", "10.79.0.3/32", "dev", "lo"];
    run("ovs-ofctl", &["add-flow", bridge.name(), "priority=9,actions=drop"]);
    let first = format!("{}:eth0", a.name());
    let told = |to: &str, more: &[&str]| {
        let words =
            [&["trace", &first, to, "--format", "{{.Outcome}}: {{.Verdict}}"], more].concat();
        let ran = docker_ovs(&words);
        (ran.code, ran.stdout)
    };
    let answers = |ip: &str, expected: bool| single_ping(&a, ip, expected);
    for (to, ip) in [
        (first.clone(), "10.79.0.1"),
        (format!("{}:eth1", a.name()), "10.79.1.1"),
        (format!("{}:eth1", beside.name()), "10.79.1.1"),
        ("10.79.1.1".to_owned(), "10.79.1.1"),
        ("127.0.0.1".to_owned(), "127.0.0.1"),
    ] {
        let (code, said) = told(&to, &[]);
        assert!(answers(ip, true), "{to}");
        assert!(code == 0 && said.contains("delivered without the switch"), "{to}: {said}");
    }
    let other = format!("{}:eth0", b.name());
    assert!(!answers("10.79.0.3", false));
    let (code, said) = told(&other, &[]);
    assert!(code == 1 && said.contains("dropped by table 0"), "{said}");
    a.ip(&duplicate);
    assert!(answers("10.79.0.3", true), "it is its own now");
    let (code, said) = told(&other, &[]);
    assert!(code == 1 && said.starts_with("elsewhere: kept by"), "{said}");
    // What is made by hand is sent, and dropped.
    let (code, said) = told(&other, &["--arp"]);
    assert!(code == 1 && said.contains("dropped by table 0"), "{said}");
}

/// The sender's kernel decides where a packet goes, by rules, tables, routes of many types and what it has
/// learnt of its neighbours. What a trace tells is what a ping does.
#[test]
fn what_the_senders_kernel_does_with_a_packet_is_told() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [a, b, c] = [1, 2, 3].map(|n| {
        let container = Container::run();
        let (ip, second) = (format!("10.80.0.{n}/24"), format!("2001:db8:80::{n}/64"));
        let words = ["connect", bridge.name(), container.name(), "--ip", &ip, "--ip", &second];
        says(&[&words[..], &["--quiet"]].concat());
        container
    });
    let told = |to: &str| {
        let ran = docker_ovs(&["trace", a.name(), to, "--format", "{{.Outcome}}: {{.Verdict}}"]);
        (ran.code, ran.stdout)
    };
    let answers = |ip: &str, expected: bool| single_ping(&a, ip, expected);
    let (four, six) = ("10.80.0.2", "2001:db8:80::2");
    for ip in [four, six] {
        assert!(answers(ip, true) && told(ip).0 == 0, "{ip}: {:?}", told(ip));
    }
    let set = |lines: &str| {
        for line in lines.split("; ").filter(|line| !line.is_empty()) {
            a.ip(&line.split(' ').collect::<Vec<_>>());
        }
    };
    for (to, done, undone, why) in [
        (four, "route add blackhole 10.80.0.2", "route del blackhole 10.80.0.2", "blackhole"),
        (four, "route add unreachable 10.80.0.2", "route del unreachable 10.80.0.2", "unreachable"),
        (
            four,
            "route add prohibit default table 100; rule add to 10.80.0.2 lookup 100",
            "rule del to 10.80.0.2 lookup 100",
            "prohibit",
        ),
        (
            six,
            "route add blackhole 2001:db8:80::2",
            "route del blackhole 2001:db8:80::2",
            "blackhole",
        ),
        (six, "route add prohibit 2001:db8:80::2", "route del prohibit 2001:db8:80::2", "prohibit"),
        ("198.51.100.7", "", "", "no route leads there"),
        ("2001:db8:99::7", "", "", "no route leads there"),
    ] {
        set(done);
        let (code, said) = told(to);
        assert!(!answers(to, false), "{done}");
        assert!(code == 1 && said.contains("not sent") && said.contains(why), "{done}: {said}");
        set(undone);
    }
    // By another one, though the destination is on the link: what that does is not known.
    let by = ["route", "add", four, "via", "10.80.0.3"];
    a.ip(&by);
    let (code, said) = told(b.name());
    let gateway = format!("the gateway {}:eth0 gets it", c.name());
    assert!(code == 2 && said.contains(&gateway), "{said}");
    a.ip(&["route", "del", four]);
    // The gateway of the very destination, not the one of all others.
    a.ip(&["route", "add", "default", "via", "10.80.0.2"]);
    a.ip(&["route", "add", "198.51.100.0/24", "via", "10.80.0.3"]);
    let (code, said) = told("198.51.100.7");
    assert!(code == 2 && said.contains(&gateway), "{said}");
    // By a link that is on no bridge.
    a.ip(&["link", "add", "beside", "type", "veth", "peer", "name", "away"]);
    a.ip(&["link", "set", "beside", "up"]);
    a.ip(&["route", "add", "203.0.113.0/24", "dev", "beside"]);
    let (code, said) = told("203.0.113.7");
    assert!(code == 2 && said.contains("sends it by beside, which is on no port"), "{said}");
    // What was learnt of a neighbour is what it sends to.
    assert!(answers(four, true) && told(b.name()).0 == 0);
    a.ip(&["neigh", "replace", four, "lladdr", "02:00:00:00:00:77", "dev", "eth0"]);
    let (code, said) = told(b.name());
    assert!(!answers(four, false) && code == 1 && said.contains("02:00:00:00:00:77"), "{said}");
    a.ip(&["neigh", "del", four, "dev", "eth0"]);
    // From the address that the route prefers, whichever link has that.
    a.ip(&["addr", "add", "10.255.80.1/32", "dev", "lo"]);
    a.ip(&["route", "replace", "10.80.0.2/32", "dev", "eth0", "src", "10.255.80.1"]);
    let dropped = "priority=9,ip,nw_src=10.255.80.1,actions=drop";
    run("ovs-ofctl", &["add-flow", bridge.name(), dropped]);
    let (code, said) = told(b.name());
    assert!(!answers(four, false) && code == 1 && said.contains("nw_src=10.255.80.1"), "{said}");
    a.ip(&["route", "del", "10.80.0.2/32"]);
    assert!(answers(four, true) && told(b.name()).0 == 0, "{:?}", told(b.name()));
    // To all, and to a group.
    for to in ["10.80.0.255", "224.0.0.5"] {
        let (code, said) = told(to);
        assert!(code == 0 && said.contains("flooded to 3 ports"), "{to}: {said}");
    }
}

/// The addresses of a container that the kernel still looks for at others, as ip(8) says it.
fn tentative(container: &Container) -> String {
    run("nsenter", &["-t", &container.pid(), "-n", "ip", "-6", "address", "show", "tentative"])
}

/// A packet of IPv4 may have a next hop of IPv6, whose MAC is solicited.
#[test]
fn a_next_hop_of_ipv6_is_solicited() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [a, b] = [1, 2].map(|n| {
        let container = Container::run();
        let (ip, second) = (format!("10.80.5.{n}/24"), format!("2001:db8:85::{n}/64"));
        let words = ["connect", bridge.name(), container.name(), "--ip", &ip, "--ip", &second];
        says(&[&words[..], &["--quiet"]].concat());
        container
    });
    let (four, six) = ("10.80.5.2", "2001:db8:85::2");
    wait_until("no address is tentative", || {
        [&a, &b].iter().all(|container| tentative(container).is_empty())
    });
    assert!(single_ping(&a, six, true));
    a.ip(&["route", "add", four, "via", "inet6", six, "dev", "eth0"]);
    let mac = says(&["port", a.name(), "--format", "{{.MAC}}"]);
    for (flow, passes) in [("arp,actions=drop", true), ("icmp6,icmp_type=135,actions=drop", false)]
    {
        run("ovs-ofctl", &["add-flow", bridge.name(), &format!("priority=9,{flow}")]);
        run("ovs-appctl", &["revalidator/wait"]);
        for container in [&a, &b] {
            container.ip(&["-6", "neigh", "flush", "all"]);
        }
        b.ip(&["neigh", "replace", "10.80.5.1", "lladdr", mac.trim(), "dev", "eth0"]);
        let told = docker_ovs(&["trace", a.name(), b.name()]);
        assert_eq!(told.code, i32::from(!passes), "{flow}: {told:?}");
        assert_eq!(single_ping(&a, four, passes), passes, "{flow}");
    }
}

/// A route may put what is sent into another packet, and who gets that is not told.
#[test]
fn what_a_route_wraps_is_not_known() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [a, b] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.80.6.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    assert_eq!(docker_ovs(&["trace", a.name(), b.name()]).code, 0);
    let wrapped = ["encap", "ip", "id", "5", "dst", "10.80.6.3", "dev", "eth0"];
    a.ip(&[&["route", "add", "10.80.6.2/32"], &wrapped[..]].concat());
    let told = docker_ovs(&["trace", a.name(), b.name()]);
    assert!(told.code == 2 && told.stdout.contains("encap"), "{told:?}");
    let asked = docker_ovs(&["trace", a.name(), b.name(), "--arp"]);
    assert_eq!(asked.code, 0, "{asked:?}");
}

/// What the sender's kernel is set to write into its packets is what rules meet.
#[test]
fn what_the_senders_kernel_writes_is_what_rules_meet() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [a, b] = [1, 2].map(|n| {
        let container = Container::run();
        let (ip, second) = (format!("10.80.4.{n}/24"), format!("2001:db8:84::{n}/64"));
        let words = ["connect", bridge.name(), container.name(), "--ip", &ip, "--ip", &second];
        says(&[&words[..], &["--quiet"]].concat());
        container
    });
    a.ip(&["addr", "add", "10.80.4.101/24", "dev", "eth0"]);
    let (four, six) = ("10.80.4.2", "2001:db8:84::2");
    let set = |setting: &str, value: u8| {
        let line = format!("echo {value} > /proc/sys/net/{setting}");
        run("nsenter", &["-t", &a.pid(), "-n", "sh", "-c", &line]);
    };
    let flows = |flows: &[&str]| {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        for flow in flows.iter().chain(&["priority=0,actions=NORMAL"]) {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        for container in [&a, &b] {
            container.ip(&["neigh", "flush", "all"]);
        }
    };
    let told = |from: &str, to: &str, more: &[&str]| {
        let words = [&["trace", from, to, "--format", "{{.Outcome}}: {{.Verdict}}"], more].concat();
        let ran = docker_ovs(&words);
        (ran.code, ran.stdout)
    };
    // A packet that may pass no router is dropped by one.
    let routed = "priority=5,icmp,icmp_type=8,actions=dec_ttl,NORMAL";
    let routed_six = "priority=5,icmp6,icmp_type=128,actions=dec_ttl,NORMAL";
    for (to, flow, setting) in
        [(four, routed, "ipv4/ip_default_ttl"), (six, routed_six, "ipv6/conf/eth0/hop_limit")]
    {
        for (hops, passes) in [(64, true), (1, false), (64, true)] {
            set(setting, hops);
            flows(&[flow]);
            let (code, said) = told(a.name(), to, &[]);
            let answered = single_ping(&a, to, passes);
            let is_told = (code == 0) == passes;
            assert!(answered == passes && is_told, "{to} {hops}: {answered} {said}");
        }
    }
    a.ip(&["route", "add", "10.80.4.2/32", "dev", "eth0", "hoplimit", "1"]);
    flows(&[routed]);
    let (code, said) = told(a.name(), four, &[]);
    assert!(code != 0 && !single_ping(&a, four, false), "{said}");
    a.ip(&["route", "del", "10.80.4.2/32"]);
    // ECN is two more flags of a SYN.
    flows(&["priority=5,tcp,tcp_flags=0x002/0xfff,actions=drop"]);
    for (ecn, expected) in [(1, 2), (2, 1)] {
        set("ipv4/tcp_ecn", ecn);
        let (code, said) = told(a.name(), four, &["--tcp", "80"]);
        assert_eq!(code, expected, "{ecn}: {said}");
    }
    // With `arp_announce` another address may ask than the packet's.
    for (level, expected) in [(0, 1), (2, 2)] {
        set("ipv4/conf/eth0/arp_announce", level);
        flows(&["priority=5,arp,arp_op=1,arp_spa=10.80.4.101,actions=drop"]);
        let (code, said) = told("10.80.4.101", four, &[]);
        assert_eq!(code, expected, "{level}: {said}");
    }
    // What an advertisement says besides addresses is not known.
    let looked = "priority=5,icmp6,icmp_type=136,nd_options_type=2,actions=NORMAL";
    flows(&[looked, "priority=4,icmp6,icmp_type=136,actions=drop"]);
    let (code, said) = told(a.name(), six, &[]);
    assert!(code == 2 && said.contains("nd_options_type"), "{said}");
    assert!(single_ping(&a, six, true));
}

/// Rules may look at what is in a packet; who sends chooses the port that it comes from.
#[test]
fn rules_by_protocol_and_port_are_obeyed() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [a, b] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.80.1.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let by = |to: &[&str]| docker_ovs(&[&["trace", a.name(), b.name()], to].concat());
    a.ip(&["rule", "add", "ipproto", "tcp", "dport", "5432", "prohibit"]);
    let sent = |kind: &str, port: &str| by(&[kind, port]);
    let refused = sent("--tcp", "5432");
    assert!(refused.code == 1 && refused.stdout.contains("prohibit"), "{refused:?}");
    for (kind, port) in [("--tcp", "80"), ("--udp", "5432")] {
        assert_eq!(sent(kind, port).code, 0, "{:?}", sent(kind, port));
    }
    a.ip(&["rule", "del", "ipproto", "tcp", "dport", "5432", "prohibit"]);
    a.ip(&["rule", "add", "sport", "33000-34000", "prohibit"]);
    let chosen = sent("--udp", "53");
    assert!(chosen.code == 2 && chosen.stdout.contains("has chosen"), "{chosen:?}");
    assert_eq!(by(&[]).code, 0, "{:?}", by(&[]));
    a.ip(&["rule", "del", "sport", "33000-34000", "prohibit"]);
}

/// Who is bound to a link has the routes of that: by rules of `oif`, and past those that lead by no link.
#[test]
fn who_is_bound_to_a_link_has_the_routes_of_that() {
    lab::need!(Docker);
    let (bridge, a, b, c) = (Bridge::new(), Container::run(), Container::run(), Container::run());
    for (container, iface, ip) in [
        (&a, "eth0", "10.82.0.1/24"),
        (&a, "eth1", "10.82.1.1/24"),
        (&b, "eth0", "10.82.1.2/24"),
        (&c, "eth0", "10.82.1.3/24"),
    ] {
        let words =
            ["connect", bridge.name(), container.name(), "-i", iface, "--ip", ip, "--quiet"];
        says(&words);
    }
    let told = |from: &str, to: &str| {
        let words = ["trace", from, to, "--format", "{{.Outcome}}: {{.Verdict}}"];
        docker_ovs(&words).stdout
    };
    let (bound, far) = (format!("{}:eth1", a.name()), "198.51.100.7");
    let gets = |container: &Container| format!("the gateway {}:eth0 gets it", container.name());
    a.ip(&["route", "add", "default", "via", "10.82.1.2"]);
    assert!(told(&bound, far).contains(&gets(&b)), "{}", told(&bound, far));
    a.ip(&["route", "add", "default", "via", "10.82.1.3", "dev", "eth1", "table", "100"]);
    a.ip(&["rule", "add", "oif", "eth1", "lookup", "100"]);
    assert!(told(&bound, far).contains(&gets(&c)), "{}", told(&bound, far));
    assert!(told("10.82.1.1", far).contains(&gets(&b)), "{}", told("10.82.1.1", far));
    a.ip(&["rule", "del", "oif", "eth1", "lookup", "100"]);
    // What is bound is sent all the same, to a neighbour of that address.
    a.ip(&["route", "add", "blackhole", "10.82.1.3"]);
    assert!(told("10.82.1.1", "10.82.1.3").contains("not sent"));
    let (said, to) = (told(&bound, "10.82.1.3"), format!("delivered to {}:eth0", c.name()));
    // One ping, which has all the time that its answer takes.
    let seconds = lab::patience().as_secs().to_string();
    let ping = ["ping", "-c1", "-W", &seconds, "-I", "eth1", "10.82.1.3"];
    let answers = a.busybox(&ping).unwrap().status.success();
    assert_eq!((said.contains(&to), answers), (true, true), "{said}");
}

/// A port's link is known by what it is, not by what it is called: one that was renamed and is down takes
/// nothing, and neither does what stands on a link that is down.
#[test]
fn a_link_that_is_down_takes_nothing_whatever_it_is_called() {
    lab::need!(Docker);
    let (bridge, a, b) = (Bridge::new(), Container::run(), Container::run());
    for (container, ip) in [(&a, "10.81.0.1/24"), (&b, "10.81.0.2/24")] {
        says(&["connect", bridge.name(), container.name(), "--ip", ip, "--quiet"]);
    }
    let trace = || {
        let ran = docker_ovs(&["trace", a.name(), b.name()]);
        (ran.code, ran.stdout)
    };
    let port = says(&["port", b.name(), "--format", "{{.HostInterface}}"]).trim().to_owned();
    let called = lab::unique("rn");
    run("ip", &["link", "set", &port, "down"]);
    run("ip", &["link", "set", &port, "name", &called]);
    run("ip", &["link", "set", &called, "up"]);
    lab::wait_until("packets pass by the other name", || trace().0 == 0);
    run("ip", &["link", "set", &called, "down"]);
    let (code, said) = trace();
    assert!(code == 1 && said.contains("is down"), "{said}");
    run("ip", &["link", "set", &called, "up"]);
    // A macvlan of the sender's, on a link that is down.
    a.ip(&["link", "add", "upper", "link", "eth0", "type", "macvlan", "mode", "bridge"]);
    a.ip(&["link", "set", "upper", "up"]);
    a.ip(&["addr", "add", "10.81.0.9/24", "dev", "upper"]);
    let upper = format!("{}:upper", a.name());
    a.ip(&["link", "set", "eth0", "down"]);
    let ran = docker_ovs(&["trace", &upper, b.name()]);
    let is_told = ran.stdout.contains("not sent") && ran.stdout.contains("eth0, the link beneath");
    assert!(ran.code == 1 && is_told, "{}{}", ran.stdout, ran.stderr);
}
