//! Whose a record is, is told by the engine and the id of a container: an id alone may be another one's, and what a
//! user runs has no say in what the host's engines have.

use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::identity::{SourceIdentity, World};
use docker_ovs_model::ids::{ContainerId, Ifindex, Mac, Nsid, OfPort};
use docker_ovs_model::plan::{
    Connect, OfPortChoice, PlanError, RestoreAction, connect, disconnect, renames,
};
use docker_ovs_model::port_record::{EngineMark, PortRecord};
use docker_ovs_model::query::{self, QueryError};
use docker_ovs_model::snapshot::{Container, EngineName, Link, Observed, OtherEngine, Peer};
use docker_ovs_model::whereabouts::{Whereabouts, possible_successor, whereabouts};
use docker_ovs_model::wiring::ContainerRef;
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, resolve};

use super::scene::{
    ENGINE, connected, container, docker, doubts, generated, home, host, plan, pruned, request,
    request_to_disconnect, restarted, restored, silent,
};

fn named(name: &str) -> EngineName {
    EngineName(name.into())
}

fn rows(rows: &[Container]) -> Observed<Container> {
    Observed::Fresh { rows: rows.into() }
}

/// An engine that says that it is this one.
fn identity(id: &str, user: Option<u32>) -> SourceIdentity {
    let world = World::Here { evidence: "a test says so".to_owned() };
    SourceIdentity { id: Some(id.to_owned()), user, ..SourceIdentity::new(Some(9), world) }
}

fn with(
    mut host: Snapshot,
    engine: &str,
    who: SourceIdentity,
    has: Observed<Container>,
) -> Snapshot {
    host.identities.engines.insert(named(engine), who);
    host.engines.insert(named(engine), has);
    host
}

/// One that the user 1000 runs.
fn with_users(host: Snapshot, id: &str, has: &[Container]) -> Snapshot {
    with(host, "docker@1000", identity(id, Some(1000)), rows(has))
}

/// `c1` was connected, and is stopped and kept.
fn stopped() -> Snapshot {
    let request = Connect { ofport: OfPortChoice::Exactly(OfPort(40010)), ..request("br0", "c1") };
    let mut host = restarted(&connected(&host(), &request, 1), 1, false);
    for row in host.engines.get_mut(&docker()).unwrap().rows_mut() {
        if row.id == container(1).id {
            *row = dead(row.clone());
        }
    }
    host
}

fn dead(row: Container) -> Container {
    Container { pid: None, netns: None, state: "exited".to_owned(), ..row }
}

/// What a user says of the container 1: that it runs, elsewhere, under another name.
fn lie() -> Container {
    Container { name: "db".into(), netns: Some(home(3)), ..container(1) }
}

fn record_of_first(mark: Option<(&str, Option<&str>)>) -> PortRecord {
    let mark =
        mark.map(|(kind, id)| EngineMark { kind: kind.to_owned(), id: id.map(str::to_owned) });
    PortRecord { engine: mark, ..PortRecord::default().for_container(&container(1)) }
}

fn record_of_missing(mark: Option<(&str, Option<&str>)>) -> PortRecord {
    let record = record_of_first(mark);
    PortRecord { engine: record.engine.clone(), ..record.for_container(&container(9)) }
}

#[test]
fn what_a_user_says_of_a_stopped_container_takes_and_renames_nothing() {
    for row in [lie(), dead(lie())] {
        let host = with_users(stopped(), "any", &[row]);
        let wiring = resolve(&host);
        assert_eq!((pruned(&host), doubts(&host).len()), (0, 0));
        assert_eq!(renames(&host, &wiring), []);
        assert!(matches!(&restored(&host)[..], [RestoreAction::NotRunning { .. }]));
        let last = wiring.ports[0].occupant.last_tenant().unwrap().container.clone().unwrap();
        assert_eq!((&last.engine, &*last.name), (&docker(), "c1"));
    }
}

#[test]
fn what_a_user_calls_its_own_leads_no_port_to_it() {
    // A port of another program that names a container by its name, which the host has too.
    let mut host = stopped();
    for bridge in host.switch.values_mut().flat_map(Observed::rows_mut) {
        for port in bridge.ports.iter_mut().map(Arc::make_mut) {
            port.external_ids.retain(|key, _| !key.starts_with("docker-ovs."));
            port.external_ids.insert("container_id".to_owned(), "c1".to_owned());
        }
    }
    let namesake = Container { name: "c1".into(), ..container(8) };
    let host = with_users(host, "any", &[namesake]);
    let last = resolve(&host).ports[0].occupant.last_tenant().cloned().unwrap();
    assert_eq!(last.container.map(|known| known.engine), Some(docker()));
}

#[test]
fn a_users_engine_by_the_hosts_id_proves_nothing_gone() {
    let mut host = with_users(host(), ENGINE, &[]);
    host.engines.remove(&docker());
    host.identities.engines.remove(&docker());
    let doubt = whereabouts(&host, &record_of_missing(Some(("docker", Some(ENGINE))))).doubt();
    assert!(doubt.unwrap().contains("was not asked"));
    let doubt = whereabouts(&host, &record_of_missing(None)).doubt();
    assert!(doubt.unwrap().contains("may be of Docker, which did not answer"));
}

#[test]
fn that_a_users_engine_is_silent_or_answers_decides_nothing_about_the_hosts() {
    let engine = "docker@1000";
    let silent_one = Observed::Absent { why: silent() };
    let host_of = |has| with(host(), engine, identity("any", Some(1000)), has);
    assert_eq!(whereabouts(&host_of(silent_one), &record_of_missing(None)), Whereabouts::Gone);
    // That Podman has no socket counts for nothing where an engine of the host answers, and only there.
    let no_socket = SourceError::new(SourceErrorKind::Unreachable, "docker", "no such file");
    let mut host = host_of(rows(&[]));
    host.engines.insert(named("podman"), Observed::Absent { why: no_socket.clone() });
    assert_eq!(whereabouts(&host, &record_of_missing(None)), Whereabouts::Gone);
    host.engines.insert(docker(), Observed::Absent { why: no_socket });
    host.engines.remove(&named("podman"));
    assert!(whereabouts(&host, &record_of_missing(None)).doubt().is_some());
}

#[test]
fn what_a_users_engine_has_that_is_not_asked_keeps_no_record() {
    let mut host = host();
    host.other_engines.push(OtherEngine {
        address: "unix:///run/user/1000/docker.sock".to_owned(),
        id: Some("any".to_owned()),
        identity: Some(identity("any", Some(1000))),
        containers: rows(&[container(9)]),
    });
    for mark in [None, Some(("docker", Some(ENGINE)))] {
        assert_eq!(whereabouts(&host, &record_of_missing(mark)), Whereabouts::Gone, "{mark:?}");
    }
}

#[test]
fn what_a_user_calls_its_own_stands_in_no_place_of_a_container_that_may_be_gone() {
    let namesake = Container { name: "c9".into(), ..container(8) };
    let of_user = with_users(host(), "any", std::slice::from_ref(&namesake));
    for mark in [None, Some(("docker", Some(ENGINE)))] {
        let record = record_of_missing(mark);
        assert_eq!(possible_successor(&of_user, &record), None, "{mark:?}");
        let host =
            with(host(), "docker", identity(ENGINE, None), rows(std::slice::from_ref(&namesake)));
        assert_eq!(possible_successor(&host, &record), Some(&namesake), "{mark:?}");
    }
}

const A: &str = "containerd";
const B: &str = "containerd@/run/k3s.sock";

/// As `ctr` names it.
fn web(n: u64) -> Container {
    let id = ContainerId("web@default".into());
    Container { id, name: "web".into(), ..container(n) }
}

/// Two containerds, each with a `web`, of which A's was connected, and then B's too if `both`.
fn two(first: Observed<Container>, second: Option<Observed<Container>>) -> Snapshot {
    let only = with(host(), A, identity("uuid-a", None), rows(&[web(1)]));
    let mut only = with_no_docker(only);
    only =
        connected(&only, &Connect { interface: Some("eth0".into()), ..request("br0", "web") }, 1);
    let gone = restarted(&only, 1, true);
    let mut host = with(gone, A, identity("uuid-a", None), first);
    if let Some(second) = second {
        host = with(host, B, identity("uuid-b", None), second);
    }
    host
}

fn with_no_docker(mut host: Snapshot) -> Snapshot {
    host.engines.remove(&docker());
    host.identities.engines.remove(&docker());
    host
}

fn record_of_port(host: &Snapshot) -> PortRecord {
    PortRecord::of(&resolve(host).ports[0].port).unwrap()
}

#[test]
fn a_container_of_another_containerd_is_not_the_one_of_its_id() {
    let mut host = two(rows(&[]), Some(rows(&[web(2)])));
    let record = record_of_port(&host);
    assert_eq!(record.engine, Some(EngineMark { kind: A.into(), id: Some("uuid-a".into()) }));
    assert_eq!(whereabouts(&host, &record), Whereabouts::Gone, "A has it no more");
    host.engines.remove(&named(A));
    host.identities.engines.remove(&named(A));
    let doubt = whereabouts(&host, &record).doubt().unwrap();
    assert!(
        doubt.contains("of another engine (containerd uuid-a), which was not asked"),
        "{doubt}"
    );
    let [RestoreAction::NotToBeTouched { .. }] = &restored(&host)[..] else { panic!() };
    assert_eq!((pruned(&host), renames(&host, &resolve(&host))), (0, Vec::new()));
    // Nor is what an engine that is not asked has.
    let other = OtherEngine {
        address: "unix:///run/k3s.sock".to_owned(),
        id: Some("uuid-b".to_owned()),
        identity: Some(identity("uuid-b", None)),
        containers: rows(&[web(2)]),
    };
    host = two(rows(&[]), None);
    host.other_engines.push(other);
    assert_eq!(whereabouts(&host, &record), Whereabouts::Gone);
}

#[test]
fn a_stopped_one_is_not_merged_with_the_one_that_runs() {
    let host = two(rows(&[dead(web(1))]), Some(rows(&[web(2)])));
    let record = record_of_port(&host);
    assert!(matches!(whereabouts(&host, &record), Whereabouts::Known(row) if row.pid.is_none()));
    assert_eq!((pruned(&host), doubts(&host).len()), (0, 0));
    assert!(matches!(&restored(&host)[..], [RestoreAction::NotRunning { .. }]));
    // Without a mark it is either.
    let typed = PortRecord { engine: None, ..record };
    assert!(matches!(whereabouts(&host, &typed), Whereabouts::Unknown { .. }));
}

#[test]
fn what_is_given_back_is_given_to_the_container_of_the_recorded_engine() {
    let host = two(rows(&[web(1)]), Some(rows(&[web(2)])));
    let [RestoreAction::Again(plan)] = &restored(&host)[..] else {
        panic!("{:?}", restored(&host))
    };
    assert_eq!(plan.container.engine, named(A));
    let row = host.container_of(&plan.container).unwrap();
    assert_eq!(row.netns, Some(home(1)));
    let other = ContainerRef { engine: named(B), ..plan.container.clone() };
    assert_eq!(host.container_of(&other).unwrap().netns, Some(home(2)));
    let external_ids = &plan.port().unwrap().external_ids;
    assert_eq!(external_ids["docker-ovs.engine-id"], "uuid-a");
}

#[test]
fn a_name_that_two_containerds_have_is_to_be_told_with_its_engine() {
    let host = two(rows(&[web(1)]), Some(rows(&[web(2)])));
    for words in ["web", "web@default"] {
        let error = query::container(&host, words).unwrap_err();
        assert!(matches!(error, QueryError::AmbiguousName { .. }), "{words}: {error}");
    }
    for (engine, n) in [(A, 1), (B, 2)] {
        let found = query::container(&host, &format!("{engine}:web")).unwrap();
        assert_eq!(found.netns, Some(home(n)), "{engine}");
        let wiring = resolve(&host);
        let own = wiring.attachments.iter().filter(|found| found.netns == home(n));
        assert!(own.flat_map(|found| found.tenants.iter()).all(|who| who.qualified.is_some()));
    }
}

/// A look at one container does not ask engines what they call themselves.
#[test]
fn two_namespaces_are_two_containers_where_no_engine_is_identified() {
    let mut host = two(rows(&[web(1)]), Some(rows(&[web(2)])));
    host.identities.engines.clear();
    for words in ["web", "web@default"] {
        let error = query::container(&host, words).unwrap_err();
        assert!(matches!(error, QueryError::AmbiguousName { .. }), "{words}: {error}");
    }
    let wiring = resolve(&host);
    let mut tenants = wiring.attachments.iter().flat_map(|found| found.tenants.iter());
    assert!(tenants.all(|who| who.qualified.is_some()));
    // Where one of them does not run, a question is answered, and nothing is done.
    host.engines.insert(named(A), rows(&[dead(web(1))]));
    assert_eq!(query::container(&host, "web").unwrap().netns, Some(home(2)));
    for words in ["web", "web@default"] {
        let error = query::certain_container(&host, words).unwrap_err();
        assert!(matches!(error, QueryError::AmbiguousName { .. }), "{words}: {error}");
    }
    let own = query::certain_container(&host, &format!("{B}:web")).unwrap();
    assert_eq!(own.netns, Some(home(2)));
}

/// What is told in one of two ways may be older than what is told in the other.
#[test]
fn one_engine_that_is_asked_in_two_ways_has_each_container_once() {
    let moved = Container { netns: Some(home(3)), ..container(1) };
    let host = with(host(), "docker@/run/x.sock", identity(ENGINE, None), rows(&[moved]));
    let record = record_of_first(Some(("docker", Some(ENGINE))));
    assert!(matches!(whereabouts(&host, &record), Whereabouts::Known(_)));
    assert_eq!(query::certain_container(&host, "c1").unwrap().id, container(1).id);
}

#[test]
fn another_containerds_port_is_neither_replaced_nor_removed() {
    let host = two(rows(&[dead(web(1))]), Some(rows(&[web(2)])));
    let wanted = Connect { interface: Some("eth0".into()), ..request("br0", &format!("{B}:web")) };
    let made = plan(&host, &wanted, 2).unwrap();
    assert_eq!((made.container.engine.clone(), made.removes()), (named(B), false), "{made:?}");
    assert_eq!(made.port().unwrap().external_ids["docker-ovs.engine-id"], "uuid-b");
    let wanted = request_to_disconnect(&format!("{B}:web"), false);
    let refused = disconnect(&host, &resolve(&host), &wanted).unwrap_err();
    assert!(matches!(refused, PlanError::NotConnected { .. }), "{refused}");
}

/// A copy of Docker's folder has containers of the same full ids.
#[test]
fn a_copy_of_an_engine_has_nothing_of_the_engine_where_that_is_here() {
    let copy = Container { netns: Some(home(3)), ..container(1) };
    let host = with(stopped(), "docker@/run/copy.sock", identity("engine-2", None), rows(&[copy]));
    let record = record_of_port(&host);
    assert!(matches!(whereabouts(&host, &record), Whereabouts::Known(row) if row.netns.is_none()));
    assert_eq!(pruned(&host), 0);
    // Where it does not answer, it may be here still.
    let mut silenced = host.clone();
    silenced.engines.insert(docker(), Observed::Absent { why: silent() });
    silenced.identities.engines.remove(&docker());
    assert!(whereabouts(&silenced, &record).doubt().is_some());
    assert_eq!((pruned(&silenced), renames(&silenced, &resolve(&silenced))), (0, Vec::new()));
    // Found, and not asked, it is here too.
    let mut host = host;
    let containers = host.engines.remove(&docker()).unwrap();
    let identity = host.identities.engines.remove(&docker());
    let (address, id) = ("unix:///run/docker.sock".to_owned(), Some(ENGINE.to_owned()));
    host.other_engines.push(OtherEngine { address, id, identity, containers });
    let found = whereabouts(&host, &record);
    assert!(matches!(found, Whereabouts::InOtherEngine { .. }), "{found:?}");
}

/// Docker's `ID` is lost with its key.json, and its place in it changes with its folder; a listener may be called
/// otherwise.
#[test]
fn an_engine_that_calls_itself_otherwise_has_its_containers_still() {
    let record = record_of_first(Some(("docker", Some("0ef0ad27-60b7-45c0-b4ee-e0590285d115:/s"))));
    for id in ["engine-1", "ffffffff-60b7-45c0-b4ee-e0590285d115:/s", "podman:/s"] {
        for engine in ["docker", "docker@/run/x.sock", "podman"] {
            let host =
                with(with_no_docker(host()), engine, identity(id, None), rows(&[container(1)]));
            let found = whereabouts(&host, &record);
            assert!(matches!(found, Whereabouts::Known(row) if row.id == container(1).id));
        }
    }
    // That of what has its name for an id is not known without its engine, unless whose place it is was not.
    for (id, is_it) in [("lxc:/a", true), ("lxc:/a@unknown", true), ("lxc:/b", false)] {
        let row = Container { id: ContainerId("c1@lxc".into()), ..container(1) };
        let host = with(
            with_no_docker(host()),
            "lxc",
            identity(id, None),
            rows(std::slice::from_ref(&row)),
        );
        for recorded in ["lxc:/a", "lxc:/a@unknown"] {
            let engine = Some(EngineMark { kind: "lxc".into(), id: Some(recorded.into()) });
            let record = PortRecord { engine, ..PortRecord::default().for_container(&row) };
            let found = whereabouts(&host, &record);
            assert_eq!(matches!(found, Whereabouts::Known(_)), is_it, "{id} {recorded}: {found:?}");
        }
    }
}

/// containerd tells Docker's containers too where Docker keeps them in a namespace of another name.
#[test]
fn docker_and_its_containerd_tell_one_container() {
    let row = Container { name: "c1".into(), ..container(1) };
    for told in [row.clone(), dead(row)] {
        let host = with(host(), A, identity("uuid-a", None), rows(&[told]));
        assert_eq!(query::container(&host, "c1").unwrap().netns, Some(home(1)));
        assert_eq!(query::certain_container(&host, &container(1).id.0).unwrap().name, "c1".into());
        let typed = PortRecord { container: "c1".to_owned(), ..PortRecord::default() };
        for record in
            [typed, record_of_first(Some(("docker", Some(ENGINE)))), record_of_first(None)]
        {
            let found = whereabouts(&host, &record);
            assert!(
                matches!(found, Whereabouts::Known(row) if row.netns == Some(home(1))),
                "{found:?}"
            );
        }
    }
}

/// CRI-O, where it is not known what it calls itself, on a node without Docker.
fn of_cri(has: &[Container]) -> Snapshot {
    let who = SourceIdentity { id: None, ..identity("", None) };
    with(with_no_docker(host()), "cri", who, rows(has))
}

#[test]
fn a_record_of_a_kind_is_of_the_engines_of_that_kind() {
    let record = record_of_missing(Some(("cri", None)));
    let record = PortRecord { interface: "eth0".to_owned(), ..record };
    assert_eq!(PortRecord::read(&record.external_ids()).unwrap().engine, record.engine);
    assert_eq!(whereabouts(&of_cri(&[]), &record), Whereabouts::Gone);
    let again = Container { name: "c9".into(), ..container(8) };
    let host = of_cri(std::slice::from_ref(&again));
    assert!(
        matches!(whereabouts(&host, &record), Whereabouts::Replaced(row) if row.id == again.id)
    );
    // With a Docker beside it, which has to answer, and whose namesake is no successor.
    let mut beside = host;
    beside.engines.insert(docker(), rows(&[Container { name: "c9".into(), ..container(7) }]));
    let found = whereabouts(&beside, &record);
    assert!(matches!(found, Whereabouts::Replaced(row) if row.id == again.id), "{found:?}");
    beside.engines.insert(docker(), Observed::Absent { why: silent() });
    assert!(whereabouts(&beside, &record).doubt().is_some());
    // Of two of the kind it may be either's.
    let mut second = of_cri(&[]);
    second.engines.insert(named("cri@/run/x.sock"), rows(&[again]));
    assert!(whereabouts(&second, &record).doubt().is_some());
    // It is none of Docker's, and Docker is none of that kind.
    let doubt = whereabouts(&host_of_docker(), &record).doubt().unwrap();
    assert!(doubt.contains("no engine but its kind, cri"), "{doubt}");
}

/// Where an id does not tell whose place it is, two engines may have it.
#[test]
fn one_engine_at_two_sockets_is_one_for_a_record_of_its_kind() {
    let record = record_of_missing(Some(("docker", None)));
    let again = Container { name: "c9".into(), ..container(8) };
    let has = || rows(std::slice::from_ref(&again));
    for (place, is_one) in
        [(":/s", true), (":/s@1-2-3-4", true), (":/s@unknown", false), ("", false)]
    {
        let id = format!("0ef0ad27-60b7-45c0-b4ee-e0590285d115{place}");
        let first = with(host(), "docker", identity(&id, None), has());
        let both = with(first.clone(), "docker@/run/x.sock", identity(&id, None), has());
        let is_replaced = |host: &Snapshot| matches!(whereabouts(host, &record), Whereabouts::Replaced(row) if row.id == again.id);
        assert!(is_replaced(&first), "{place}");
        assert_eq!(is_replaced(&both), is_one, "{place}");
        let other = identity("ffffffff-60b7-45c0-b4ee-e0590285d115:/t", None);
        assert!(!is_replaced(&with(first, "docker@/run/x.sock", other, has())), "{place}");
    }
}

/// What one API tells of a container that was started again may be older than what the other one does.
#[test]
fn podman_that_is_asked_by_both_its_apis_has_each_container_once() {
    let moved = Container { netns: Some(home(3)), ..container(1) };
    let host = with_no_docker(host());
    let host = with(host, "podman", identity("podman:/s", None), rows(&[container(1)]));
    let by_both = |id: &str| {
        let has = rows(std::slice::from_ref(&moved));
        with(host.clone(), "docker@/run/podman.sock", identity(id, None), has)
    };
    assert_eq!(query::certain_container(&by_both("podman:/s"), "c1").unwrap().id, moved.id);
    for other in ["podman:/t", "podman:/s@unknown", "0ef0ad27-60b7-45c0-b4ee-e0590285d115:/s"] {
        let error = query::certain_container(&by_both(other), "c1").unwrap_err();
        assert!(matches!(error, QueryError::AmbiguousName { .. }), "{other}: {error}");
    }
}

/// Podman has Docker's API too, and is asked by it while Docker is stopped.
#[test]
fn podman_by_dockers_api_has_nothing_of_docker() {
    let record = record_of_missing(Some(("docker", None)));
    let namesake = Container { name: "c9".into(), ..container(8) };
    for has in [rows(&[]), rows(&[namesake])] {
        let mut host = with(host(), "docker", identity("podman:/var/lib", None), has);
        host.named_engines.insert(docker());
        let doubt = whereabouts(&host, &record).doubt().unwrap();
        assert!(doubt.contains("no engine but its kind, docker"), "{doubt}");
    }
}

fn host_of_docker() -> Snapshot {
    host()
}

#[test]
fn the_kind_of_an_engine_is_recorded_always() {
    let host = of_cri(&[container(1)]);
    let made = connect(&host, &resolve(&host), &request("br0", "c1"), &generated(1)).unwrap();
    let ids = &made.port().unwrap().external_ids;
    assert_eq!(ids.get("docker-ovs.engine").map(String::as_str), Some("cri"));
    assert_eq!(ids.get("docker-ovs.engine-id"), None);
    // An id that is known is kept where its engine does not tell it this time.
    let known = connected(&super::scene::host(), &request("br0", "c1"), 1);
    let mut known = restarted(&known, 1, true);
    known.identities.engines.get_mut(&docker()).unwrap().id = None;
    let [RestoreAction::Again(plan)] = &restored(&known)[..] else { panic!() };
    assert_eq!(plan.port().unwrap().external_ids["docker-ovs.engine-id"], ENGINE);
}

#[test]
fn a_pod_that_is_made_again_gets_what_the_one_before_had() {
    let host = of_cri(&[container(1)]);
    let host = restarted(&connected(&host, &request("br0", "c1"), 1), 1, true);
    let again = Container { id: container(8).id, ..container(1) };
    let host = Snapshot { engines: of_cri(&[again]).engines, ..host };
    let [RestoreAction::Again(plan)] = &restored(&host)[..] else {
        panic!("{:?}", restored(&host))
    };
    assert_eq!(plan.container.id, container(8).id);
    let gone = Snapshot { engines: of_cri(&[]).engines, ..host };
    assert_eq!(pruned(&gone), 1);
}

/// Two containers whose ports have each other's links.
fn swapped(id: impl Fn(u64) -> String, kind: &str, own: &str, ours: bool) -> Vec<Note> {
    let row = |n: u64| Container { id: ContainerId(id(n).into()), ..container(n) };
    let host = with(with_no_docker(host()), kind, identity(own, None), rows(&[row(1), row(2)]));
    let mut host = connected(&connected(&host, &request("br0", "c1"), 1), &request("br0", "c2"), 2);
    for bridge in host.switch.values_mut().flat_map(Observed::rows_mut) {
        let [one, two] = &mut bridge.ports[..] else { continue };
        let (one, two) = (Arc::make_mut(one), Arc::make_mut(two));
        std::mem::swap(&mut one.external_ids, &mut two.external_ids);
        for port in [one, two] {
            port.external_ids.retain(|key, _| ours || !key.starts_with("docker-ovs."));
        }
    }
    let is_it = |note: &Note| matches!(note, Note::NamesAnother { .. });
    let all = resolve(&host).attachments.into_iter().flat_map(|found| found.notes);
    all.filter(is_it).collect()
}

#[test]
fn links_that_swapped_are_told_whatever_form_ids_have() {
    type IdOf = fn(u64) -> String;
    let forms: [(&str, &str, IdOf); 5] = [
        ("docker", ENGINE, |n| n.to_string().repeat(64)),
        ("lxc", "lxc:/var/lib/lxc", |n| format!("c{n}@lxc")),
        ("containerd", "uuid-a", |n| format!("c{n}@default")),
        ("nspawn", "nspawn:/run", |n| format!("c{n}@nspawn")),
        ("incus", "fingerprint", |n| format!("0ef0ad27-60b7-45c0-b4ee-e0590285d11{n}")),
    ];
    for (kind, own, id) in forms {
        assert_eq!(swapped(id, kind, own, true).len(), 2, "{kind}");
        // What a person typed may be a name that is another's by now.
        let typed = usize::from(kind == "docker") * 2;
        assert_eq!(swapped(id, kind, own, false).len(), typed, "{kind}");
    }
}

#[test]
fn the_same_id_in_another_engine_is_another_interface() {
    let mut host = two(rows(&[web(1)]), Some(rows(&[web(2)])));
    let wanted = Connect { interface: Some("eth0".into()), ..request("br1", &format!("{B}:web")) };
    host = connected(&host, &wanted, 3);
    for port in host.switch.values_mut().flat_map(Observed::rows_mut).flat_map(|row| &mut row.ports)
    {
        let port = Arc::make_mut(port);
        port.external_ids.insert("docker-ovs.engine-id".to_owned(), "uuid-a".to_owned());
    }
    let wiring = resolve(&host);
    let found = wiring.attachments.iter().find(|found| found.netns == home(2)).unwrap();
    assert!(found.notes.iter().any(|note| matches!(note, Note::NamesAnother { .. })), "{found:?}");
}

/// A link over the interface of `c1`, which was connected: in the same namespace, or moved into that of `c2`.
fn with_upper(kind: &str, moved: bool) -> Snapshot {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    let below = home(1);
    let mut ifindex = Ifindex::default();
    for space in host.kernel.rows_mut().iter_mut().filter(|space| space.id == below) {
        for link in space.links.iter_mut().filter(|link| link.is_interface()) {
            ifindex = link.ifindex;
            if kind == "bridge" {
                Arc::make_mut(link).master = Some(Ifindex(99));
            }
        }
    }
    let nsid = moved.then_some(Nsid(9));
    let upper = Link {
        ifindex: Ifindex(99),
        name: "up0".into(),
        kind: Some(kind.to_owned()),
        ethernet: true,
        mac: Some(Mac([2, 0, 0, 0, 0, 99])),
        peer: (kind != "bridge").then_some(Peer { ifindex, nsid }),
        mtu: 1500,
        up: true,
        ..Link::default()
    };
    let at = if moved { home(2) } else { below };
    for space in host.kernel.rows_mut().iter_mut().filter(|space| space.id == at) {
        space.links.push(Arc::new(upper.clone()));
        space.nsids.extend(nsid.map(|nsid| (nsid, below)));
    }
    host
}

#[test]
fn what_stands_on_an_interface_is_on_the_port_that_was_made_for_that() {
    let noted = |host: &Snapshot| {
        let wiring = resolve(host);
        let upper = wiring.attachments.into_iter().find(|found| *found.link.name == *"up0");
        let upper = upper.unwrap();
        assert!(upper.port.port().is_some(), "{upper:?}");
        upper.notes.iter().any(|note| matches!(note, Note::NamesAnother { .. }))
    };
    for (kind, moved) in [("macvlan", false), ("macvlan", true), ("vlan", false), ("bridge", false)]
    {
        let mut host = with_upper(kind, moved);
        assert!(!noted(&host), "{kind} {moved}");
        // The port of another interface is no more that of what stands on this one.
        for bridge in host.switch.values_mut().flat_map(Observed::rows_mut) {
            for port in bridge.ports.iter_mut().map(Arc::make_mut) {
                let other = container(3).id.0.to_string();
                port.external_ids.insert("container_id".to_owned(), other);
            }
        }
        assert!(noted(&host), "{kind} {moved}");
    }
}
