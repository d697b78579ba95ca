//! What a switch learns of the packets before, which a trace does not: flows by `learn()`, and where a MAC is.

use std::collections::BTreeSet;

use flowtext::{Pass, Rule, Trace};
use model::ids::Mac;

use super::Verdict;

/// The tables that packets add flows to by `learn()`, and the MACs that bridges learn from them by `NORMAL`: what comes
/// after them may meet either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearntTables {
    flows: BTreeSet<(String, Option<u8>)>,
    macs: BTreeSet<(String, Mac)>,
}

impl LearntTables {
    /// Adds those of the rules that a packet met.
    pub fn add(&mut self, rules: &[Rule]) {
        for rule in rules {
            let learns = rule.actions.iter().flat_map(|action| action.split("learn(").skip(1));
            self.flows.extend(learns.map(|inside| (rule.bridge.clone(), table(inside))));
        }
    }

    /// Adds the MAC of the sender of what came so far; nothing comes after what does not arrive.
    pub fn add_mac(&mut self, verdict: &Verdict, mac: Option<Mac>) {
        let rules = verdict.rules.iter().filter(|_| verdict.reaches() != Some(false));
        let bridges = rules.filter(|rule| switches(rule)).map(|rule| rule.bridge.clone());
        self.macs.extend(bridges.filter_map(|bridge| Some((bridge, mac?))));
    }

    /// That a bridge has another place for a MAC in its table than it learns before. Where it has none it sends to all.
    pub(super) fn moved(&self, trace: &Trace, mac: Option<[u8; 6]>) -> Option<String> {
        const BY_TABLE: [&str; 2] = ["forwarding to learned port", "learned port is input port"];
        let mac = Mac(mac?);
        let by_table = |pass: &&Pass| {
            let mut remarks = pass.remarks.iter();
            remarks.any(|remark| BY_TABLE.iter().any(|told| remark.contains(told)))
        };
        let rules = trace.passes.iter().filter(by_table).flat_map(|pass| &pass.rules);
        let mut bridges = rules.filter(|rule| switches(rule)).map(|rule| &rule.bridge);
        let bridge = bridges.find(|bridge| self.macs.contains(&((*bridge).clone(), mac)))?;
        Some(format!(
            "{bridge} learns anew where {mac} is from what is sent before, which a trace does not"
        ))
    }

    /// The first rule that is met in a table of these.
    fn met_by<'a>(&self, pass: &'a Pass) -> Option<&'a Rule> {
        // A table that cannot be read may be any.
        let is_one = |rule: &&Rule| {
            [Some(rule.table), None]
                .iter()
                .any(|table| self.flows.contains(&(rule.bridge.clone(), *table)))
        };
        pass.rules.iter().filter(|_| !self.flows.is_empty()).find(is_one)
    }

    /// That a packet meets a table which those before it, or it itself before it was recirculated, add flows to.
    pub(super) fn doubt(mut self, trace: &Trace) -> Option<String> {
        for pass in &trace.passes {
            if let Some(Rule { table, bridge, .. }) = self.met_by(pass) {
                return Some(format!(
                    "learn() adds flows to table {table} of {bridge} before it gets there, which a trace does not"
                ));
            }
            self.add(&pass.rules);
        }
        None
    }
}

/// Whether it sends to where the MAC table tells, and learns by that where the sender is.
fn switches(rule: &Rule) -> bool {
    rule.actions.iter().any(|action| action.contains("NORMAL"))
}

/// `table=1,hard_timeout=60,…`: the table; none where that cannot be read.
fn table(inside: &str) -> Option<u8> {
    let first = inside.split([',', ')']).next()?;
    first.strip_prefix("table=")?.parse().ok()
}
