//! Ports of the host that come with a network, beside those of its endpoints.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::OfPort;
use crate::plan::requesters::requesters_on;
use crate::plan::{PlanError, ReplacePort, Step};
use crate::switch::{Bridge, Port};

use super::await_number;
use super::number::{any, exactly};

/// Puts `port` on `bridge`, on the number that it asks for; else on one that is neither in use nor kept
/// for a container. Waits until vswitchd has opened it. The number comes with the steps.
///
/// # Errors
/// [`PlanError::NumberInUse`], [`PlanError::BadNumber`], [`PlanError::NoFreeNumber`].
pub fn host_port(
    bridges: &[Bridge],
    bridge: &Bridge,
    port: Port,
    reserved: &BTreeSet<OfPort>,
) -> Result<(OfPort, [Step; 2]), PlanError> {
    let ofport = match port.ofport_request {
        Some(wanted) => exactly(bridge, wanted, bridge.ports.iter())?,
        None => any(bridge, reserved)?,
    };
    let port = Port { ofport_request: Some(ofport), ..port };
    let wait = await_number(&bridge.name, &port);
    let add = ReplacePort {
        bridge: bridge.name.clone(),
        expected_requesters: requesters_on(bridges, Some(ofport)),
        add: Some(Arc::new(port)),
        name_returns: true,
        ..ReplacePort::default()
    };
    Ok((ofport, [add.into(), wait]))
}
