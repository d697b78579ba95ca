//! A fleet without hosts: publishers that have nothing but rows, real etcd, and one mirror in a process of
//! its own. Prints what docs/fleet.md tells.
//!
//! `cargo run --release -p docker-ovs-fleet --example simulate -- [HOSTS [ROWS]]`; 1000 and 100 if not said.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "an experiment"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use docker_ovs_fleet::{Fleet, Local, Machine, Settings, follow, publish};
use etcd::Client;
use model::who::WhoQuery;
use tokio::sync::watch;
use tokio::time::sleep;

fn main() {
    let words: Vec<String> = std::env::args_os().map(|word| word.into_string().unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if words.get(1).is_some_and(|word| word == "mirror") {
        return runtime.block_on(mirror(&words[2]));
    }
    let number = |at: usize, usual| words.get(at).map_or(usual, |word| word.parse().unwrap());
    runtime.block_on(simulate(number(1, 1_000), number(2, 100)));
}

fn settings(endpoints: &str, host: &str) -> Settings {
    Settings {
        etcd: etcd::Settings {
            endpoints: endpoints.split(',').map(|url| url.parse().unwrap()).collect(),
            tls: None,
        },
        fleet: "simulated".to_owned(),
        host: host.to_owned(),
        mirror: true,
        machine: Machine { machine: host.to_owned(), run: host.to_owned(), ..Machine::default() },
        version: "0".to_owned(),
        clock: || 0,
    }
}

/// Answers a line of what is asked with a line.
async fn mirror(endpoints: &str) {
    let settings = settings(endpoints, "mirror");
    let fleet = Arc::new(Fleet::new(&settings));
    fleet.set_local(&Local::default());
    tokio::spawn(follow::follow(Client::new(settings.etcd.clone()), fleet.clone()));
    let (ask, mut asked) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            ask.send(line.unwrap()).unwrap();
        }
    });
    while let Some(line) = asked.recv().await {
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "rows" => {
                let wanted: usize = rest.parse().unwrap();
                loop {
                    let status = fleet.status();
                    if status.attachments == wanted && status.reason.is_none() {
                        break;
                    }
                    sleep(Duration::from_millis(5)).await;
                }
                println!("done");
            }
            "lost" => {
                while fleet.status().reason.is_none() {
                    sleep(Duration::from_millis(5)).await;
                }
                println!("done");
            }
            "has" => {
                let query = WhoQuery::from(rest);
                while fleet.who(&query).is_empty() {
                    sleep(Duration::from_millis(1)).await;
                }
                println!("done");
            }
            "who" => {
                let start = Instant::now();
                let found = fleet.who(&WhoQuery::from(rest)).len();
                println!("{found} {}", start.elapsed().as_micros());
            }
            _ => println!(
                "{}",
                std::fs::read_to_string("/proc/self/status")
                    .unwrap()
                    .lines()
                    .find_map(|line| line.strip_prefix("VmRSS:"))
                    .unwrap()
                    .trim()
            ),
        }
    }
}

/// The mirror's process.
struct Mirror {
    child: Child,
    ask: ChildStdin,
    told: Receiver<String>,
}

impl Mirror {
    fn start(endpoints: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["mirror", endpoints]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, told) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok())
        });
        let ask = child.stdin.take().unwrap();
        Self { child, ask, told }
    }

    async fn ask(&mut self, line: &str) -> String {
        writeln!(self.ask, "{line}").unwrap();
        loop {
            if let Ok(told) = self.told.try_recv() {
                return told;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A row as a container of Docker's has one.
fn row(host: usize, number: usize, ip: &str) -> (String, String) {
    let id = format!("{:064x}", host * 100_000 + number);
    let mac = format!(
        "02:42:{:02x}:{:02x}:{:02x}:{:02x}",
        host >> 8,
        host & 255,
        number >> 8,
        number & 255
    );
    let text = format!(
        "{{\"Container\":\"service-{number}\",\"ID\":\"{id}\",\"Engine\":\"docker\",\"Interface\":\"eth0\",\"Ifindex\":2,\
         \"MAC\":\"{mac}\",\"Addresses\":[\"{ip}/8\"],\"MTU\":1400,\"Bridge\":\"br0\",\"OFPort\":{},\"State\":\"on\",\
         \"OFPortRequest\":{},\"DatapathID\":\"0000{host:012x}\",\"Port\":\"veth{number:x}eth0\",\"VLAN\":10,\"VLANMode\":\"access\",\
         \"Wire\":\"veth\",\"HostInterface\":\"veth{number:x}eth0\",\"Netns\":\"net:[402653{number:04}]\"}}",
        number + 1,
        number + 1,
    );
    (format!("{id}:eth0"), text)
}

fn local(host: usize, rows: usize) -> Local {
    let ip = |number: usize| format!("10.{}.{}.{}", host >> 8, host & 255, number % 256);
    let rows: BTreeMap<_, _> = (0..rows).map(|number| row(host, number, &ip(number))).collect();
    Local { rows, bridges: vec!["br0".to_owned()], ..Local::default() }
}

/// What a publisher tells, and how that goes.
type Publisher = (watch::Sender<Option<Arc<Local>>>, Arc<Fleet>);

fn say(what: &str, start: Instant) {
    println!("{what}: {:.2} s", start.elapsed().as_secs_f64());
}

async fn simulate(hosts: usize, rows: usize) {
    let mut members = lab::Etcd::start_with(3, &["--auto-compaction-retention=1h"]);
    let endpoints = members.endpoints();
    let (stop, stopped) = watch::channel(false);
    let start = Instant::now();
    let mut locals = Vec::new();
    for number in 0..hosts {
        let settings = settings(&endpoints, &format!("host-{number:04}"));
        let fleet = Arc::new(Fleet::new(&settings));
        let (tell, told) = watch::channel(Some(Arc::new(local(number, rows))));
        let etcd = Client::new(settings.etcd.clone());
        tokio::spawn(publish::publish(
            etcd,
            fleet.clone(),
            settings.machine,
            told,
            stopped.clone(),
        ));
        locals.push((tell, fleet));
    }
    while !locals.iter().all(|(_, fleet)| fleet.condition().published) {
        sleep(Duration::from_millis(20)).await;
    }
    say(&format!("{hosts} hosts have told of {rows} attachments each"), start);
    let size = || members.says(&["endpoint", "status", "--write-out=table"]);
    println!("{}", size());
    let all = format!("rows {}", hosts * rows);
    let start = Instant::now();
    let mut mirror = Mirror::start(&endpoints);
    mirror.ask(&all).await;
    say("a mirror has all", start);
    println!("its memory: {}", mirror.ask("memory").await);
    for (what, word) in [
        ("an address", "10.1.7.42"),
        ("a MAC", "02:42:01:07:00:2a"),
        ("a name", "service-42"),
        ("br0:43", "br0:43"),
    ] {
        println!("who {what}: {} (found, µs)", mirror.ask(&format!("who {word}")).await);
    }
    latencies(&locals, &mut mirror, rows).await;
    idle(hosts).await;
    let start = Instant::now();
    members.kill_all();
    mirror.ask("lost").await;
    members.wipe();
    members.revive();
    say("etcd was emptied and works again after", start);
    let start = Instant::now();
    mirror.ask(&all).await;
    say("all hosts have told everything anew, and the mirror has it", start);
    println!("its memory: {}", mirror.ask("memory").await);
    stop.send_replace(true);
}

/// One host after the other has another container.
async fn latencies(locals: &[Publisher], mirror: &mut Mirror, rows: usize) {
    let mut took = Vec::new();
    for n in 0..100 {
        let host = n * 7 % locals.len();
        let ip = format!("11.0.{n}.1");
        let mut changed = local(host, rows);
        changed.rows.extend([row(host, 90_000 + n, &ip)]);
        let start = Instant::now();
        locals[host].0.send_replace(Some(Arc::new(changed)));
        mirror.ask(&format!("has {ip}")).await;
        took.push(start.elapsed());
        locals[host].0.send_replace(Some(Arc::new(local(host, rows))));
        sleep(Duration::from_millis(20)).await;
    }
    took.sort_unstable();
    println!(
        "a change is seen: median {} ms, 95 % {} ms, all {} ms",
        took[50].as_millis(),
        took[95].as_millis(),
        took[99].as_millis()
    );
}

/// What the members of etcd and the publishers take while nothing changes.
async fn idle(hosts: usize) {
    let ticks = || -> u64 {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let stats = all.filter_map(|of| std::fs::read_to_string(of.path().join("stat")).ok());
        let mut sum = 0;
        for stat in stats.filter(|stat| stat.contains("(etcd)")) {
            let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
            sum += fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        }
        sum
    };
    let before = ticks();
    sleep(Duration::from_secs(20)).await;
    println!(
        "idle, {hosts} hosts: all members together take {} ms of CPU a second",
        (ticks() - before) * 10 / 20
    );
}
