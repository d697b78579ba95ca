//! `docker-ovs-probe CONTAINER SOCKET DATABASE`: the least that a lookup can be. It asks the same sockets as
//! `docker-ovs-port` and prints the same number, and that is all: no other link than a veth, no other engine,
//! no proof, no word of what went wrong. `make bench` tells how far the real one is from it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "a bench may panic"
)]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use netns::{Netns, visit};

fn main() {
    let words = std::env::args_os().skip(1).map(|word| word.into_string().expect("text"));
    let words: Vec<String> = words.collect();
    let [container, engine, database] = words.as_slice() else {
        panic!("Usage: docker-ovs-probe CONTAINER SOCKET DATABASE")
    };
    let pid = pid_of(container, engine);
    let home = Netns::open(&PathBuf::from(format!("/proc/{pid}/ns/net"))).expect("a namespace");
    let inside = visit(&[&home], |_, route| route.links()).remove(0).expect("links");
    let peer = inside.iter().find_map(|link| link.link).expect("a veth");
    let own = Netns::open(&PathBuf::from("/proc/self/ns/net")).expect("a namespace");
    let host_end = visit(&[&own], |_, route| route.link(peer)).remove(0);
    let host_end = host_end.ok().flatten().expect("its other end");
    println!("{}", ofport_of(&host_end.name, database));
}

/// What Docker's `inspect` says.
fn pid_of(container: &str, engine: &str) -> u32 {
    let mut stream = UnixStream::connect(engine).expect("an engine");
    let ask = format!("GET /containers/{container}/json HTTP/1.0\r\n\r\n");
    stream.write_all(ask.as_bytes()).expect("the engine listens");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("the engine answers");
    number_behind(&said, "\"Pid\":").expect("it runs")
}

/// What the database says.
fn ofport_of(name: &str, database: &str) -> u32 {
    let mut stream = UnixStream::connect(database).expect("a database");
    let select = format!(
        r#"{{"op":"select","table":"Interface","where":[["name","==","{name}"]],"columns":["ofport"]}}"#
    );
    let ask = format!(r#"{{"id":0,"method":"transact","params":["Open_vSwitch",{select}]}}"#);
    stream.write_all(ask.as_bytes()).expect("the database listens");
    let (mut said, mut block) = (String::new(), [0; 4096]);
    while !said.contains("\"error\"") {
        let length = stream.read(&mut block).expect("the database answers");
        said += std::str::from_utf8(&block[..length]).expect("text");
    }
    number_behind(&said, "\"ofport\":").expect("it has a number")
}

fn number_behind(text: &str, key: &str) -> Option<u32> {
    let rest = &text[text.find(key)? + key.len()..];
    rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}
