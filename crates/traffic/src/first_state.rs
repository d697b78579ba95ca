//! What conntrack says of a packet that belongs to no connection it knows: of most that it is a new one, of
//! others that it is invalid. By what the packet is, not by what was asked for.

use flowtext::Trace;

/// The state of a packet of no known connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstState {
    /// It begins a connection: `trk,new`.
    New,
    /// It begins none: `trk,inv`.
    Invalid,
    /// That depends on what a trace is not told, which is said here.
    Uncertain(&'static str),
}

/// The flags of TCP, by bit (RFC 9293, section 3.1), as `packet_tcp_flag_to_string` of lib/packets.c calls them.
const TCP_FLAGS: [&str; 9] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"];

const FIN: u16 = 1;
const SYN: u16 = 1 << 1;
const RST: u16 = 1 << 2;
const PSH: u16 = 1 << 3;
const ACK: u16 = 1 << 4;
const URG: u16 = 1 << 5;

impl FirstState {
    /// That of the packet of a trace where more of its state is looked at than that conntrack saw it; elsewhere it is
    /// no matter, and `New`.
    pub fn of(trace: &Trace) -> Self {
        let mut tracked = trace.passes.iter().filter(|pass| pass.recirculation.is_some());
        let matters = tracked.any(|pass| depends_on_state(&pass.megaflow));
        if matters { Self::of_flow(&trace.flow) } else { Self::New }
    }

    /// That of a packet, by the `Flow:` line of its trace.
    fn of_flow(flow: &str) -> Self {
        let words = || flow.split(',').map(str::trim);
        let fields = || words().filter_map(|word| word.split_once('='));
        let value = |name: &str| fields().find(|(key, _)| *key == name).map(|(_, value)| value);
        let protocol = words().find(|word| matches!(*word, "tcp" | "tcp6" | "icmp" | "icmp6"));
        let icmp_type = || value("icmp_type").and_then(|kind| kind.parse().ok()).unwrap_or(0);
        match protocol {
            Some("icmp") => of_icmp(icmp_type()),
            Some("icmp6") => of_icmpv6(icmp_type()),
            Some(_) => of_tcp(value("tcp_flags").map_or(0, tcp_flags)),
            // The kernel and vswitchd take the first packet of all other protocols for a new connection.
            None => Self::New,
        }
    }
}

/// Whether a flow was chosen by more of `ct_state` than that conntrack looked at the packet, which is so in any
/// case.
pub(crate) fn depends_on_state(megaflow: &str) -> bool {
    let decides =
        |flags: &str| flags.split(['+', '-', '|']).any(|flag| !matches!(flag, "" | "trk"));
    megaflow.split(',').any(|part| part.strip_prefix("ct_state=").is_some_and(decides))
}

/// The kernel by `nf_conntrack_icmp_packet` of net/netfilter/nf_conntrack_proto_icmp.c, `dpif-netdev` by
/// `icmp4_valid_new` of lib/conntrack-icmp.c.
fn of_icmp(kind: u8) -> FirstState {
    match kind {
        8 | 13 | 15 => FirstState::New,
        // Unreachable, source quench, redirect, time exceeded, parameter problem.
        3 | 4 | 5 | 11 | 12 => FirstState::Uncertain(
            "to conntrack an ICMP error is of the connection that it tells of, which a trace is not told",
        ),
        17 => FirstState::Uncertain(
            "to the kernel's conntrack an address mask request begins a connection, to that of `dpif-netdev` not",
        ),
        _ => FirstState::Invalid,
    }
}

/// The kernel by `nf_conntrack_icmpv6_packet` of net/netfilter/nf_conntrack_proto_icmpv6.c; what that does not track,
/// as neighbour discovery, Open vSwitch calls invalid (`ovs_ct_update_key` of net/openvswitch/conntrack.c).
/// `dpif-netdev` by `icmp6_valid_new` of lib/conntrack-icmp.c.
fn of_icmpv6(kind: u8) -> FirstState {
    match kind {
        128 => FirstState::New,
        0..128 => FirstState::Uncertain(
            "to conntrack an ICMPv6 error is of the connection that it tells of, which a trace is not told",
        ),
        139 => FirstState::Uncertain(
            "to the kernel's conntrack a node information query begins a connection, to that of `dpif-netdev` not",
        ),
        _ => FirstState::Invalid,
    }
}

/// The bits of `syn|ack`, or of `0x012`.
fn tcp_flags(text: &str) -> u16 {
    if let Some(hex) = text.strip_prefix("0x") {
        return u16::from_str_radix(hex, 16).unwrap_or(0);
    }
    let bit = |flag| TCP_FLAGS.iter().position(|known| *known == flag);
    text.split('|').filter_map(bit).fold(0, |flags, bit| flags | 1 << bit)
}

fn of_tcp(flags: u16) -> FirstState {
    match (kernel_begins(flags), userspace_begins(flags)) {
        (true, true) if flags & SYN == 0 => FirstState::Uncertain(
            "to conntrack a TCP packet from within a connection begins one by net.netfilter.nf_conntrack_tcp_loose \
             alone",
        ),
        (true, true) => FirstState::New,
        (false, false) => FirstState::Invalid,
        (true, false) | (false, true) => FirstState::Uncertain(
            "conntrack of the kernel and that of `dpif-netdev` differ about a TCP packet with these flags",
        ),
    }
}

/// Whether the kernel takes a TCP packet for the first one of a connection: `tcp_valid_flags` of
/// net/netfilter/nf_conntrack_proto_tcp.c, and the state `sNO` of its `tcp_conntracks`.
fn kernel_begins(flags: u16) -> bool {
    let known = flags & (FIN | SYN | RST | ACK | URG);
    [SYN, SYN | URG, ACK, ACK | URG].contains(&known)
}

/// Whether `dpif-netdev` does: `tcp_valid_new` of lib/conntrack-tcp.c.
fn userspace_begins(flags: u16) -> bool {
    let has = |bits: u16| flags & bits != 0;
    let is_known = if has(SYN) { !has(RST | FIN) } else { has(ACK | RST) };
    is_known && (has(ACK) || !has(FIN | PSH | URG)) && !(has(SYN) && has(ACK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_uncertain(state: FirstState) -> bool {
        matches!(state, FirstState::Uncertain(_))
    }

    #[test]
    fn tcp_begins_with_syn_alone() {
        let state = |flags: &str| {
            FirstState::of_flow(&format!("tcp,in_port=1,tp_src=0,tp_dst=80,tcp_flags={flags}"))
        };
        for flags in ["syn", "0x002", "syn|ece|cwr"] {
            assert_eq!(state(flags), FirstState::New, "{flags}");
        }
        for flags in
            ["0", "syn|ack", "0x012", "fin", "psh", "syn|fin", "syn|rst", "fin|rst", "rst|psh"]
        {
            assert_eq!(state(flags), FirstState::Invalid, "{flags}");
        }
        for flags in ["rst", "rst|ack", "fin|ack", "ack", "psh|ack", "syn|psh", "syn|urg"] {
            assert!(is_uncertain(state(flags)), "{flags}");
        }
        let v6 = "tcp6,in_port=1,ipv6_src=fd00::1,tp_dst=80,tcp_flags=syn|ack";
        assert_eq!(FirstState::of_flow(v6), FirstState::Invalid);
        assert_eq!(FirstState::of_flow("tcp,in_port=1,tp_dst=80"), FirstState::Invalid, "no flag");
    }

    #[test]
    fn of_icmp_requests_alone_begin_anything() {
        let state = |kind: u8| {
            FirstState::of_flow(&format!("icmp,in_port=1,nw_ttl=64,icmp_type={kind},icmp_code=0"))
        };
        for kind in [8, 13, 15] {
            assert_eq!(state(kind), FirstState::New, "{kind}");
        }
        for kind in [0, 9, 10, 14, 16, 18, 200] {
            assert_eq!(state(kind), FirstState::Invalid, "{kind}");
        }
        for kind in [3, 5, 11, 12, 17] {
            assert!(is_uncertain(state(kind)), "{kind}");
        }
    }

    #[test]
    fn of_icmpv6_an_echo_request_alone_begins_anything() {
        let state = |kind: u8| {
            FirstState::of_flow(&format!("icmp6,in_port=1,icmp_type={kind},icmp_code=0"))
        };
        assert_eq!(state(128), FirstState::New);
        for kind in [129, 133, 135, 136, 143] {
            assert_eq!(state(kind), FirstState::Invalid, "{kind}");
        }
        for kind in [1, 2, 4, 139] {
            assert!(is_uncertain(state(kind)), "{kind}");
        }
    }

    #[test]
    fn all_other_protocols_begin_with_any_packet() {
        for flow in
            ["udp,in_port=1,tp_dst=53", "ip,nw_proto=89", "sctp,tp_dst=1", "udp6", "arp", ""]
        {
            assert_eq!(FirstState::of_flow(flow), FirstState::New, "{flow}");
        }
    }

    /// What the first pass looks at is what a user wrote.
    #[test]
    fn it_matters_where_a_later_pass_looks_at_more_than_that_it_was_tracked() {
        let of = |first: &str, later: &str| {
            let text = format!(
                "Flow: icmp,in_port=1,icmp_type=0\n\nMegaflow: recirc_id=0,{first},icmp\nDatapath actions: \
                 ct,recirc(0x1)\n\n====\nrecirc(0x1) - resume conntrack with ct_state=new|trk\n====\n\nMegaflow: \
                 recirc_id=0x1,{later},icmp\nDatapath actions: 3\n"
            );
            FirstState::of(&flowtext::parse_trace(&text))
        };
        assert_eq!(of("ct_state=-trk", "ct_state=+new-inv+trk"), FirstState::Invalid);
        assert_eq!(of("eth", "ct_state=-est+trk"), FirstState::Invalid);
        assert_eq!(of("ct_state=-trk", "ct_state=+trk"), FirstState::New, "no matter");
        assert_eq!(of("ct_state=+est+trk", "eth"), FirstState::New, "no matter");
    }
}
