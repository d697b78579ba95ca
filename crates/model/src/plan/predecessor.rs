//! What the database remembers of the interfaces of a container, or of the one whose place it has taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::memory;
use crate::port_record::PortRecord;
use crate::snapshot::Scope;
use crate::switch::{OfPortState, Port};
use crate::whereabouts::{Whereabouts, is_named_by, whereabouts};
use crate::wiring::{Occupant, Plug, SwitchPort};

use super::PlanError;
use super::planner::Planner;
use super::world::written_here;

impl Planner<'_> {
    /// Interfaces of this container that the database remembers, and whether a new one is to take its
    /// place: the container replaces another one, whose interface on this bridge is gone. What the same
    /// container had before it was restarted is for `restore`, and not to be taken by chance.
    ///
    /// # Errors
    /// [`PlanError::Undecided`] in a narrow look: whose a record is cannot be told.
    pub(super) fn remembered(&self) -> Result<BTreeMap<String, bool>, PlanError> {
        let rows = self.wiring.ports.iter().map(|row| {
            let is_here = row.bridge == self.bridge.name && row.port.bond.is_none();
            let is_gone = matches!(row.occupant, Occupant::Orphaned { .. });
            (PortRecord::of(&row.port), is_here && is_gone)
        });
        let kept = memory::of(self.bridge).map(|(_, port)| (PortRecord::of(&port), true));
        let mut own = BTreeMap::new();
        for (record, is_gone) in rows.chain(kept) {
            let Some(record) = record else { continue };
            let is_own = self.is_own(&record);
            // A look at one container cannot tell; a wider one may.
            if let (Err(doubt), Scope::One) = (&is_own, self.snapshot.scope) {
                return Err(doubt.clone());
            }
            // A name that may be its own is not given to a new interface, nor taken over.
            if !matches!(is_own, Ok(false)) {
                let is_replaced = is_own.is_ok()
                    && is_gone
                    && record.ours
                    && !is_named_by(self.snapshot, &record, self.container)
                    && written_here(self.snapshot, record.system.as_deref()).is_ok();
                *own.entry(record.interface).or_insert(true) &= is_replaced;
            }
        }
        Ok(own)
    }

    /// Whether a record is of this container, or of one that is gone and that it replaces.
    ///
    /// # Errors
    /// [`PlanError::Undecided`]: the recorded container may be alive under another name.
    pub(super) fn is_own(&self, record: &PortRecord) -> Result<bool, PlanError> {
        if is_named_by(self.snapshot, record, self.container) {
            return Ok(true);
        }
        // Another engine's, which this container does not replace.
        if record.ours && record.names(self.container) {
            return Ok(false);
        }
        if !record.is_replaced_by(self.container) {
            return Ok(false);
        }
        match whereabouts(self.snapshot, record) {
            Whereabouts::Replaced(row) => Ok(self.snapshot.is_one(row, self.container)),
            Whereabouts::Known(_) | Whereabouts::InOtherEngine { .. } | Whereabouts::Gone => {
                Ok(false)
            }
            Whereabouts::Unknown { why } => {
                let what = format!("what is recorded of {}", record.owner_name());
                Err(PlanError::Undecided { what, why })
            }
        }
    }

    /// The port that the same interface of the same container had, before it went.
    ///
    /// # Errors
    /// [`PlanError::Undecided`]: its link lives in another namespace, or may live.
    pub(super) fn predecessor(&self, interface: &str) -> Result<Option<Arc<Port>>, PlanError> {
        let rows = self.wiring.ports.iter().filter(|row| row.bridge == self.bridge.name);
        for row in rows.filter(|row| row.port.bond.is_none() && row.port.kind == "system") {
            let Some(record) = PortRecord::of(&row.port) else { continue };
            let same = record.ours && record.interface == interface;
            if !same
                || written_here(self.snapshot, record.system.as_deref()).is_err()
                || !self.is_own(&record)?
            {
                continue;
            }
            let lives = match &row.occupant {
                Occupant::Orphaned { .. } => return Ok(Some(Arc::clone(&row.port))),
                Occupant::Unknown { why } => {
                    format!("whether its link is gone is not known: {why}")
                }
                // Another port with the same record would leave open which of them is the one.
                Occupant::Plugged { plugs } if self.is_elsewhere(plugs) => {
                    format!("its interface lives: {} is on it", row.occupant)
                }
                _ => continue,
            };
            let what = format!("port {} of {}", row.port.iface, row.bridge);
            return Err(PlanError::Undecided { what, why: lives });
        }
        Ok(None)
    }

    /// The interface of this container whose port has this name and never was a link's, as where `connect` was killed
    /// before it made one.
    ///
    /// # Errors
    /// [`PlanError::Undecided`]: whose the port is cannot be told.
    pub(super) fn unmade(&self, host_end: &str) -> Result<Option<String>, PlanError> {
        let rows = self.wiring.ports.iter().filter(|row| row.bridge == self.bridge.name);
        for row in rows.filter(|row| *row.port.iface == *host_end && is_unmade(row)) {
            let record = PortRecord::of(&row.port).filter(|record| record.ours);
            let Some(record) = record else { continue };
            let is_inside = |name: &str| *name == *record.interface;
            let is_taken = self.inside().any(|link| link.all_names().any(is_inside));
            if !is_taken
                && written_here(self.snapshot, record.system.as_deref()).is_ok()
                && self.is_own(&record)?
            {
                return Ok(Some(record.interface));
            }
        }
        Ok(None)
    }

    fn is_elsewhere(&self, plugs: &[Plug]) -> bool {
        plugs.iter().all(|plug| plug.netns != self.netns)
    }

    /// What the bridge remembers of the same interface, whose port is gone.
    pub(super) fn forgotten(&self, interface: &str) -> Result<Option<Port>, PlanError> {
        for (_, port) in memory::of(self.bridge) {
            let record = PortRecord::of(&port).filter(|record| record.interface == interface);
            let Some(record) = record else { continue };
            if written_here(self.snapshot, record.system.as_deref()).is_ok()
                && self.is_own(&record)?
            {
                return Ok(Some(port));
            }
        }
        Ok(None)
    }
}

/// Whether vswitchd could not make a port for want of its link: it holds nothing under the name, so that another port may
/// have it in the same transaction. Under the name of a port that lost its link a new one may be deaf.
pub(super) fn is_unmade(row: &SwitchPort) -> bool {
    matches!(row.occupant, Occupant::Orphaned { .. })
        && row.port.bond.is_none()
        && row.port.kind == "system"
        && row.port.ofport == OfPortState::Failed
}
