//! Whether another one may answer for the one that is asked for its MAC.

use std::net::IpAddr;

use model::ids::NetnsId;
use model::wiring::{Occupant, SwitchPort};
use traffic::{End, Outcome, PortOutput, Verdict, kernel_behind};

use super::PacketTracer;

impl PacketTracer<'_> {
    /// Whether the one that is asked gets the question and does not take it, and who else gets it does not answer in
    /// its place.
    pub(super) fn is_refused(&self, verdict: &Verdict, next: &End, target: IpAddr) -> bool {
        let is_its = verdict.outputs.iter().any(|output| output.is_to(next));
        let is_refused = verdict.outcome == Outcome::Elsewhere && verdict.returned.is_none();
        is_refused && is_its && !self.may_answer(next, Some(&verdict.outputs), target)
    }

    /// Whether one of those who get a question for the MAC of `next`, which has the address `target`, may answer it:
    /// Linux does where it is set so, and what is no container or no link of this host may do anything.
    pub(super) fn may_answer(
        &self,
        next: &End,
        who: Option<&[PortOutput]>,
        target: IpAddr,
    ) -> bool {
        let Some(who) = who else { return true };
        let mut others = who.iter().filter(|output| !output.is_to(next));
        // In the short look nothing is known of others.
        others.any(|output| {
            self.is_short || output.row(self.look).is_none_or(|row| self.answers(row, next, target))
        })
    }

    fn answers(&self, row: &SwitchPort, next: &End, target: IpAddr) -> bool {
        // Linux answers for an address of its namespace by each of its links (`arp_ignore`, ip-sysctl).
        let may = |netns: NetnsId| {
            next.netns == Some(netns)
                || self.has(netns, target)
                || self.host.answers_for_others(&self.look.snapshot, netns, target.is_ipv4())
        };
        match &row.occupant {
            Occupant::Orphaned { .. } => false,
            Occupant::Plugged { plugs } => plugs.iter().any(|plug| may(plug.netns)),
            Occupant::Local | Occupant::Host { .. } => {
                kernel_behind(self.look, row).is_none_or(may)
            }
            Occupant::Patch { .. } | Occupant::Tunnel { .. } | Occupant::Unknown { .. } => true,
        }
    }

    /// Whether a namespace may have an address itself.
    fn has(&self, netns: NetnsId, target: IpAddr) -> bool {
        let space = self.look.snapshot.namespace(netns).filter(|space| space.is_read());
        space.is_none_or(|space| space.local_addresses().any(|ip| ip == target))
    }
}
