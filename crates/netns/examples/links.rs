//! Prints the links in the network namespace of a process, and where each leads: `links PID`.
//! It takes root, as entering a namespace does.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use docker_ovs_netns::{Link, Netns, visit};

fn main() -> Result<(), Box<dyn Error>> {
    let pid = std::env::args_os().nth(1).ok_or("Usage: links PID")?;
    let namespace = Netns::of_process(pid.to_string_lossy().parse()?)?;
    // One thread enters each of the namespaces in turn; here is only one.
    for links in visit(&[&namespace], |_, socket| socket.links()) {
        links?.iter().for_each(print);
    }
    Ok(())
}

/// An index means nothing without its namespace: -1 is another one that has no number here.
fn print(link: &Link) {
    let kind = link.kind.as_deref().unwrap_or("hardware");
    match (link.link, link.link_nsid) {
        (Some(other), Some(nsid)) => {
            println!("{} {} {kind}: to link {other} in namespace {nsid}", link.ifindex, link.name);
        }
        (Some(other), None) => println!("{} {} {kind}: to link {other}", link.ifindex, link.name),
        _ => println!("{} {} {kind}", link.ifindex, link.name),
    }
}
