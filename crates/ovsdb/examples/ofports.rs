//! Prints the OpenFlow port of each interface that has one: `ofports [unix:FILE|tcp:IP:PORT]`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use docker_ovs_ovsdb::{Client, Optional, Remote, Select, VSWITCH};

#[derive(serde::Deserialize)]
struct Interface {
    name: String,
    ofport: Optional<i64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let said = std::env::args_os().nth(1).map(|word| word.to_string_lossy().into_owned());
    let remote: Remote = said.as_deref().unwrap_or("unix:/var/run/openvswitch/db.sock").parse()?;
    let mut client = Client::connect(&remote, None).await?;
    let select = Select::new("Interface", &["name", "ofport"]);
    let rows: Vec<Interface> = client.transact(VSWITCH, &[select]).await?.rows(0)?;
    // An interface that cannot be opened has -1, and one that is new has none yet.
    for Interface { name, ofport } in rows {
        if let Some(number) = ofport.0.filter(|number| *number > 0) {
            println!("{name} {number}");
        }
    }
    Ok(client.close().await?)
}
