//! What was told so far, in the form of an answer: events and answers say the same at every moment.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::orphans::port_key;
use super::{Timeline, inhabited, is_inhabited, key};
use crate::evidence::Note;
use crate::wiring::{Attachment, AttachmentState, Occupant, SwitchPort, Wiring};

impl Timeline {
    /// The Wiring that was told last, as it was told: what is not told yet is as it was.
    pub fn as_told(&self, wiring: &Arc<Wiring>) -> Arc<Wiring> {
        let hidden = self.attachments.len() > inhabited(wiring).count();
        let mut ports = Cow::Borrowed(&wiring.ports);
        for (i, port) in wiring.ports.iter().enumerate() {
            if let Some(told) = self.held_port(wiring, port)
                && let Some(port) = ports.to_mut().get_mut(i)
            {
                *port = told;
            }
        }
        let gone = self.hidden_orphans(wiring);
        if !gone.is_empty() {
            ports.to_mut().extend(gone);
        }
        if !hidden && self.waiting.is_empty() && matches!(ports, Cow::Borrowed(_)) {
            return Arc::clone(wiring);
        }
        let ports = ports.into_owned();
        let attachments = self.held_attachments(wiring);
        // Without a copy of the rows whose place these take.
        let Wiring { host, taken, source_errors, unseen, .. } = &**wiring;
        let (source_errors, unseen) = (source_errors.clone(), unseen.clone());
        Arc::new(Wiring {
            host: host.clone(),
            taken: *taken,
            attachments,
            ports,
            source_errors,
            unseen,
        })
    }

    /// What was told of a port's link being gone, where the Wiring does not know it.
    fn held_port(&self, wiring: &Wiring, port: &SwitchPort) -> Option<SwitchPort> {
        if wiring.unseen.switch
            && let Some(told) = self.orphans.get(&port_key(port))
        {
            return Some(told.clone());
        }
        if port.occupant.is_orphaned() {
            let why = "that its link is gone is not proven".to_owned();
            let unknown = SwitchPort { occupant: Occupant::Unknown { why }, ..port.clone() };
            return Some(unknown).filter(|_| !self.orphans.contains_key(&port_key(port)));
        }
        self.orphan(port).map(Cow::into_owned)
    }

    /// The orphaned ports that were told, of which the Wiring has no row for want of a source.
    fn hidden_orphans(&self, wiring: &Wiring) -> Vec<SwitchPort> {
        if !wiring.unseen.switch || self.orphans.is_empty() {
            return Vec::new();
        }
        let there: FxHashSet<_> = wiring.ports.iter().map(port_key).collect();
        let hidden = self.orphans.iter().filter(|(key, _)| !there.contains(*key));
        let mut hidden: Vec<_> = hidden.collect();
        hidden.sort_by_key(|(key, _)| *key);
        hidden.into_iter().map(|(_, port)| port.clone()).collect()
    }

    fn held_attachments(&self, wiring: &Wiring) -> Vec<Attachment> {
        let mut known = self.attachments.iter().peekable();
        let mut all = Vec::with_capacity(self.attachments.len());
        for now in &wiring.attachments {
            while let Some(hidden) = known.next_if(|told| key(told) < key(now)) {
                all.push(held(hidden, "its namespace was not read"));
            }
            let told = known.next_if(|told| key(told) == key(now));
            all.push(match told {
                Some(told) if self.waiting.contains(&key(now)) => held(told, &waits_for(told, now)),
                // Of a container that is gone it would have vanished.
                Some(told) if !is_inhabited(now) => held(told, UNSEEN_TENANT),
                _ => now.clone(),
            });
        }
        all.extend(known.map(|hidden| held(hidden, "its namespace was not read")));
        all
    }
}

const UNSEEN_TENANT: &str = "which network namespace its container is in was not seen";

/// What was told, which is not known to be so still.
fn held(told: &Attachment, why: &str) -> Attachment {
    let mut held = told.clone();
    held.notes.retain(|note| !matches!(note, Note::Stale { .. }));
    held.notes.push(Note::Stale { why: why.to_owned() });
    held
}

fn waits_for(told: &Attachment, now: &Attachment) -> String {
    match &now.port {
        _ if told.tenants != now.tenants => UNSEEN_TENANT.to_owned(),
        AttachmentState::Unknown { why } => why.clone(),
        _ => "vswitchd has not given its new port a number yet".to_owned(),
    }
}
