//! Making an attachment again as the database remembers it.
//!
//! The port is replaced by one of another name in one transaction: on the userspace datapath a
//! link that is made again under its old name looks perfect, and stays deaf.

use std::sync::Arc;

use crate::PortLinks;
use crate::evidence::Note;
use crate::ids::{Name, OfPort};
use crate::memory;
use crate::port_mark::bears_alias_of;
use crate::port_record::PortRecord;
use crate::query::{self, QueryError};
use crate::snapshot::{Container, Link, Snapshot};
use crate::switch::{OfPortState, Port};
use crate::whereabouts::whereabouts;
use crate::wiring::{Occupant, SwitchPort, Wiring};

use super::foreign::why_foreign;
use super::number::number_of;
use super::orphaned_veths::{VethState, judge, marked_as_staying, port_of};
use super::planner::{Planner, delete, own_netns_of};
use super::remembered::{Remembered, without_record};
use super::requesters::requesters;
use super::usable::require_usable_record;
use super::world::written_here;
use super::{Generated, Plan, PlanError, ReplacePort, Step, require_here};

/// What is to be done about a remembered attachment.
#[derive(Clone, Debug, PartialEq)]
pub enum RestoreAction {
    /// Nothing: it is as it should be.
    There,
    /// Only to wait for the number of its port, and to see that it keeps that.
    Number(Plan),
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

/// What is to be done about it.
pub fn restore(
    snapshot: &Snapshot,
    wiring: &Wiring,
    one: &Remembered,
    generated: &Generated,
) -> RestoreAction {
    let not = |why: String| RestoreAction::NotToBeTouched { why };
    let mut rows = wiring.ports.iter();
    let row = rows.find(|row| row.bridge == one.bridge && row.port.iface == one.port.iface);
    let port = if one.port_is_gone { Some(&one.port) } else { row.map(|row| &row.port) };
    let Some((port, record)) = port.and_then(|port| Some((port, PortRecord::of(port)?))) else {
        return not("its port was not found".to_owned());
    };
    if let Err(why) = written_here(snapshot, record.system.as_deref()) {
        return not(why);
    }
    if let Some(why) = &one.superseded {
        return not(why.clone());
    }
    let found = whereabouts(snapshot, &record);
    if let Some(why) = found.doubt() {
        return not(format!("whether its container is gone is not known: {why}"));
    }
    let Some(owner) = found.container() else { return RestoreAction::Gone };
    let lost = MissingAttachment { row: row.filter(|_| !one.port_is_gone), port, record };
    match again(snapshot, wiring, &one.bridge, lost, owner, generated) {
        Ok(action) => action,
        Err(PlanError::Query(QueryError::NotRunning { state, .. })) => {
            RestoreAction::NotRunning { state }
        }
        Err(plan_error) => RestoreAction::Refused(plan_error),
    }
}

/// What is remembered: by a row, or by the bridge alone.
struct MissingAttachment<'a> {
    row: Option<&'a SwitchPort>,
    port: &'a Arc<Port>,
    record: PortRecord,
}

fn again(
    snapshot: &Snapshot,
    wiring: &Wiring,
    bridge: &Name,
    lost: MissingAttachment<'_>,
    owner: &Container,
    generated: &Generated,
) -> Result<RestoreAction, PlanError> {
    require_here(snapshot)?;
    let netns = own_netns_of(snapshot, owner)?;
    let bridge = query::bridge(snapshot, bridge)?.bridge;
    let planner = Planner { snapshot, wiring, bridge, container: owner, netns };
    planner.require_engine()?;
    let link = planner.link_of(lost.port, &lost.record);
    let Some(row) = lost.row else {
        if let Some(row) = without_record(wiring, &bridge.name, lost.port) {
            return Ok(planner.beside(row, &lost.record));
        }
        return match link {
            Some(link) => planner.put_back(lost.port, None, link, lost.record),
            None => {
                planner.replace(lost.port, None, lost.record, generated).map(RestoreAction::Again)
            }
        };
    };
    if matches!(row.occupant, Occupant::Plugged { .. }) {
        return Ok(planner.plugged(row, &lost.record));
    }
    if let Some(why) = why_foreign(row).or_else(|| untouchable(row)) {
        return Ok(RestoreAction::NotToBeTouched { why });
    }
    let old = Some(Arc::clone(lost.port));
    // Its link was given another name, and vswitchd has let go of it.
    if let Some(link) = link.filter(|link| link.name != lost.port.iface) {
        return planner.put_back(lost.port, old, link, lost.record);
    }
    planner.replace(lost.port, old, lost.record, generated).map(RestoreAction::Again)
}

/// What is not known to have no link.
fn untouchable(row: &SwitchPort) -> Option<String> {
    match &row.occupant {
        Occupant::Orphaned { .. } => None,
        Occupant::Unknown { why } => Some(format!("whether its link is gone is not known: {why}")),
        occupant => Some(format!("it is {occupant}")),
    }
}

/// Whether a port has a number, and will have the same one after vswitchd has started anew.
fn is_numbered(record: &PortRecord, port: &Port) -> bool {
    port.ofport.assigned().is_some() && (port.ofport_request.is_some() || !record.ours)
}

impl Planner<'_> {
    /// Of what the bridge remembers of this very port, whose record was taken from it: nothing, if the recorded
    /// interface is on it. Else it cannot be put back: whether the port is to stay so is not known.
    fn beside(&self, row: &SwitchPort, record: &PortRecord) -> RestoreAction {
        if self.is_on(row, record) {
            return RestoreAction::There;
        }
        let why = format!("{} is a port of {} without its record", row.port.iface, row.bridge);
        RestoreAction::NotToBeTouched { why }
    }

    /// Whether the recorded interface is on this port.
    fn is_on(&self, row: &SwitchPort, record: &PortRecord) -> bool {
        let Occupant::Plugged { plugs } = &row.occupant else { return false };
        plugs.iter().any(|plug| plug.netns == self.netns && *plug.interface == *record.interface)
    }

    /// Of a port with a link on it: nothing, if that is the recorded one, and set up to the end.
    fn plugged(&self, row: &SwitchPort, record: &PortRecord) -> RestoreAction {
        if !self.is_on(row, record) {
            return RestoreAction::NotToBeTouched { why: format!("{} is on it", row.occupant) };
        }
        // What made the link again may be about to do the rest.
        let unheard = |note: &&Note| matches!(note, Note::Deaf | Note::NotOpened);
        if let Some(note) = row.notes.iter().find(unheard) {
            return RestoreAction::NotToBeTouched { why: note.to_string() };
        }
        let plan = |steps| Plan {
            container: self.who(),
            interface: record.interface.as_str().into(),
            bridge: self.bridge.name.clone(),
            steps,
        };
        // A disconnect was killed right after it had noted on the link that this is to go.
        let host_end = PortLinks::new(self.snapshot).of(row).map(|link| &**link);
        let staying = host_end.and_then(marked_as_staying);
        let lacking = self.lacks(record, &row.port, host_end);
        let number = self.unremembered_number(record, &row.port).map(Step::from);
        let steps: Vec<_> =
            staying.map(Step::from).into_iter().chain(lacking).chain(number).collect();
        if !steps.is_empty() {
            return RestoreAction::Again(plan(steps));
        }
        if is_numbered(record, &row.port) {
            return RestoreAction::There;
        }
        let [_, number] = self.rest(record, &row.port);
        RestoreAction::Number(plan(vec![number]))
    }

    /// Writes down the number that a port keeps, where its bridge remembers the port without one, as earlier
    /// versions left it.
    fn unremembered_number(&self, record: &PortRecord, port: &Port) -> Option<ReplacePort> {
        let number = port.ofport.assigned().filter(|_| port.ofport_request.is_some())?;
        let kept = memory::under(self.bridge, &memory::key(record));
        let kept = kept.filter(|kept| kept.iface == port.iface)?;
        let known = number_of(&kept);
        let numbered = Port { ofport_request: Some(number), ..kept };
        let memory = memory::change(self.bridge, &[], Some(&numbered));
        let bridge = self.bridge.name.clone();
        (known.is_none() && !memory.is_empty()).then(|| ReplacePort {
            bridge,
            memory,
            ..ReplacePort::default()
        })
    }

    /// A veth and a port of another name instead of what is left of the old ones: of `old`, if
    /// that is still there.
    fn replace(
        &self,
        was: &Port,
        old: Option<Arc<Port>>,
        record: PortRecord,
        generated: &Generated,
    ) -> Result<Plan, PlanError> {
        require_usable_record(was, &record)?;
        let orphaned = self.orphaned_veths()?;
        let interface = self.interface(Some(&record.interface), &orphaned)?;
        self.check_host_end(&generated.host_end, &orphaned, None)?;
        let record = if record.ours { self.recorded(record) } else { record };
        let port = self.successor(was, &record, &generated.host_end, old.as_deref())?;
        let sweep = orphaned.iter().map(|link| delete(link));
        let memory = self.memory(&[was], self.remembered_again(&port));
        let steps = self.steps(&record, Arc::new(port), old, true, memory);
        let steps = sweep.chain(steps).collect();
        Ok(Plan { container: self.who(), interface, bridge: self.bridge.name.clone(), steps })
    }

    /// A port that another program has taken, or whose row has a name that its link has no more:
    /// where the link lives, only the row is made again, instead of `old` if that is there.
    fn put_back(
        &self,
        port: &Arc<Port>,
        old: Option<Arc<Port>>,
        link: &Link,
        record: PortRecord,
    ) -> Result<RestoreAction, PlanError> {
        if let Some(row) = port_of(self.wiring, link) {
            let iface = &row.port.iface;
            let under = if *iface == link.name { String::new() } else { format!(", as {iface}") };
            let why = format!("{} is a port of {} already{under}", link.name, row.bridge);
            return Ok(RestoreAction::NotToBeTouched { why });
        }
        if let Some(why) = self.other_use(link) {
            let why = format!("{}: {why}", link.name);
            return Ok(RestoreAction::NotToBeTouched { why });
        }
        let record = if record.ours { self.recorded(record) } else { record };
        let new = Arc::new(self.successor(port, &record, &link.name, old.as_deref())?);
        let memory = self.memory(&[port], self.remembered_again(&new));
        let add = ReplacePort {
            bridge: self.bridge.name.clone(),
            expected_requesters: requesters(self.wiring, [old.as_deref(), Some(&new)]),
            link_is_gone: old.is_some(),
            keep_settings: old.is_some(),
            remove: old,
            add: Some(Arc::clone(&new)),
            memory,
            ..ReplacePort::default()
        };
        let [_, number] = self.rest(&record, &new);
        let mut lacking = self.lacks(&record, &new, Some(link));
        if !lacking.contains(&number) {
            lacking.push(number);
        }
        let staying = marked_as_staying(link).map(Step::from);
        let steps = staying.into_iter().chain([Step::from(add)]).chain(lacking).collect();
        let interface = record.interface.as_str().into();
        let bridge = self.bridge.name.clone();
        Ok(RestoreAction::Again(Plan { container: self.who(), interface, bridge, steps }))
    }

    /// The host's end that the port was, whatever it is called by now, if it still leads to the interface
    /// inside. One that is orphaned gives way to a new one.
    fn link_of(&self, port: &Port, record: &PortRecord) -> Option<&Arc<Link>> {
        let ends = self.here().filter(|link| link.kind.as_deref() == Some("veth"));
        let mut ends = ends.filter(|link| self.leads_to(link, &record.interface));
        // It is the other end of one interface: there is but one.
        ends.find(|link| {
            let lives = || judge(self.snapshot, self.wiring, link) != VethState::Orphaned;
            link.name == port.iface || (bears_alias_of(link, record) && lives())
        })
    }

    /// A port that is made again, if the bridge may remember it.
    fn remembered_again<'p>(&self, port: &'p Port) -> Option<&'p Port> {
        Some(port).filter(|port| self.may_remember(port))
    }

    /// The port as it was, under another name.
    fn successor(
        &self,
        old: &Port,
        record: &PortRecord,
        host_end: &str,
        replaced: Option<&Port>,
    ) -> Result<Port, PlanError> {
        let mut port = Port {
            iface: host_end.into(),
            ofport: OfPortState::Pending,
            ofport_request: self.same_number(old, replaced)?,
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
    fn same_number(
        &self,
        port: &Port,
        replaced: Option<&Port>,
    ) -> Result<Option<OfPort>, PlanError> {
        let Some(wanted) = number_of(port) else { return Ok(None) };
        self.free_again(wanted, replaced).map(Some)
    }
}
