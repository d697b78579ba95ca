//! Which interface of the container is meant, and where it is: on a port, or in what the bridge remembers.

use std::sync::Arc;

use super::checks::leads_on;
use super::{Disconnect, DisconnectPlanner};
use crate::NamedBridge;
use crate::ids::Name;
use crate::memory;
use crate::plan::PlanError;
use crate::plan::foreign::why_foreign;
use crate::plan::remembered::only_remembered;
use crate::port_record::PortRecord;
use crate::query::{self, QueryError};
use crate::snapshot::{Container, Snapshot};
use crate::switch::{Bridge, Port};
use crate::whereabouts::{Whereabouts, is_named_by, whereabouts};
use crate::wiring::{Attachment, ContainerRef, Occupant, Plug, SwitchPort, Wiring};

/// The container, if an engine still has it; some record must name it otherwise.
pub(super) fn known<'a>(
    snapshot: &'a Snapshot,
    wiring: &Wiring,
    bridge: &Bridge,
    request: &Disconnect,
) -> Result<Option<&'a Container>, PlanError> {
    match query::certain_container(snapshot, &request.container) {
        Ok(known) => Ok(Some(known)),
        Err(error @ QueryError::NoSuchContainer { .. }) => {
            let records = wiring.ports.iter().filter_map(|row| PortRecord::of(&row.port));
            let kept = memory::of(bridge).filter_map(|(_, port)| PortRecord::of(&port));
            let mut all = records.chain(kept);
            let named = all.any(|record| record.matches(&request.container));
            if named { Ok(None) } else { Err(error.into()) }
        }
        Err(error) => Err(error.into()),
    }
}

/// An interface on a bridge: by its port, or by what the bridge remembers of one.
pub(super) enum Connection<'a> {
    Port(&'a SwitchPort),
    Memory(Arc<Port>),
}

impl Connection<'_> {
    pub(super) fn port(&self) -> &Port {
        match self {
            Self::Port(row) => &row.port,
            Self::Memory(port) => port,
        }
    }
}

/// An interface of the container, and where that is; or why it may be another's.
pub(super) struct Found<'a> {
    interface: Name,
    at: Result<Connection<'a>, PlanError>,
}

impl Found<'_> {
    /// Whether it lives: no mere record.
    pub(super) fn is_plugged(&self) -> bool {
        let Ok(Connection::Port(row)) = &self.at else { return false };
        matches!(row.occupant, Occupant::Plugged { .. })
    }

    /// Whether a port is there for certain.
    fn has_port(&self) -> bool {
        matches!(self.at, Ok(Connection::Port(_)))
    }
}

impl<'a> DisconnectPlanner<'a> {
    /// Its interfaces on the bridge, and those that the bridge remembers. One that may be another's is
    /// among them with its doubt, which counts only where that one is meant.
    pub(super) fn connections(&self, bridge: NamedBridge<'_>) -> Vec<Found<'a>> {
        let rows = self.wiring.ports.iter().filter(|row| row.is_on(bridge.name()));
        let there = rows.filter_map(|row| self.interface_on(row));
        let kept = only_remembered(self.snapshot, self.wiring).into_iter();
        let kept =
            kept.filter(|(at, port)| bridge.has_remembered(at, port)).filter_map(|(_, port)| {
                let record = PortRecord::of(&port)?;
                self.recorded(&record, Connection::Memory(port))
            });
        there.chain(kept).collect()
    }

    /// The interface that a port is of, if it is one of this container. What can be none, whatever its row
    /// records, is no choice beside the one that it may have been copied from.
    pub(super) fn interface_on(&self, row: &'a SwitchPort) -> Option<Found<'a>> {
        if let Occupant::Plugged { plugs } = &row.occupant {
            // Its own comes before what stands on it.
            let own = plugs.iter().filter(|plug| self.is_its(plug));
            let own = own.min_by_key(|plug| self.leads_on(plug))?;
            return Some(Found { interface: own.interface.clone(), at: Ok(Connection::Port(row)) });
        }
        if why_foreign(row).is_some() {
            return None;
        }
        self.recorded(&PortRecord::of(&row.port)?, Connection::Port(row))
    }

    pub(super) fn recorded(&self, record: &PortRecord, at: Connection<'a>) -> Option<Found<'a>> {
        let at = match self.is_of(record) {
            Ok(false) => return None,
            Ok(true) => Ok(at),
            Err(doubt) => Err(doubt),
        };
        Some(Found { interface: record.interface.as_str().into(), at })
    }

    /// Whether a record is of this container, or of one that is gone and had these words.
    pub(super) fn is_of(&self, record: &PortRecord) -> Result<bool, PlanError> {
        let may_be = self.known.map_or_else(
            || record.matches(self.words),
            |known| {
                // Whose a word without an engine is may not be known: whether it is depends on Docker.
                is_named_by(self.snapshot, record, known)
                    || (record.is_by_word() && record.names(known))
                    || record.is_replaced_by(known)
            },
        );
        if !may_be {
            return Ok(false);
        }
        match whereabouts(self.snapshot, record) {
            Whereabouts::Known(row) | Whereabouts::Replaced(row) => {
                Ok(self.known.is_some_and(|known| self.snapshot.is_one(known, row)))
            }
            Whereabouts::Gone => Ok(self.known.is_none()),
            doubt => Err(PlanError::Undecided {
                what: format!("what is recorded of {}", record.owner_name()),
                why: doubt.doubt().unwrap_or_default(),
            }),
        }
    }

    pub(super) fn leads_on(&self, plug: &Plug) -> bool {
        self.inside(plug)
            .is_some_and(|found| found.evidence.iter().any(|at| leads_on(at).is_some()))
    }

    pub(super) fn is_its(&self, plug: &Plug) -> bool {
        let is_known =
            |who: &ContainerRef| self.known.is_some_and(|known| self.snapshot.is_meant(who, known));
        plug.tenants.iter().any(|who| is_known(who))
    }

    /// The attachment that a plug is.
    pub(super) fn inside(&self, plug: &Plug) -> Option<&'a Attachment> {
        let mut all = self.wiring.attachments.iter();
        all.find(|found| found.netns == plug.netns && found.link.name == plug.interface)
    }

    /// The container's interface of this name on the port.
    pub(super) fn plugged(&self, row: &SwitchPort, interface: &Name) -> Option<&'a Attachment> {
        let Occupant::Plugged { plugs } = &row.occupant else { return None };
        let is = |plug: &&Plug| plug.interface == *interface && self.is_its(plug);
        plugs.iter().find(is).and_then(|plug| self.inside(plug))
    }
}

pub(super) fn pick<'a>(
    request: &Disconnect,
    all: Vec<Found<'a>>,
) -> Result<(Connection<'a>, Name), PlanError> {
    let asked = |name: &Name| request.interface.as_deref().is_none_or(|wanted| **name == *wanted);
    let mut have: Vec<_> = all.iter().map(|found| found.interface.to_string()).collect();
    have.sort();
    let mut fits: Vec<_> = all.into_iter().filter(|found| asked(&found.interface)).collect();
    // Beside an interface that lives, what is only recorded under its name is what is left of an earlier one.
    let living = fits.iter().filter(|found| found.is_plugged());
    let living: Vec<_> = living.map(|found| found.interface.clone()).collect();
    fits.retain(|found| found.is_plugged() || !living.contains(&found.interface));
    // What the bridge remembers of it beside its port goes with that.
    let ports = fits.iter().filter(|found| found.has_port());
    let ports: Vec<_> = ports.map(|found| found.interface.clone()).collect();
    fits.retain(|found| {
        !matches!(found.at, Ok(Connection::Memory(_))) || !ports.contains(&found.interface)
    });
    let container = request.container.clone();
    let bridge = request.bridge.clone();
    let interface = request.interface.clone();
    match (fits.pop(), fits.is_empty()) {
        (Some(one), true) => Ok((one.at?, one.interface)),
        (None, _) => Err(PlanError::NotConnected { container, interface, bridge, have }),
        (Some(_), false) => Err(PlanError::Several { container, bridge, have }),
    }
}
