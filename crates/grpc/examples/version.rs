//! Asks what listens at a socket which runtime it is, by the Container Runtime Interface: `version [SOCKET]`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use docker_ovs_grpc::Client;

/// `VersionResponse` of `pkg/apis/runtime/v1/api.proto`, as far as it is used.
#[derive(Clone, PartialEq, prost::Message)]
struct Version {
    #[prost(string, tag = "2")]
    runtime_name: String,
    #[prost(string, tag = "3")]
    runtime_version: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let socket = std::env::args_os().nth(1).unwrap_or("/run/containerd/containerd.sock".into());
    let runtime = Client::at(socket);
    let version: Version = runtime.ask("/runtime.v1.RuntimeService/Version", &()).await?;
    println!("{} {}", version.runtime_name, version.runtime_version);
    Ok(())
}
