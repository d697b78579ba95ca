//! A narrow look is the whole one cut down: it answers the same, or that it cannot know.

use std::collections::BTreeSet;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::ids::{Ifindex, NetnsId};
use docker_ovs_model::snapshot::{Link, Namespace, Scope};
use docker_ovs_model::wiring::{Attachment, AttachmentState};
use docker_ovs_model::{Snapshot, Wiring, resolve};
use proptest::prelude::*;

use crate::laws::snapshots;

/// What a look at one namespace reads: that one, of the switch's the links it leads to, and the
/// ports that are called as those.
fn narrow(whole: &Snapshot, home: NetnsId) -> Snapshot {
    let mut narrow = whole.clone();
    narrow.scope = Scope::One;
    let switch = whole.switch_netns;
    for rows in narrow.engines.values_mut() {
        let kept = rows.rows().iter().filter(|row| row.netns == Some(home)).cloned();
        *rows = Ok(kept.collect()).into();
    }
    let inside = whole.namespace(home).expect("it was read");
    let near = whole.switch_namespace().map(|ns| near(inside, ns)).unwrap_or_default();
    let kept = whole.kernel.rows().iter();
    let kept = kept.filter(|ns| ns.id == home || Some(ns.id) == switch).cloned().map(|mut ns| {
        if ns.id != home {
            ns.links.retain(|link| near.contains(&link.ifindex));
        }
        ns
    });
    narrow.kernel = Ok(kept.collect()).into();
    let names: BTreeSet<_> = narrow
        .switch_namespace()
        .into_iter()
        .flat_map(|ns| &ns.links)
        .map(|link| link.name.clone())
        .collect();
    for rows in narrow.switch.values_mut() {
        for bridge in rows.rows_mut() {
            bridge.ports.retain(|port| names.contains(&port.iface));
        }
    }
    narrow
}

/// The links of the switch's namespace that those inside name, and whatever they stand on, are
/// enslaved to, or that are enslaved to the same Linux bridge.
fn near(inside: &Namespace, switch: &Namespace) -> BTreeSet<Ifindex> {
    let leaving = inside.links.iter().filter_map(|link| link.peer);
    let there = leaving
        .filter(|peer| peer.nsid.and_then(|nsid| inside.nsids.get(&nsid)) == Some(&switch.id));
    let mut open: Vec<_> = there.map(|peer| peer.ifindex).collect();
    let mut near = BTreeSet::new();
    while let Some(next) = open.pop() {
        let Some(link) = switch.links.iter().find(|link| link.ifindex == next) else { continue };
        if !near.insert(next) {
            continue;
        }
        let members = switch.links.iter().filter(|member| member.master == Some(next));
        open.extend(members.map(|member| member.ifindex));
        let beneath = link.peer.filter(|peer| peer.nsid.is_none()).map(|peer| peer.ifindex);
        open.extend(beneath.into_iter().chain(link.master));
    }
    near
}

/// Whether a look at this namespace reads everything instead (`needs_everything` of the host).
fn needs_everything(inside: &Namespace) -> bool {
    let blind = |kind: Option<&str>| matches!(kind, None | Some("tun" | "openvswitch"));
    let has_siblings = |link: &Link| {
        link.driver_of_siblings().is_some() && link.peer.is_some_and(|lower| lower.nsid.is_some())
    };
    let mut links = inside.links.iter();
    links.any(|link| (link.ethernet && blind(link.kind.as_deref())) || has_siblings(link))
}

/// Whether one of these links of the switch's namespace has others beside it on its parent, as those of a macvlan: a
/// look that meets one reads everything instead (`read_narrow` of the host).
fn meets_siblings(inside: &Namespace, switch: &Namespace) -> bool {
    let near = near(inside, switch);
    let mut met = switch.links.iter().filter(|link| near.contains(&link.ifindex));
    met.any(|link| link.driver_of_siblings().is_some())
}

fn attachments(wiring: &Wiring, home: NetnsId) -> Vec<&Attachment> {
    wiring.attachments.iter().filter(|found| found.netns == home).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_narrow_look_answers_as_the_whole_one_or_not_at_all(whole in snapshots()) {
        let whole = Snapshot { scope: Scope::Everything, ..whole };
        let seen = resolve(&whole);
        let homes = whole.kernel.rows().iter().filter(|ns| Some(ns.id) != whole.switch_netns);
        let is_whole = |home: &Namespace| {
            let met = whole.switch_namespace().is_some_and(|ns| meets_siblings(home, ns));
            met || needs_everything(home)
        };
        for home in homes.filter(|home| !is_whole(home)) {
            let cut = resolve(&narrow(&whole, home.id));
            let (all, few) = (attachments(&seen, home.id), attachments(&cut, home.id));
            prop_assert_eq!(all.len(), few.len());
            for (all, few) in all.into_iter().zip(few) {
                let unknown = matches!(few.port, AttachmentState::Unknown { .. });
                let same = few.port.word() == all.port.word() && few.port.port() == all.port.port();
                prop_assert!(unknown || same, "{:?} and {:?}", few, all);
                prop_assert_eq!(&few.tenants, &all.tenants);
            }
        }
    }

    /// Of several ports that fit, those of the bridge that is asked about are the candidates; one
    /// alone is the answer, with a note; and a question never moves an answer to another port.
    #[test]
    fn a_bridge_narrows_before_ambiguity_is_declared(snapshot in snapshots()) {
        let wiring = resolve(&snapshot);
        for found in &wiring.attachments {
            for bridge in ["br0", "br1"] {
                let narrowed = found.on_bridge(&wiring, Some(bridge));
                let here: Vec<_> = found.candidates.iter().filter(|port| port.is_on(bridge)).collect();
                match (&found.port, here.as_slice()) {
                    (AttachmentState::Unknown { .. }, [one]) if found.candidates.len() > 1 => {
                        prop_assert_eq!(narrowed.port.port(), Some(*one));
                        let told = |note: &Note| matches!(note, Note::FitsElsewhere { .. });
                        prop_assert!(narrowed.notes.iter().any(told));
                    }
                    _ => prop_assert_eq!(&narrowed.port, &found.port),
                }
            }
        }
    }
}
