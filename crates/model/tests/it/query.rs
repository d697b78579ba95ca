//! Whom and what a question is about, where that is not clear or cannot be seen.

use std::sync::Arc;

use docker_ovs_model::filter::{Filter, Filters};
use docker_ovs_model::ids::ContainerId;
use docker_ovs_model::query::{
    QueryError, Subject, attachments, bridge, called, container, of_interface, parts_of_near_names,
    require_sources, subject,
};
use docker_ovs_model::snapshot::{Container, EngineName, NamedProcess, Observed};
use docker_ovs_model::switch::SwitchSource;
use docker_ovs_model::who::{WhoQuery, who};
use docker_ovs_model::wiring::Attachment;
use docker_ovs_model::{Look, Snapshot, SourceError, SourceErrorKind, Target, anonymise, resolve};

use proptest::collection::vec;
use proptest::prelude::*;

use crate::plans::scene::{connected, host, request};

/// What `words` name.
fn target<'a>(host: &'a Snapshot, words: &str) -> Result<Subject<'a>, QueryError> {
    subject(host, &Target::parse(words).unwrap())
}

fn containers(host: &mut Snapshot) -> &mut [Container] {
    host.engines.values_mut().next().unwrap().rows_mut()
}

fn why(kind: SourceErrorKind) -> SourceError {
    SourceError::new(kind, "secret place", "secret reason").hint("secret hint")
}

#[test]
fn an_id_may_be_cut_as_long_as_it_fits_one() {
    let mut host = host();
    assert_eq!(&*container(&host, "111").unwrap().name, "c1");
    containers(&mut host)[1].id = ContainerId("1".repeat(20).into());
    let error = container(&host, "111").unwrap_err();
    let QueryError::AmbiguousContainer { candidates, .. } = &error else { panic!("{error}") };
    assert_eq!(candidates, &["111111111111 (c1)", "111111111111 (c2)"]);
    assert!(matches!(container(&host, ""), Err(QueryError::NoSuchContainer { .. })));
}

#[test]
fn a_namespace_is_found_by_its_name_and_a_process_by_its_container() {
    let mut host = host();
    host.kernel.rows_mut()[1].names.push("blue".to_owned());
    for wanted in ["netns:blue", "netns:/run/netns/blue", "netns:/var/run/netns/blue"] {
        let found = target(&host, wanted).unwrap();
        assert!(matches!(found, Subject::Namespace(row) if row.names == ["blue"]), "{found:?}");
        assert_eq!(found.remark(&host), None);
    }
    containers(&mut host)[1].pid = Some(4711);
    for wanted in ["pid:4711", "netns:/proc/4711/ns/net"] {
        let found = target(&host, wanted).unwrap();
        assert!(matches!(found, Subject::Container(row) if &*row.name == "c2"), "{found:?}");
    }
    let unread = host.kernel.rows().to_vec();
    for absent in [
        Observed::Absent { why: why(SourceErrorKind::Denied) },
        Observed::Partial { rows: unread.into(), why: why(SourceErrorKind::Unusable) },
    ] {
        host.kernel = absent;
        for wanted in ["pid:1", "netns:red", "netns:/no/such/red"] {
            let error = target(&host, wanted).unwrap_err();
            assert!(matches!(error, QueryError::SourceUnavailable(_)), "{error}");
        }
    }
}

#[test]
fn a_path_is_no_name_and_a_process_is_no_container() {
    let mut host = host();
    let row = &mut host.kernel.rows_mut()[1];
    let (ino, id) = (row.id.ino, row.id);
    row.names.push("blue".to_owned());
    row.paths.push("/run/docker/netns/1".to_owned());
    row.process = Some(NamedProcess { pid: 12, name: "dhcpd".into() });
    for wanted in ["netns:/run/docker/netns/1", "pid:12", &format!("netns:net:[{ino}]")] {
        let found = target(&host, wanted).unwrap();
        assert!(matches!(found, Subject::Namespace(row) if row.id == id), "{found:?}");
    }
    for wanted in ["netns:red", "netns:/run/netns/red", "netns:net:[99]"] {
        let error = target(&host, wanted).unwrap_err();
        assert!(matches!(error, QueryError::NoSuchNetns { .. }), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let unknown = ["netns:/no/such/blue", "netns:x/blue", "netns:/run/netns/x/blue", "pid:1"];
    for wanted in
        unknown.into_iter().chain(["netns:/proc/1/ns/net", "netns:/run/docker/netns/blue"])
    {
        let error = target(&host, wanted).unwrap_err();
        assert!(matches!(error, QueryError::UnknownNetns { .. }), "{error}");
        assert!(error.hint().unwrap().contains("/run/netns"), "{error}");
    }
}

#[test]
fn the_switchs_own_namespace_and_the_hosts_network_are_remarked_on() {
    let mut host = host();
    let row = &host.kernel.rows()[0];
    let said = Subject::Namespace(row).remark(&host).unwrap();
    assert!(said.contains("the switch's own namespace"), "{said}");
    containers(&mut host)[0].network_mode = "host".to_owned();
    let wiring = resolve(&host);
    let found = target(&host, "c1").unwrap();
    assert!(found.remark(&host).unwrap().contains("shares the host's network"));
    assert!(attachments(&host, &wiring, found).unwrap().is_empty());
}

#[test]
fn what_has_not_been_read_is_no_empty_answer() {
    let mut host = host();
    let wiring = resolve(&host);
    let asked = |host: &Snapshot| attachments(host, &wiring, target(host, "c1").unwrap());
    assert!(asked(&host).is_ok_and(|found| found.is_empty()));
    let Observed::Fresh { rows } = &host.kernel else { panic!("it is fresh") };
    host.kernel = Observed::Fresh { rows: rows.iter().take(1).cloned().collect() };
    let Err(QueryError::SourceUnavailable(source_error)) = asked(&host) else {
        panic!("it has not been read")
    };
    assert_eq!(
        (source_error.kind, source_error.hint.as_str()),
        (SourceErrorKind::TimedOut, "ask again")
    );
    let row = &mut containers(&mut host)[0];
    (row.netns, row.netns_error) = (None, Some(why(SourceErrorKind::Denied)));
    assert!(matches!(asked(&host), Err(QueryError::SourceUnavailable(_))));
    containers(&mut host)[0].pid = None;
    let Err(QueryError::SourceUnavailable(untold)) = asked(&host) else {
        panic!("it may run: the engine did not say that it does not")
    };
    assert_eq!(untold.hint, "ask again");
    containers(&mut host)[0].state = "exited".to_owned();
    assert!(matches!(asked(&host), Err(QueryError::NotRunning { .. })));
}

#[test]
fn a_source_that_is_missing_is_named_instead_of_a_guess() {
    assert!(require_sources(&host()).is_ok());
    let mut blind = host();
    blind
        .switch
        .insert(SwitchSource::Ovsdb, Observed::Absent { why: why(SourceErrorKind::Denied) });
    assert!(matches!(bridge(&blind, "br0"), Err(QueryError::SourceUnavailable(_))));
    assert!(matches!(require_sources(&blind), Err(QueryError::SourceUnavailable(_))));
    let mut blind = host();
    for rows in blind.engines.values_mut() {
        *rows = Observed::Absent { why: why(SourceErrorKind::Unreachable) };
    }
    assert!(matches!(container(&blind, "c1"), Err(QueryError::SourceUnavailable(_))));
    let error = bridge(&host(), "br7").unwrap_err();
    assert_eq!(error.hint().unwrap(), "there are br0, br1");
}

#[test]
fn a_trouble_tells_no_stranger_where() {
    let mut host = host();
    containers(&mut host)[0].netns_error = Some(why(SourceErrorKind::Denied));
    host.kernel.rows_mut()[1].source_error = Some(why(SourceErrorKind::Denied));
    let rows = host.switch[&SwitchSource::Ovsdb].rows().into();
    host.switch
        .insert(SwitchSource::Ovsdb, Observed::Stale { rows, why: why(SourceErrorKind::Gone) });
    host.switch.insert(SwitchSource::Appctl, Observed::Absent { why: why(SourceErrorKind::Gone) });
    assert!(serde_json::to_string(&host).unwrap().contains("secret"));
    assert!(!serde_json::to_string(&anonymise(&host)).unwrap().contains("secret"));
}

#[test]
fn an_interface_is_called_by_its_alternative_names_too() {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    let links = host.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
    for link in links.filter(|link| &*link.name == "eth0") {
        Arc::make_mut(link).altnames.push("uplink".into());
    }
    let look = Look::new(host);
    for word in ["c1:eth0", "c1:uplink"] {
        let (subject, interface) = look.named(word).unwrap();
        let found = look.attachments_on(subject, None).unwrap();
        assert_eq!(of_interface(found, interface, word).unwrap().len(), 1, "{word}");
        assert_eq!(who(&look.snapshot, &look.wiring, &WhoQuery::from(word)).len(), 1, "{word}");
    }
}

#[test]
fn a_filter_looks_at_the_attachment_its_container_and_its_port() {
    let mut host = host();
    containers(&mut host)[0].labels.insert("tier".to_owned(), "web".to_owned());
    let host = connected(&host, &request("br0", "c1"), 1);
    let wiring = resolve(&host);
    let found = &wiring.attachments[0];
    let row = container(&host, "c1").unwrap();
    let passes = |text: &str| {
        let filters = [text.parse::<Filter>().unwrap()];
        assert_eq!(filters[0].needs_labels(), text.starts_with("label"));
        Filters(&filters).pass(found, &found.tenants[0], Some(row))
    };
    for text in
        ["container=c1", "container=1111", "bridge=br0", "vlan=7", "status=on", "label=tier=web"]
    {
        assert!(passes(text), "{text}");
    }
    for text in ["container=c2", "bridge=br1", "status=failed", "label=tier=db"] {
        assert!(!passes(text), "{text}");
    }
}

/// The same host with another engine, which has a container called as the first one's first is.
fn with_engine(name: &str) -> Snapshot {
    let mut host = host();
    let row = containers(&mut host)[0].clone();
    let row = Container { id: ContainerId("9".repeat(64).into()), netns: None, pid: None, ..row };
    host.engines.insert(EngineName(name.into()), Observed::Fresh { rows: vec![row].into() });
    host
}

#[test]
fn a_name_of_two_engines_is_written_with_the_engine_and_no_other_is() {
    let told = |host: &Snapshot| {
        let mut names: Vec<_> = called(host).iter().map(|(name, _)| name.to_string()).collect();
        names.sort();
        names
    };
    let both = with_engine("podman");
    assert_eq!(told(&both), ["c2", "c3", "docker:c1", "podman:c1"]);
    let error = container(&both, "c1").unwrap_err();
    assert_eq!(error.hint().unwrap(), "name its engine too: docker:c1 or podman:c1");
    for (words, id) in [("docker:c1", '1'), ("podman:c1", '9'), ("podman:/c1", '9')] {
        assert!(container(&both, words).unwrap().id.0.starts_with(id), "{words}");
    }
    let first = connected(&both, &request("br0", "docker:c1"), 1);
    let wiring = resolve(&connected(&first, &request("br0", "c2"), 2));
    let labels: Vec<_> = wiring.attachments.iter().map(Attachment::label).collect();
    assert_eq!(labels, ["docker:c1:eth0", "c2:eth0"]);
    let same = {
        let mut same = both.clone();
        let row = containers(&mut same)[0].clone();
        same.engines
            .insert(EngineName("podman".into()), Observed::Fresh { rows: vec![row].into() });
        same
    };
    assert_eq!(told(&same), ["c1", "c1", "c2", "c3"], "one engine that is asked in two ways");
    assert!(container(&same, "c1").is_ok());
}

#[test]
fn what_users_run_takes_no_name_from_the_host() {
    let host = with_engine("podman@1000");
    assert!(container(&host, "c1").unwrap().id.0.starts_with('1'));
    for words in ["podman@1000:c1", "podman:c1"] {
        assert!(container(&host, words).unwrap().id.0.starts_with('9'), "{words}");
    }
    let names: Vec<_> = called(&host).iter().map(|(name, _)| name.to_string()).collect();
    assert!(names.contains(&"c1".to_owned()) && names.contains(&"podman@1000:c1".to_owned()));
    let second = with_engine("docker@/run/other.sock");
    assert!(container(&second, "docker@/run/other.sock:c1").unwrap().id.0.starts_with('9'));
    assert!(container(&second, "docker:c1").unwrap().id.0.starts_with('1'), "its own name");
}

#[test]
fn a_list_needs_the_engines_that_were_named_or_one_that_answers() {
    let mut host = with_engine("podman");
    let podman = EngineName("podman".into());
    let silent = Observed::Absent { why: why(SourceErrorKind::TimedOut) };
    host.engines.insert(podman.clone(), silent);
    assert!(require_sources(&host).is_ok());
    assert!(container(&host, "c1").is_ok());
    let unknown = container(&host, "c9");
    assert!(
        matches!(unknown, Err(QueryError::SourceUnavailable(_))),
        "it may have one: {unknown:?}"
    );
    assert!(matches!(container(&host, "docker:c9"), Err(QueryError::NoSuchContainer { .. })));
    let exhausted = Observed::Absent { why: why(SourceErrorKind::Exhausted) };
    let mut could_not_ask = host.clone();
    could_not_ask.engines.insert(podman.clone(), exhausted);
    assert!(require_sources(&could_not_ask).is_err(), "that is no silence of the engine");
    host.named_engines.insert(podman);
    assert!(require_sources(&host).is_err());
}

#[test]
fn a_silent_engine_is_told_of_where_the_words_may_mean_one_of_its_containers() {
    let mut host = with_engine("podman");
    let id = host.engines[&EngineName("docker".into())].rows()[0].id.0.to_string();
    let silent = Observed::Absent { why: why(SourceErrorKind::TimedOut) };
    host.engines.insert(EngineName("podman".into()), silent);
    let look = Look::new(host);
    for (words, what) in [("c1", "of that name too"), ("1111", "of that name or id too")] {
        let told = look.silent_engines(words);
        assert!(matches!(&*told, [one] if one.contains(what)), "{told:?}");
    }
    for words in [&*id, "docker:c1", "docker:c1:eth0"] {
        assert_eq!(look.silent_engines(words), [""; 0], "{words}");
    }
    // What a user runs is not meant where the host's engines have it.
    let mut of_user = with_engine("podman@1000");
    let silent = Observed::Absent { why: why(SourceErrorKind::TimedOut) };
    of_user.engines.insert(EngineName("podman@1000".into()), silent);
    assert_eq!(Look::new(of_user).silent_engines("c1"), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// A name made of the wanted one by a few letters more, fewer or others: where it counts as near, an
    /// engine that is asked for the parts alone tells of it.
    #[test]
    fn a_near_name_has_one_of_the_parts(
        wanted in "[a-z0-9][a-z0-9_.-]{0,11}",
        edits in vec((0..3_u8, any::<prop::sample::Index>(), "[a-z0-9.-]"), 1..4),
    ) {
        let mut letters: Vec<char> = wanted.chars().collect();
        for (edit, at, letter) in edits {
            let (at, letter) = (at.index(letters.len() + 1), letter.chars().next().unwrap());
            match edit {
                0 => letters.insert(at, letter),
                1 if at < letters.len() => letters[at] = letter,
                _ if at < letters.len() => drop(letters.remove(at)),
                _ => {}
            }
        }
        let name: String = letters.into_iter().collect();
        if name == wanted || name.is_empty() {
            return Ok(());
        }
        let mut host = host();
        containers(&mut host)[0].name = name.as_str().into();
        let Err(QueryError::NoSuchContainer { near, .. }) = container(&host, &wanted) else {
            return Ok(());
        };
        let parts = parts_of_near_names(&wanted);
        let has_part = parts.is_none_or(|parts| {
            assert_eq!(parts.concat(), wanted);
            parts.iter().any(|part| name.contains(part))
        });
        prop_assert!(!near.contains(&name) || has_part, "{wanted} {name}");
    }
}

#[test]
fn a_short_name_has_no_parts() {
    assert_eq!(parts_of_near_names(""), None);
    assert_eq!(parts_of_near_names("a"), None);
    assert_eq!(parts_of_near_names("web").unwrap(), ["w", "eb"]);
    assert_eq!(parts_of_near_names("zürich-1").unwrap(), ["zü", "ri", "ch", "-1"]);
}
