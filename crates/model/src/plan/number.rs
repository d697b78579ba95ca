//! OpenFlow port numbers: which are taken, and by what.

use std::collections::BTreeSet;

use crate::ids::OfPort;
use crate::memory;
use crate::numbers;
use crate::port_record::PortRecord;
use crate::switch::Port;
use crate::wiring::{Occupant, SwitchPort};

use super::planner::Planner;
use super::{FIRST_FREE, LAST, PlanError, Wanted};

impl Planner<'_> {
    pub(super) fn number(
        &self,
        wanted: Wanted,
        old: Option<&Port>,
        remembered: Option<&Port>,
    ) -> Result<Option<OfPort>, PlanError> {
        match wanted {
            Wanted::Auto => Ok(None),
            Wanted::Exactly(ofport) if !(1..=LAST).contains(&ofport.0) => {
                Err(PlanError::BadNumber { ofport })
            }
            Wanted::Exactly(ofport) => self.free(ofport, old).map(Some),
            Wanted::Free => {
                let used = self.used(old);
                let before = old.or(remembered).and_then(number_of);
                let before = before.filter(|ofport| !used.contains(&ofport.0));
                let kept = self.remembered_numbers();
                let free = |n: &u16| !used.contains(n) && !kept.contains(n);
                let next = || (FIRST_FREE..=LAST).find(free).map(OfPort);
                // What is only remembered yields when nothing else is left.
                let last = || (FIRST_FREE..=LAST).find(|n| !used.contains(n)).map(OfPort);
                let none = || PlanError::NoFreeNumber { bridge: self.bridge.name.to_string() };
                before.or_else(next).or_else(last).map(Some).ok_or_else(none)
            }
        }
    }

    /// The numbers that others than `old` have or ask for.
    fn used(&self, old: Option<&Port>) -> BTreeSet<u16> {
        let others = self.bridge.ports.iter().filter(|port| Some(&***port) != old);
        let numbers = others.flat_map(|port| [port.ofport.assigned(), port.ofport_request]);
        numbers.flatten().map(|ofport| ofport.0).collect()
    }

    fn remembered_numbers(&self) -> BTreeSet<u16> {
        let memory = memory::of(self.bridge).filter_map(|(_, port)| Some(number_of(&port)?.0));
        memory.chain(numbers::kept(self.bridge)).collect()
    }

    /// This number, unless another port than `old` has it, or will have it as it has none yet.
    /// A port that asks for one and has got another keeps it from no other port.
    pub(super) fn free(&self, wanted: OfPort, old: Option<&Port>) -> Result<OfPort, PlanError> {
        self.unless(wanted, old, |row| number_of_row(row) == Some(wanted))
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

/// The number that a port has, or else asks for: one that was moved to another bridge with its
/// rows may ask for a number that is another's there.
pub(super) fn number_of(port: &Port) -> Option<OfPort> {
    port.ofport.assigned().or(port.ofport_request)
}

fn number_of_row(row: &SwitchPort) -> Option<OfPort> {
    number_of(&row.port)
}
