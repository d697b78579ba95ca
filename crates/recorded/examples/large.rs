//! How fast a large `conf.db` is read: `cargo run --release -p docker-ovs-recorded --example large [MIB]`.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "it is run by hand"
)]

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use sha1::{Digest, Sha1};

const SCHEMA: &str = r#"{"name":"Open_vSwitch","version":"8.3.0","tables":{
"Bridge":{"columns":{"name":{"type":"string"},"datapath_type":{"type":"string"},"ports":{"type":{"key":"uuid","min":0,"max":"unlimited"}}}},
"Port":{"columns":{"name":{"type":"string"},"interfaces":{"type":{"key":"uuid","min":1,"max":"unlimited"}}}},
"Interface":{"columns":{"name":{"type":"string"},"type":{"type":"string"},"ofport":{"type":{"key":"integer","min":0,"max":1}},"external_ids":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}}}}"#;

fn record(json: &str) -> String {
    let sum = Sha1::digest(json).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    format!("OVSDB JSON {} {sum}\n{json}", json.len())
}

fn id(n: u64) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

/// Seconds that this thread was on a processor (proc_pid_schedstat(5)): a busy machine adds nothing.
fn worked() -> f64 {
    let all = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    all.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn main() {
    let size = std::env::args_os().nth(1).and_then(|word| word.to_str()?.parse().ok());
    let size: u64 = size.unwrap_or(100) << 20;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(record(SCHEMA).as_bytes()).unwrap();
    let (mut length, mut at) = (0, 0);
    while length < size {
        at += 1;
        let (interface, port, bridge) = (id(at % 2000), id(100_000 + at % 2000), id(200_000));
        let date = 1_700_000_000_000 + at;
        let goes = at / 2000 % 2 == 1;
        let rows = if goes {
            format!(r#""Interface":{{"{interface}":null}},"Port":{{"{port}":null}}"#)
        } else {
            format!(
                r#""Interface":{{"{interface}":{{"name":"veth{at}","ofport":{},"external_ids":["map",[["container_id","{at:064x}"],["container_iface","eth0"]]]}}}},"Port":{{"{port}":{{"name":"veth{at}","interfaces":["uuid","{interface}"]}}}}"#,
                at % 60_000 + 1
            )
        };
        let name = if at == 1 { r#""name":"br0","# } else { "" };
        let json = format!(
            r#"{{"_date":{date},"_is_diff":true,"_comment":"ovs-vsctl add-port br0 veth{at}",{rows},"Bridge":{{"{bridge}":{{{name}"ports":["uuid","{port}"]}}}}}}"#
        );
        let record = record(&json);
        length += u64::try_from(record.len()).unwrap();
        file.write_all(record.as_bytes()).unwrap();
    }
    let (start, before) = (Instant::now(), worked());
    let told = docker_ovs_recorded::read(file.path(), None).unwrap();
    let took = start.elapsed();
    let work = worked() - before;
    let rate = |seconds| length as f64 / 1e6 / seconds;
    println!(
        "{} MiB, {at} transactions: {took:?}, {:.0} MB/s",
        length >> 20,
        rate(took.as_secs_f64())
    );
    println!("on a processor {work:.2} s, {:.0} MB/s", rate(work));
    println!("{} bridges", told.snapshot.bridges().count());
    let (start, before) = (Instant::now(), worked());
    let changes = docker_ovs_recorded::port_changes(file.path(), 0, u64::MAX).unwrap();
    let (took, work) = (start.elapsed(), worked() - before);
    println!("{} changes of ports: {took:?}, on a processor {work:.2} s", changes.found.len());
}
