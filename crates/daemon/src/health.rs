//! How the daemon is, written once for each look: what is owed and what is not read may be long, and
//! a program that watches the daemon is to be answered at once.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use report::v1;

use crate::json::json;
use crate::places::Owner;
use crate::restores::WrittenOwed;
use crate::shared_texts::SharedTexts;
use crate::state::State;
use crate::turns::CountedText;

/// What was written last, and who has not taken it.
#[derive(Debug, Default)]
pub(crate) struct HealthTexts {
    shares: SharedTexts,
    last: Mutex<Option<Written>>,
}

#[derive(Debug)]
struct Written {
    text: Bytes,
    /// What it was made of: [`State::looks`], what was owed, and why nothing is kept.
    looks: u64,
    owed: Arc<WrittenOwed>,
    history_error: Option<String>,
}

impl HealthTexts {
    /// JSON of a [`v1::Health`] for a client.
    pub(crate) async fn get(
        &self,
        owner: Owner,
        state: impl FnOnce() -> Option<Arc<State>>,
        owed: impl FnOnce() -> Arc<WrittenOwed>,
        history_error: Option<String>,
    ) -> Option<CountedText> {
        let share = self.shares.turn(owner).await;
        // In its turn, so that who waits for it keeps nothing of what was known.
        let text = self.text(&*state()?, owed(), history_error);
        Some(share.hold(text).await)
    }

    fn text(&self, state: &State, owed: Arc<WrittenOwed>, history_error: Option<String>) -> Bytes {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*last
            && last.looks == state.looks
            && Arc::ptr_eq(&last.owed, &owed)
            && last.history_error == history_error
        {
            return last.text.clone();
        }
        let health = v1::Health::new(&state.snapshot).without_history(history_error.clone());
        let text = json(&health.owing(owed.json())).into_boxed_str().into_boxed_bytes();
        let text = Bytes::from(text);
        *last = Some(Written { text: text.clone(), looks: state.looks, owed, history_error });
        text
    }
}
