//! A sentence claims what was seen, and no more.

use docker_ovs_model::query::{QueryError, Subject, attachments, container};
use docker_ovs_model::snapshot::{Container, Observed, Scope};
use docker_ovs_model::wiring::Occupant;
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, resolve};

use crate::wiring::{cases, read};

pub(crate) fn case(name: &str) -> Snapshot {
    let path = cases().into_iter().find(|case| case.ends_with(name)).unwrap();
    read(&path.join("snapshot.json"))
}

fn containers(host: &mut Snapshot) -> &mut [Container] {
    host.engines.values_mut().next().unwrap().rows_mut()
}

fn absent(why: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Unreachable, "Docker at unix:///x", why)
}

/// What is said of the port whose other end is in a namespace that was not read.
fn said(host: &Snapshot) -> String {
    let unknown = |occupant: &Occupant| matches!(occupant, Occupant::Unknown { .. });
    let wiring = resolve(host);
    let row = wiring.ports.iter().find(|row| unknown(&row.occupant)).expect("one is unknown");
    row.occupant.to_string()
}

#[test]
fn a_namespace_that_was_not_read_has_no_container_only_as_far_as_engines_were_asked() {
    let mut host = case("nobodys-namespace");
    let engine = host.engines.keys().next().unwrap().clone();
    let has = format!("in a namespace that no container of {engine} has, and that has no name");
    assert!(said(&host).ends_with(&has), "{}", said(&host));
    host.scope = Scope::One;
    assert!(said(&host).contains("one container was asked about"), "{}", said(&host));
    host.scope = Scope::Everything;
    for (unopened, words) in [(1, "that of one container"), (2, "those of 2 containers")] {
        let mut host = host.clone();
        let row = case("veth").containers().next().unwrap().clone();
        let row = Container { pid: Some(9), netns: None, ..row };
        *host.engines.values_mut().next().unwrap() = Ok(vec![row; unopened]).into();
        assert!(said(&host).contains(words), "{}", said(&host));
    }
    for rows in host.engines.values_mut() {
        *rows = Observed::Absent { why: absent("no") };
    }
    assert!(said(&host).contains("no container engine could be asked"), "{}", said(&host));
    host.engines.clear();
    assert!(said(&host).contains("no container engine could be asked"), "{}", said(&host));
}

#[test]
fn a_container_that_was_listed_and_not_inspected_is_not_said_to_be_at_rest() {
    for (state, runs) in
        [("running", true), ("paused", true), ("exited", false), ("created", false)]
    {
        let mut host = case("veth");
        let row = &mut containers(&mut host)[0];
        (row.pid, row.netns, row.state) = (None, None, state.to_owned());
        let row = row.clone();
        let error = attachments(&host, &resolve(&host), Subject::Container(&row)).unwrap_err();
        let at_rest = matches!(error, QueryError::NotRunning { .. });
        assert_eq!(at_rest, !runs, "{state}: {error}");
        assert!(!error.to_string().contains("not running (it is running)"), "{error}");
    }
}

#[test]
fn a_veth_whose_other_end_the_kernel_does_not_name_is_not_the_hosts() {
    let mut host = case("veth");
    let switch = host.switch_netns;
    containers(&mut host)[0].netns = None;
    let rows = host.kernel.rows().iter().filter(|ns| Some(ns.id) == switch).cloned();
    let mut rows: Vec<_> = rows.collect();
    for link in rows.iter_mut().flat_map(|ns| &mut ns.links) {
        std::sync::Arc::make_mut(link).peer = None;
    }
    host.kernel = Ok(rows).into();
    assert!(said(&host).contains("does not name its other end"), "{}", said(&host));
}

#[test]
fn an_engine_that_was_named_before_a_container_is_the_one_that_is_told_of() {
    let mut host = case("veth");
    let docker = host.engines.keys().next().unwrap().clone();
    let other = docker_ovs_model::snapshot::EngineName("podman".into());
    host.named_engines.insert(other.clone());
    host.engines.insert(other.clone(), Observed::Absent { why: absent("it does not exist") });
    let asked = |words: &str| container(&host, words).unwrap_err();
    let name = host.containers().next().unwrap().name.to_string();
    let near = asked(&format!("{docker}:{name}x"));
    assert!(
        matches!(&near, QueryError::NoSuchContainer { near, .. } if *near == [name.as_str()]),
        "{near}"
    );
    let blind = asked(&format!("{other}:{name}"));
    assert!(matches!(blind, QueryError::SourceUnavailable(_)), "{blind}");
    host.engines.insert(other.clone(), Ok(Vec::new()).into());
    let none = container(&host, &format!("{other}:{name}")).unwrap_err();
    assert!(matches!(&none, QueryError::NoSuchContainer { near, .. } if near.is_empty()), "{none}");
}
