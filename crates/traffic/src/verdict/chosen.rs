//! What the sender of a packet chooses, so that no verdict may rest on it.

use std::ops::RangeInclusive;

use crate::packet::Direction;

/// The ports that the kernel chooses from for who asks (`ip_local_port_range`, ip-sysctl.rst).
const CLIENT_PORTS: RangeInclusive<u16> = 32768..=60999;

/// Whether a part of a megaflow tells values of `field` apart that its sender may choose. Of the port that an
/// answer goes to, a rule for another port looks at no more than the first bits, which all have that the kernel
/// chooses from.
pub(super) fn rests_on(part: &str, field: &str, direction: Direction) -> bool {
    let Some((name, value)) = part.split_once('=') else { return part == field };
    let is_port = name.ends_with("_dst");
    if name != field || !is_port || direction == Direction::Original {
        return name == field;
    }
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let bits = value.split_once('/').and_then(|(value, mask)| number(value).zip(number(mask)));
    !bits.is_some_and(|(value, mask)| {
        CLIENT_PORTS.into_iter().all(|port| port & mask == value & mask)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_rests_on_the_port_that_was_chosen_where_a_rule_tells_such_ports_apart() {
        let rests = |part: &str| rests_on(part, "tp_dst", Direction::Reply);
        for part in ["tp_dst=40000", "tp_dst=0x9c40/0xff00", "tp_dst=0x8000/0xc000", "tp_dst"] {
            assert!(rests(part), "{part}");
        }
        for part in ["tp_dst=0x8000/0x8000", "tp_dst=32768/0x8000", "tp_src=80", "in_port=1"] {
            assert!(!rests(part), "{part}");
        }
        assert!(rests_on("tp_src=0x8000/0x8000", "tp_src", Direction::Original), "it may be any");
        // Only of a port bits are known.
        assert!(rests_on("nd_reserved=0x8000/0x8000", "nd_reserved", Direction::Reply));
    }
}
