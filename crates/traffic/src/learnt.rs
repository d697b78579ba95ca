//! What a switch learns of the packets before, which a trace does not: flows by `learn()`, and where a MAC is.

use std::collections::{BTreeMap, BTreeSet};

use flowtext::{Pass, Rule, Trace};
use model::ids::{Mac, Name};

use crate::end::End;

/// The tables that packets add flows to by `learn()`, and where bridges learn MACs from them by `NORMAL`: what comes
/// after them may meet either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearntTables {
    flows: BTreeSet<(String, Option<u8>)>,
    /// Of a bridge and a MAC the port of an end that sent last what bears it as its source.
    macs: BTreeMap<(String, Mac), Option<PortKey>>,
}

/// A bridge, and an interface on it.
type PortKey = (Name, Name);

fn port(end: &End) -> Option<PortKey> {
    end.port.as_ref().map(|at| (at.bridge.clone(), at.port.iface.clone()))
}

impl LearntTables {
    /// Adds those of the rules that a packet met.
    pub fn add(&mut self, rules: &[Rule]) {
        for rule in rules {
            let learns = rule.actions.iter().flat_map(|action| action.split("learn(").skip(1));
            self.flows.extend(learns.map(|inside| (rule.bridge.clone(), table(inside))));
        }
    }

    /// Adds that a bridge has these MACs where an end is.
    pub(crate) fn add_macs_of(&mut self, end: &End, bridge: &str, macs: &BTreeSet<Mac>) {
        let learnt = macs.iter().map(|mac| ((bridge.to_owned(), *mac), port(end)));
        self.macs.extend(learnt);
    }

    /// That a bridge has another place for a MAC in its table than it learns before. Where it has none it sends to all.
    /// What arrives at `at` all the same does so if that is the place which is learnt.
    pub(crate) fn moved(&self, trace: &Trace, mac: [u8; 6], at: Option<&End>) -> Option<String> {
        const BY_TABLE: [&str; 2] = ["forwarding to learned port", "learned port is input port"];
        let mac = Mac(mac);
        let by_table = |pass: &&Pass| {
            let mut remarks = pass.remarks.iter();
            remarks.any(|remark| BY_TABLE.iter().any(|told| remark.contains(told)))
        };
        let rules = trace.passes.iter().filter(by_table).flat_map(|pass| &pass.rules);
        let mut bridges = rules.filter(|rule| switches(rule)).map(|rule| &rule.bridge);
        let is_moved = |bridge: &&String| {
            let learnt = self.macs.get(&((*bridge).clone(), mac));
            learnt.is_some_and(|learnt| at.is_none_or(|at| *learnt != port(at)))
        };
        let bridge = bridges.find(is_moved)?;
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
    pub(crate) fn doubt(mut self, trace: &Trace) -> Option<String> {
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
pub(crate) fn switches(rule: &Rule) -> bool {
    rule.actions.iter().any(|action| action.contains("NORMAL"))
}

/// `table=1,hard_timeout=60,…`: the table; none where that cannot be read.
fn table(inside: &str) -> Option<u8> {
    let first = inside.split([',', ')']).next()?;
    first.strip_prefix("table=")?.parse().ok()
}
