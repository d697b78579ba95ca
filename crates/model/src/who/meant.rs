//! Whom a word means in what happened: a container by its name, and maybe others by the beginning of their ids. Of what
//! was, Docker's rule that a name comes first would leave out what the user asked about.

use std::collections::BTreeSet;

use super::about::{is_tenant_about, is_tenant_called};
use crate::timeline::{Change, Event};
use crate::wiring::Attachment;

/// The containers that a word means, of all events that it is about.
#[derive(Clone, Debug, Default)]
pub struct Meant {
    /// Whether it is the name of one.
    is_name: bool,
    /// The names of those whose ids begin with it.
    by_id: BTreeSet<String>,
}

impl Meant {
    /// Adds the containers of an event that `word` means.
    pub fn add(&mut self, event: &Event, word: &str) {
        match &event.change {
            Change::Appeared(row) | Change::Vanished(row) => self.add_row(row, word),
            Change::Changed { before, now, .. } => {
                self.add_row(before, word);
                self.add_row(now, word);
            }
            Change::Orphaned(_) | Change::Cleared(_) => {}
        }
    }

    fn add_row(&mut self, row: &Attachment, word: &str) {
        for who in row.tenants.iter().filter(|who| is_tenant_about(row, who, word)) {
            if is_tenant_called(row, who, word) {
                self.is_name = true;
            } else {
                self.by_id.insert(who.called().to_owned());
            }
        }
    }

    /// That `word` is the name of one container and begins the id of another, where it does.
    pub fn ambiguity(&self, word: &str) -> Option<String> {
        let other = self.by_id.first().filter(|_| self.is_name)?;
        Some(format!(
            "{word} is ambiguous: it is the name of a container, and the id of {other} begins with it; this is of both"
        ))
    }
}
