//! What Docker says, read from any bytes.

use super::address::{host_in, parse};
use super::networks::NetworkAnswer;
use super::read::{Info, Summary, Version, listed};
use crate::engine::inspected::Inspected;
use crate::engine::parsing::read;
use crate::engine::{EngineContainer, EngineNetwork, Peer};

/// The containers of a list, or of an inspection.
pub(in crate::engine) fn containers(bytes: &[u8]) -> Vec<EngineContainer> {
    let listed = read::<Vec<Summary>>(bytes).unwrap_or_default().into_iter().map(listed);
    listed.chain(read::<Inspected>(bytes).map(Inspected::found)).collect()
}

/// The networks of a list, or of an inspection.
pub(in crate::engine) fn networks(bytes: &[u8]) -> Vec<EngineNetwork> {
    let listed = read::<Vec<NetworkAnswer>>(bytes).unwrap_or_default();
    listed.into_iter().chain(read(bytes)).map(EngineNetwork::from).collect()
}

/// What it says of itself.
pub(in crate::engine) fn words(bytes: &[u8]) -> Vec<String> {
    let id = read::<Info>(bytes).and_then(|info| info.lasting_id(Peer::Untold, ""));
    let version = read::<Version>(bytes).map(|of| [of.version, of.api_version]);
    id.into_iter().chain(version.into_iter().flatten()).collect()
}

/// The address that stands in an option or a variable, as it is written.
pub fn docker_address(word: &str) -> Option<String> {
    Some(parse(word).ok()?.to_string())
}

/// The address of a context's meta.json.
pub fn docker_context(meta: &[u8]) -> Option<String> {
    let (_, host) = host_in(meta)?;
    docker_address(&host)
}
