//! Calls a method at a socket and prints what comes back:
//! `call /var/run/openvswitch/db.sock list_dbs '[]'`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use docker_ovs_jsonrpc::Connection;
use serde_json::Value;
use tokio::net::UnixStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args_os().map(|w| w.to_string_lossy().into()).collect();
    let [_, socket, method, params] = &words[..] else {
        return Err("Usage: call SOCKET METHOD PARAMS".into());
    };
    let params: Value = serde_json::from_str(params)?;
    let mut connection = Connection::new(UnixStream::connect(socket).await?);
    let answer: Value = connection.call(method, &params).await?;
    println!("{answer}");
    Ok(())
}
