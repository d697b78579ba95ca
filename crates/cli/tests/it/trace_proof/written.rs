//! What rules write into packets: a trace tells of delivery only where a ping gets its answer, and of none only where
//! it gets none.

use lab::{Bridge, Container, Home, run};

use crate::tool::{docker_ovs, says};

/// Three containers on a bridge, `10.78.NET.N` and `2001:db8:NET::N`, N from 1 on.
struct Net {
    bridge: Bridge,
    containers: [Container; 3],
}

impl Net {
    fn new(net: u8) -> Self {
        let bridge = Bridge::new();
        let containers = [1, 2, 3].map(|n| {
            let container = Container::run();
            let ips = [format!("10.78.{net}.{n}/24"), format!("2001:db8:{net}::{n}/64")];
            let words = ["connect", bridge.name(), container.name(), "--quiet"];
            says(&[&words[..], &["--ip", &ips[0], "--ip", &ips[1]]].concat());
            container
        });
        Self { bridge, containers }
    }

    fn port(&self, n: usize) -> String {
        told(&self.containers[n], "{{.OFPort}}")
    }

    fn mac(&self, n: usize) -> String {
        told(&self.containers[n], "{{.MAC}}")
    }

    /// These flows alone, and nothing is learnt yet.
    fn flows(&self, flows: &[String]) {
        run("ovs-ofctl", &["del-flows", self.bridge.name()]);
        for flow in flows {
            run("ovs-ofctl", &["add-flow", self.bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        run("ovs-appctl", &["fdb/flush", self.bridge.name()]);
        for container in &self.containers {
            container.ip(&["neigh", "flush", "all"]);
        }
    }

    /// The exit code of a trace from the first container to an address, the same of a sentence and of a row.
    fn trace(&self, to: &str) -> (i32, String) {
        let from = self.containers[0].name();
        let [sentence, row] = [&[][..], &["--format", "{{.Outcome}}: {{.Verdict}}"]]
            .map(|more| docker_ovs(&[&["trace", from, to][..], more].concat()));
        assert_eq!(sentence.code, row.code, "{sentence:?} {row:?}");
        (row.code, row.stdout)
    }

    /// Whether the first container gets an answer, which has time to come where it is expected.
    fn answers(&self, ip: &str, expected: bool) -> bool {
        lab::single_ping(&self.containers[0], ip, expected)
    }
}

fn told(container: &Container, what: &str) -> String {
    says(&["port", container.name(), "--format", what]).trim().to_owned()
}

/// A rule that answers the ARP requests of a port for an address, with this MAC.
fn responder(port: &str, ip: [u8; 4], mac: &str) -> String {
    let [a, b, c, d] = ip;
    let (number, hex) = (mac.replace(':', ""), format!("{a:02x}{b:02x}{c:02x}{d:02x}"));
    format!(
        "priority=20,arp,arp_op=1,in_port={port},arp_tpa={a}.{b}.{c}.{d},actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],\
         mod_dl_src:{mac},load:2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],\
         move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],load:0x{number}->NXM_NX_ARP_SHA[],load:0x{hex}->NXM_OF_ARP_SPA[],\
         IN_PORT"
    )
}

/// A gateway may be made of rules alone: one answers for it, and others write the MAC of who is behind.
#[test]
fn a_gateway_of_rules_delivers_by_itself() {
    lab::need!(Docker);
    let net = Net::new(21);
    let [a, b] = [net.port(0), net.port(1)];
    let [one, two] = [net.mac(0), net.mac(1)];
    let router = "02:00:00:00:21:fe";
    let way = |to: &str, mac: &str, port: &str| {
        format!(
            "priority=9,ip,dl_dst={router},nw_dst={to},actions=mod_dl_src:{router},mod_dl_dst:{mac},dec_ttl,output:{port}"
        )
    };
    // Each has the other behind the gateway, which is on no port.
    for (container, own, ip) in
        [(&net.containers[0], 1, "10.79.21.1/24"), (&net.containers[1], 2, "10.80.21.1/24")]
    {
        let there = if own == 1 { "10.80.21.0/24" } else { "10.79.21.0/24" };
        container.ip(&["addr", "add", ip, "dev", "eth0"]);
        let from = ip.split('/').next().unwrap();
        container.ip(&["route", "add", there, "via", "10.78.21.254", "src", from]);
    }
    let normal = "priority=0,actions=NORMAL".to_owned();
    let gateway = [10, 78, 21, 254];
    let both = [responder(&a, gateway, router), responder(&b, gateway, router)];
    let back = way("10.79.21.1", &one, &a);
    for (there, code) in [
        (Some(way("10.80.21.1", &two, &b)), 0),
        (Some(way("10.80.21.1", router, &b)), 1),
        (None, 1),
    ] {
        let dropped = format!("priority=8,ip,dl_dst={router},actions=drop");
        let flows = [&both[..], &[back.clone(), dropped, normal.clone()]].concat();
        net.flows(&[flows, there.clone().into_iter().collect()].concat());
        for _ in 0..2 {
            let told = net.trace("10.80.21.1");
            assert_eq!(told.0, code, "{there:?}: {told:?}");
            // By then it has learnt the gateway's MAC.
            let passes = code == 0;
            assert_eq!(net.answers("10.80.21.1", passes), passes, "{there:?}");
        }
    }
}

/// A rule that answers with a MAC that is not the destination's: what is sent then is for that MAC.
#[test]
fn a_rule_may_answer_with_any_mac() {
    lab::need!(Docker);
    let net = Net::new(22);
    let [a, b] = [net.port(0), net.port(1)];
    let mac = net.mac(1);
    let (ip, normal) = ([10, 78, 22, 2], "priority=0,actions=NORMAL".to_owned());
    let other = "02:00:00:00:22:fe";
    for (said, rule, code) in [
        (mac.as_str(), normal.clone(), 0),
        (other, normal.clone(), 1),
        (other, format!("priority=9,ip,dl_dst={other},actions=mod_dl_dst:{mac},output:{b}"), 0),
        (&mac, format!("priority=9,ip,in_port={a},actions=drop"), 1),
    ] {
        net.flows(&[responder(&a, ip, said), rule.clone(), normal.clone()]);
        let told = net.trace("10.78.22.2");
        assert_eq!(told.0, code, "{said} {rule}: {told:?}");
        let passes = code == 0;
        assert_eq!(net.answers("10.78.22.2", passes), passes, "{said} {rule}");
    }
}

/// Who gets the question may answer for another one where its kernel is set so.
#[test]
fn a_router_may_answer_for_another_one() {
    lab::need!(Docker);
    let net = Net::new(23);
    let [a, b, c] = [0, 1, 2].map(|n| net.port(n));
    // A and B may talk to C alone.
    let private = [
        format!("priority=9,in_port={a},actions=output:{c}"),
        format!("priority=9,in_port={b},actions=output:{c}"),
        "priority=0,actions=NORMAL".to_owned(),
    ];
    net.flows(&private);
    let dropped = net.trace("10.78.23.2");
    assert!(dropped.0 != 0 && !net.answers("10.78.23.2", false), "{dropped:?}");
    for setting in ["ip_forward", "conf/eth0/proxy_arp_pvlan"] {
        let set = format!("echo 1 > /proc/sys/net/ipv4/{setting}");
        let pid = net.containers[2].pid();
        run("nsenter", &["-t", &pid, "-n", "sh", "-c", &set]);
    }
    net.flows(&private);
    let told = net.trace("10.78.23.2");
    assert_eq!(told.0, 2, "{told:?}");
}

/// A kernel answers for an address that a route of type `local` makes its own, though no link there has it: who asks may
/// send to that one.
#[test]
fn a_local_route_to_an_address_answers_for_it() {
    lab::need!(Docker);
    let net = Net::new(28);
    let c = net.port(2);
    net.containers[1].ip(&["route", "add", "local", "10.78.28.3/32", "dev", "lo"]);
    let normal = "priority=0,actions=NORMAL".to_owned();
    net.flows(std::slice::from_ref(&normal));
    let told = net.trace("10.78.28.3");
    assert_eq!(told.0, 2, "both answer: {told:?}");
    // The answer of the container that has the address is lost: the other one may be sent to, and answers the ping here.
    let lost = format!("priority=9,arp,arp_op=2,in_port={c},actions=drop");
    net.flows(&[lost.clone(), normal.clone()]);
    let told = net.trace("10.78.28.3");
    assert!(told.0 != 0 && net.answers("10.78.28.3", true), "{told:?}");
    net.containers[1].ip(&["route", "del", "local", "10.78.28.3/32", "dev", "lo"]);
    net.flows(&[lost, normal]);
    let told = net.trace("10.78.28.3");
    assert!(told.0 == 1 && !net.answers("10.78.28.3", false), "{told:?}");
}

/// Messages of neighbours are taken as they are alone.
#[test]
fn a_message_that_rules_change_is_not_told_as_delivered() {
    lab::need!(Docker);
    let net = Net::new(24);
    let b = net.port(1);
    let normal = "priority=0,actions=NORMAL".to_owned();
    let (four, six) = ("10.78.24.2", "2001:db8:24::2");
    for (ip, flow, is_answered) in [
        (four, normal.clone(), true),
        (six, normal.clone(), true),
        (six, format!("priority=9,ipv6,ipv6_dst=ff00::/8,actions=dec_ttl,output:{b}"), false),
        (six, "priority=9,icmp6,icmp_type=136,actions=dec_ttl,NORMAL".to_owned(), false),
        (
            four,
            format!("priority=9,arp,arp_op=1,actions=load:0x0a4e1809->NXM_OF_ARP_TPA[],output:{b}"),
            false,
        ),
        (
            four,
            format!("priority=9,arp,arp_op=1,actions=load:9->NXM_OF_ARP_OP[],output:{b}"),
            false,
        ),
        // Its own address as the source, one that nothing comes from, and its own MAC.
        (
            four,
            format!("priority=9,icmp,nw_dst={four},actions=mod_nw_src:{four},output:{b}"),
            false,
        ),
        (
            four,
            format!("priority=9,icmp,nw_dst={four},actions=mod_nw_src:127.0.0.1,output:{b}"),
            false,
        ),
        (
            four,
            format!("priority=9,icmp,nw_dst={four},actions=mod_nw_src:0.0.0.9,output:{b}"),
            false,
        ),
        (
            four,
            format!("priority=9,icmp,nw_dst={four},actions=mod_nw_src:224.0.0.9,output:{b}"),
            false,
        ),
        (
            four,
            format!("priority=9,icmp,nw_dst={four},actions=mod_dl_src:{},NORMAL", net.mac(1)),
            false,
        ),
    ] {
        net.flows(&[flow.clone(), normal.clone()]);
        let told = net.trace(ip);
        assert_eq!(told.0 == 0, is_answered, "{flow}: {told:?}");
        assert_eq!(net.answers(ip, is_answered), is_answered, "{flow}");
    }
}

/// A link that does no ARP answers no request, and asks for no MAC.
#[test]
fn a_link_without_arp_neither_answers_nor_asks() {
    lab::need!(Docker);
    let net = Net::new(25);
    let ip = "10.78.25.2";
    let normal = ["priority=0,actions=NORMAL".to_owned()];
    for (n, why) in [(1, "does no ARP"), (0, "sends to its own MAC")] {
        net.flows(&normal);
        assert!(net.trace(ip).0 == 0 && net.answers(ip, true), "{:?}", net.trace(ip));
        net.containers[n].ip(&["link", "set", "eth0", "arp", "off"]);
        net.flows(&normal);
        let (code, said) = net.trace(ip);
        let row = docker_ovs(&["trace", net.containers[0].name(), ip, "--format", "json"]);
        assert!(code == 1 && row.stdout.contains(why), "{said} {row:?}");
        assert!(!net.answers(ip, false));
        net.containers[n].ip(&["link", "set", "eth0", "arp", "on"]);
    }
}

/// Who else gets the request for DST's MAC and has its address answers as well: another link of DST, or another
/// container.
#[test]
fn another_link_or_container_with_the_address_may_answer() {
    lab::need!(Docker);
    let net = Net::new(26);
    let ip = "10.78.26.2";
    let normal = "priority=0,actions=NORMAL".to_owned();
    let (b, c) = (net.port(1), net.port(2));
    let name = format!("{}:eth0", net.containers[1].name());
    let other = net.containers[1].name().to_owned();
    // The answer of eth0 is dropped, and that of eth1 is not.
    let by = ["connect", net.bridge.name(), &other, "-i", "eth1", "--ip", "10.78.26.12/24"];
    says(&[&by[..], &["--quiet"]].concat());
    let lost = format!("priority=9,arp,arp_op=2,in_port={b},actions=drop");
    net.flows(&[lost, normal.clone()]);
    let told = net.trace(&name);
    assert_ne!(told.0, 2, "{told:?}");
    let passes = told.0 == 0;
    assert_eq!(net.answers(ip, passes), passes, "{told:?}");
    // The third one has the address too.
    net.containers[2].ip(&["addr", "add", "10.78.26.2/24", "dev", "eth0"]);
    net.flows(std::slice::from_ref(&normal));
    let told = net.trace(&name);
    assert!(told.0 == 2 && told.1.contains("answered by"), "{told:?}");
    // Where its answers do not arrive it is as if it had not.
    net.flows(&[format!("priority=9,arp,in_port={c},actions=drop"), normal]);
    let told = net.trace(&name);
    assert!(told.0 == 0 && net.answers(ip, true), "{told:?}");
}

/// vswitchd drops a packet that meets more than 4,096 resubmits, also what was sent of it until then. A trace meets the
/// same limit, and says so.
#[test]
fn what_meets_too_many_resubmits_is_not_delivered() {
    lab::need!(Docker);
    let net = Net::new(27);
    let (b, ip) = (net.port(1), "10.78.27.2");
    let resubmits = |table: u8, times: usize| vec![format!("resubmit(,{table})"); times].join(",");
    // So many times 64, and these themselves.
    for (times, is_answered) in [(8, true), (65, false)] {
        net.flows(&[
            "priority=0,actions=NORMAL".to_owned(),
            format!("priority=9,icmp,icmp_type=8,actions=output:{b},{}", resubmits(1, times)),
            format!("table=1,actions={}", resubmits(2, 64)),
            "table=2,actions=drop".to_owned(),
        ]);
        let told = net.trace(ip);
        assert_eq!(told.0 == 0, is_answered, "{times}: {told:?}");
        let says_why = told.1.contains("over 4096 resubmit actions");
        assert_eq!(says_why, !is_answered, "{times}: {told:?}");
        assert_eq!(net.answers(ip, is_answered), is_answered, "{times}");
    }
}
