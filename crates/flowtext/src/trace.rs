//! `ofproto/trace` (ovs-vswitchd(8)): the rules a packet meets, and the datapath actions that come of
//! them. It has no JSON; the text is that of `oftrace_node_print_details` and `ofproto_trace` in
//! ofproto/ofproto-dpif-trace.c.

use crate::names::unquoted;
use crate::passes::{FORKED, Passes};

/// So many remarks of a kind are kept of a pass.
const MAX_REMARKS: usize = 256;
/// So many rules are kept of a pass: more than the resubmits that vswitchd allows
/// (`MAX_RESUBMITS` of ofproto/ofproto-dpif-xlate.c).
const MAX_RULES: usize = 5000;

/// What `ofproto/trace` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The packet, as vswitchd reads what it was given: `icmp,in_port=1,vlan_tci=0x0000,…`.
    pub flow: String,
    /// The packet as it came, then each time that it was recirculated.
    pub passes: Vec<Pass>,
}

/// One way through the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// The number after `recirc`, as `0x1`; none for the first pass.
    pub recirculation: Option<String>,
    /// The rules that were met, in order.
    pub rules: Vec<Rule>,
    /// What vswitchd says of its own accord: ` -> no learned MAC for destination, flooding`.
    pub remarks: Vec<String>,
    /// What it warns of: ` >> skipping output to input port`.
    pub warnings: Vec<String>,
    /// What it cannot do: `>>>> … <<<<`.
    pub errors: Vec<String>,
    /// Which parts of the packet decided.
    pub megaflow: String,
    /// The datapath actions; none where the text ends before.
    pub datapath_actions: Option<String>,
    /// Why the packet goes through vswitchd itself.
    pub slow_path: Vec<String>,
}

/// A rule that was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The bridge.
    pub bridge: String,
    /// The table.
    pub table: u8,
    /// Its match, without priority; none where no rule fits.
    pub matches: Option<String>,
    /// Its priority; above 65,535 that of a flow of vswitchd's own (in-band.c, fail-open.h), which OpenFlow
    /// does not tell of.
    pub priority: u32,
    /// Its cookie.
    pub cookie: u64,
    /// Its actions, as far as they were carried out.
    pub actions: Vec<String>,
}

/// Reads the answer of `ofproto/trace`.
pub fn parse_trace(text: &str) -> Trace {
    let mut reader = Reader::default();
    reader.passes.push(Pass::default());
    for line in text.lines() {
        reader.line(line);
    }
    Trace { flow: reader.flow, passes: reader.passes }
}

#[derive(Default)]
struct Reader {
    flow: String,
    passes: Vec<Pass>,
    /// The bridges that the packet is in, each with its indentation.
    bridges: Vec<(usize, String)>,
    /// In which bridges its passes go on.
    going_on: Passes,
    slow_path: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some(number) = text.strip_prefix("recirc(").and_then(|rest| rest.split_once(')')) {
            // The tree of a pass has that as an action, and no other text after it.
            if number.1.starts_with(" - ") {
                self.bridges.clear();
                self.going_on.resume();
                self.slow_path = false;
                let recirculation = Some(number.0.to_owned());
                self.passes.push(Pass { recirculation, ..Pass::default() });
                return;
            }
        }
        if text.starts_with(FORKED) {
            let innermost = self.bridges.last().map(|(_, name)| &**name);
            self.going_on.fork(innermost);
        }
        let Some(pass) = self.passes.last_mut() else { return };
        if let Some(flow) = text.strip_prefix("Flow: ").filter(|_| self.flow.is_empty()) {
            flow.trim().clone_into(&mut self.flow);
        } else if let Some(actions) = text.strip_prefix("Datapath actions: ") {
            pass.datapath_actions = Some(actions.trim().to_owned());
        } else if let Some(megaflow) = text.strip_prefix("Megaflow: ") {
            megaflow.trim().clone_into(&mut pass.megaflow);
        } else if text.starts_with("Final flow: ") {
            // The tree has ended: nothing after it is an action.
            self.bridges.clear();
        } else if text.starts_with("This flow is handled by the userspace slow path") {
            self.slow_path = true;
        } else if let Some(why) = text.strip_prefix("- ").filter(|_| self.slow_path) {
            keep(&mut pass.slow_path, why);
        } else if let Some(error) = text.strip_prefix(">>>> ") {
            keep(&mut pass.errors, error.trim_end().trim_end_matches(" <<<<"));
        } else if let Some(warning) = text.strip_prefix(">> ") {
            keep(&mut pass.warnings, warning);
        } else if let Some(remark) = text.strip_prefix("-> ") {
            keep(&mut pass.remarks, remark);
        } else if pass.datapath_actions.is_none() {
            self.tree(indent, text.trim_end());
        }
    }

    /// A line of the tree: a bridge, a rule or an action.
    fn tree(&mut self, indent: usize, text: &str) {
        if let Some(name) = bridge(text) {
            self.bridges.retain(|(outer, _)| *outer < indent);
            let goes_on = Some(self.going_on.enter(&name)).filter(|known| !known.is_empty());
            let goes_on = goes_on.unwrap_or(&name).to_owned();
            self.bridges.push((indent, goes_on));
            return;
        }
        if text.is_empty() || text.starts_with("---") {
            return;
        }
        if !self.bridges.is_empty() {
            self.bridges.retain(|(outer, _)| *outer < indent.max(1));
        }
        let Some(pass) = self.passes.last_mut() else { return };
        let Some((_, bridge)) = self.bridges.last() else { return };
        if let Some(rule) = rule(text) {
            if pass.rules.len() < MAX_RULES {
                pass.rules.push(Rule { bridge: bridge.clone(), ..rule });
            }
        } else if let Some(rule) = pass.rules.last_mut() {
            keep(&mut rule.actions, text);
        }
    }
}

fn keep(list: &mut Vec<String>, text: &str) {
    if list.len() < MAX_REMARKS {
        list.push(text.trim_end().to_owned());
    }
}

/// `bridge("br0")`
fn bridge(text: &str) -> Option<String> {
    let name = text.strip_prefix("bridge(")?.strip_suffix(')')?;
    Some(String::from_utf8_lossy(&unquoted(name.as_bytes())).into_owned())
}

/// `0. in_port=1,ip, priority 10, cookie 0x7` or `5. No match.`
fn rule(text: &str) -> Option<Rule> {
    let (table, rest) = text.split_once(". ")?;
    let table = table.parse().ok()?;
    if rest.starts_with("No match") {
        return Some(Rule { table, ..Rule::default() });
    }
    let (rest, cookie) =
        rest.rsplit_once(", cookie 0x").map_or((rest, ""), |(rest, cookie)| (rest, cookie));
    let (matches, priority) = match rest.rsplit_once(", priority ") {
        Some(both) => both,
        None => ("", rest.strip_prefix("priority ")?),
    };
    Some(Rule {
        table,
        matches: Some(matches.to_owned()),
        priority: priority.trim().parse().ok()?,
        cookie: u64::from_str_radix(cookie.trim(), 16).unwrap_or(0),
        ..Rule::default()
    })
}

#[cfg(test)]
mod tests {
    use super::parse_trace;

    /// Of in-band control, of fail-open, and of a table.
    #[test]
    fn a_rule_of_the_switch_itself_is_kept() {
        for rule in [
            "tcp,in_port=LOCAL,tp_dst=6653, priority 180005",
            "priority 15790320",
            "ip, priority 65535, cookie 0x7",
        ] {
            let text = format!("Flow: tcp\n\nbridge(\"br0\")\n--\n 0. {rule}\n    NORMAL\n");
            let rules = parse_trace(&text).passes.remove(0).rules;
            let [only] = &rules[..] else { panic!("{rule}: {rules:?}") };
            assert!(rule.contains(&format!("priority {}", only.priority)), "{rule}: {only:?}");
            assert_eq!(only.actions, ["NORMAL"], "{rule}");
        }
    }

    /// Above each pass stands the bridge that was asked about; it goes on where the packet was copied.
    #[test]
    fn the_rules_of_a_pass_are_of_the_bridge_where_the_packet_was_copied() {
        let forked = "-> A clone of the packet is forked to recirculate. The forked pipeline will be resumed at table 2.";
        let behind = |forked: &str| {
            format!(
                "\n    bridge(\"br1\")\n    ---\n         0. priority 0\n            ct(table=2)\n             {forked}\n"
            )
        };
        let outer = |forked: &str| format!("    ct(table=2)\n     {forked}\n");
        for (inside, expected) in [
            (behind(forked), "br1"),
            (behind("") + &outer(forked), "br0"),
            (outer(forked) + &behind(""), "br0"),
            // Neither is told of: it is what is written.
            (behind(""), "br0"),
        ] {
            let text = format!(
                "Flow: tcp\n\nbridge(\"br0\")\n---\n 0. priority 0\n{inside}\nMegaflow: a\nDatapath actions: ct,recirc(0x1)\n\n\
                 ===\nrecirc(0x1) - resume conntrack with ct_state=trk\n===\n\nFlow: tcp\n\nbridge(\"br0\")\n---\n    thaw\n        \
                 Resuming from table 2\n 2. priority 0\n    drop\n\nbridge(\"br2\")\n---\n 0. priority 0\n    drop\n"
            );
            let passes = parse_trace(&text).passes;
            let bridges: Vec<_> = passes[1].rules.iter().map(|rule| &*rule.bridge).collect();
            assert_eq!(bridges, [expected, "br2"], "{text}");
        }
    }
}
