//! A flow taken apart: its match and its actions.

use std::cell::OnceCell;

use flowtext::{Action, Flow};

use crate::rewritten::Rewritten;

/// A flow whose match and actions are taken apart when that is asked for, and once: it costs more than all that is looked
/// up in them, and many interfaces may ask.
#[derive(Clone, Debug)]
pub struct FlowParts<'a> {
    /// The flow, as it is written.
    pub flow: Flow<'a>,
    fields: OnceCell<Vec<(String, Option<String>)>>,
    actions: OnceCell<Vec<Action>>,
    may_rewrite: OnceCell<bool>,
}

impl<'a> From<Flow<'a>> for FlowParts<'a> {
    fn from(flow: Flow<'a>) -> Self {
        let (fields, actions) = (OnceCell::new(), OnceCell::new());
        Self { flow, fields, actions, may_rewrite: OnceCell::new() }
    }
}

impl FlowParts<'_> {
    /// The fields of its match with their values: see [`Flow::fields`].
    pub fn fields(&self) -> &[(String, Option<String>)] {
        self.fields.get_or_init(|| self.flow.fields())
    }

    /// Its actions: see [`Flow::action_list`].
    pub fn actions(&self) -> &[Action] {
        self.actions.get_or_init(|| self.flow.action_list())
    }

    /// Whether it may write over where a packet comes from: of most flows the actions need not be taken apart for that.
    pub(crate) fn may_rewrite(&self) -> bool {
        *self.may_rewrite.get_or_init(|| Rewritten::may_be_in(self.flow.actions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_taken_apart_once() {
        for line in [
            "priority=1,ip,in_port=3,actions=output:4",
            "table=1,in_port=3,actions=ct(commit),resubmit(,2)",
            "priority=0,actions=set_field:5->in_port,goto_table:1",
        ] {
            let parts = FlowParts::from(Flow::parse(line).unwrap());
            assert!(parts.fields.get().is_none() && parts.actions.get().is_none());
            assert_eq!(parts.fields(), parts.flow.fields());
            assert_eq!(parts.actions(), parts.flow.action_list());
            assert_eq!(parts.fields().as_ptr(), parts.fields().as_ptr());
            assert_eq!(parts.actions().as_ptr(), parts.actions().as_ptr());
        }
    }

    #[test]
    fn a_flow_that_writes_over_nothing_is_not_taken_apart() {
        for (line, expected) in [
            ("priority=1,ip,in_port=3,actions=output:4", false),
            ("priority=1,actions=ct(commit,nat(src=10.0.0.1))", true),
            ("priority=1,actions=resubmit(,1)", true),
            ("priority=1,actions=NORMAL", false),
        ] {
            let parts = FlowParts::from(Flow::parse(line).unwrap());
            assert_eq!(parts.may_rewrite(), expected, "{line}");
            assert!(parts.fields.get().is_none() && parts.actions.get().is_none(), "{line}");
        }
    }
}
