//! Which number an endpoint gets, and whose it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::endpoint_record::EndpointRecord;
use crate::ids::OfPort;
use crate::numbers::{self, NumberOwner};
use crate::plan::number::{first_free, number_of, used_by};
use crate::plan::{LAST, OfPortChoice, PlanError};
use crate::port_record::PortRecord;
use crate::switch::{Bridge, Port};

use super::Attach;

pub(super) fn number(request: &Attach<'_>) -> Result<Option<OfPort>, PlanError> {
    let Attach { bridge, reserved, owner, .. } = request;
    match request.ofport {
        OfPortChoice::Auto => Ok(None),
        OfPortChoice::Exactly(ofport) => exactly(bridge, ofport, request.others()).map(Some),
        OfPortChoice::Free => {
            let is_free = |ofport: &OfPort| {
                !reserved.contains(ofport) && !request.others().any(|port| has(port, *ofport))
            };
            let had = numbers::had(bridge, owner).filter(is_free);
            had.map_or_else(|| any(bridge, reserved), Ok).map(Some)
        }
    }
}

/// This number, which none of these ports may have.
pub(super) fn exactly<'a>(
    bridge: &Bridge,
    ofport: OfPort,
    mut others: impl Iterator<Item = &'a Arc<Port>>,
) -> Result<OfPort, PlanError> {
    if !(1..=LAST).contains(&ofport.0) {
        return Err(PlanError::BadNumber { ofport });
    }
    match others.find(|port| has(port, ofport)) {
        Some(port) => Err(in_use(bridge, ofport, port)),
        None => Ok(ofport),
    }
}

/// A [free] one.
pub(super) fn any(bridge: &Bridge, reserved: &BTreeSet<OfPort>) -> Result<OfPort, PlanError> {
    let none = || PlanError::NoFreeNumber { bridge: bridge.name.to_string() };
    free(bridge, reserved).ok_or_else(none)
}

/// The number that is an endpoint's own now that its name is known; none where it has that, or has asked
/// for it: vswitchd gives it as soon as it is free.
pub fn own_number(
    bridge: &Bridge,
    port: &Port,
    owner: &NumberOwner,
    reserved: &BTreeSet<OfPort>,
) -> Option<OfPort> {
    let now = number_of(port)?;
    let is_free = |ofport: &OfPort| {
        !reserved.contains(ofport)
            && bridge.ports.iter().all(|other| number_of(other) != Some(*ofport))
    };
    let had = numbers::had(bridge, owner);
    if let Some(had) = had {
        let is_settled = had == now || port.ofport_request == Some(had);
        return (!is_settled && is_free(&had)).then_some(had);
    }
    let of_another = |(ofport, who): (OfPort, NumberOwner)| {
        ofport == now && who.name.is_some() && who.name != owner.name
    };
    let is_lent = numbers::of(bridge).any(of_another);
    is_lent.then(|| free(bridge, reserved)).flatten()
}

/// Whether an endpoint has another number than the one that its owner had before, and has not asked for
/// that.
pub fn is_misnumbered(bridge: &Bridge, port: &Port, owner: &NumberOwner) -> bool {
    numbers::had(bridge, owner).is_some_and(|had| !has(port, had))
}

/// Whether the number that an endpoint waits for is that of `holder`.
pub fn waits_for(bridge: &Bridge, owner: &NumberOwner, holder: &Port) -> bool {
    numbers::had(bridge, owner).is_some_and(|had| number_of(holder) == Some(had))
}

/// The port of another endpoint that has the number which an endpoint is to have: if its link is gone,
/// it is an orphan that may yield it.
pub fn candidate<'a>(
    bridge: &'a Bridge,
    owner: &NumberOwner,
    wanted: OfPortChoice,
) -> Option<&'a Arc<Port>> {
    let ofport = match wanted {
        OfPortChoice::Exactly(ofport) => ofport,
        OfPortChoice::Free => numbers::had(bridge, owner)?,
        OfPortChoice::Auto => return None,
    };
    let mut ports = bridge.ports.iter().filter(|port| has(port, ofport));
    ports.next().filter(|port| EndpointRecord::made_for(port).is_some() && port.bond.is_none())
}

impl Attach<'_> {
    /// The ports beside the one that yields.
    fn others(&self) -> impl Iterator<Item = &Arc<Port>> {
        let orphan = self.orphan.as_ref().map(|port| &port.iface);
        self.bridge.ports.iter().filter(move |port| Some(&port.iface) != orphan)
    }
}

/// A number that no port has or asks for, and that is kept for no container, if there is one.
pub(super) fn free(bridge: &Bridge, reserved: &BTreeSet<OfPort>) -> Option<OfPort> {
    let mut used = used_by(bridge.ports.iter().map(|port| &**port));
    used.extend(reserved.iter().map(|ofport| ofport.0));
    first_free(bridge, &used)
}

/// Whether a port has the number, or will have it as it has none yet.
pub(super) fn has(port: &Port, ofport: OfPort) -> bool {
    number_of(port) == Some(ofport) || port.ofport_request == Some(ofport)
}

fn in_use(bridge: &Bridge, ofport: OfPort, port: &Port) -> PlanError {
    let who = match (EndpointRecord::of(port), PortRecord::of(port)) {
        (Some(record), _) => format!("{}, {record}", port.iface),
        (None, Some(record)) => {
            format!("{} of {}:{}", port.iface, record.owner_name(), record.interface)
        }
        (None, None) => port.iface.to_string(),
    };
    PlanError::NumberInUse { bridge: bridge.name.to_string(), ofport, who }
}
