//! What a word says about the words behind it: the tables of the [scanner](crate::Scanner).

use crate::word::{self, Word, word_end};

/// What the next word is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Key {
    /// Nothing that is known.
    #[default]
    Other,
    OfPort,
    /// The same, behind a blank.
    OfPortBehindBlank,
    DpPort,
    /// A value that is written to a field: `load:0x3->NXM_OF_IN_PORT[]`.
    Written,
    /// A list of ports, up to the closing parenthesis.
    Members,
}

/// What parentheses are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Frame {
    #[default]
    Other,
    /// A list of OpenFlow actions.
    OfActions,
    /// A list of datapath actions.
    DpActions,
    /// `output(port=3,max_len=100)`
    Output,
    /// What vswitchd is told of a packet that it gets: `userspace(…)` of datapath actions.
    Userspace,
    /// `ipfix(…)` or `flow_sample(…)`
    Sampled,
    /// `tnl_push(…)`
    TunnelPush,
}

/// What the parentheses of `WORD(` are of, and what the first word in them is; `around` is what they
/// stand in.
pub(crate) fn opened(word: Word, around: Frame) -> (Frame, Key) {
    match word {
        word::RESUBMIT | word::ENQUEUE => (Frame::Other, Key::OfPort),
        word::OUTPUT => (Frame::Output, Key::Other),
        word::CLONE if around == Frame::DpActions => (Frame::DpActions, Key::Other),
        word::WRITE_ACTIONS | word::APPLY_ACTIONS | word::EXEC | word::CLONE => {
            (Frame::OfActions, Key::Other)
        }
        word::ACTIONS | word::GT | word::LE => (Frame::DpActions, Key::Other),
        word::USERSPACE if around == Frame::DpActions => (Frame::Userspace, Key::Other),
        word::IPFIX | word::FLOW_SAMPLE => (Frame::Sampled, Key::Other),
        word::TNL_PUSH => (Frame::TunnelPush, Key::Other),
        word::IN_PORT => (Frame::Other, Key::DpPort),
        word::TNL_POP if around == Frame::DpActions => (Frame::Other, Key::DpPort),
        word::TNL_PORT | word::OUT_PORT if around == Frame::TunnelPush => {
            (Frame::Other, Key::DpPort)
        }
        _ => (Frame::Other, Key::Other),
    }
}

/// What stands behind `WORD=` (`equals`) or `WORD:`, in parentheses of `around`.
#[inline]
pub(crate) fn named(word: Word, equals: bool, around: Frame) -> Key {
    match word {
        word::IN_PORT
        | word::IN_PORT_OXM
        | word::ACTSET_OUTPUT
        | word::PORT_NO
        | word::SAMPLING_PORT
            if equals =>
        {
            Key::OfPort
        }
        word::OUTPUT | word::ENQUEUE | word::RESUBMIT if !equals => Key::OfPort,
        word::WATCH_PORT | word::OUT_PORT => Key::OfPort,
        // Elsewhere a program may call a port of its own so.
        word::OUTPUT_PORT if equals && around == Frame::Sampled => Key::DpPort,
        word::TUNNEL_OUT_PORT if equals && around == Frame::Userspace => Key::DpPort,
        word::PORT if equals && around == Frame::Output => Key::OfPort,
        word::MEMBERS | word::SLAVES if !equals => Key::Members,
        word::LOAD | word::SET_FIELD | word::REG_LOAD if !equals => Key::Written,
        _ => Key::Other,
    }
}

/// What stands behind `port=` (`equals`) or `port: ` in a line that tells of an OpenFlow message: queues
/// (lib/ofp-queue.c), descriptions of ports and what is changed of them (lib/ofp-port.c).
pub(crate) fn named_in_message(word: Word, equals: bool) -> Key {
    match word {
        word::PORT if equals => Key::OfPort,
        word::PORT => Key::OfPortBehindBlank,
        _ => Key::Other,
    }
}

/// Whether a value that ends at `end` is written to the port a packet came in by.
pub(crate) fn writes_port(text: &[u8], end: usize) -> bool {
    let Some(field) = text.get(end..).and_then(|rest| rest.strip_prefix(b"->")) else {
        return false;
    };
    let (field, rest) = field.split_at(word_end(field, 0));
    // A part of the field is no port.
    let whole = !rest.starts_with(b"[") || rest.starts_with(b"[]");
    whole
        && matches!(
            field,
            b"in_port"
                | b"in_port_oxm"
                | b"NXM_OF_IN_PORT"
                | b"OXM_OF_IN_PORT"
                | b"actset_output"
                | b"OXM_OF_ACTSET_OUTPUT"
        )
}
