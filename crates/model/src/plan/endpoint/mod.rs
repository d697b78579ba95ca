//! Endpoints of network drivers: a veth and a port, for a container that only its engine knows.
//!
//! Nothing here rests on a container: an engine calls while it holds its own locks, so that it cannot
//! be asked. What is known is the database's rows, and what the engine says.

mod host_port;
mod number;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::endpoint_record::EndpointRecord;
use crate::ids::{ContainerId, Mac, Name, NetnsId, OfPort, short_if_id};
use crate::memory::MemoryChange;
use crate::numbers::{self, NumberOwner};
use crate::port_record::MAC;
use crate::snapshot::EngineName;
use crate::switch::{Bridge, Port};
use crate::vlan::VlanMode;
use crate::wiring::ContainerRef;

use super::number::number_of;
use super::requesters::requesters_on;
use super::{KernelStep, OfPortChoice, Plan, PlanError, ReplacePort, Step, SwitchStep, Veth};

pub use host_port::host_port;
pub use number::{candidate, is_misnumbered, own_number, waits_for};
use number::{free, has, number};

/// An endpoint that is to be made.
#[derive(Clone, Debug)]
pub struct Attach<'a> {
    /// All bridges of the database.
    pub bridges: &'a [Bridge],
    /// The one it is to be on.
    pub bridge: &'a Bridge,
    /// What is recorded of it.
    pub record: EndpointRecord,
    /// Who has its number from now on.
    pub owner: NumberOwner,
    /// The number: a [`OfPortChoice::Free`] one is the one that its owner had before, if that is free.
    pub ofport: OfPortChoice,
    /// A port whose link is gone: it yields its number to this one ([`candidate`]).
    pub orphan: Option<Arc<Port>>,
    /// Numbers that calls which are under way have chosen.
    pub reserved: &'a BTreeSet<OfPort>,
    /// The access VLAN, or the native one of a trunk.
    pub tag: Option<u16>,
    /// The trunked VLANs.
    pub trunks: Vec<u16>,
    /// How the port treats them; what follows from the two above if none.
    pub vlan_mode: Option<VlanMode>,
    /// Name of the host's end.
    pub host_end: Name,
    /// Name that the other end is made with.
    pub interface: Name,
    /// The namespace that it is made in.
    pub netns: NetnsId,
}

/// Plans it: veth and port at once, and what lets the userspace datapath pass TCP and UDP. The number
/// is [waited for](await_number) apart, so that vswitchd is at work while the engine goes on.
///
/// # Errors
/// [`PlanError::NumberInUse`], [`PlanError::BadNumber`], [`PlanError::NoFreeNumber`],
/// [`PlanError::BadVlans`].
pub fn attach(request: &Attach<'_>) -> Result<Plan, PlanError> {
    let Attach { bridges, bridge, record, interface, netns, .. } = request;
    let ofport = number(request)?;
    let mode = super::vlan::mode(request.vlan_mode, request.tag, &request.trunks)?;
    let port = Port {
        iface: request.host_end.clone(),
        ofport_request: ofport,
        kind: "system".to_owned(),
        tag: request.tag,
        trunks: request.trunks.clone(),
        vlan_mode: mode.map(|mode| mode.to_string()),
        external_ids: record.external_ids(),
        ..Port::default()
    };
    let container = called(record);
    let veth = Veth {
        host_end: port.iface.clone(),
        container: container.clone(),
        netns: *netns,
        interface: interface.clone(),
        mac: record.mac,
        mtu: record.mtu,
        alias: record.alias(&bridge.name),
    };
    // Whose it is stays so until it is known who has it now.
    let is_lent = request.ofport == OfPortChoice::Free
        && request.owner.name.is_none()
        && numbers::of(bridge).any(|(n, who)| Some(n) == ofport && who.name.is_some());
    let kept = ofport.filter(|_| !is_lent);
    let memory = kept.map(|ofport| numbers::keep(bridge, ofport, &request.owner));
    let memory = memory.unwrap_or_default();
    let orphan = request.orphan.clone().filter(|port| ofport.is_some_and(|n| has(port, n)));
    let add = ReplacePort {
        bridge: bridge.name.clone(),
        link_is_gone: orphan.is_some(),
        remove: orphan,
        expected_requesters: requesters_on(bridges, ofport),
        expected_mac_holders: record.mac.map(|mac| mac_holders(bridges, mac)),
        add: Some(Arc::new(port)),
        // The name is the endpoint's own.
        name_returns: true,
        memory,
        ..ReplacePort::default()
    };
    let checksums = bridge.leaves_checksums().then(|| KernelStep::SetTxChecksumOffload {
        container: container.name.clone(),
        netns: *netns,
        interface: interface.clone(),
        on: false,
    });
    let steps = [Step::from(KernelStep::MakeVeth(veth)), add.into()];
    let steps = steps.into_iter().chain(checksums.map(Step::from)).collect();
    Ok(Plan { container, interface: interface.clone(), bridge: bridge.name.clone(), steps })
}

/// The interfaces, of all bridges, that were seen to record this hardware address.
fn mac_holders(bridges: &[Bridge], mac: Mac) -> BTreeSet<Name> {
    let mac = mac.to_string();
    let ports = bridges.iter().flat_map(|bridge| &bridge.ports);
    let holders = ports.filter(|port| port.external_ids.get(MAC) == Some(&mac));
    holders.map(|port| port.iface.clone()).collect()
}

/// Waits until vswitchd has given an endpoint's port its number.
pub fn await_number(bridge: &Name, port: &Port) -> Step {
    SwitchStep::Await {
        bridge: bridge.clone(),
        iface: port.iface.clone(),
        from: None,
        wanted: port.ofport_request,
        remember: None,
    }
    .into()
}

/// Waits until vswitchd has moved an endpoint's port to another number.
fn await_move(bridge: &Bridge, port: &Port, ofport: OfPort) -> Step {
    SwitchStep::Await {
        bridge: bridge.name.clone(),
        iface: port.iface.clone(),
        from: port.ofport.assigned().filter(|now| *now != ofport),
        wanted: Some(ofport),
        remember: None,
    }
    .into()
}

/// Takes an endpoint's port away, and its veth by the step `unmake`, if there is one. Its number stays remembered.
pub fn detach(
    bridge: &Bridge,
    port: &Arc<Port>,
    record: &EndpointRecord,
    unmake: Option<KernelStep>,
) -> Plan {
    let container = called(record);
    let remove = ReplacePort {
        bridge: bridge.name.clone(),
        remove: Some(Arc::clone(port)),
        ..ReplacePort::default()
    };
    let steps = std::iter::once(Step::from(remove)).chain(unmake.map(Step::from)).collect();
    Plan { container, interface: "".into(), bridge: bridge.name.clone(), steps }
}

/// Writes anew what is recorded of an endpoint, and gives it another number where `ofport` is one:
/// its name was learnt, and that had another number before.
pub fn note(
    bridges: &[Bridge],
    bridge: &Bridge,
    port: &Arc<Port>,
    record: &EndpointRecord,
    owner: &NumberOwner,
    ofport: Option<OfPort>,
) -> Plan {
    let number = ofport.or_else(|| number_of(port));
    // A number of its own that another port has at present stays its own.
    let waits = ofport.is_none()
        && !record.is_number_asked_for
        && numbers::had(bridge, owner).is_some_and(|had| Some(had) != number);
    let mut memory = number
        .filter(|_| !waits)
        .map_or_else(MemoryChange::default, |number| numbers::keep(bridge, number, owner));
    if let Some(before) = ofport.and(number_of(port)) {
        // It was given by chance, or lent: it is free, unless a name has it.
        let unnamed = numbers::of(bridge).any(|(n, who)| n == before && who.name.is_none());
        if unnamed {
            memory.forget.extend(numbers::forget(bridge, before).forget);
        }
    }
    let mut external_ids = port.external_ids.clone();
    external_ids.extend(record.external_ids());
    let rewrite = SwitchStep::Rewrite {
        bridge: bridge.name.clone(),
        port: Arc::clone(port),
        external_ids,
        ofport_request: ofport,
        expected_requesters: requesters_on(bridges, ofport),
        memory,
    };
    let wait = ofport.map(|ofport| await_move(bridge, port, ofport));
    let steps = std::iter::once(Step::from(rewrite)).chain(wait).collect();
    let container = called(record);
    Plan { container, interface: "".into(), bridge: bridge.name.clone(), steps }
}

/// Gives an endpoint a number for the time being, because another one waits for the one that it has:
/// where each of several has another's, none could move. None where no number is left.
pub fn park(
    bridges: &[Bridge],
    bridge: &Bridge,
    port: &Arc<Port>,
    record: &EndpointRecord,
    reserved: &BTreeSet<OfPort>,
) -> Option<Plan> {
    let ofport = free(bridge, reserved)?;
    let rewrite = SwitchStep::Rewrite {
        bridge: bridge.name.clone(),
        port: Arc::clone(port),
        external_ids: port.external_ids.clone(),
        ofport_request: Some(ofport),
        expected_requesters: requesters_on(bridges, Some(ofport)),
        memory: MemoryChange::default(),
    };
    let steps = vec![Step::from(rewrite), await_move(bridge, port, ofport)];
    let container = called(record);
    Some(Plan { container, interface: "".into(), bridge: bridge.name.clone(), steps })
}

fn called(record: &EndpointRecord) -> ContainerRef {
    let endpoint = format!("endpoint {}", short_if_id(&record.endpoint));
    ContainerRef {
        name: record.name.clone().unwrap_or(endpoint).into(),
        id: ContainerId(record.container.as_deref().unwrap_or_default().into()),
        engine: EngineName(record.engine.as_str().into()),
        qualified: None,
    }
}
