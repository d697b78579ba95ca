//! What holds for every case in `wiring/`, whichever way it is asked about.

use docker_ovs_model::evidence::Evidence;
use docker_ovs_model::ids::OfPort;
use docker_ovs_model::query::{QueryError, of_interface};
use docker_ovs_model::snapshot::Observed;
use docker_ovs_model::who::{Match, MatchedBy, WhoQuery, who};
use docker_ovs_model::wiring::{Attachment, AttachmentState};
use docker_ovs_model::{Look, Snapshot, Target, anonymise, resolve};

use crate::wiring::{cases, read};

fn looks() -> impl Iterator<Item = Look> {
    cases().into_iter().map(|case| Look::new(read::<Snapshot>(&case.join("snapshot.json"))))
}

/// What the query fitted of this attachment.
fn finds(look: &Look, query: &WhoQuery, wanted: &Attachment) -> Option<MatchedBy> {
    let hits = who(&look.snapshot, &look.wiring, query);
    let same = |hit: &Match<'_>| matches!(hit, Match::Attachment(found) if **found == *wanted);
    hits.into_iter().find(|(_, hit)| same(hit)).map(|(by, _)| by)
}

#[test]
fn every_attachment_is_found_by_whatever_it_has() {
    let mut found = std::collections::BTreeSet::new();
    for look in looks() {
        for attachment in &look.wiring.attachments {
            let mut check = |query: WhoQuery, by: MatchedBy| {
                assert_eq!(
                    finds(&look, &query, attachment),
                    Some(by),
                    "{query:?}: {attachment:#?}"
                );
                found.insert(by);
            };
            attachment
                .link
                .mac
                .into_iter()
                .for_each(|mac| check(WhoQuery::Mac(mac), MatchedBy::Mac));
            for cidr in &attachment.link.addresses {
                check(WhoQuery::Ip(cidr.ip), MatchedBy::Address);
            }
            if let Some(name) = attachment.host_interface() {
                check(WhoQuery::Name(name.to_owned()), MatchedBy::Name);
            }
            if let (Some(port), Some(ofport)) = (attachment.port.port(), attachment.port.ofport()) {
                check(
                    WhoQuery::PortOf { bridge: port.bridge.to_string(), ofport },
                    MatchedBy::OfPort,
                );
                check(WhoQuery::Number(ofport.0.into()), MatchedBy::OfPort);
                check(WhoQuery::Name(port.iface.to_string()), MatchedBy::Name);
                let word = format!("{}:{}", port.bridge, port.iface);
                check(WhoQuery::Name(word), MatchedBy::Name);
                let elsewhere = WhoQuery::PortOf { bridge: "br-none".to_owned(), ofport };
                assert_eq!(finds(&look, &elsewhere, attachment), None);
            }
        }
    }
    assert!(
        found.contains(&MatchedBy::Mac) && found.contains(&MatchedBy::OfPort),
        "the cases have {found:?}"
    );
}

/// As tables tell it: `web:eth0`, and with its engine where the name alone means another one too.
#[test]
fn every_interface_is_named_by_its_container_and_itself() {
    let mut count = 0;
    for look in looks() {
        for attachment in &look.wiring.attachments {
            for who in attachment.tenants.iter() {
                let word = format!("{}:{}", who.called(), attachment.link.name);
                let by = finds(&look, &WhoQuery::from(word.as_str()), attachment);
                assert_eq!(by, Some(MatchedBy::Name), "{word}: {attachment:#?}");
                let other = format!("{}:no-such", who.called());
                assert_eq!(finds(&look, &WhoQuery::from(other.as_str()), attachment), None);
                let (subject, interface) = look.named(word.as_str()).unwrap();
                assert_eq!(interface, Some(&*attachment.link.name), "{word}");
                // Of a source that is missing nothing is told, and of the host's network neither.
                let found = look.attachments_on(subject, None).unwrap_or_default();
                if found.is_empty() {
                    continue;
                }
                let one = of_interface(found.clone(), interface, &word).unwrap();
                assert!(one.iter().any(|found| **found == *attachment), "{word}");
                assert!(one.iter().all(|found| found.link.name == attachment.link.name));
                let none = of_interface(found, Some("no-such"), &other).unwrap_err();
                let told = format!("{} has no interface no-such", who.called());
                assert_eq!(none.to_string(), told);
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn of_a_word_that_is_read_in_two_ways_what_says_more_is_told() {
    let is_known = |error: QueryError| matches!(error, QueryError::NoSuchContainer { .. });
    let look = looks().find(|look| {
        let unknown = look.container("no-such-thing").map(drop);
        look.snapshot.containers().count() > 0 && unknown.is_err_and(is_known)
    });
    let look = look.unwrap();
    let name = look.snapshot.containers().next().unwrap().name.to_string();
    let said = |word: &str| look.named(word).unwrap_err().to_string();
    assert_eq!(said("no-such-thing:eth0"), "no such container: no-such-thing:eth0");
    assert_eq!(said(&format!("{name}x:eth0")), format!("no such container: {name}x"));
}

#[test]
fn every_port_is_found_as_itself_or_as_the_attachment_on_it() {
    let mut ports = 0;
    for look in looks() {
        for row in &look.wiring.ports {
            let is = |hit: &Match<'_>| match hit {
                Match::Port(found) => found.port == row.port,
                Match::Attachment(found) => {
                    found.port.ports().iter().any(|port| port.iface == row.port.iface)
                }
            };
            let found = |query: &WhoQuery| {
                who(&look.snapshot, &look.wiring, query).iter().any(|(_, hit)| is(hit))
            };
            assert!(found(&WhoQuery::Name(row.port.iface.to_string())), "{row:#?}");
            let lonely =
                who(&look.snapshot, &look.wiring, &WhoQuery::Name(row.port.iface.to_string()));
            if !lonely.iter().any(|(_, hit)| matches!(hit, Match::Port(_))) {
                continue;
            }
            ports += 1;
            row.port.mac.iter().for_each(|mac| assert!(found(&WhoQuery::Mac(*mac)), "{row:#?}"));
            if let Some(index) = &row.port.ifindex {
                assert!(found(&WhoQuery::Ifindex(*index)), "{row:#?}");
            }
            if let Some(ofport) = row.port.ofport.assigned() {
                let bridge = row.bridge.to_string();
                assert!(found(&WhoQuery::Number(ofport.0.into())), "{row:#?}");
                assert!(found(&WhoQuery::PortOf { bridge, ofport }), "{row:#?}");
            }
            assert!(!found(&WhoQuery::Ip("203.0.113.1".parse().unwrap())));
        }
    }
    assert!(ports > 0, "no case has a port without an attachment");
}

#[test]
fn every_container_is_found_by_its_id_and_has_its_attachments_or_a_reason() {
    for look in looks() {
        for (engine, rows) in &look.snapshot.engines {
            for row in rows.rows() {
                assert_eq!(look.container(&row.id.0).unwrap(), row);
                let named = look.container(&format!("{engine}:{}", row.name)).unwrap();
                assert_eq!(named.name, row.name);
                let target = look.subject(&Target::from(&*row.id.0)).unwrap();
                match look.attachments_of(target) {
                    Ok(found) => {
                        assert!(found.iter().all(|found| Some(found.netns) == row.netns));
                        let shares = row.on_host_network();
                        assert_eq!(target.remark(&look.snapshot).is_some(), shares);
                    }
                    Err(error @ QueryError::NotRunning { .. }) => {
                        let hint = error.hint().unwrap();
                        assert!(hint.contains("start it with "), "{engine}: {hint}");
                        let is_dockers = hint.contains("with docker ");
                        assert_eq!(is_dockers, engine.kind() == "docker", "{hint}");
                    }
                    Err(error) => {
                        assert!(matches!(error, QueryError::SourceUnavailable(_)), "{error}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_bridge_and_namespace_is_found() {
    for look in looks() {
        for bridge in look.snapshot.switch.values().flat_map(Observed::rows) {
            assert_eq!(*look.bridge(&bridge.name).unwrap().name(), bridge.name);
        }
        for space in look.snapshot.kernel.rows() {
            assert_eq!(look.namespace(space.id), Some(space));
        }
        for source in look.snapshot.switch.keys() {
            let absent = look.snapshot.switch[source].absence().is_some();
            assert_eq!(look.switch(*source).is_err(), absent);
        }
        let source_errors = look.remarks().len();
        assert_eq!(source_errors, look.wiring.source_errors.len());
        if look.require_sources().is_err() {
            assert!(source_errors > 0, "what is missing is told");
        }
    }
}

#[test]
fn evidence_follows_the_steps_of_2014_in_their_order() {
    for look in looks() {
        for attachment in &look.wiring.attachments {
            let steps: Vec<_> = attachment.evidence.iter().map(Evidence::step).collect();
            assert!(steps.is_sorted(), "{steps:?}: {attachment:#?}");
            let numbered = attachment.port.ofport().is_some();
            assert!(!numbered || steps.last() == Some(&5), "{steps:?}: {attachment:#?}");
        }
    }
}

#[test]
fn a_doubt_is_told_of_every_unknown_port_and_every_note() {
    for attachment in looks().flat_map(|look| look.wiring.attachments.clone()) {
        let unknown = matches!(attachment.port, AttachmentState::Unknown { .. });
        let several = attachment.port.several().is_some();
        let doubts = attachment.doubts();
        // A link of a kind that has no other end is not doubtful for leading nowhere.
        let expected = attachment.link.kind.as_deref().is_none_or(|kind| kind == "veth");
        let told = doubts.len() - attachment.uncertain().count();
        assert!(
            told == usize::from(unknown || several) || (!expected && told == 0),
            "{attachment:#?}"
        );
        assert!(doubts.iter().all(|doubt| !doubt.is_empty()));
        assert_eq!(attachment.port.word() == "unknown", unknown);
    }
}

#[test]
fn without_its_names_a_case_has_the_same_numbers() {
    for look in looks() {
        let hidden = anonymise(&look.snapshot);
        let numbers = |wiring: &docker_ovs_model::Wiring| -> Vec<Option<OfPort>> {
            let mut all: Vec<_> = wiring.attachments.iter().map(|a| a.port.ofport()).collect();
            all.sort();
            all
        };
        assert_eq!(
            numbers(&resolve(&hidden)),
            numbers(&look.wiring),
            "{:#?}",
            look.wiring.attachments
        );
        let names = look.snapshot.engines.values().flat_map(Observed::rows);
        let text = serde_json::to_string(&hidden).unwrap();
        for name in names.map(|row| &row.name).filter(|name| name.len() > 3) {
            assert!(!text.contains(&format!("\"{name}\"")), "{name} is still in {text}");
        }
    }
}
