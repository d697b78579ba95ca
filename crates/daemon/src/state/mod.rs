//! What the daemon knows at one moment, what it has published, and how that is written.

mod log;
mod published;
pub(crate) mod renderings;

use std::sync::Arc;

use axum::http::HeaderValue;
use model::{Snapshot, Wiring};
use report::LeftOut;

pub(crate) use log::{Event, NextEvent, NumberedEvent};
pub(crate) use published::Published;

/// One look, related. Copies share it.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// What was seen.
    pub(crate) snapshot: Arc<Snapshot>,
    /// What follows from it.
    pub(crate) found: Arc<Wiring>,
    /// The same as it was told, which is what clients are answered: who applied all events knows
    /// the same.
    pub(crate) wiring: Arc<Wiring>,
    /// How many looks there were, this one counted.
    pub(crate) looks: u64,
    /// The number of the last event that led to it.
    pub(crate) last: u64,
    /// How HTTP names it.
    pub(crate) marks: Marks,
}

/// How HTTP names a state. Made once, as every answer has both.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    /// The entity tag of its look (RFC 9110, section 8.8.3): it changes with every look, whether
    /// or not anything else did.
    pub(crate) tag: Option<HeaderValue>,
    /// The id of the last event that led to it.
    pub(crate) event_id: Option<HeaderValue>,
    /// What the list of attachments leaves out, as [`left_out`]; of what is no such list nothing.
    pub(crate) left_out: Option<HeaderValue>,
}

impl Marks {
    fn new(boot: &str, looks: u64, last: u64) -> Self {
        let value = |text: String| HeaderValue::try_from(text).ok();
        let tag = format!("\"{boot}-{looks}\"");
        let event_id = format!("{boot}-{last}");
        Self { tag: value(tag), event_id: value(event_id), left_out: None }
    }
}

/// How many rows a list leaves out, and why: a dictionary (RFC 9651, section 3.2), as `undecided=2, crowded=5`. None
/// where it has all of them.
pub(crate) fn left_out(rows: LeftOut) -> Option<HeaderValue> {
    let LeftOut { undecided, crowded } = rows;
    let counts = [("undecided", undecided), ("crowded", crowded)].into_iter();
    let counts = counts.filter(|(_, count)| *count > 0);
    let told: Vec<_> = counts.map(|(why, count)| format!("{why}={count}")).collect();
    HeaderValue::try_from(told.join(", ")).ok().filter(|_| !told.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_leaves_out_is_told_by_its_reason() {
        let told = |undecided, crowded| left_out(LeftOut { undecided, crowded });
        assert_eq!(told(0, 0), None);
        assert_eq!(told(2, 0).unwrap(), "undecided=2");
        assert_eq!(told(2, 5).unwrap(), "undecided=2, crowded=5");
    }
}
