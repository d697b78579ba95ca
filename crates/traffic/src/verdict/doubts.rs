//! What makes every verdict uncertain, whatever the way of the packet is.

use flowtext::Rule;

use super::chosen::rests_on;
use super::port_output::datapath_type;
use super::{Judged, MOST_STATES};
use crate::end::End;
use crate::packet::PacketKind;

impl Judged<'_> {
    /// That both ends are on one port, joined by what the switch does not see: a macvlan's or ipvlan's lower link,
    /// or a Linux bridge, may pass on what the switch does not send back, also where the port itself is down. Two
    /// VLANs of a link are not joined so.
    pub(super) fn joined(&self) -> Option<String> {
        let at = |end: &End| end.port.as_ref().map(|at| (at.bridge.clone(), at.port.iface.clone()));
        let ends = [self.from, self.to];
        let is_one = at(self.from).is_some() && at(self.from) == at(self.to);
        let is_apart = self.from.netns != self.to.netns;
        let is_down = |end: &End| end.link.as_ref().is_some_and(|link| !link.up);
        let are_vlans =
            ends.iter().all(|end| !end.tags.is_empty()) && self.from.tags != self.to.tags;
        let may_pass = is_one && is_apart && !are_vlans && !ends.into_iter().any(is_down);
        may_pass.then(|| {
            format!(
                "both are on port {}: what joins them there may pass it on before the switch",
                self.port()
            )
        })
    }

    /// What makes every verdict uncertain.
    pub(super) fn doubts(&self) -> Vec<String> {
        let ends = self.from.doubts.iter().chain(&self.to.doubts).cloned();
        let mut all: Vec<_> = ends.chain(self.way.doubts.iter().cloned()).collect();
        for field in &self.packet.assumed {
            let decides = |pass: &flowtext::Pass| {
                pass.megaflow.split(',').any(|part| rests_on(part, field, self.packet.direction))
            };
            if self.trace.passes.iter().any(decides) {
                all.push(format!("it depends on {field}, which the sender chooses"));
            }
        }
        if self.has_checksum() {
            all.extend(self.from.checksums.clone());
        }
        let megaflows = || self.trace.passes.iter().flat_map(|pass| pass.megaflow.split(','));
        let fields = megaflows().map(|part| part.split('=').next().unwrap_or_default());
        let of_connection = { fields }.find(|field| is_of_connection(field));
        all.extend(of_connection.map(|field| {
            format!("it depends on {field}, which the connection has, and a trace is not told")
        }));
        let learns = |rule: &Rule| rule.actions.iter().any(|action| action.contains("result_dst"));
        if self.trace.passes.iter().flat_map(|pass| &pass.rules).any(learns) {
            all.push("learn() with result_dst tells a packet what a trace cannot".to_owned());
        }
        all.extend(self.packet.learnt.clone().doubt(self.trace));
        all.extend(self.too_deep());
        all.extend(self.packet.doubt.clone());
        all
    }

    /// That it is recirculated more often than all datapaths take. `dpif-netdev` drops what is deeper than its
    /// `MAX_RECIRC_DEPTH`, which is 5, 6 or 8 by release; in any, vswitchd was told the states of so many alone.
    fn too_deep(&self) -> Option<String> {
        const LEAST: usize = 5;
        let kind = self.from.bridge().and_then(|bridge| datapath_type(self.look, bridge));
        let takes_more = kind.is_some_and(|kind| kind != "netdev");
        let most = if takes_more { MOST_STATES } else { LEAST };
        let times = self.way.depth;
        (times > most || self.trace.passes.len() > MOST_STATES + 1).then(|| {
            format!("it is recirculated {times} times, and not every datapath takes that many")
        })
    }

    /// Whether it has a checksum that something has to finish.
    fn has_checksum(&self) -> bool {
        match self.kind {
            PacketKind::Udp(_) => true,
            PacketKind::Raw(_) => self.is_tcp() || matches!(self.flow(), "udp" | "udp6"),
            _ => self.is_tcp(),
        }
    }
}

/// Whether a field of a megaflow is the address or port of the connection, as conntrack keeps it.
fn is_of_connection(field: &str) -> bool {
    const TUPLE: [&str; 4] = ["ct_nw_", "ct_ipv6_", "ct_tp_", "ct_tuple"];
    TUPLE.iter().any(|tuple| field.starts_with(tuple))
}
