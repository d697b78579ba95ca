//! What the engines that are followed publish. Engines that are found later join them.

use futures_util::future::pending;
use model::snapshot::{Container, EngineName};
use tokio::sync::watch::Receiver;

use crate::source::{Answered, Latest, any_changed};

/// An engine that is followed, and where it is heard of.
pub type Feed = (EngineName, Receiver<Answered<Container>>);

/// All that are followed: what is found is never forgotten, and says itself where it is no engine any more.
#[derive(Clone, Debug)]
pub struct EngineFeeds {
    known: Vec<Feed>,
    /// All, as they are found; none where no more will be.
    found: Option<Receiver<Vec<Feed>>>,
}

impl EngineFeeds {
    /// These, and no more.
    pub fn of(known: Vec<Feed>) -> Self {
        Self { known, found: None }
    }

    /// Those that `found` has, and whatever is appended there.
    pub fn growing(mut found: Receiver<Vec<Feed>>) -> Self {
        let known = found.borrow_and_update().clone();
        Self { known, found: Some(found) }
    }

    /// Adds those that were found since.
    pub(crate) fn add_found(&mut self) {
        if let Some(found) = &mut self.found {
            let all = found.borrow_and_update().clone();
            self.known.extend(all.into_iter().skip(self.known.len()));
        }
    }

    /// Those that are known.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Feed> {
        self.known.iter_mut()
    }

    /// Waits until all that are known have said something, be it that they cannot.
    pub(crate) async fn all_answered(&mut self) {
        for (_, rows) in &mut self.known {
            // An engine that has ended has said all that it will say.
            let _ = rows.wait_for(Latest::has_answered).await;
        }
    }

    /// Waits until one of them was published again; for ever if none will be. Cancel safe.
    pub(crate) async fn changed(&mut self) {
        loop {
            let Self { known, found } = self;
            let more = async {
                let Some(found) = found else { return pending().await };
                if found.changed().await.is_err() {
                    pending::<()>().await;
                }
            };
            tokio::select! {
                () = any_changed(known.iter_mut().map(|(_, rows)| rows)) => return,
                () = more => self.add_found(),
            }
        }
    }
}
