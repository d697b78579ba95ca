//! The way of a packet through the datapath.

use flowtext::{Header, Output, Trace, Tracked, VlanTag, follow};

use super::marked::Passes;
use crate::first_state::depends_on_state;
use crate::packet::Packet;

/// Where the packet got to, over all passes.
pub(super) struct PacketPath {
    pub(super) outputs: Vec<Output>,
    pub(super) committed: Vec<Tracked>,
    pub(super) controller: bool,
    /// Where it is taken besides, in ways that are not followed.
    pub(super) untold: Vec<String>,
    pub(super) doubts: Vec<String>,
    /// How many recirculations one follows from the other.
    pub(super) depth: usize,
}

impl PacketPath {
    pub(super) fn of(packet: &Packet, trace: &Trace) -> Self {
        let start = Header {
            eth_dst: packet.eth_dst.unwrap_or_default(),
            eth_src: packet.eth_src,
            vlans: packet.vlans.iter().copied().map(VlanTag::dot1q).collect(),
            ip_dst: packet.ip_dst,
            ip_src: packet.ip_src,
            port_src: packet.port_src,
            port_dst: packet.port_dst,
            ttl: packet.ttl,
            message: packet.message,
            ..Header::default()
        };
        let mut way = Self {
            outputs: Vec::new(),
            committed: Vec::new(),
            controller: false,
            untold: Vec::new(),
            doubts: Vec::new(),
            depth: 0,
        };
        let mut depths: Vec<usize> = Vec::new();
        let mut waiting: Vec<(String, Header, usize)> = Vec::new();
        let mut passes = Passes::default();
        for (number, pass) in trace.passes.iter().enumerate() {
            let begins = pass.recirculation.as_ref().and_then(|id| {
                let at = waiting.iter().position(|(waits, ..)| waits == id)?;
                Some(waiting.remove(at))
            });
            let (header, parent) = match begins {
                Some((_, header, parent)) => (header, Some(parent)),
                None => (start.clone(), None),
            };
            let before = parent.and_then(|parent| depths.get(parent));
            let depth = before.map_or(0, |before| before + 1);
            depths.push(depth);
            way.depth = way.depth.max(depth);
            let is_known = is_known(packet, &header);
            passes.begin(parent, &header, is_known, &pass.megaflow);
            let Some(actions) = &pass.datapath_actions else {
                way.doubts.push("the trace ends before the datapath actions".to_owned());
                continue;
            };
            if header.translated && pass.megaflow.split(',').any(is_translated) {
                let why =
                    "addresses are translated, and what is done then depends on which they are";
                way.doubts.push(why.to_owned());
            }
            way.doubts.extend(uncommitted(packet, &header, is_known, &pass.megaflow));
            let told = follow(actions, header);
            passes.wrote(told.marked, told.labelled);
            way.committed.extend(told.committed);
            way.outputs.extend(told.outputs);
            way.controller |= told.controller;
            way.untold.extend(told.untold);
            way.doubts.extend(told.doubts);
            let goes_on = told.recirculated.into_iter();
            waiting.extend(goes_on.map(|(id, header)| (id, header, number)));
        }
        way.doubts.extend(passes.doubts(packet.direction));
        way.doubts.extend(waiting.into_iter().map(|(_, header, _)| {
            header
                .doubt
                .unwrap_or_else(|| "the trace does not tell how the packet goes on".to_owned())
        }));
        way
    }
}

/// Whether what a packet answers was committed, where that is known: addresses and ports the other way round.
fn is_known(packet: &Packet, header: &Header) -> bool {
    let is_one = |all: &Vec<Tracked>| {
        let tracked = header.tracked.as_ref();
        tracked.is_some_and(|back| all.iter().any(|there| there.is_answered_by(back)))
    };
    packet.committed.as_ref().is_none_or(is_one)
}

/// That the state of a connection decides, which the packet that it answers left unknown to conntrack: it is
/// traced as an answer to what is known.
fn uncommitted(packet: &Packet, header: &Header, is_known: bool, megaflow: &str) -> Option<String> {
    let tracked = header.tracked.as_ref().filter(|_| packet.ct_state.contains("est"))?;
    let zone = tracked.zone;
    let committed = packet.committed.iter().flatten();
    let is_other = { committed }.any(|there| there.zone == zone);
    (depends_on_state(megaflow) && !is_known).then(|| {
        if is_other {
            format!(
                "it depends on ct_state, and the connection that is committed in zone {zone} has other addresses \
                 or ports than this answers"
            )
        } else {
            format!("it depends on ct_state, and the connection is not committed in zone {zone}")
        }
    })
}

/// Whether a field of a megaflow is one that conntrack may translate.
fn is_translated(part: &str) -> bool {
    const LAYERS: [&str; 6] = ["nw_", "ipv6_", "tp_", "tcp_", "udp_", "sctp_"];
    let name = part.split('=').next().unwrap_or_default();
    let rest = LAYERS.iter().find_map(|layer| name.strip_prefix(layer));
    matches!(rest, Some("src" | "dst"))
}
