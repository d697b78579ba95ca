//! Two Wirings that are no moments of one run: a machine that was started again between them, or
//! two machines. Namespaces and indexes mean nothing across that; the names of containers and
//! interfaces do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::orphans::port_key;
use super::{Change, Event, Field, Timeline, key};
use crate::ids::{LinkKey, NetnsId};
use crate::wiring::{Attachment, AttachmentState, Wiring};

/// Tells what is different in `after`: an interface is the same if containers of the same engines and names have
/// it under the same name, or else if it is the same link and has a container still that it had. What `after` could not see has not vanished, and what `before` could not has not
/// appeared. `at` is in milliseconds since the Unix epoch.
pub fn compare(before: &Wiring, after: &Wiring, at: u64) -> Vec<Event> {
    let mut timeline = Timeline::new();
    timeline.advance(&as_in(before, after), at);
    timeline.stop_waiting(&as_in(before, after), at);
    let mut events = timeline.advance(after, at);
    events.extend(timeline.stop_waiting(after, at));
    events.retain_mut(|event| is_known(&mut event.change, before, after));
    events
}

/// Whether a change is one, and not what one look saw and the other could not; it leaves out in what it may not be.
fn is_known(change: &mut Change, before: &Wiring, after: &Wiring) -> bool {
    // Where an engine was not seen, only the name of a namespace is known of what a container may have.
    let is_nameless =
        |one: &Attachment, look: &Wiring| look.unseen.hides_containers() && one.tenants.is_empty();
    match change {
        Change::Appeared(now) => !before.unseen.hides(now) && !is_nameless(now, after),
        Change::Vanished(last) => !after.unseen.hides(last) && !is_nameless(last, before),
        Change::Changed { before: was, fields, .. } => {
            let is_blind =
                before.unseen.switch && matches!(was.port, AttachmentState::Unknown { .. });
            fields.retain(|field| !is_blind || !OF_PORT.contains(field));
            !fields.is_empty()
        }
        Change::Orphaned(_) => !before.unseen.switch,
        Change::Cleared(_) => true,
    }
}

/// What follows from the port.
const OF_PORT: [Field; 7] = [
    Field::State,
    Field::Bridge,
    Field::OfPort,
    Field::Vlan,
    Field::Port,
    Field::HostInterface,
    Field::Notes,
];

/// `before` with the namespaces, indexes and containers of `after`, where it has the same interfaces.
fn as_in(before: &Wiring, after: &Wiring) -> Wiring {
    let counterparts = counterparts(before, after);
    let places: BTreeMap<LinkKey, &Attachment> =
        after.attachments.iter().map(|now| (key(now), now)).collect();
    let mut taken: BTreeSet<LinkKey> = counterparts.values().map(|now| key(now)).collect();
    let mut free = Free::default();
    let mut wiring = before.clone();
    for attachment in &mut wiring.attachments {
        let here = key(attachment);
        match (counterparts.get(&here), places.get(&here)) {
            (Some(now), _) => move_to(attachment, now),
            // What is there now is another one.
            (None, Some(now)) if !shares_container(attachment, now) => {
                attachment.netns = free.next();
            }
            (None, _) if taken.insert(here) => {}
            (None, _) => attachment.netns = free.next(),
        }
    }
    wiring.attachments.sort_by_key(key);
    let numbers: BTreeMap<_, _> =
        after.ports.iter().map(|port| (port_key(port), port.port.dp_port)).collect();
    for port in &mut wiring.ports {
        // A datapath numbers its ports anew whenever it starts.
        if let Some(dp_port) = numbers.get(&port_key(port))
            && *dp_port != port.port.dp_port
        {
            Arc::make_mut(&mut port.port).dp_port = *dp_port;
        }
    }
    wiring
}

/// What `after` has each interface of `before` as, by where that was. A container with several namespaces may
/// have one name several times: what stayed where it was is that one, and the rest go in their order.
fn counterparts<'a>(before: &Wiring, after: &'a Wiring) -> BTreeMap<LinkKey, &'a Attachment> {
    let mut free: BTreeMap<Owned<'_>, BTreeMap<LinkKey, &Attachment>> = BTreeMap::new();
    for now in &after.attachments {
        free.entry(owned(now)).or_default().insert(key(now), now);
    }
    let mut found = BTreeMap::new();
    let mut moved = Vec::new();
    for was in &before.attachments {
        let stayed = free.get_mut(&owned(was)).and_then(|free| free.remove(&key(was)));
        match stayed {
            Some(now) => drop(found.insert(key(was), now)),
            None => moved.push(was),
        }
    }
    for was in moved {
        let next = free.get_mut(&owned(was)).and_then(BTreeMap::pop_first);
        found.extend(next.map(|(_, now)| (key(was), now)));
    }
    found
}

/// What an interface is known by: its name, and whose it is, whatever else has that name by now.
type Owned<'a> = (&'a str, Vec<(&'a str, &'a str)>, Option<String>);

fn owned(attachment: &Attachment) -> Owned<'_> {
    let who = attachment.tenants.iter().map(|who| (&*who.engine.0, &*who.name));
    let mut who: Vec<_> = who.collect();
    who.sort_unstable();
    let home = who.is_empty().then(|| attachment.netns.called(&attachment.netns_names));
    (&attachment.link.name, who, home)
}

fn shares_container(was: &Attachment, now: &Attachment) -> bool {
    was.tenants.iter().any(|was| now.tenants.iter().any(|now| was.id == now.id))
}

/// A container that was made again under its name is told as that one: what is different of its
/// interfaces counts.
fn move_to(attachment: &mut Attachment, now: &Attachment) {
    attachment.netns = now.netns;
    attachment.tenants = Arc::clone(&now.tenants);
    let link = Arc::make_mut(&mut attachment.link);
    link.ifindex = now.link.ifindex;
    if attachment.wire.end() == now.wire.end() {
        // The namespaces on the way are others, too.
        attachment.wire = now.wire.clone();
    }
    if let (AttachmentState::On(was), Some(is)) = (&mut attachment.port, now.port.port()) {
        // A datapath numbers its ports anew whenever it starts.
        was.dp_port = is.dp_port;
    }
}

/// Namespaces that no machine has: nsfs is no device of this number.
#[derive(Default)]
struct Free(u64);

impl Free {
    fn next(&mut self) -> NetnsId {
        self.0 += 1;
        NetnsId { dev: u64::MAX, ino: self.0 }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::compare;
    use super::{Change, Event, Field};
    use crate::ids::ContainerId;
    use crate::snapshot::EngineName;
    use crate::wiring::{AttachmentState, ContainerRef, Wire, Wiring};
    use crate::{Snapshot, resolve};

    fn article() -> Wiring {
        let scene = include_str!("../../../cli/tests/scenes/article.json");
        let snapshot: Snapshot = serde_json::from_str(scene).unwrap();
        resolve(&snapshot)
    }

    /// The same host after it was started again: other namespaces, indexes and processes.
    fn started_again() -> Wiring {
        let mut wiring = article();
        let spaces: Vec<_> = wiring.attachments.iter().map(|one| one.netns).rev().collect();
        for (attachment, space) in wiring.attachments.iter_mut().zip(spaces) {
            attachment.netns.ino = space.ino;
            Arc::make_mut(&mut attachment.link).ifindex.0 += 1;
            if let Wire::Veth { netns, .. } = &mut attachment.wire {
                netns.ino += 1;
            }
            if let AttachmentState::On(port) = &mut attachment.port {
                port.dp_port = None;
            }
        }
        wiring.attachments.sort_by_key(super::key);
        wiring
    }

    /// The article's host with one interface once more, in another namespace of the same container.
    fn with_two_namespaces() -> Wiring {
        let mut wiring = article();
        let mut twin = wiring.attachments[0].clone();
        twin.netns.ino += 1000;
        twin.port = AttachmentState::NotOnSwitch;
        wiring.attachments.push(twin);
        wiring.attachments.sort_by_key(super::key);
        wiring
    }

    #[test]
    fn one_name_in_two_namespaces_of_a_container_is_no_change() {
        let host = with_two_namespaces();
        assert_eq!(told(&compare(&host, &host, 0)), [""; 0]);
        let mut restarted = host.clone();
        for attachment in &mut restarted.attachments {
            attachment.netns.ino += 5000;
        }
        assert_eq!(told(&compare(&host, &restarted, 0)), [""; 0]);
        assert_eq!(compare(&host, &article(), 0).len(), 1);
        assert_eq!(compare(&article(), &host, 0).len(), 1);
    }

    fn told(events: &[Event]) -> Vec<String> {
        let one = |event: &Event| match &event.change {
            Change::Appeared(now) => format!("appeared {}", now.label()),
            Change::Vanished(last) => format!("vanished {}", last.label()),
            Change::Changed { now, fields, .. } => format!("changed {} {fields:?}", now.label()),
            Change::Orphaned(port) => format!("orphaned {}", port.port.iface),
            Change::Cleared(port) => format!("cleared {}", port.port.iface),
        };
        events.iter().map(one).collect()
    }

    #[test]
    fn a_host_that_was_started_again_is_the_same() {
        assert_eq!(told(&compare(&article(), &article(), 0)), [""; 0]);
        assert_eq!(told(&compare(&article(), &started_again(), 0)), [""; 0]);
        assert_eq!(told(&compare(&started_again(), &article(), 0)), [""; 0]);
    }

    #[test]
    fn what_came_went_and_changed_is_told() {
        let (before, mut after) = (article(), started_again());
        let gone = after.attachments.remove(0).label();
        let changed = &mut after.attachments[0];
        Arc::make_mut(&mut changed.link).mtu = 9000;
        let label = changed.label();
        let expected = [format!("changed {label} {:?}", [Field::Mtu]), format!("vanished {gone}")];
        assert_eq!(told(&compare(&before, &after, 0)), expected);
        let back = told(&compare(&after, &before, 0));
        assert!(back.contains(&format!("appeared {gone}")), "{back:?}");
    }

    #[test]
    fn what_could_not_be_seen_has_not_vanished() {
        let (before, mut after) = (article(), started_again());
        after.attachments.clear();
        after.unseen.everything = true;
        assert_eq!(told(&compare(&before, &after, 0)), [""; 0]);
        // An engine that did not answer hides what is its own, and nothing else.
        after.unseen.everything = false;
        let all = told(&compare(&before, &after, 0)).len();
        assert!(all > 0);
        after.unseen.engines.insert(EngineName("podman".into()));
        assert_eq!(told(&compare(&before, &after, 0)).len(), all);
        after.unseen.engines.insert(EngineName("docker".into()));
        assert_eq!(told(&compare(&before, &after, 0)), [""; 0]);
    }

    #[test]
    fn what_could_not_be_seen_before_has_not_appeared() {
        let (mut before, after) = (article(), started_again());
        before.attachments.clear();
        before.unseen.everything = true;
        assert_eq!(told(&compare(&before, &after, 0)), [""; 0]);
        // Which containers there are is known, and which namespaces could be read.
        let mut before = article();
        let first = before.attachments.remove(0);
        before.unseen.containers = first.tenants.iter().map(|tenant| tenant.id.clone()).collect();
        assert_eq!(told(&compare(&before, &after, 0)), [""; 0]);
        // The switch did not answer.
        let mut before = article();
        before.unseen.switch = true;
        for one in &mut before.attachments {
            one.port = AttachmentState::Unknown { why: "OVSDB: no answer".to_owned() };
        }
        assert_eq!(told(&compare(&before, &after, 0)), [""; 0]);
        Arc::make_mut(&mut before.attachments[0].link).mtu = 9000;
        let label = before.attachments[0].label();
        let told_of_mtu = [format!("changed {label} {:?}", [Field::Mtu])];
        assert_eq!(told(&compare(&before, &after, 0)), told_of_mtu);
    }

    /// The tenants of the first interface are others.
    fn with_tenants(mut wiring: Wiring, change: impl Fn(&mut Vec<ContainerRef>)) -> Wiring {
        let first = &mut wiring.attachments[0];
        let mut tenants: Vec<_> = first.tenants.iter().map(|who| (**who).clone()).collect();
        change(&mut tenants);
        first.tenants = tenants.into_iter().map(Arc::new).collect();
        wiring
    }

    #[test]
    fn what_a_container_is_called_beside_others_makes_it_no_other_one() {
        let qualified = with_tenants(article(), |who| who[0].qualified = Some("docker:it".into()));
        for (before, after) in [(article(), qualified.clone()), (qualified, started_again())] {
            assert_eq!(told(&compare(&before, &after, 0)), [""; 0]);
            assert_eq!(told(&compare(&after, &before, 0)), [""; 0]);
        }
        // Another engine's is another one.
        let podman = with_tenants(article(), |who| {
            who[0].engine.0 = "podman".into();
            who[0].id.0 = "another".into();
        });
        let both = told(&compare(&article(), &podman, 0));
        assert_eq!(both.len(), 2, "{both:?}");
    }

    #[test]
    fn who_joins_or_leaves_a_namespace_makes_its_interfaces_no_others() {
        let joined = with_tenants(article(), |who| {
            let id = ContainerId("joined".into());
            who.push(ContainerRef { name: "b".into(), id, ..who[0].clone() });
        });
        let renamed = with_tenants(article(), |who| who[0].name = "renamed".into());
        for after in [joined, renamed] {
            let now = after.attachments[0].label();
            let changed = [format!("changed {now} {:?}", [Field::Container])];
            assert_eq!(told(&compare(&article(), &after, 0)), changed);
            assert_eq!(told(&compare(&after, &article(), 0)).len(), 1);
        }
        let mut renamed = article();
        Arc::make_mut(&mut renamed.attachments[0].link).name = "other0".into();
        let now = renamed.attachments[0].label();
        let changed = [format!("changed {now} {:?}", [Field::Interface])];
        assert_eq!(told(&compare(&article(), &renamed, 0)), changed);
    }

    #[test]
    fn another_container_in_the_same_place_is_another_one() {
        let (before, mut after) = (article(), article());
        let renamed = &mut after.attachments[0];
        let mut tenants: Vec<_> = renamed.tenants.iter().map(|who| (**who).clone()).collect();
        tenants[0].name = "another".into();
        tenants[0].id.0 = "another".into();
        renamed.tenants = tenants.into_iter().map(Arc::new).collect();
        assert_eq!(renamed.link.ifindex, before.attachments[0].link.ifindex);
        let expected = [
            format!("appeared {}", renamed.label()),
            format!("vanished {}", before.attachments[0].label()),
        ];
        assert_eq!(told(&compare(&before, &after, 0)), expected);
    }
}
