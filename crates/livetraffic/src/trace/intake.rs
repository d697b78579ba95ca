//! Whether the kernel of the destination takes what arrives there.

use model::route::IntakeQuestion;
use traffic::{End, PacketKind, Verdict};

use super::tracer::PacketTracer;

impl PacketTracer<'_> {
    /// The verdict about what arrives at `to`, which is not known where the kernel there tells that by its routes it takes
    /// no such packet: `nft` may translate or mark it before they are looked at.
    pub(super) fn received(&self, verdict: Verdict, to: &End) -> Verdict {
        // What is asked for a MAC meets no route; what a master's member gets comes in by the master.
        let is_routed = *self.kind != PacketKind::Arp && verdict.reaches() == Some(true);
        let link = to.link.as_ref().filter(|link| is_routed && link.master.is_none());
        let (Some(netns), Some(link)) = (to.netns, link) else { return verdict };
        let copies = verdict.arrived.iter().filter_map(|header| {
            Some(IntakeQuestion { by: link.ifindex, from: header.ip_src?, to: header.ip_dst? })
        });
        let snapshot = self.snapshot_with(netns);
        let is_refused =
            |asked: &IntakeQuestion| self.host.is_taken(snapshot, netns, asked) == Some(false);
        let copies: Vec<_> = copies.collect();
        match copies.first() {
            Some(IntakeQuestion { from, to: target, .. }) if copies.iter().all(is_refused) => {
                let why = format!(
                    "it gets to {}, whose kernel by its routes takes nothing from {from} for {target} there \
                     (`ip route get {target} from {from} iif {}`)",
                    to.called, link.name
                );
                verdict.not_known(why)
            }
            _ => verdict,
        }
    }
}
