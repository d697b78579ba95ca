//! An event that many are told, and the text that it is told in.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use report::v1::FleetEvent;

/// An event, and what is written of it: once for all that are told.
#[derive(Debug)]
pub struct SharedEvent {
    event: FleetEvent,
    text: OnceLock<Arc<[u8]>>,
}

impl SharedEvent {
    /// One of which nothing is written yet.
    pub fn new(event: FleetEvent) -> Self {
        Self { event, text: OnceLock::new() }
    }

    /// Its text, which the first that asks has written, and all the others get.
    pub fn text(&self, write: impl FnOnce(&FleetEvent) -> String) -> Arc<[u8]> {
        self.text.get_or_init(|| write(&self.event).into_bytes().into()).clone()
    }
}

impl Deref for SharedEvent {
    type Target = FleetEvent;

    fn deref(&self) -> &FleetEvent {
        &self.event
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use report::v1::FleetAction;

    use super::*;

    #[test]
    fn of_all_that_ask_one_writes_the_text() {
        let event = FleetEvent {
            time: String::new(),
            host: "a".to_owned(),
            action: FleetAction::Live,
            container: String::new(),
            interface: String::new(),
            bridge: None,
            ofport: None,
            attachment: None,
        };
        let shared = Arc::new(SharedEvent::new(event.clone()));
        assert_eq!(**shared, event);
        let written = AtomicUsize::new(0);
        let write = |event: &FleetEvent| {
            written.fetch_add(1, Ordering::Relaxed);
            format!("of {}", event.host)
        };
        let texts: Vec<_> = (0..8).map(|_| shared.text(write)).collect();
        assert!(texts.iter().all(|text| Arc::ptr_eq(text, &texts[0]) && **text == *b"of a"));
        assert_eq!(written.into_inner(), 1);
    }
}
