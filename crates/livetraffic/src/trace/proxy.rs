//! Whether another one may answer for the one that is asked for its MAC.

use std::net::IpAddr;

use model::PortLinks;
use model::ids::{NetnsId, OfPort};
use model::snapshot::Link;
use model::wiring::{Occupant, SwitchPort};
use traffic::{End, Outcome, PortOutput, Verdict};

use super::PacketTracer;

impl PacketTracer<'_> {
    /// Whether the one that is asked gets the question and does not take it, and who else gets it does not answer in
    /// its place.
    pub(super) fn is_refused(&self, verdict: &Verdict, next: &End, target: IpAddr) -> bool {
        let is_its = verdict.outputs.iter().any(|output| is_port(output, next));
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
        let mut others = who.iter().filter(|output| !is_port(output, next));
        others.any(|output| {
            let mut rows = self.look.wiring.ports.iter();
            let row = rows.find(|row| {
                output.bridge.as_deref() == Some(&*row.bridge)
                    && row.port.ofport.assigned().map(|port| port.0) == output.ofport
            });
            row.is_none_or(|row| self.answers(row, next, target))
        })
    }

    fn answers(&self, row: &SwitchPort, next: &End, target: IpAddr) -> bool {
        // Linux answers for an address of its namespace by each of its links (`arp_ignore`, ip-sysctl).
        let may = |netns: NetnsId| {
            next.netns == Some(netns)
                || self.host.answers_for_others(&self.look.snapshot, netns, target.is_ipv4())
        };
        match &row.occupant {
            Occupant::Orphaned { .. } => false,
            Occupant::Plugged { plugs } => plugs.iter().any(|plug| may(plug.netns)),
            Occupant::Local | Occupant::Host { .. } => self.kernel_behind(row).is_none_or(may),
            Occupant::Patch { .. } | Occupant::Tunnel { .. } | Occupant::Unknown { .. } => true,
        }
    }

    /// The namespace whose kernel gets what is sent to a port of the host: that of the link itself, or of the other
    /// end of a pair. None where it goes on from there, or it is not known where it goes.
    fn kernel_behind(&self, row: &SwitchPort) -> Option<NetnsId> {
        let home = self.look.snapshot.switch_namespace()?;
        let ends_here = |link: &Link| link.master.is_none().then_some(home.id);
        let links = PortLinks::new(&self.look.snapshot);
        let own = links.of(row)?;
        let is_internal = matches!(row.occupant, Occupant::Local) || row.port.kind == "internal";
        if is_internal {
            return ends_here(own);
        }
        let peer = own.peer.filter(|peer| own.is_paired() && peer.nsid.is_none())?;
        ends_here(home.links.iter().find(|link| link.ifindex == peer.ifindex)?)
    }
}

fn is_port(output: &PortOutput, end: &End) -> bool {
    let number = end.ofport().map(|OfPort(number)| number);
    output.bridge.as_deref() == end.bridge().map(|bridge| &**bridge)
        && output.ofport == number
        && number.is_some()
}
