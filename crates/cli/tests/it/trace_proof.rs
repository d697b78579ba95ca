//! What `trace` says is what packets do: rule sets by chance, a trace of each way, and then a real
//! datagram. `DOCKER_OVS_TEST_SEED` repeats a run, `DOCKER_OVS_TEST_RULES` makes more of them.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;

use lab::{Bridge, Container, Home, run, unique};
use netns::{Error, Netns, visit};

use crate::tool::dice::Dice;
use crate::tool::{docker_ovs, number, says};

/// The port that every rule set lets pass: what is sent to it comes after the probe.
const BARRIER: u16 = 9;
/// The ports that probes go to.
const PROBES: [u16; 3] = [53, 80, 7000];

/// A container on a bridge, and its sockets.
struct Host {
    container: Container,
    ip: Ipv4Addr,
    ofport: String,
    port: String,
    mac: String,
    barrier: UdpSocket,
    probes: Vec<UdpSocket>,
}

impl Host {
    fn connect(bridge: &Bridge, n: u8) -> Self {
        let container = Container::run();
        let ip = Ipv4Addr::new(10, 78, 0, n);
        let words =
            ["connect", bridge.name(), container.name(), "--ip", &format!("{ip}/24"), "--quiet"];
        let ofport = says(&words).trim().to_owned();
        let told = |template: &str| {
            says(&["port", container.name(), "--format", template]).trim().to_owned()
        };
        let (mac, port) = (told("{{.MAC}}"), told("{{.HostInterface}}"));
        let inside = Space::of(&container);
        let bind = |number: u16| inside.open(|| UdpSocket::bind((ip, number)));
        let barrier = bind(BARRIER);
        barrier.set_read_timeout(Some(lab::patience())).unwrap();
        let probes = PROBES.iter().map(|number| bind(*number)).collect();
        Self { container, ip, ofport, port, mac, barrier, probes }
    }

    fn name(&self) -> &str {
        self.container.name()
    }

    /// Sends a datagram from a port of its own to a port of `to`, and tells whether that came. What
    /// `witness` gets afterwards from here was switched later, and what `to` gets from that one later
    /// still.
    fn reaches(&self, to: &Host, witness: &Host, probe: usize) -> bool {
        let socket = self.socket();
        // What is left of earlier ones is none of this one.
        drain(&to.probes[probe]);
        socket.send_to(b"probe", (to.ip, PROBES[probe])).unwrap();
        passes(&socket, witness);
        passes(&witness.socket(), to);
        to.probes[probe].set_nonblocking(true).unwrap();
        match to.probes[probe].recv(&mut [0; 64]) {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn socket(&self) -> UdpSocket {
        Space::of(&self.container).open(|| UdpSocket::bind((self.ip, 0)))
    }
}

/// Waits until a barrier has come.
fn passes(from: &UdpSocket, to: &Host) {
    drain(&to.barrier);
    from.send_to(b"barrier", (to.ip, BARRIER)).unwrap();
    to.barrier.set_nonblocking(false).unwrap();
    let came = to.barrier.recv(&mut [0; 64]);
    came.unwrap_or_else(|error| panic!("no barrier came to {}: {error}", to.name()));
}

fn drain(socket: &UdpSocket) {
    socket.set_nonblocking(true).unwrap();
    while socket.recv(&mut [0; 64]).is_ok() {}
}

/// The network namespace of a container.
struct Space(Netns);

impl Space {
    fn of(container: &Container) -> Self {
        let path = PathBuf::from(format!("/proc/{}/ns/net", container.pid()));
        Self(Netns::open(&path).unwrap())
    }

    fn open<T: Send>(&self, open: impl Fn() -> io::Result<T> + Sync) -> T {
        visit(&[&self.0], |_, _| open().map_err(Error::Socket)).remove(0).unwrap()
    }
}

/// Two bridges with a patch between them: three containers on the first, one on the second, and a
/// witness on the first that no rule is about.
struct Scene {
    near: Bridge,
    far: Bridge,
    hosts: Vec<Host>,
    /// The OpenFlow ports of the patch, on either bridge.
    patch: (String, String),
}

impl Scene {
    fn new() -> Self {
        let (near, far) = (Bridge::new(), Bridge::new());
        let (a, b) = (unique("pa"), unique("pb"));
        let patch = |peer: &str| format!("options:peer={peer}");
        let (to_b, to_a) = (patch(&b), patch(&a));
        near.add_without_waiting(&a, &["--", "set", "interface", &a, "type=patch", &to_b]);
        far.add_without_waiting(&b, &["--", "set", "interface", &b, "type=patch", &to_a]);
        let patch = (lab::ofport_of(&a).to_string(), lab::ofport_of(&b).to_string());
        let mut hosts: Vec<_> = (1..4).map(|n| Host::connect(&near, n)).collect();
        hosts.push(Host::connect(&far, 4));
        hosts.push(Host::connect(&near, 5));
        for host in &hosts {
            for other in hosts.iter().filter(|other| other.ip != host.ip) {
                let ip = other.ip.to_string();
                host.container.ip(&[
                    "neigh",
                    "replace",
                    &ip,
                    "lladdr",
                    &other.mac,
                    "dev",
                    "eth0",
                    "nud",
                    "permanent",
                ]);
            }
        }
        Self { near, far, hosts, patch }
    }

    /// The port of `near` that leads to a container.
    fn towards(&self, to: usize) -> &str {
        if to == 3 { &self.patch.0 } else { &self.hosts[to].ofport }
    }

    /// Takes all rules away, and lets barriers pass.
    fn clear(&self) {
        for bridge in [&self.near, &self.far] {
            run("ovs-ofctl", &["-O", "OpenFlow13", "del-flows", bridge.name()]);
            run("ovs-ofctl", &["-O", "OpenFlow13", "del-groups", bridge.name()]);
            run("ovs-ofctl", &["-O", "OpenFlow13", "del-meters", bridge.name()]);
            run("ovs-vsctl", &["clear", "bridge", bridge.name(), "mirrors"]);
            run("ovs-appctl", &["fdb/flush", bridge.name()]);
        }
        for host in &self.hosts {
            run(
                "ovs-vsctl",
                &[
                    "clear",
                    "port",
                    &host.port,
                    "tag",
                    "--",
                    "set",
                    "port",
                    &host.port,
                    "protected=false",
                ],
            );
        }
        for (to, host) in self.hosts.iter().enumerate() {
            let barrier =
                format!("priority=65535,udp,nw_dst={},udp_dst={BARRIER},actions=", host.ip);
            self.flow(&format!("{barrier}output:{}", self.towards(to)));
            let far = if to == 3 { &host.ofport } else { &self.patch.1 };
            run("ovs-ofctl", &["add-flow", self.far.name(), &format!("{barrier}output:{far}")]);
        }
        run("ovs-ofctl", &["add-flow", self.far.name(), "priority=0,actions=NORMAL"]);
    }

    fn flow(&self, flow: &str) {
        run("ovs-ofctl", &["-O", "OpenFlow15", "add-flow", self.near.name(), flow]);
    }

    fn group(&self, group: &str) {
        run("ovs-ofctl", &["-O", "OpenFlow15", "add-group", self.near.name(), group]);
    }
}

/// Makes a rule set; says which.
fn rules(scene: &Scene, dice: &mut Dice) -> String {
    scene.clear();
    let one = dice.throw(4);
    let two = dice.throw(3);
    let (port, other) = (scene.towards(one).to_owned(), scene.hosts[two].ofport.clone());
    let number = PROBES[dice.throw(3)];
    let (mac, ip) = (&scene.hosts[one].mac, scene.hosts[one].ip);
    let normal = "priority=0,actions=NORMAL";
    let near = scene.near.name();
    let kind = dice.throw(26);
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
    for _ in 0..sets {
        let set = rules(&scene, &mut dice);
        println!("{set}");
        let mirrors = run("ovs-vsctl", &["get", "bridge", scene.near.name(), "mirrors"]) != "[]";
        for _ in 0..3 {
            // Nothing that comes from a mirror's output port passes, no barrier either.
            let from = if mirrors { dice.throw(2) } else { dice.throw(4) };
            let to = (from + 1 + dice.throw(3)) % 4;
            let probe = dice.throw(3);
            let (from, to) = (&scene.hosts[from], &scene.hosts[to]);
            let port = PROBES[probe].to_string();
            let told = docker_ovs(&[
                "trace",
                from.name(),
                to.name(),
                "--udp",
                &port,
                "--format",
                "{{.Outcome}}: {{.Verdict}}",
            ]);
            // A sentence alone, which rests on less where it can, is the same one.
            let sentence = docker_ovs(&["trace", from.name(), to.name(), "--udp", &port]);
            let verdict =
                told.stdout.split_once(": ").map_or("", |(_, verdict)| verdict.trim_end());
            let line = format!("{}:eth0 to {}:eth0: {verdict}", from.name(), to.name());
            let said = (sentence.stdout.lines().next(), sentence.code);
            assert_eq!(said, (Some(&*line), told.code), "{set}");
            let came = from.reaches(to, &scene.hosts[4], probe);
            let line = format!(
                "{set}\n  {} to {} port {port}: came {came}, {told:?}",
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
    // To an address, and beyond the subnet.
    same(a.name(), &b.ip.to_string());
    same(a.name(), "192.0.2.77");
    same("no-such-container", b.name());
    same(a.name(), "no-such-container");
}

/// What it prints on either stream, and how it ends.
fn says_whatever(words: &[&str]) -> String {
    let ran = docker_ovs(words);
    format!("{}{}{}\n", ran.stdout, ran.stderr, ran.code)
}
