//! What is on several ports, or may be on one of several, is on the bridge of each.

use docker_ovs_model::filter::{Filter, Filters};
use docker_ovs_model::who::{Match, MatchedBy, WhoQuery, who};
use docker_ovs_model::wiring::{Attachment, AttachmentState, Occupant};
use docker_ovs_model::{Look, Snapshot};

use crate::sentences::case;
use crate::wiring::{cases, read};

fn passes(found: &Attachment, filters: &[&str]) -> bool {
    let filters: Vec<Filter> = filters.iter().map(|text| text.parse().unwrap()).collect();
    let who = found.tenants.first().unwrap();
    Filters(&filters).pass(found, who, None)
}

fn of<'a>(look: &'a Look, interface: &str) -> &'a Attachment {
    look.wiring.attachments.iter().find(|found| *found.link.name == *interface).unwrap()
}

#[test]
fn a_bond_is_on_the_bridge_of_its_members_and_is_found_there() {
    let look = Look::new(case("stack-bond"));
    for interface in ["bond0", "bond0.30"] {
        let bond = of(&look, interface);
        assert!(matches!(bond.port, AttachmentState::Several { .. }), "{bond:?}");
        assert!(bond.is_on("br0") && !bond.is_on("br1"));
        assert!(passes(bond, &["bridge=br0", "status=several"]) && !passes(bond, &["bridge=br1"]));
        for query in ["br0:1", "br0:2", "va", "vb", "1"] {
            let hits = who(&look.snapshot, &look.wiring, &WhoQuery::from(query));
            let is = |hit: &Match<'_>| matches!(hit, Match::Attachment(found) if **found == *bond);
            assert!(hits.iter().any(|(_, hit)| is(hit)), "{query}");
            assert!(hits.iter().all(|(_, hit)| matches!(hit, Match::Attachment(_))), "{query}");
        }
        let hits = who(&look.snapshot, &look.wiring, &WhoQuery::from("br1:1"));
        assert!(hits.is_empty(), "{hits:?}");
    }
}

#[test]
fn a_name_comes_before_a_port_that_the_word_may_be_too() {
    let text = serde_json::to_string(&case("stack-bond")).unwrap();
    for word in ["0x2", "2"] {
        let named = text.replace("\"va\"", &format!("\"{word}\""));
        for (text, is_named) in [(&text, false), (&named, true)] {
            let look = Look::new(serde_json::from_str::<Snapshot>(text).unwrap());
            let hits = who(&look.snapshot, &look.wiring, &WhoQuery::from(word));
            let by_name = hits.iter().all(|(by, _)| *by == MatchedBy::Name);
            assert!(by_name == is_named && !hits.is_empty(), "{word}: {hits:?}");
        }
    }
}

#[test]
fn what_may_be_on_one_of_several_ports_is_listed_with_the_bridge_of_each() {
    let look = Look::new(case("linux-bridge-two-ways"));
    let found = &look.wiring.attachments[0];
    assert!(matches!(found.port, AttachmentState::Unknown { .. }) && found.port.ports().is_empty());
    assert!(found.is_on("br0") && !found.is_on("br1"));
    assert!(passes(found, &["bridge=br0", "status=unknown"]) && !passes(found, &["bridge=br1"]));
    // Nothing is known to be on either port.
    let taken = |row: &&_| matches!(Occupant::clone(row), Occupant::Plugged { .. });
    assert_eq!(look.wiring.ports.iter().map(|row| &row.occupant).filter(taken).count(), 0);
}

#[test]
fn one_port_has_to_fit_all_that_is_asked_of_ports() {
    let mut host = case("stack-bond");
    let rows = host.switch.values_mut().next().unwrap().rows_mut();
    for (port, tag) in rows[0].ports.iter_mut().zip([10, 20]) {
        std::sync::Arc::make_mut(port).tag = Some(tag);
    }
    let look = Look::new(host);
    let bond = of(&look, "bond0");
    assert!(passes(bond, &["vlan=10", "bridge=br0"]) && passes(bond, &["vlan=20"]));
    assert!(!passes(bond, &["vlan=30"]));
}

#[test]
fn each_port_names_every_link_that_is_on_it() {
    let mut several = 0;
    for path in cases() {
        let look = Look::new(read::<Snapshot>(&path.join("snapshot.json")));
        for found in &look.wiring.attachments {
            several += usize::from(found.port.ports().len() > 1);
            for port in found.port.ports() {
                let row = look.wiring.port(port).unwrap();
                let Occupant::Plugged { plugs } = &row.occupant else { panic!("{row:#?}") };
                let is = |plug: &docker_ovs_model::wiring::Plug| {
                    plug.netns == found.netns && plug.interface == found.link.name
                };
                assert_eq!(plugs.iter().filter(|plug| is(plug)).count(), 1, "{row:#?}");
            }
        }
    }
    assert!(several > 1, "{several}");
}
