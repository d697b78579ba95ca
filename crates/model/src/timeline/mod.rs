//! Watching is looking twice and comparing: what is different is told as events.
//!
//! An event tells a state, not every step on the way to it. What a look could not see is not
//! gone: it is held as it was until a look that sees tells otherwise. A number that is still to come
//! is waited for, unless it takes long ([`Timeline::stop_waiting`]).
//!
//! Who applied every event in order knows what [`Timeline::as_told`] says, at every moment.

mod as_told;
mod compare;
mod orphans;

pub use compare::compare;

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::evidence::Note;
use crate::ids::{LinkKey, Name};
use crate::vlan::Vlans;
use crate::wiring::{Attachment, AttachmentState, ContainerRef, PortRef, SwitchPort, Wire, Wiring};

/// Something that is different now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it was noticed, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What it is.
    pub change: Change,
}

/// What is different.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A container-side link is there that was not.
    Appeared(Box<Attachment>),
    /// One is not what it was.
    Changed {
        /// How it was.
        before: Box<Attachment>,
        /// How it is.
        now: Box<Attachment>,
        /// In what they differ; never empty.
        fields: Vec<Field>,
    },
    /// One is gone.
    Vanished(Box<Attachment>),
    /// The link of a port is gone, the port is not; again where such a port is not what it was told to be.
    Orphaned(Box<SwitchPort>),
    /// An orphaned port was removed or has a link again.
    Cleared(Box<SwitchPort>),
}

/// In what an attachment may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Names or ids of the containers that have it.
    Container,
    /// Its name inside.
    Interface,
    /// Its hardware address.
    Mac,
    /// Its addresses.
    Addresses,
    /// Whether it is on a port, and how sure that is.
    State,
    /// The bridge.
    Bridge,
    /// The OpenFlow port.
    OfPort,
    /// Access VLAN or trunks.
    Vlan,
    /// Its MTU.
    Mtu,
    /// Its interface, datapath id, or what else is known of the port, where nothing of the above changed.
    Port,
    /// The link on the host's side or another part of the way, where nothing of the above changed.
    HostInterface,
    /// What is uncertain about it and lasts ([`Note::is_passing`]), where nothing else changed.
    Notes,
}

/// What was told so far.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// By namespace and index, as in a Wiring.
    attachments: Vec<Attachment>,
    orphans: FxHashMap<(Name, Name), SwitchPort>,
    /// Where the last Wiring says something else of ports or containers than was told.
    waiting: FxHashSet<LinkKey>,
    /// Whether a number is among what is waited for.
    pending: bool,
}

impl Timeline {
    /// Nothing was told yet: the first wiring makes everything appear.
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares with what was told, and tells what is different: attachments by namespace and
    /// index, then what vanished, then ports. `at` is in milliseconds since the Unix epoch.
    pub fn advance(&mut self, wiring: &Wiring, at: u64) -> Vec<Event> {
        let mut changes = self.present(wiring, PendingNumber::Wait);
        changes.extend(self.missing(wiring));
        changes.extend(self.orphaned(wiring));
        changes.extend(self.cleared(wiring));
        changes.into_iter().map(|change| Event { at, change }).collect()
    }

    /// What was told last of every attachment, by namespace and index.
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// Whether a number that is still to come is waited for, and that it is not told.
    pub fn is_waiting(&self) -> bool {
        self.pending
    }

    /// Waits no longer for numbers that are still to come in the Wiring that was told last: tells
    /// that they are.
    pub fn stop_waiting(&mut self, wiring: &Wiring, at: u64) -> Vec<Event> {
        let changes = self.present(wiring, PendingNumber::Tell);
        changes.into_iter().map(|change| Event { at, change }).collect()
    }

    fn present(&mut self, wiring: &Wiring, pending: PendingNumber) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut next = 0;
        self.waiting.clear();
        self.pending = false;
        for now in inhabited(wiring) {
            let at = self.find(key(now), next);
            next = at.unwrap_or_else(|at| at) + 1;
            let Ok(at) = at else {
                self.attachments.insert(next - 1, now.clone());
                changes.push(Change::Appeared(Box::new(now.clone())));
                continue;
            };
            let now = self.with_hidden_tenants(wiring, at, now);
            let Some(told) = self.attachments.get(at) else { continue };
            if differences(told, &now).is_empty() {
                continue;
            }
            let now = self.tellable(wiring, at, now, pending);
            let Some(told) = self.attachments.get_mut(at) else { continue };
            let fields = differences(told, &now);
            if !fields.is_empty() {
                let now = now.into_owned();
                let before = Box::new(std::mem::replace(told, now.clone()));
                changes.push(Change::Changed { before, now: Box::new(now), fields });
            }
        }
        changes
    }

    /// The same with the containers that were told to have it, and may have it still: where they are
    /// was not seen.
    fn with_hidden_tenants<'a>(
        &mut self,
        wiring: &Wiring,
        at: usize,
        now: &'a Attachment,
    ) -> Cow<'a, Attachment> {
        let Some(told) = self.attachments.get(at) else { return Cow::Borrowed(now) };
        let hidden = hidden_tenants(wiring, told, now);
        if hidden.is_empty() {
            return Cow::Borrowed(now);
        }
        self.waiting.insert(key(now));
        let mut tenants: Vec<_> = hidden.into_iter().chain(now.tenants.iter().cloned()).collect();
        tenants.sort();
        Cow::Owned(Attachment { tenants: tenants.into(), ..now.clone() })
    }

    /// What may be told of it now: a port that is not settled stays as it was told.
    fn tellable<'a>(
        &mut self,
        wiring: &Wiring,
        at: usize,
        now: Cow<'a, Attachment>,
        pending: PendingNumber,
    ) -> Cow<'a, Attachment> {
        let Some(told) = self.attachments.get(at) else { return now };
        if told.port == now.port || is_settled(wiring, &now, pending) {
            return now;
        }
        self.waiting.insert(key(&now));
        self.pending |= matches!(now.port, AttachmentState::Pending(_));
        let tenants = now.tenants.clone();
        let link = Arc::clone(&now.link);
        let netns_names = now.netns_names.clone();
        Cow::Owned(Attachment { tenants, netns_names, link, ..told.clone() })
    }

    /// Where it is, or belongs; `guess` is right as long as nothing came or went.
    fn find(&self, wanted: LinkKey, guess: usize) -> Result<usize, usize> {
        if self.attachments.get(guess).is_some_and(|told| key(told) == wanted) {
            return Ok(guess);
        }
        self.attachments.binary_search_by_key(&wanted, key)
    }

    fn missing(&mut self, wiring: &Wiring) -> Vec<Change> {
        if self.attachments.len() == inhabited(wiring).count() {
            // As many as there are now, and all of those were told: none is missing.
            return Vec::new();
        }
        let there: FxHashSet<_> = inhabited(wiring).map(key).collect();
        let gone =
            |told: &mut Attachment| !there.contains(&key(told)) && !wiring.unseen.hides(told);
        let gone = self.attachments.extract_if(.., gone);
        gone.map(|told| Change::Vanished(Box::new(told))).collect()
    }
}

fn key(attachment: &Attachment) -> LinkKey {
    LinkKey { netns: attachment.netns, ifindex: attachment.link.ifindex }
}

/// The containers that were told to have it and are not known to have left: none where it is of others
/// by now, as a namespace's number is given away again.
fn hidden_tenants(wiring: &Wiring, told: &Attachment, now: &Attachment) -> Vec<Arc<ContainerRef>> {
    let has = |of: &Attachment, one: &ContainerRef| {
        of.tenants.iter().any(|tenant| tenant.id == one.id && tenant.engine == one.engine)
    };
    let hidden = told.tenants.iter().filter(|tenant| wiring.unseen.hides_tenant(tenant));
    let is_of_others =
        || !now.tenants.is_empty() && !told.tenants.iter().any(|tenant| has(now, tenant));
    if hidden.clone().next().is_none() || is_of_others() {
        return Vec::new();
    }
    hidden.filter(|tenant| !has(now, tenant)).cloned().collect()
}

/// What is done about a number that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PendingNumber {
    Wait,
    Tell,
}

/// A namespace without a container and without a name is what a container leaves for a moment.
fn is_inhabited(attachment: &Attachment) -> bool {
    !attachment.tenants.is_empty() || !attachment.netns_names.is_empty()
}

fn inhabited(wiring: &Wiring) -> impl Iterator<Item = &Attachment> {
    wiring.attachments.iter().filter(|attachment| is_inhabited(attachment))
}

/// A number that is still to come is waited for, and no port is made of not having seen any.
fn is_settled(wiring: &Wiring, now: &Attachment, pending: PendingNumber) -> bool {
    match now.port {
        AttachmentState::Pending(_) => pending == PendingNumber::Tell,
        AttachmentState::Unknown { .. } => !wiring.unseen.switch,
        _ => true,
    }
}

/// Where a source does not tell them, or there is no port, nothing is known of them: that is no
/// other VLAN. Nothing set is the same as nothing known.
fn vlans(port: Option<&PortRef>) -> Option<&Vlans> {
    port.and_then(|port| port.vlans.as_ref()).filter(|vlans| !vlans.is_plain())
}

fn differences(before: &Attachment, now: &Attachment) -> Vec<Field> {
    let was = before.port.port();
    let is = now.port.port();
    // One that was not read again.
    let same = Arc::ptr_eq(&before.link, &now.link);
    let differ = [
        (Field::Container, before.tenants != now.tenants),
        (Field::Interface, !same && before.link.name != now.link.name),
        (Field::Mac, !same && before.link.mac != now.link.mac),
        (Field::Addresses, !same && before.link.addresses != now.link.addresses),
        (Field::State, before.port.word() != now.port.word()),
        (Field::Bridge, was.map(|port| &port.bridge) != is.map(|port| &port.bridge)),
        (Field::OfPort, before.port.ofport() != now.port.ofport()),
        (Field::Vlan, vlans(was) != vlans(is)),
        (Field::Mtu, !same && before.link.mtu != now.link.mtu),
    ];
    let mut fields: Vec<_> =
        differ.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect();
    if fields.is_empty() {
        fields.extend(beside(before, now));
    }
    fields
}

/// What goes with a change of the port, and is told by itself where that did not change.
fn beside(before: &Attachment, now: &Attachment) -> Option<Field> {
    let is_unresolved = |a: &Attachment| matches!(a.wire, Wire::Unresolved { .. });
    if before.port != now.port {
        Some(Field::Port)
    } else if before.wire != now.wire && !(is_unresolved(before) && is_unresolved(now)) {
        Some(Field::HostInterface)
    } else {
        (!lasting(&before.notes).eq(lasting(&now.notes))).then_some(Field::Notes)
    }
}

/// The notes that are told when they come and go.
fn lasting(notes: &[Note]) -> impl Iterator<Item = &Note> {
    notes.iter().filter(|note| !note.is_passing())
}
