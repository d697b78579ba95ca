//! Prints the ports of a bridge, whatever versions of OpenFlow it speaks: `ports BRIDGE [RUNDIR]`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use docker_ovs_openflow::{Client, LOCAL, Remote, Version};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let bridge = words.next().ok_or("Usage: ports BRIDGE [RUNDIR]")?;
    let rundir = words.next().unwrap_or_else(|| "/var/run/openvswitch".to_owned());
    let mut client =
        Client::connect(&Remote::mgmt(rundir.as_ref(), &bridge), &Version::ALL).await?;
    println!("{bridge} speaks {}", client.version());
    for port in client.ports().await? {
        match port.ofport() {
            Some(LOCAL) => println!("LOCAL {}", port.name),
            Some(number) => println!("{number} {}", port.name),
            None => println!("- {}", port.name),
        }
    }
    Ok(())
}
