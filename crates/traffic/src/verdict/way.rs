//! The way of a packet through the datapath.

use flowtext::{Header, Output, Trace, VlanTag, follow};

use crate::packet::Packet;

/// Where the packet got to, over all passes.
pub(super) struct PacketPath {
    pub(super) outputs: Vec<Output>,
    pub(super) committed: Vec<u16>,
    pub(super) controller: bool,
    /// Where it is taken besides, in ways that are not followed.
    pub(super) untold: Vec<String>,
    pub(super) doubts: Vec<String>,
}

impl PacketPath {
    pub(super) fn of(packet: &Packet, trace: &Trace) -> Self {
        let start = Header {
            eth_dst: packet.eth_dst.unwrap_or_default(),
            vlans: packet.vlans.iter().copied().map(VlanTag::dot1q).collect(),
            ip_dst: packet.ip_dst,
            ip_src: packet.ip_src,
            port_src: packet.port_src,
            ..Header::default()
        };
        let mut way = Self {
            outputs: Vec::new(),
            committed: Vec::new(),
            controller: false,
            untold: Vec::new(),
            doubts: Vec::new(),
        };
        let mut waiting: Vec<(String, Header)> = Vec::new();
        for pass in &trace.passes {
            let header = match &pass.recirculation {
                None => start.clone(),
                Some(number) => {
                    let at = waiting.iter().position(|(waits, _)| waits == number);
                    at.map_or_else(|| start.clone(), |at| waiting.remove(at).1)
                }
            };
            let Some(actions) = &pass.datapath_actions else {
                way.doubts.push("the trace ends before the datapath actions".to_owned());
                continue;
            };
            if header.translated && pass.megaflow.split(',').any(is_translated) {
                let why =
                    "addresses are translated, and what is done then depends on which they are";
                way.doubts.push(why.to_owned());
            }
            way.doubts.extend(uncommitted(packet, &header, &pass.megaflow));
            let told = follow(actions, header);
            way.committed.extend(told.committed);
            way.outputs.extend(told.outputs);
            way.controller |= told.controller;
            way.untold.extend(told.untold);
            way.doubts.extend(told.doubts);
            waiting.extend(told.recirculated);
        }
        way.doubts.extend(waiting.into_iter().map(|(_, header)| {
            header
                .doubt
                .unwrap_or_else(|| "the trace does not tell how the packet goes on".to_owned())
        }));
        way
    }
}

/// That the state of a connection decides, which the packet that it answers left unknown to conntrack: it is
/// traced as an answer to what is known.
fn uncommitted(packet: &Packet, header: &Header, megaflow: &str) -> Option<String> {
    let zone = header.zone.filter(|_| packet.ct_state.contains("est"))?;
    let is_known = packet.committed.as_ref().is_none_or(|zones| zones.contains(&zone));
    // That conntrack looked at it is so in any case.
    let decides =
        |flags: &str| flags.split(['+', '-', '|']).any(|flag| !matches!(flag, "" | "trk"));
    let decides =
        megaflow.split(',').any(|part| part.strip_prefix("ct_state=").is_some_and(decides));
    (decides && !is_known).then(|| {
        format!("it depends on ct_state, and the connection is not committed in zone {zone}")
    })
}

/// Whether a field of a megaflow is one that conntrack may translate.
fn is_translated(part: &str) -> bool {
    const LAYERS: [&str; 6] = ["nw_", "ipv6_", "tp_", "tcp_", "udp_", "sctp_"];
    let name = part.split('=').next().unwrap_or_default();
    let rest = LAYERS.iter().find_map(|layer| name.strip_prefix(layer));
    matches!(rest, Some("src" | "dst"))
}
