//! Podman's side: netavark's plugin interface, version 1.0.0 (netavark, `plugin-API.md`). netavark starts
//! the program that is called like the driver, with a verb, and JSON on stdin; the answer is on stdout.
//!
//! Unlike Docker it says which container it is, and gives the network with every call, so that nothing is
//! recorded of networks. It has no verb for the end of a network: a bridge that was made stays.

mod messages;
#[doc(hidden)]
pub mod parsing;

use std::io::{self, Read};
use std::path::Path;

use host::Settings;
use serde_json::{Value, json};

use crate::DriverError;
use crate::core::Driver;
use crate::options::{Gateway, NetworkOptions};
use crate::subnet;
use messages::Call;

/// The version of the interface.
const API_VERSION: &str = "1.0.0";
/// The longest stdin, in bytes.
const MAX_INPUT: u64 = 1 << 20;

/// What is printed on stdout, and how the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginOutput {
    /// One line, or nothing.
    pub stdout: String,
    /// 0, or 1 with an `error` on stdout.
    pub code: u8,
}

/// Carries out `words`, which come after the program's name: `create`, `setup NETNS`, `teardown NETNS` or
/// `info`.
pub async fn run(settings: Settings, words: &[String], stdin: impl Read) -> PluginOutput {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["info"] => Ok(info()),
        ["create"] => create(settings, stdin).await,
        ["setup", netns] => set_up(settings, Path::new(netns), stdin).await,
        ["teardown", netns] => tear_down(settings, Path::new(netns), stdin).await,
        _ => Err(DriverError::new("usage: create, setup NETNS, teardown NETNS or info")),
    };
    match done {
        Ok(stdout) => PluginOutput { stdout, code: 0 },
        Err(error) => {
            PluginOutput { stdout: json!({ "error": error.to_string() }).to_string(), code: 1 }
        }
    }
}

fn info() -> String {
    json!({ "version": env!("CARGO_PKG_VERSION"), "api_version": API_VERSION }).to_string()
}

/// A network is made: the same comes back, with what was left open.
async fn create(settings: Settings, stdin: impl Read) -> Result<String, DriverError> {
    let mut network: Value = read(stdin)?;
    let record = messages::network(&network)?;
    messages::require_carried_out(&network)?;
    let options = NetworkOptions::read_new(&record.options)?;
    record.require_usable(&options)?;
    if options.mesh.is_some() {
        messages::check_addresses_in_mesh(&network)?;
    }
    let driver = driver(settings)?;
    if messages::wants_subnet(&network) {
        let taken = driver.subnets().await?;
        let chosen =
            subnet::free(&record.id, &taken).ok_or_else(|| DriverError::new(subnet::NONE_FREE))?;
        let is_gateway = options.gateway == Gateway::Host;
        messages::give_subnet(&mut network, chosen, is_gateway);
    }
    driver.ensure_bridge(&messages::network(&network)?).await?;
    Ok(network.to_string())
}

async fn set_up(settings: Settings, netns: &Path, stdin: impl Read) -> Result<String, DriverError> {
    let call: Call = read(stdin)?;
    let network = messages::network(&call.network)?;
    let endpoint = call.endpoint(&network)?;
    let dns_servers = messages::dns_servers(&call.network)?;
    let mac = driver(settings)?.set_up(&network, &endpoint, netns).await?;
    Ok(messages::answer(&endpoint, &network, mac, &dns_servers))
}

/// What is gone already is torn down.
async fn tear_down(
    settings: Settings,
    netns: &Path,
    stdin: impl Read,
) -> Result<String, DriverError> {
    let call: Call = read(stdin)?;
    let (_, endpoint) = call.ids()?;
    let network = messages::network(&call.network)?;
    driver(settings)?.tear_down(&network, &endpoint, netns).await?;
    Ok(String::new())
}

fn driver(settings: Settings) -> Result<Driver, DriverError> {
    Ok(Driver::new(settings)?)
}

fn read<T: serde::de::DeserializeOwned>(stdin: impl Read) -> Result<T, DriverError> {
    let mut text = Vec::new();
    let failed = |error: io::Error| DriverError::new(format!("stdin cannot be read: {error}"));
    stdin.take(MAX_INPUT + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_INPUT {
        return Err(DriverError::new("stdin has more than 1 MiB"));
    }
    serde_json::from_slice(&text)
        .map_err(|error| DriverError::new(format!("stdin is not what netavark writes: {error}")))
}
