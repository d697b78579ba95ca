//! What engines say of networks, and what is recorded of them, read from any bytes: for fuzzing and its
//! corpora. Nothing of it is carried out.

pub use crate::docker::parsing::{ReadCall, calls_in};
pub use crate::netavark::parsing::{ReadSetup, network_in, setup_in};

use model::switch::Bridge;

use crate::network::{self, NetworkRecord};

/// The networks that are recorded on a bridge, and whether the bridge was made for one.
pub fn recorded_on(bridge: &Bridge) -> (Vec<NetworkRecord>, bool) {
    (network::of(bridge).collect(), network::made(bridge).is_some())
}

/// Writes each of these networks on a bridge without any, and reads what is there then.
pub fn written_and_read(records: &[NetworkRecord]) -> Vec<NetworkRecord> {
    let mut bridge = Bridge::default();
    for record in records {
        let change = record.kept_on(Some(&bridge));
        change.apply(&mut bridge.external_ids);
    }
    network::of(&bridge).collect()
}
