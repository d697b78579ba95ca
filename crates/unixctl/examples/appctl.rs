//! A small ovs-appctl(8): `appctl COMMAND [WORD…]` asks ovs-vswitchd, `appctl` alone for its ports.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;

use docker_ovs_unixctl::{Client, VSWITCHD, control_socket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let socket = control_socket(Path::new("/var/run/openvswitch"), VSWITCHD)?;
    let mut client = Client::connect(&socket).await?;
    if let Some((command, arguments)) = words.split_first() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        println!("{}", client.call(command, &arguments).await?.trim_end());
        return Ok(());
    }
    for bridge in client.dpif_show().await? {
        for port in bridge.ports {
            let datapath = port.dp_port.map_or("none".to_owned(), |number| number.to_string());
            println!("{} {} {}/{datapath} {}", bridge.name, port.name, port.ofport, port.kind);
        }
    }
    Ok(())
}
