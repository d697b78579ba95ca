//! Everything at once, as v1 has it.

use model::Snapshot;

use crate::list::{Wanted, list};
use crate::v1;

impl v1::Wiring {
    /// Everything there is to tell of `wiring`, which follows from `snapshot`.
    pub fn new(snapshot: &Snapshot, wiring: &model::Wiring) -> Self {
        let all = Wanted { all: true, ..Wanted::default() };
        Self {
            host: wiring.host.clone(),
            time: model::moment::rfc3339(wiring.taken),
            sources: v1::sources(snapshot),
            attachments: list(snapshot, wiring, &all),
            bridges: v1::Bridge::all(snapshot),
            ports: wiring.ports.iter().map(v1::Port::from).collect(),
        }
    }
}
