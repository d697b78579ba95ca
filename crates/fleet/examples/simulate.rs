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
use report::v1::{FleetHost, Liveness};
use tokio::sync::watch;
use tokio::task::JoinHandle;
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
            "live" => {
                let wanted: usize = rest.parse().unwrap();
                let is_whole = |of: &FleetHost| {
                    of.from.host.starts_with("host-")
                        && of.from.liveness == Liveness::Live
                        && of.attachments.is_some_and(|rows| rows > 0)
                };
                while fleet.hosts().iter().filter(|of| is_whole(of)).count() != wanted {
                    sleep(Duration::from_millis(20)).await;
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
    let mac = mac(host, number);
    let text = format!(
        "{{\"Container\":\"service-{number}\",\"ID\":\"{id}\",\"Engine\":\"docker\",\"Interface\":\"eth0\",\"Ifindex\":2,\
         \"MAC\":\"{mac}\",\"Addresses\":[\"{ip}/8\"],\"MTU\":1400,\"Bridge\":\"br0\",\"OFPort\":{},\"State\":\"on\",\
         \"OFPortRequest\":{},\"DatapathID\":\"0000{host:012x}\",\"Port\":\"veth{number:x}eth0\",\"VLAN\":10,\"VLANMode\":\"access\",\
         \"Wire\":\"veth\",\"HostInterface\":\"veth{number:x}eth0\",\"Netns\":\"net:[402653{number:04}]\"}}",
        number % 60_000 + 1,
        number % 60_000 + 1,
    );
    (format!("{id}:eth0"), text)
}

fn address(host: usize, number: usize) -> String {
    format!("10.{}.{}.{}", host >> 8, host & 255, number % 256)
}

fn mac(host: usize, number: usize) -> String {
    let [.., a, b] = host.to_be_bytes();
    let [.., c, d] = number.to_be_bytes();
    format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

fn local(host: usize, rows: usize) -> Local {
    let rows = (0..rows).map(|number| row(host, number, &address(host, number)));
    let rows: BTreeMap<_, _> = rows.collect();
    Local { rows, bridges: vec!["br0".to_owned()], ..Local::default() }
}

/// A publisher: what it tells, how that goes, and its task.
struct Publisher {
    tell: watch::Sender<Option<Arc<Local>>>,
    fleet: Arc<Fleet>,
    task: JoinHandle<()>,
}

/// Each host's, as of a machine that was started so often.
fn publishers(
    endpoints: &str,
    (hosts, rows): (usize, usize),
    boot: u64,
    stopped: &watch::Receiver<bool>,
) -> Vec<Publisher> {
    let each = (0..hosts).map(|number| {
        let mut settings = settings(endpoints, &format!("host-{number:04}"));
        settings.machine.boot = boot.to_string();
        let fleet = Arc::new(Fleet::new(&settings));
        let (tell, told) = watch::channel(Some(Arc::new(local(number, rows))));
        let etcd = Client::new(settings.etcd.clone());
        let (of, stopped) = (fleet.clone(), stopped.clone());
        let task = publish::publish(etcd, of, settings.machine, told, stopped);
        Publisher { tell, fleet, task: tokio::spawn(task) }
    });
    each.collect()
}

async fn all_told(publishers: &[Publisher]) {
    while !publishers.iter().all(|of| of.fleet.condition().published) {
        sleep(Duration::from_millis(20)).await;
    }
}

fn say(what: &str, start: Instant) {
    println!("{what}: {:.2} s", start.elapsed().as_secs_f64());
}

async fn simulate(hosts: usize, rows: usize) {
    let mut members = lab::Etcd::start_with(3, &["--auto-compaction-retention=1h"]);
    let endpoints = members.endpoints();
    let (stop, stopped) = watch::channel(false);
    let start = Instant::now();
    let mut locals = publishers(&endpoints, (hosts, rows), 1, &stopped);
    all_told(&locals).await;
    say(&format!("{hosts} hosts have told of {rows} attachments each"), start);
    println!("{}", members.says(&["endpoint", "status", "--write-out=table"]));
    let all = format!("rows {}", hosts * rows);
    let start = Instant::now();
    let mut mirror = Mirror::start(&endpoints);
    mirror.ask(&all).await;
    say("a mirror has all", start);
    println!("its memory: {}", mirror.ask("memory").await);
    println!("its processor time so far: {} ms", cpu(mirror.child.id()));
    let last = hosts / 2;
    let (ip, mac) = (address(last, rows / 2), mac(last, rows / 2));
    for (what, word) in
        [("an address", &*ip), ("a MAC", &*mac), ("a name", "service-42"), ("br0:43", "br0:43")]
    {
        let mut took = Vec::new();
        for _ in 0..21 {
            let told = mirror.ask(&format!("who {word}")).await;
            let (found, micros) = told.split_once(' ').unwrap();
            took.push((micros.parse::<u64>().unwrap(), found.to_owned()));
        }
        took.sort_unstable();
        println!(
            "who {what}: {} found, median {} µs, worst {} µs",
            took[0].1, took[10].0, took[20].0
        );
    }
    for rate in [0, 17, 170] {
        load(&locals, &mut mirror, rows, rate).await;
    }
    let start = Instant::now();
    for of in &locals {
        of.task.abort();
    }
    members.kill_all();
    mirror.ask("lost").await;
    members.revive();
    say("all power was off, and etcd works again after", start);
    let start = Instant::now();
    drop(mirror);
    locals = publishers(&endpoints, (hosts, rows), 2, &stopped);
    let mut mirror = Mirror::start(&endpoints);
    mirror.ask(&format!("live {hosts}")).await;
    say("all power is back: each host is live with its rows", start);
    all_told(&locals).await;
    say("and each is told of", start);
    let start = Instant::now();
    members.kill_all();
    mirror.ask("lost").await;
    members.wipe();
    members.revive();
    say("etcd was emptied, and works again after", start);
    let start = Instant::now();
    mirror.ask(&format!("live {hosts}")).await;
    mirror.ask(&all).await;
    say("all hosts have told everything anew, and the mirror has it", start);
    println!("its memory: {}", mirror.ask("memory").await);
    println!("{}", members.says(&["endpoint", "status", "--write-out=table"]));
    stop.send_replace(true);
}

/// So many hosts each second have another container, or one less, for 20 s; and what is taken meanwhile.
async fn load(locals: &[Publisher], mirror: &mut Mirror, rows: usize, rate: u32) {
    let start = Instant::now();
    let (etcd, of_mirror) = (cpu_of_etcd(), cpu(mirror.child.id()));
    let mut took = Vec::new();
    let mut done: u32 = 0;
    while start.elapsed() < Duration::from_secs(20) {
        if rate == 0 {
            sleep(Duration::from_secs(1)).await;
            continue;
        }
        // Of each second one change is followed, and the others go beside it.
        for n in 0..rate {
            let host = (done as usize * 7 + 3) % locals.len();
            let ip = format!("11.{rate}.{}.{}", done >> 8 & 255, done & 255);
            let mut changed = local(host, rows);
            changed.rows.extend([row(host, 90_000, &ip)]);
            let at = Instant::now();
            locals[host].tell.send_replace(Some(Arc::new(changed)));
            done += 1;
            if n % 17 == 0 {
                mirror.ask(&format!("has {ip}")).await;
                took.push(at.elapsed());
            }
            let due = start + Duration::from_secs_f64(f64::from(done) / f64::from(rate));
            sleep(due.saturating_duration_since(Instant::now())).await;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let share = |ticks: u64| f64::from(u32::try_from(ticks).unwrap()) / seconds;
    println!(
        "{:.0} changes a second: all members of etcd take {:.0} ms of processor time a second, the mirror {:.1} ms",
        f64::from(done) / seconds,
        share(cpu_of_etcd() - etcd),
        share(cpu(mirror.child.id()) - of_mirror),
    );
    took.sort_unstable();
    if let Some(last) = took.last() {
        let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_millis();
        println!(
            "  a change is seen after: median {} ms, 95 % {} ms, all {} ms, of {}",
            at(50),
            at(95),
            last.as_millis(),
            took.len()
        );
    }
}

/// Milliseconds of processor time of a process: a tick is 10 ms.
fn cpu(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).map_or(0, |text| text.parse::<u64>().unwrap());
    (ticks(11) + ticks(12)) * 10
}

/// The same of all members, which are children of this process.
fn cpu_of_etcd() -> u64 {
    let own = std::process::id().to_string();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|of| of.file_name().to_str()?.parse::<u32>().ok());
    let stats = pids
        .filter_map(|pid| Some((pid, std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)));
    let members = stats.filter(|(_, stat)| {
        stat.contains("(etcd)")
            && stat.rsplit(')').next().unwrap().split_whitespace().nth(1) == Some(&own)
    });
    members.map(|(pid, _)| cpu(pid)).sum()
}
