//! Flows, as `ovs-appctl bridge/dump-flows` and `ovs-ofctl dump-flows` print them.

use std::time::Duration;

use crate::action::Action;
use crate::split::{outside, parts};

/// The priority of a flow that is told without one (OFP_DEFAULT_PRIORITY).
const USUAL_PRIORITY: u32 = 32_768;

/// Flags of a flow, as the last word before its actions: a match may be one word, too.
const FLAGS: [&str; 7] = [
    "send_flow_rem",
    "check_overlap",
    "reset_counts",
    "no_packet_counts",
    "no_byte_counts",
    "allow_hidden_fields",
    "no_readonly_table",
];

/// A flow of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow<'a> {
    /// The line.
    pub line: &'a str,
    /// Its cookie; none where the text does not tell it, as that of `bridge/dump-flows`.
    pub cookie: Option<u64>,
    /// Its table.
    pub table: u8,
    /// How long it has been there.
    pub duration: Option<Duration>,
    /// Packets that matched.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Its priority; above 65,535 that of a flow of vswitchd's own (in-band.c, fail-open.h), which OpenFlow
    /// does not tell of.
    pub priority: u32,
    /// What it matches, as it is written: `ip,in_port=3`.
    pub matches: &'a str,
    /// What is done, as it is written: `resubmit(,1)`.
    pub actions: &'a str,
}

impl<'a> Flow<'a> {
    /// Reads one line; none where it is no flow.
    pub fn parse(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let (before, actions) = match line.strip_prefix("actions=") {
            Some(actions) => ("", actions),
            None => split_actions(line)?,
        };
        let mut flow = Self {
            line,
            cookie: None,
            table: 0,
            duration: None,
            packets: 0,
            bytes: 0,
            priority: USUAL_PRIORITY,
            matches: "",
            actions,
        };
        let mut rest = before.trim_end_matches([',', ' ']);
        while !rest.is_empty() {
            rest = without_flags(rest);
            let (part, after) = rest.split_at(outside(rest, b','));
            if !flow.statistic(part.trim()) {
                break;
            }
            rest = after.strip_prefix(',').unwrap_or(after).trim_start();
        }
        flow.matches = rest;
        Some(flow)
    }

    /// Takes a part that is not of the match; false where it is.
    fn statistic(&mut self, part: &str) -> bool {
        let Some((name, value)) = part.split_once('=') else { return FLAGS.contains(&part) };
        let number = || match value.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).unwrap_or(0),
            None => value.parse().unwrap_or(0),
        };
        match name {
            "cookie" => self.cookie = Some(number()),
            "table" | "table_id" => self.table = u8::try_from(number()).unwrap_or(u8::MAX),
            "duration" => {
                let seconds = value.strip_suffix('s').and_then(|text| text.parse().ok());
                self.duration = seconds.and_then(|s: f64| Duration::try_from_secs_f64(s).ok());
            }
            "n_packets" => self.packets = number(),
            "n_bytes" => self.bytes = number(),
            "priority" => self.priority = u32::try_from(number()).unwrap_or(USUAL_PRIORITY),
            "idle_age" | "hard_age" | "idle_timeout" | "hard_timeout" | "importance"
            | "n_offload_packets" | "n_offload_bytes" => {}
            _ => return false,
        }
        true
    }

    /// Its match taken apart: fields with their values; a word without one, such as `ip`, stands for
    /// what ovs-fields(7) says of it.
    pub fn fields(&self) -> Vec<(String, Option<String>)> {
        let field = |part: &str| match part.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (part.to_owned(), None),
        };
        parts(self.matches).map(field).collect()
    }

    /// Its actions taken apart.
    pub fn action_list(&self) -> Vec<Action> {
        Action::list(self.actions)
    }

    /// What tells it from the other flows of a bridge: table, priority and match.
    pub fn key(&self) -> (u8, u32, &'a str) {
        (self.table, self.priority, self.matches)
    }
}

/// Without the flags that it begins with: each has a blank behind it, and no comma (`ofp_print_flow_flags` of
/// lib/ofp-print.c). A match has no blanks outside of quotation marks.
fn without_flags(text: &str) -> &str {
    let mut rest = text;
    while let Some((word, behind)) = rest.split_once(' ')
        && !word.contains(['=', ',', '"', '('])
    {
        rest = behind.trim_start();
    }
    rest
}

/// What stands before the actions, and those.
fn split_actions(line: &str) -> Option<(&str, &str)> {
    let at = line.find(" actions=").or_else(|| line.find(",actions="))?;
    Some((line.get(..at)?, line.get(at + " actions=".len()..)?))
}

/// The flows in an answer; lines that are none are left out, such as the headers of a reply in parts.
pub fn parse_flows(text: &str) -> impl Iterator<Item = Flow<'_>> {
    text.lines().filter_map(Flow::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_programs_are_read() {
        let text = "NXST_FLOW reply (xid=0x4):\n \
             cookie=0x1f, duration=60.5s, table=2, n_packets=7, n_bytes=176, idle_age=0, priority=5,ct_state=+new,ip,in_port=3 actions=ct(commit),output:4\n\
             table_id=2, duration=60s, n_packets=7, n_bytes=176, priority=5,ip,actions=drop\n\
             duration=1s, n_packets=0, n_bytes=0, priority=0,actions=NORMAL\n";
        let flows: Vec<_> = parse_flows(text).collect();
        assert_eq!(flows.len(), 3);
        let first = &flows[0];
        assert_eq!(
            (first.cookie, first.table, first.packets, first.priority),
            (Some(0x1f), 2, 7, 5)
        );
        assert_eq!(first.duration, Some(Duration::from_millis(60_500)));
        assert_eq!(first.matches, "ct_state=+new,ip,in_port=3");
        assert_eq!(first.actions, "ct(commit),output:4");
        let fields = first.fields();
        assert_eq!(fields[1], ("ip".to_owned(), None));
        assert_eq!(crate::field(&fields, "in_port"), Some("3"));
        assert_eq!((flows[1].table, flows[1].matches, flows[1].actions), (2, "ip", "drop"));
        assert_eq!((flows[2].priority, flows[2].matches, flows[2].actions), (0, "", "NORMAL"));
    }

    /// As `ofp_print_flow_flags` of lib/ofp-print.c writes them: each with a blank behind it, and no comma.
    #[test]
    fn flags_are_no_part_of_what_stands_behind_them() {
        let flags = [
            "",
            "send_flow_rem ",
            "check_overlap reset_counts ",
            "no_packet_counts no_byte_counts allow_hidden_fields ",
            "no_readonly_table ",
            "what_comes_later send_flow_rem ",
        ];
        let rests = [
            ("priority=10,in_port=99 ", 10, "in_port=99"),
            ("in_port=99 ", 32_768, "in_port=99"),
            ("idle_age=3, priority=20,in_port=1 ", 20, "in_port=1"),
            ("importance=4, idle_age=3, ip,in_port=\"a b\" ", 32_768, "ip,in_port=\"a b\""),
            ("ip ", 32_768, "ip"),
            ("priority=0 ", 0, ""),
            ("idle_age=3, ", 32_768, ""),
            ("", 32_768, ""),
        ];
        for flags in flags {
            for (rest, priority, matches) in rests {
                let line = format!(
                    " cookie=0x0, duration=5s, table=1, n_packets=2, n_bytes=3, {flags}{rest}actions=drop"
                );
                let flow = Flow::parse(&line).unwrap();
                assert_eq!(
                    (flow.priority, flow.matches, flow.actions),
                    (priority, matches, "drop"),
                    "{line}"
                );
                assert_eq!((flow.table, flow.packets, flow.bytes), (1, 2, 3), "{line}");
            }
        }
    }

    /// Flows of in-band control and of fail-open, and the last priority that OpenFlow has.
    #[test]
    fn a_priority_is_what_the_switch_tells() {
        for priority in [180_000, 15_790_320, 65_535, 0, u32::MAX] {
            let line = format!("table_id=254, n_packets=0, priority={priority},tcp,actions=NORMAL");
            assert_eq!(Flow::parse(&line).unwrap().priority, priority, "{line}");
        }
        assert_eq!(Flow::parse("n_packets=0, n_bytes=0, actions=drop").unwrap().priority, 32_768);
    }
}
