//! Making an attachment again as the database remembers it.
//!
//! The port is replaced by one of another name in one transaction: on the userspace datapath a
//! link that is made again under its old name looks perfect, and stays deaf.

use std::sync::Arc;

use crate::ids::{Name, OfPort};
use crate::port_record::PortRecord;
use crate::query::{self, QueryError};
use crate::snapshot::{Container, Snapshot};
use crate::switch::{OfPortState, Port};
use crate::wiring::{Occupant, Plug, SwitchPort, Wiring};

use super::disconnect::host_end;
use super::planner::{Planner, delete, home_of, number_of};
use super::{Generated, Plan, PlanError};

/// `docker ovs restore`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restore {
    /// The containers, by name, id or beginning of the id; all there are if none is named.
    pub containers: Vec<String>,
}

/// An attachment that the database remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// The bridge.
    pub bridge: Name,
    /// The port it has, or had.
    pub port: Arc<Port>,
    /// Name of the container.
    pub container: Name,
    /// Name of the interface.
    pub interface: Name,
}

impl Remembered {
    /// The number that it has, had, or asks for.
    pub fn ofport(&self) -> Option<OfPort> {
        number_of(&self.port)
    }
}

/// What is to be done about one.
#[derive(Clone, Debug, PartialEq)]
pub enum RestoreAction {
    /// Nothing: it is as it should be.
    There,
    /// To make it again.
    Again(Plan),
    /// To wait until its container runs.
    NotRunning {
        /// The container's state in the engine's words.
        state: String,
    },
    /// Nothing: its container is gone.
    Gone,
    /// Nothing can be done.
    Refused(PlanError),
    /// Nothing may be done.
    NotToBeTouched {
        /// Why not.
        why: String,
    },
}

/// Everything that is remembered of the containers that are asked about.
///
/// # Errors
/// No such container.
pub fn remembered(
    snapshot: &Snapshot,
    wiring: &Wiring,
    request: &Restore,
) -> Result<Vec<Remembered>, QueryError> {
    let named = request.containers.iter().map(|words| query::container(snapshot, words));
    let named: Vec<&Container> = named.collect::<Result<_, _>>()?;
    let all: Vec<_> = snapshot.containers().collect();
    let rows = wiring.ports.iter().filter_map(|row| {
        let record = PortRecord::of(&row.port)?;
        let owner = record.owner(&all);
        let asked = owner.is_some_and(|owner| named.iter().any(|row| row.id == owner.id));
        (named.is_empty() || asked).then(|| Remembered {
            bridge: row.bridge.clone(),
            port: Arc::clone(&row.port),
            container: owner.map_or_else(|| record.owner_name().into(), |owner| owner.name.clone()),
            interface: record.interface.as_str().into(),
        })
    });
    Ok(rows.collect())
}

/// What is to be done about one of them.
pub fn restore(
    snapshot: &Snapshot,
    wiring: &Wiring,
    one: &Remembered,
    generated: &Generated,
) -> RestoreAction {
    let mut rows = wiring.ports.iter();
    let row = rows.find(|row| row.bridge == one.bridge && row.port.iface == one.port.iface);
    let Some((row, record)) = row.and_then(|row| Some((row, PortRecord::of(&row.port)?))) else {
        return RestoreAction::NotToBeTouched { why: "its port was not found".to_owned() };
    };
    let all: Vec<_> = snapshot.containers().collect();
    let Some(owner) = record.owner(&all) else { return RestoreAction::Gone };
    match again(snapshot, wiring, row, record, owner, generated) {
        Ok(action) => action,
        Err(PlanError::Query(QueryError::NotRunning { state, .. })) => {
            RestoreAction::NotRunning { state }
        }
        Err(plan_error) => RestoreAction::Refused(plan_error),
    }
}

fn again(
    snapshot: &Snapshot,
    wiring: &Wiring,
    row: &SwitchPort,
    record: PortRecord,
    owner: &Container,
    generated: &Generated,
) -> Result<RestoreAction, PlanError> {
    let netns = home_of(snapshot, owner)?;
    let bridge = query::bridge(snapshot, &row.bridge)?.bridge;
    let planner = Planner { snapshot, wiring, bridge, container: owner, netns };
    if let Occupant::Plugged { plugs } = &row.occupant {
        return Ok(planner.plugged(row, plugs, &record));
    }
    match untouchable(row) {
        Some(why) => Ok(RestoreAction::NotToBeTouched { why }),
        None => planner.replace(row, record, generated).map(RestoreAction::Again),
    }
}

/// What is no veth of a container, whatever its row says.
fn untouchable(row: &SwitchPort) -> Option<String> {
    match (&row.port.bond, row.port.kind.as_str(), &row.occupant) {
        (Some(bond), _, _) => Some(format!("it is a member of the bond {bond}")),
        (None, "system", Occupant::Host { .. }) => Some("it is a link of the host".to_owned()),
        (None, "system", _) => None,
        (None, kind, _) => Some(format!("it is a port of type {kind}")),
    }
}

impl Planner<'_> {
    /// Of a port with a link on it: nothing, if that is the recorded one, and set up to the end.
    fn plugged(&self, row: &SwitchPort, plugs: &[Plug], record: &PortRecord) -> RestoreAction {
        let fits = |plug: &Plug| plug.netns == self.netns && *plug.interface == *record.interface;
        if !plugs.iter().any(fits) {
            return RestoreAction::NotToBeTouched { why: format!("{} is on it", row.occupant) };
        }
        let steps = self.lacks(record, &row.port);
        if steps.is_empty() {
            return RestoreAction::There;
        }
        let interface = record.interface.as_str().into();
        let (container, bridge) = (self.who(), self.bridge.name.clone());
        RestoreAction::Again(Plan { container, interface, bridge, steps })
    }

    /// A veth and a port of another name instead of what is left of the old ones.
    fn replace(
        &self,
        row: &SwitchPort,
        record: PortRecord,
        generated: &Generated,
    ) -> Result<Plan, PlanError> {
        let debris = self.debris();
        let interface = self.interface(Some(&record.interface), &debris)?;
        self.check_host_end(&generated.host_end)?;
        let record = if record.ours { record.for_container(self.container) } else { record };
        let port = self.successor(&row.port, &record, &generated.host_end)?;
        // A link of the namespace that the container had: the kernel may not be done with it yet.
        let old = host_end(self.snapshot, row).map(|link| delete(link));
        let sweep = debris.iter().map(|link| delete(link));
        let steps = self.steps(&record, Arc::new(port), Some(Arc::clone(&row.port)), true);
        let steps = sweep.chain(steps).chain(old).collect();
        Ok(Plan { container: self.who(), interface, bridge: self.bridge.name.clone(), steps })
    }

    /// The port as it was, under another name.
    fn successor(
        &self,
        old: &Port,
        record: &PortRecord,
        host_end: &str,
    ) -> Result<Port, PlanError> {
        let mut port = Port {
            iface: host_end.into(),
            ofport: OfPortState::Pending,
            ofport_request: self.same_number(old)?,
            ifindex: None,
            mac: None,
            error: None,
            ..old.clone()
        };
        if record.ours {
            port.external_ids.extend(record.external_ids());
        }
        Ok(port)
    }

    /// The number that a port had, if no other port has it now.
    fn same_number(&self, port: &Port) -> Result<Option<OfPort>, PlanError> {
        let Some(wanted) = number_of(port) else { return Ok(None) };
        self.free(wanted, Some(port)).map(Some)
    }
}
