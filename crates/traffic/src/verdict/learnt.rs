//! The tables that `learn()` adds flows to, which a trace does not.

use std::collections::BTreeSet;

use flowtext::{Pass, Rule, Trace};

/// The tables that packets add flows to by `learn()`: what comes after them may meet those flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearntTables(BTreeSet<(String, Option<u8>)>);

impl LearntTables {
    /// Adds those of the rules that a packet met.
    pub fn add(&mut self, rules: &[Rule]) {
        for rule in rules {
            let learns = rule.actions.iter().flat_map(|action| action.split("learn(").skip(1));
            self.0.extend(learns.map(|inside| (rule.bridge.clone(), table(inside))));
        }
    }

    /// The first rule that is met in a table of these.
    fn met_by<'a>(&self, pass: &'a Pass) -> Option<&'a Rule> {
        // A table that cannot be read may be any.
        let is_one = |rule: &&Rule| {
            [Some(rule.table), None]
                .iter()
                .any(|table| self.0.contains(&(rule.bridge.clone(), *table)))
        };
        pass.rules.iter().filter(|_| !self.0.is_empty()).find(is_one)
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

/// `table=1,hard_timeout=60,…`: the table; none where that cannot be read.
fn table(inside: &str) -> Option<u8> {
    let first = inside.split([',', ')']).next()?;
    first.strip_prefix("table=")?.parse().ok()
}
