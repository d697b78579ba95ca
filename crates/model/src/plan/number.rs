//! OpenFlow port numbers: which are taken, and by what.

use std::collections::BTreeSet;

use crate::ids::OfPort;
use crate::memory;
use crate::numbers;
use crate::port_record::PortRecord;
use crate::switch::{Bridge, Port};
use crate::whereabouts::{Whereabouts, whereabouts};
use crate::wiring::{Occupant, SwitchPort};

use super::planner::Planner;
use super::remembered::{Restore, only_remembered, remembered};
use super::{FIRST_FREE, LAST, OfPortChoice, PlanError};

impl Planner<'_> {
    pub(super) fn number(
        &self,
        wanted: OfPortChoice,
        old: Option<&Port>,
        remembered: Option<&Port>,
    ) -> Result<Option<OfPort>, PlanError> {
        match wanted {
            OfPortChoice::Auto => Ok(None),
            OfPortChoice::Exactly(ofport) if !(1..=LAST).contains(&ofport.0) => {
                Err(PlanError::BadNumber { ofport })
            }
            OfPortChoice::Exactly(ofport) => {
                self.require_unremembered(ofport, old.or(remembered))?;
                self.free(ofport, old).map(Some)
            }
            OfPortChoice::Free => {
                let used = self.used(old);
                let before = old.or(remembered).and_then(number_of);
                let before = before.filter(|ofport| !used.contains(&ofport.0));
                let next = || first_free(self.bridge, &used);
                let none = || PlanError::NoFreeNumber { bridge: self.bridge.name.to_string() };
                before.or_else(next).map(Some).ok_or_else(none)
            }
        }
    }

    /// The numbers that others than `old` have or ask for.
    fn used(&self, old: Option<&Port>) -> BTreeSet<u16> {
        let ports = self.bridge.ports.iter().map(|port| &**port);
        used_by(ports.filter(|port| Some(*port) != old))
    }

    /// This number, unless another port than `old` has it, or will have it as it has none yet.
    /// A port that asks for one and has got another keeps it from no other port.
    pub(super) fn free(&self, wanted: OfPort, old: Option<&Port>) -> Result<OfPort, PlanError> {
        self.unless(wanted, old, |row| number_of_row(row) == Some(wanted))
    }

    /// Makes sure that the bridge keeps the number for no interface but its `own`: another program has
    /// taken the port of that one, which is given back with its number.
    ///
    /// # Errors
    /// [`PlanError::NumberKept`], unless its container is known to be gone, or has the interface on another port.
    fn require_unremembered(&self, wanted: OfPort, own: Option<&Port>) -> Result<(), PlanError> {
        let own = own.and_then(PortRecord::of).map(|record| memory::key(&record));
        for (bridge, port) in only_remembered(self.snapshot, self.wiring) {
            let Some(record) = PortRecord::of(&port) else { continue };
            let is_own = own.as_ref().is_some_and(|own| *own == memory::key(&record));
            let is_there = bridge == self.bridge.name && number_of(&port) == Some(wanted);
            if !is_there || is_own || whereabouts(self.snapshot, &record) == Whereabouts::Gone {
                continue;
            }
            // Nothing is given back where another port's record of the interface counts.
            let all = remembered(self.snapshot, self.wiring, &Restore::default())?;
            if !all.iter().any(|one| one.port_is_gone && one.bridge == bridge && one.port == port) {
                continue;
            }
            let who = format!("{}:{}", record.owner_name(), record.interface);
            let bridge = bridge.to_string();
            return Err(PlanError::NumberKept { bridge, ofport: wanted, who });
        }
        Ok(())
    }

    /// The same for a port that had the number: what merely asks for it while its own link is
    /// gone has no better claim.
    pub(super) fn free_again(
        &self,
        wanted: OfPort,
        old: Option<&Port>,
    ) -> Result<OfPort, PlanError> {
        self.unless(wanted, old, |row| {
            let lives = !row.occupant.is_orphaned();
            row.port.ofport.assigned() == Some(wanted)
                || (lives && number_of_row(row) == Some(wanted))
        })
    }

    fn unless(
        &self,
        wanted: OfPort,
        old: Option<&Port>,
        takes: impl Fn(&SwitchPort) -> bool,
    ) -> Result<OfPort, PlanError> {
        let here = self.wiring.ports.iter().filter(|row| row.bridge == self.bridge.name);
        let mut others = here.filter(|row| Some(&*row.port) != old);
        match others.find(|row| takes(row)) {
            Some(row) => Err(self.in_use(wanted, row)),
            None => Ok(wanted),
        }
    }

    fn in_use(&self, ofport: OfPort, row: &SwitchPort) -> PlanError {
        let iface = &row.port.iface;
        let who = match (&row.occupant, PortRecord::of(&row.port)) {
            (Occupant::Unknown { .. } | Occupant::Orphaned { .. }, Some(record)) => {
                format!("{iface} of {}:{}", record.owner_name(), record.interface)
            }
            (Occupant::Unknown { .. }, None) => iface.to_string(),
            (occupant, _) => format!("{iface}, {occupant}"),
        };
        PlanError::NumberInUse { bridge: self.bridge.name.to_string(), ofport, who }
    }
}

/// The numbers that ports have or ask for.
pub(super) fn used_by<'a>(ports: impl Iterator<Item = &'a Port>) -> BTreeSet<u16> {
    let numbers = ports.flat_map(|port| [port.ofport.assigned(), port.ofport_request]);
    numbers.flatten().map(|ofport| ofport.0).collect()
}

/// The first number that is not `used`. One that the bridge remembers for a container yields only when
/// nothing else is left.
pub(super) fn first_free(bridge: &Bridge, used: &BTreeSet<u16>) -> Option<OfPort> {
    let memory = memory::of(bridge).filter_map(|(_, port)| Some(number_of(&port)?.0));
    let kept: BTreeSet<u16> = memory.chain(numbers::kept(bridge)).collect();
    let mut free = (FIRST_FREE..=LAST).filter(|n| !used.contains(n));
    let first = free.clone().find(|n| !kept.contains(n));
    first.or_else(|| free.next()).map(OfPort)
}

/// The number that a port has, or else asks for: one that was moved to another bridge with its
/// rows may ask for a number that is another's there.
pub(super) fn number_of(port: &Port) -> Option<OfPort> {
    port.ofport.assigned().or(port.ofport_request)
}

fn number_of_row(row: &SwitchPort) -> Option<OfPort> {
    number_of(&row.port)
}
