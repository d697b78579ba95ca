//! What Incus and LXD say, read from any bytes.

use model::snapshot::Container;

use super::read::{Info, Instance, Response, State};
use crate::engine::inspected::process;
use crate::engine::parsing::{read, rows};

/// The containers of a list, or the one of an inspection; what else is told is read, too.
pub fn incus(bytes: &[u8]) -> (Vec<Container>, Vec<String>) {
    let pid = read::<Response<State>>(bytes).and_then(|answer| process(answer.metadata.pid));
    let listed = read::<Response<Vec<Instance>>>(bytes).map(|answer| answer.metadata);
    let one = read::<Response<Instance>>(bytes).map(|answer| answer.metadata);
    let all = listed.into_iter().flatten().chain(one);
    let found = all.map(|instance| instance.found(pid)).collect();
    let own = read::<Response<Info>>(bytes).map(|answer| answer.metadata.environment);
    let words = own
        .map(|own| vec![own.certificate_fingerprint, own.server_name, own.server_version])
        .unwrap_or_default();
    (rows(found), words)
}
