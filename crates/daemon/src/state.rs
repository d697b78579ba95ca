//! What the daemon knows at one moment, and the memory of what happened.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use model::{Look, Snapshot, Wiring};
use report::{Wanted, list, v1};
use tokio::sync::watch;

/// So many events are remembered for clients that were away for a while,
const REMEMBERED: usize = 10_000;
/// unless they are longer than this, in bytes of JSON.
const REMEMBERED_BYTES: usize = 2 << 20;

/// One look, related, and what is often asked of it.
#[derive(Debug)]
pub(crate) struct State {
    /// What was seen.
    pub(crate) snapshot: Arc<Snapshot>,
    /// What follows from it.
    pub(crate) wiring: Arc<Wiring>,
    /// How many looks there were, this one counted.
    pub(crate) looks: u64,
    /// The number of the last event that led to it.
    pub(crate) last: u64,
    attachments: OnceLock<Bytes>,
    everything: OnceLock<Arc<str>>,
}

impl State {
    /// Every attachment as v1 JSON, written once.
    pub(crate) fn attachments(&self) -> Bytes {
        let write = || json(&list(&self.snapshot, &self.wiring, &Wanted::default())).into();
        self.attachments.get_or_init(write).clone()
    }

    /// The v1 wiring, written once.
    pub(crate) fn everything(&self) -> Arc<str> {
        let write = || json(&v1::Wiring::new(&self.snapshot, &self.wiring)).into();
        self.everything.get_or_init(write).clone()
    }
}

/// The JSON of a report. Its types are plain structs, which serde_json always can write.
pub(crate) fn json<T: serde::Serialize>(report: &T) -> String {
    serde_json::to_string(report).unwrap_or_default()
}

/// Something to be told.
#[derive(Clone, Debug)]
pub(crate) struct News {
    /// The name of a server-sent event that is not an ordinary one.
    pub(crate) name: Option<&'static str>,
    /// Its v1 JSON.
    pub(crate) json: Arc<str>,
}

/// The same with its number.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) number: u64,
    pub(crate) news: News,
}

/// What was told, from the oldest that is remembered on.
#[derive(Debug, Default)]
struct Past {
    told: VecDeque<Told>,
    bytes: usize,
}

impl Past {
    fn push(&mut self, told: Told) {
        self.bytes += told.news.json.len();
        self.told.push_back(told);
        while self.told.len() > REMEMBERED || self.bytes > REMEMBERED_BYTES {
            let forgotten = self.told.pop_front();
            self.bytes -= forgotten.map_or(0, |told| told.news.json.len());
        }
    }
}

/// The present and the remembered past. Readers wait on the present; nobody can hold it up.
#[derive(Debug)]
pub(crate) struct Live {
    /// Tells this run of the daemon from others, so that their event numbers are not mixed.
    pub(crate) boot: String,
    present: watch::Sender<Option<Arc<State>>>,
    past: Mutex<Past>,
}

impl Live {
    /// Before the first look; `boot` is different in each run.
    pub(crate) fn new(boot: String) -> Self {
        Self { boot, present: watch::Sender::new(None), past: Mutex::default() }
    }

    /// The present, once there was a first look.
    pub(crate) fn now(&self) -> Option<Arc<State>> {
        self.present.borrow().clone()
    }

    /// Hears of every new present.
    pub(crate) fn follow(&self) -> watch::Receiver<Option<Arc<State>>> {
        self.present.subscribe()
    }

    /// Takes a new look, and the news that lead from the one before to it.
    pub(crate) fn publish(&self, look: Look, news: Vec<News>) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut last, looks) = self.now().map_or((0, 0), |state| (state.last, state.looks));
        for news in news {
            last += 1;
            past.push(Told { number: last, news });
        }
        drop(past);
        let Look { snapshot, wiring } = look;
        let (attachments, everything) = Default::default();
        let state = State { snapshot, wiring, looks: looks + 1, last, attachments, everything };
        self.present.send_replace(Some(Arc::new(state)));
    }

    /// At most `most` of what was told after number `after`; none if that is forgotten or
    /// never was.
    pub(crate) fn since(&self, after: u64, most: usize) -> Option<Vec<Told>> {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.now().map_or(0, |state| state.last);
        let forgotten = past.told.front().map_or(last, |told| told.number - 1);
        if after < forgotten || after > last {
            return None;
        }
        let skipped = usize::try_from(after - forgotten).unwrap_or(usize::MAX);
        // Those of a look that is just being published are told with it.
        let known = past.told.iter().skip(skipped).take_while(|told| told.number <= last);
        Some(known.take(most).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::snapshot::{Observed, Scope};

    use super::*;

    fn look() -> Look {
        let snapshot = Snapshot {
            version: Snapshot::VERSION,
            host: "here".to_owned(),
            taken: 1,
            scope: Scope::Everything,
            switch_netns: None,
            engines: BTreeMap::new(),
            named_engines: std::collections::BTreeSet::new(),
            kernel: Observed::Fresh { rows: Arc::default() },
            switch: BTreeMap::new(),
        };
        Look::new(snapshot)
    }

    fn news(texts: &[&str]) -> Vec<News> {
        texts.iter().map(|text| News { name: None, json: (*text).into() }).collect()
    }

    fn numbers(live: &Live, after: u64) -> Option<Vec<u64>> {
        let told = live.since(after, usize::MAX)?;
        Some(told.iter().map(|told| told.number).collect())
    }

    #[test]
    fn events_are_numbered_and_found_again() {
        let live = Live::new("a".to_owned());
        assert_eq!(numbers(&live, 0), Some(vec![]));
        live.publish(look(), news(&["1", "2"]));
        live.publish(look(), vec![]);
        live.publish(look(), news(&["3"]));
        assert_eq!(live.now().unwrap().last, 3);
        assert_eq!(numbers(&live, 0), Some(vec![1, 2, 3]));
        assert_eq!(numbers(&live, 2), Some(vec![3]));
        assert_eq!(numbers(&live, 3), Some(vec![]));
        assert_eq!(numbers(&live, 4), None, "nobody can know the future");
    }

    #[test]
    fn the_memory_is_bounded_and_says_when_it_has_forgotten() {
        let live = Live::new("a".to_owned());
        live.publish(look(), news(&vec!["x"; REMEMBERED + 5]));
        assert_eq!(live.since(4, 1).map(|told| told.len()), None);
        assert_eq!(live.since(5, 1).unwrap()[0].number, 6);
        assert_eq!(numbers(&live, 5).unwrap().len(), REMEMBERED);
        let long = "x".repeat(REMEMBERED_BYTES / 2);
        live.publish(look(), news(&[&long, &long, "", "x"]));
        assert_eq!(live.past.lock().unwrap().told.len(), 3, "long ones are forgotten sooner");
    }
}
