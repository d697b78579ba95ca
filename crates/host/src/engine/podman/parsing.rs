//! What Podman says, read from any bytes.

use super::read::{Info, Listed, Pod};
use crate::engine::EngineContainer;
use crate::engine::inspected::Inspected;
use crate::engine::parsing::read;

/// The containers of a list, or of an inspection.
pub(in crate::engine) fn containers(bytes: &[u8]) -> Vec<EngineContainer> {
    let listed = read::<Vec<Listed>>(bytes).unwrap_or_default().into_iter().map(Listed::found);
    listed.chain(read::<Inspected>(bytes).map(Inspected::found)).collect()
}

/// What it says of itself, and of a pod.
pub(in crate::engine) fn words(bytes: &[u8]) -> Vec<String> {
    let info = read::<Info>(bytes)
        .map(|info| [info.host.event_logger, info.store.graph_root, info.version.version]);
    let pod = read::<Pod>(bytes).map(|pod| [pod.name, pod.infra]);
    info.into_iter().flatten().chain(pod.into_iter().flatten()).collect()
}
