//! `annotate` on what the real programs print: what it marks is what they mark themselves, and nothing
//! is lost of any text.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flowtext::{Found, Place, Scanner};
use lab::{Bridge, run, unique};

use crate::tool::command;
use crate::tool::dice::Dice;

/// What comes of a text.
pub(crate) fn annotated(words: &[&str], text: &[u8]) -> Output {
    let mut command = command("docker-ovs", &[&["annotate"], words].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(text).unwrap());
        child.wait_with_output().unwrap()
    })
}

const RECORDED: [&str; 3] = ["--from", "tests/scenes/article.json", "vlanswitch"];

#[test]
fn any_bytes_pass_and_nothing_is_lost() {
    let mut dice = Dice::seeded("DOCKER_OVS_TEST_SEED");
    let noise: Vec<u8> = (0..1 << 20).map(|_| u8::try_from(dice.throw(256)).unwrap()).collect();
    for text in [&b""[..], b"\n", b"\xff\xfeoutput:", b"in_port=99 \xc3", &noise] {
        let ran = annotated(
            &[&["--from", "tests/scenes/hostile.json"][..], &["--replace"]].concat(),
            text,
        );
        assert!(ran.status.success() && ran.stdout == text, "{ran:?}");
    }
}

/// Without its labels the line of docs/flows.md is what Open vSwitch prints.
#[test]
fn the_line_of_the_page_is_what_a_recording_prints() {
    let page = std::fs::read_to_string("../../docs/flows.md").unwrap();
    let asked = "$ ovs-ofctl dump-flows vlanswitch | docker ovs annotate vlanswitch";
    let shown = page.lines().skip_while(|line| *line != asked).nth(1).unwrap();
    let label = regex::Regex::new("<[^>]*>").unwrap();
    let bare = format!("{}\n", label.replace_all(shown, ""));
    assert_eq!(label.find_iter(shown).count(), 2, "{shown}");
    let ran = annotated(&RECORDED, bare.as_bytes());
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), format!("{shown}\n"));
}

#[test]
fn labels_stand_after_ports_or_in_their_place() {
    let flow = b" priority=3,in_port=3 actions=output:4,resubmit(,3)\n";
    let ran = annotated(&RECORDED, flow);
    assert_eq!(
        String::from_utf8(ran.stdout).unwrap(),
        " priority=3,in_port=3<firewall_ext:eth0> actions=output:4<webserver:eth0>,resubmit(,3)\n"
    );
    let ran = annotated(&[&RECORDED[..], &["--replace"]].concat(), flow);
    assert_eq!(
        String::from_utf8(ran.stdout).unwrap(),
        " priority=3,in_port=firewall_ext:eth0 actions=output:webserver:eth0,resubmit(,3)\n"
    );
    let text = b"9a:69:12:bc:3d:1d > 0a:7f:3e:52:11:c8, 172.31.1.2.4 > 172.31.2.80.80: packet from port 4\n";
    let ran = annotated(
        &[&RECORDED[..], &["--macs", "--ips", "--pattern", "from port ([0-9]+)"]].concat(),
        text,
    );
    assert_eq!(
        String::from_utf8(ran.stdout).unwrap(),
        "9a:69:12:bc:3d:1d<firewall_ext:eth0> > 0a:7f:3e:52:11:c8<webserver:eth0>, \
         172.31.1.2<firewall_ext:eth0>.4 > 172.31.2.80<webserver:eth0>.80: packet from port 4<webserver:eth0>\n"
    );
}

/// The recorded host as if it had these bridges alone, which each source of the switch tells of.
fn with_bridges(names: &[&str]) -> tempfile::NamedTempFile {
    let text = std::fs::read_to_string("tests/scenes/article.json").unwrap();
    let mut host: serde_json::Value = serde_json::from_str(&text).unwrap();
    let switch = host["switch"].as_object_mut().unwrap();
    assert!(switch.len() > 1, "there are several sources");
    for source in switch.values_mut() {
        let rows = source["rows"].as_array_mut().unwrap();
        rows.retain(|row| names.contains(&row["name"].as_str().unwrap()));
        assert_eq!(rows.len(), names.len());
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), host.to_string()).unwrap();
    file
}

#[test]
fn where_there_is_one_bridge_it_need_not_be_named() {
    let texts = [
        (
            " priority=3,in_port=3 actions=output:4\n",
            "in_port=3<firewall_ext:eth0> actions=output:4<webserver:eth0>",
        ),
        ("  port  4: rx pkts=1, bytes=2\n", "port  4<webserver:eth0>: rx"),
        (
            " port  VLAN  MAC                Age\n    4     0  0a:7f:3e:52:11:c8    1\n",
            "    4<webserver:eth0>     0  ",
        ),
        (
            "recirc_id(0),in_port(6),eth_type(0x0800), packets:0, bytes:0, used:never, actions:7\n",
            "actions:7<webserver:eth0>",
        ),
    ];
    let one = with_bridges(&["vlanswitch"]);
    let several = with_bridges(&["vlanswitch", "kiwipycon"]);
    let from = |host: &tempfile::NamedTempFile, text: &str| {
        annotated(&["--from", host.path().to_str().unwrap()], text.as_bytes())
    };
    for (text, expected) in texts {
        let ran = from(&one, text);
        assert_eq!(String::from_utf8(ran.stderr).unwrap(), "", "{text}");
        let said = String::from_utf8(ran.stdout).unwrap();
        assert!(said.contains(expected), "{said}");
    }
    let ran = from(&several, texts[0].0);
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), texts[0].0);
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("several bridges"), "{said}");
}

#[test]
fn a_pattern_has_a_group_for_the_port() {
    for (pattern, why) in [("port [0-9]+", "no group"), ("port (", "unclosed group")] {
        let ran = annotated(&[&RECORDED[..], &["--pattern", pattern]].concat(), b"");
        assert_eq!(ran.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&ran.stderr).contains(why), "{ran:?}");
    }
    let pattern = "(?<bridge>[a-z]+) says (?<port>[0-9]+)";
    let ran = annotated(
        &[&RECORDED[..], &["--pattern", pattern]].concat(),
        b"kiwipycon says 1, vlanswitch says 1\n",
    );
    assert_eq!(
        String::from_utf8(ran.stdout).unwrap(),
        "kiwipycon says 1<patch to vlanswitch (to-kiwi)>, vlanswitch says 1<trivial_firewall:eth0>\n"
    );
}

/// Numbers that are none of a port go up to that; groups and meters of all of these are there.
const NUMBERS: usize = 8;

/// A flow that ovs-ofctl takes, by chance.
struct Writer<'a> {
    dice: &'a mut Dice,
    ports: &'a [u16],
}

impl Writer<'_> {
    fn port(&mut self) -> String {
        match self.dice.throw(12) {
            0 => "LOCAL".to_owned(),
            n if n < 10 => self.ports[self.dice.throw(self.ports.len())].to_string(),
            // One that there is none of.
            _ => (900 + self.dice.throw(50)).to_string(),
        }
    }

    /// A number that is none of a port, though it looks like one.
    fn number(&mut self) -> usize {
        1 + self.dice.throw(NUMBERS)
    }

    fn matches(&mut self) -> String {
        let mut all = Vec::new();
        if self.dice.throw(3) > 0 {
            all.push(format!("in_port={}", self.port()));
        }
        match self.dice.throw(7) {
            0 => all.push(format!("dl_vlan={}", self.number())),
            1 => all.push(format!("metadata={},tun_id={}", self.number(), self.number())),
            2 => all.push(format!("dl_src=02:00:00:00:00:0{}", self.number())),
            3 => all.push(format!("reg0={},reg1={}/0xff", self.number(), self.number())),
            4 => all.push(format!("actset_output={}", self.port())),
            _ => {}
        }
        all.push(format!("tcp,nw_src=10.0.0.{},tp_dst={}", self.number(), self.number()));
        all.join(",")
    }

    /// All that a flow of a table does, in the order that OpenFlow demands of instructions.
    fn instructions(&mut self, table: usize) -> String {
        let (port, n, m) = (self.port(), self.number(), self.number());
        match self.dice.throw(8) {
            // It stands alone.
            0 => format!("conjunction({n},{}/2)", 1 + self.dice.throw(2)),
            1 => format!("meter:{n},{}", self.actions(0)),
            2 => format!("{},write_actions(group:{n},output:{port})", self.actions(0)),
            3 => format!(
                "write_actions(set_field:{n}->reg{m},output:{port}),goto_table:{}",
                table + m
            ),
            4 => format!("meter:{m},{},goto_table:{}", self.actions(0), table + n),
            _ => self.actions(0),
        }
    }

    /// A group of that number, which is one of [`Self::number`].
    fn group(&mut self, number: usize) -> String {
        // What is watched is never LOCAL: ovs-ofctl refuses it.
        let [watched, other] = [(); 2].map(|()| self.ports[self.dice.throw(self.ports.len())]);
        let [first, second] = [(); 2].map(|()| self.port());
        format!(
            "group_id={number},type=ff,bucket=watch_port:{watched},output:{first},\
             bucket=watch_port:{other},set_field:{number}->reg1,output:{second}"
        )
    }

    fn actions(&mut self, depth: usize) -> String {
        let count = 1 + self.dice.throw(4);
        (0..count).map(|_| self.action(depth)).collect::<Vec<_>>().join(",")
    }

    fn action(&mut self, depth: usize) -> String {
        let kinds = if depth < 3 { 30 } else { 26 };
        let (port, other, n, m) = (self.port(), self.port(), self.number(), self.number());
        match self.dice.throw(kinds) {
            0 | 1 => format!("output:{port}"),
            2 => port,
            3 => format!("enqueue:{port}:{n}"),
            4 => format!("resubmit({port},{n})"),
            5 => format!("resubmit(,{n})"),
            6 => format!("resubmit:{port}"),
            7 => format!("output(port={port},max_len={})", 14 + n),
            8 => format!("output:NXM_NX_REG{n}[]"),
            9 => format!("set_field:{n}->reg{m}"),
            10 => format!("load:{n}->NXM_NX_REG{m}[0..15]"),
            11 => format!(
                "learn(table={n},priority={m},idle_timeout={n},in_port={port},\
                 NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:{n}->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[])"
            ),
            12 => format!("bundle(eth_src,{n},active_backup,ofport,members:{port},{other})"),
            13 => format!(
                "bundle_load(eth_src,{n},hrw,ofport,NXM_NX_REG{m}[],members:{port},{other})"
            ),
            14 => format!("multipath(eth_src,{n},modulo_n,{m},0,NXM_NX_REG0[])"),
            15 => format!("set_queue:{n},pop_queue"),
            16 => format!("push_vlan:0x8100,set_field:{}->vlan_vid,pop_vlan", 4096 + n),
            17 => format!("note:00.0{n}.0{m}"),
            18 => format!("check_pkt_larger({})->NXM_NX_REG0[{m}]", 100 * n),
            19 => format!(
                "sample(probability={n},collector_set_id={m},obs_domain_id={n},obs_point_id={m},sampling_port={port})"
            ),
            20 => format!("controller(reason=no_match,max_len={n},id={m})"),
            21 => format!("fin_timeout(idle_timeout={n},hard_timeout={m}),dec_ttl"),
            22 => format!("ct_clear,ct(commit,zone={n},exec(set_field:{m}->ct_mark))"),
            23 => ["NORMAL", "FLOOD", "ALL", "IN_PORT"][self.dice.throw(4)].to_owned(),
            24 => format!("group:{n}"),
            25 => format!("move:NXM_NX_REG{n}[0..{m}]->NXM_NX_REG{m}[0..{m}]"),
            26 => format!("ct(zone={n},nat,table={m})"),
            27 => format!("set_field:{n}->tun_id"),
            _ => format!("clone({})", self.actions(depth + 1)),
        }
    }
}

/// The dump of a bridge: its flows by priority, which each has one of its own of, and its groups by number.
fn dump(bridge: &Bridge, names: &str) -> Vec<String> {
    let dump = |what: &str| {
        let words = ["-O", "OpenFlow13", "--no-stats", names, "--sort=priority", what];
        run("ovs-ofctl", &[&words[..], &[bridge.name()]].concat())
    };
    let lines = |text: String, each: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains(each)).map(str::to_owned).collect()
    };
    let mut groups = lines(dump("dump-groups"), "group_id=");
    groups.sort();
    [lines(dump("dump-flows"), "priority="), groups].concat()
}

/// A name as `--names` writes it.
fn quoted(name: &str, plain: bool) -> String {
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// 10,000 flows by chance, and the groups that they name: where ovs-ofctl writes a name for a number, there is a port,
/// and nowhere else.
#[test]
fn what_is_marked_is_what_ovs_ofctl_names() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    // One name is plain, the other ones are written in quotes.
    let names = [
        unique("p"),
        format!("{}-q", unique("p")),
        format!("{}.r", unique("p")),
        format!("{}_s", unique("p")),
    ];
    let add = |name: &String| bridge.add(name, &["--", "set", "interface", name, "type=internal"]);
    let ports: Vec<_> = names.iter().map(add).collect();
    run("ovs-ofctl", &["del-flows", bridge.name()]);
    let mut dice = Dice::seeded("DOCKER_OVS_TEST_SEED");
    let mut writer = Writer { dice: &mut dice, ports: &ports };
    for number in 1..=NUMBERS {
        let meter = format!("meter={number},pktps,band=type=drop,rate=1000");
        run("ovs-ofctl", &["-O", "OpenFlow13", "add-meter", bridge.name(), &meter]);
        let group = writer.group(number);
        run("ovs-ofctl", &["-O", "OpenFlow13", "add-group", bridge.name(), &group]);
    }
    let flows: String = (1..=10_000)
        .map(|priority| {
            let table = priority % 10;
            format!(
                "table={table},priority={priority},{},actions={}\n",
                writer.matches(),
                writer.instructions(table)
            )
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flows");
    std::fs::write(&file, &flows).unwrap();
    run("ovs-ofctl", &["-O", "OpenFlow13", "add-flows", bridge.name(), file.to_str().unwrap()]);
    let (numbers, expected) = (dump(&bridge, "--no-names"), dump(&bridge, "--names"));
    assert!(
        numbers.len() == 10_000 + NUMBERS && expected.len() == numbers.len(),
        "{} {}",
        numbers.len(),
        expected.len()
    );
    let mut marks = 0;
    for (line, expected) in numbers.iter().zip(&expected) {
        let mut written = String::new();
        let mut done = 0;
        Scanner::default().scan(line.as_bytes(), |Place { start, end, found }| {
            assert_eq!(found, Found::OfPort, "{line}");
            let number = line[start..end].parse().ok();
            let at = number.and_then(|number: u16| ports.iter().position(|port| *port == number));
            if let Some(at) = at {
                let name = &names[at];
                let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
                written += &line[done..start];
                written += &quoted(name, plain);
                done = end;
                marks += 1;
            }
        });
        written += &line[done..];
        assert_eq!(written, *expected, "of {line}");
    }
    println!("{marks} ports in 10,000 flows");
    assert!(marks > 10_000);
}

/// 100 MB without the end of a line: all of it comes out, and little of it is held.
#[test]
fn a_line_without_an_end_takes_little_memory() {
    let mut command = command("docker-ovs", &[&["annotate"], &RECORDED[..]].concat());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let pid = child.id();
    let block = b"output:3,resubmit(,4) \xff ".repeat(50_000);
    let label = b"<firewall_ext:eth0>".len();
    let (mut taken, mut given) = (0, 0);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for _ in 0..84 {
                stdin.write_all(&block).unwrap();
                taken += block.len() + 50_000 * label;
            }
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            drop(stdin);
            status
        });
        given = std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
        let status = writing.join().unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 48 << 10, "{kib} KiB");
    });
    assert!(child.wait().unwrap().success());
    assert_eq!(usize::try_from(given).unwrap(), taken, "nothing is lost");
}

/// A text that goes on is about what a daemon tells then, as it is about what the host has then. It is not asked for each
/// line, and one that is away changes nothing.
#[test]
fn a_daemon_is_asked_again_for_a_text_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let scene = std::fs::read_to_string("tests/scenes/article.json").unwrap();
    let told = [scene.clone(), scene.replace("webserver", "shop"), String::new()];
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let body = told.get(count.fetch_add(1, Ordering::Relaxed)).map_or("", |body| body);
            let status = if body.is_empty() { "503 Away" } else { "200 OK" };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    let server = format!("unix://{}", path.display());
    let mut child = command("docker-ovs", &["--server", &server, "annotate", "vlanswitch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = |text: &str| {
        writeln!(stdin, "{text}").unwrap();
        lines.next().unwrap().unwrap()
    };
    for (pause, expected, times) in [
        (0, "webserver", 1),
        (0, "webserver", 1),
        (6, "shop", 2),
        (0, "shop", 2),
        // It is away, and then nothing is asked for as long as before.
        (6, "shop", 3),
        (0, "shop", 3),
    ] {
        std::thread::sleep(Duration::from_secs(pause));
        assert_eq!(
            said("in_port=4,actions=drop"),
            format!("in_port=4<{expected}:eth0>,actions=drop")
        );
        assert_eq!(asked.load(Ordering::Relaxed), times, "after {pause} s");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
