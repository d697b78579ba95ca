//! Whether the container that a record names is known, replaced, gone, or none of these for certain.

use docker_ovs_model::identity::{SourceIdentity, World};
use docker_ovs_model::port_record::{EngineMark, PortRecord};
use docker_ovs_model::snapshot::{Container, EngineName, Observed, OtherEngine, Scope};
use docker_ovs_model::whereabouts::{ContainerIndex, Whereabouts, whereabouts};
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind};

use crate::plans::scene::{ENGINE, container, host};
use crate::wiring::{cases, read};

const ADDRESS: &str = "unix:///run/podman/podman.sock";

/// A record of the container 9, which the host has not got, by this engine of no name.
fn record(engine: Option<&str>) -> PortRecord {
    let engine = engine.map(|id| EngineMark { kind: "docker".to_owned(), id: Some(id.to_owned()) });
    PortRecord { engine, ..PortRecord::default().for_container(&container(9)) }
}

fn other(containers: Observed<Container>) -> OtherEngine {
    let world = World::Here { evidence: "a test says so".to_owned() };
    let identity = Some(SourceIdentity::new(Some(1), world));
    let (address, id) = (ADDRESS.to_owned(), Some("engine-2".to_owned()));
    OtherEngine { address, id, identity, containers }
}

fn silent() -> SourceError {
    SourceError::new(SourceErrorKind::TimedOut, "the engine", "no answer")
}

#[track_caller]
fn is_unknown(host: &Snapshot, record: &PortRecord, word: &str) {
    let found = whereabouts(host, record);
    assert_eq!(found.container(), None);
    let doubt = found.doubt().unwrap_or_else(|| panic!("{found:?}"));
    assert!(doubt.contains(word), "{doubt}");
}

#[test]
fn a_container_of_an_engine_that_is_not_asked_is_neither_known_nor_gone() {
    let mut host = host();
    let rows = vec![container(9)];
    host.other_engines.push(other(Ok(rows).into()));
    let record = record(None);
    let found = whereabouts(&host, &record);
    assert_eq!(found, Whereabouts::InOtherEngine { address: ADDRESS.to_owned() });
    is_unknown(&host, &record, ADDRESS);
}

#[test]
fn an_engine_that_was_not_asked_or_does_not_answer_may_have_it() {
    let mut host = host();
    is_unknown(&host, &record(Some("engine-2")), "which was not asked");
    host.other_engines.push(other(Observed::Absent { why: silent() }));
    is_unknown(&host, &record(Some("engine-2")), "does not answer");
    is_unknown(&host, &record(None), "does not answer");
    // The engine that the record names has answered, and has it no more; others do not matter.
    assert_eq!(whereabouts(&host, &record(Some(ENGINE))), Whereabouts::Gone);
    host.other_engines[0].containers = Ok(Vec::new()).into();
    for engine in [Some("engine-2"), None] {
        assert_eq!(whereabouts(&host, &record(engine)), Whereabouts::Gone, "{engine:?}");
    }
}

#[test]
fn an_engine_of_another_world_or_a_look_at_one_container_proves_nothing() {
    let mut narrow = host();
    narrow.scope = Scope::One;
    is_unknown(&narrow, &record(None), "only one container was asked for");
    let worlds = [
        World::Elsewhere { why: "it is far".to_owned() },
        World::Unknown { why: "it may be far".to_owned() },
    ];
    for world in worlds {
        let mut host = host();
        host.identities.engines.values_mut().for_each(|who| who.world = world.clone());
        for engine in [Some(ENGINE), None] {
            is_unknown(&host, &record(engine), "far");
        }
    }
}

#[test]
fn a_stale_list_proves_nothing_and_an_engine_that_need_not_be_there_does() {
    let mut stale = host();
    let docker = EngineName("docker".into());
    let rows = stale.engines[&docker].rows().to_vec().into();
    stale.engines.insert(docker, Observed::Stale { rows, why: silent() });
    is_unknown(&stale, &record(None), "does not answer");
    let mut host = host();
    let podman = EngineName("podman".into());
    let no_socket = SourceError::new(SourceErrorKind::Unreachable, "podman", "no such file");
    host.engines.insert(podman.clone(), Observed::Absent { why: no_socket });
    assert_eq!(whereabouts(&host, &record(None)), Whereabouts::Gone);
    host.named_engines.insert(podman);
    is_unknown(&host, &record(None), "podman");
}

#[test]
fn a_record_without_an_engine_may_be_of_a_docker_that_is_stopped() {
    let docker = EngineName("docker".into());
    let podman = EngineName("podman".into());
    let beside = || {
        let mut host = host();
        host.engines.insert(podman.clone(), Ok(Vec::new()).into());
        host
    };
    assert_eq!(whereabouts(&beside(), &record(None)), Whereabouts::Gone);
    // Stopped it has no socket, and is not among those that are found.
    let mut stopped = beside();
    stopped.engines.remove(&docker);
    is_unknown(&stopped, &record(None), "it may be of Docker, which did not answer");
    // Ended without a word it leaves one that refuses.
    let mut refused = beside();
    let why = SourceError::new(SourceErrorKind::Unreachable, "docker", "connection refused");
    refused.engines.insert(docker.clone(), Observed::Absent { why });
    is_unknown(&refused, &record(None), "it may be of Docker, which did not answer");
    // Of its own system a process may have no descriptor left.
    let why = SourceError::new(SourceErrorKind::Exhausted, "podman", "Too many open files");
    let mut exhausted = beside();
    exhausted.engines.insert(podman, Observed::Absent { why });
    is_unknown(&exhausted, &record(None), "Too many open files");
}

#[test]
fn a_word_typed_by_hand_is_a_name_before_it_is_the_beginning_of_an_id() {
    let mut host = host();
    let rows = host.engines.values_mut().next().unwrap().rows_mut();
    rows[0].name = "22".into();
    // ovs-docker writes what was typed: here a name, and the beginning of another one's id.
    let typed = PortRecord { container: "22".to_owned(), ..PortRecord::default() };
    let found = whereabouts(&host, &typed).container().map(|row| row.name.to_string());
    assert_eq!(found.as_deref(), Some("22"));
    let rows = host.engines.values_mut().next().unwrap().rows_mut();
    rows[1].name = "22".into();
    is_unknown(&host, &typed, "several containers may be meant");
}

#[test]
fn what_has_the_name_of_a_container_that_is_gone_replaces_it_if_it_is_the_only_one() {
    let mut host = host();
    let rows = host.engines.values_mut().next().unwrap().rows_mut();
    rows[0].name = "c9".into();
    let found = whereabouts(&host, &record(None));
    assert!(matches!(found, Whereabouts::Replaced(row) if &*row.name == "c9"), "{found:?}");
    let mut namesake = container(8);
    namesake.name = "c9".into();
    host.other_engines.push(other(Ok(vec![namesake]).into()));
    is_unknown(&host, &record(None), "several containers may stand in the place");
    // Of a known engine, that of another one is no successor.
    let found = whereabouts(&host, &record(Some(ENGINE)));
    assert!(matches!(found, Whereabouts::Replaced(_)), "{found:?}");
}

fn moved_to(engine: &mut OtherEngine, world: World) {
    engine.identity.as_mut().unwrap().world = world;
}

#[test]
fn an_engine_of_another_machine_has_no_say_but_about_its_very_container() {
    let elsewhere = World::Elsewhere { why: "it is far".to_owned() };
    let mut host = host();
    host.other_engines.push(other(Ok(vec![container(9)]).into()));
    moved_to(&mut host.other_engines[0], elsewhere.clone());
    is_unknown(&host, &record(None), ADDRESS);
    // A word typed by hand, as ovs-docker writes it, is no name of that machine's.
    let typed = PortRecord { container: "c9".to_owned(), ..PortRecord::default() };
    assert_eq!(whereabouts(&host, &typed), Whereabouts::Gone);
    host.other_engines[0].containers = Observed::Absent { why: silent() };
    assert_eq!(whereabouts(&host, &typed), Whereabouts::Gone, "what it has is not here");
    // The record names it: that it has not got the container any more is to be proven.
    host.other_engines[0].containers = Ok(Vec::new()).into();
    is_unknown(&host, &record(Some("engine-2")), "not proven to be an engine of this host");
    let unknown = World::Unknown { why: "it may be far".to_owned() };
    moved_to(&mut host.other_engines[0], unknown);
    is_unknown(&host, &record(Some("engine-2")), "it may be far");
    host.other_engines[0].containers = Observed::Absent { why: silent() };
    is_unknown(&host, &typed, "does not answer");
}

/// A server that is asked by these APIs, and calls itself the same by each.
fn asked_by(apis: &[(&str, Observed<Container>)]) -> Snapshot {
    let mut host = host();
    for (api, rows) in apis {
        let engine = EngineName((*api).into());
        host.engines.insert(engine.clone(), rows.clone());
        // One that did not answer was not asked who it is.
        if rows.absence().is_none() {
            let world = World::Here { evidence: "a test says so".to_owned() };
            let identity = SourceIdentity::new(Some(2), world);
            let identity = SourceIdentity { id: Some("engine-2".to_owned()), ..identity };
            host.identities.engines.insert(engine, identity);
        }
    }
    host
}

/// A record of the container 9, by an API of that server.
fn record_by(api: &str) -> PortRecord {
    let engine = Some(EngineMark { kind: api.to_owned(), id: Some("engine-2".to_owned()) });
    PortRecord { engine, ..record(None) }
}

fn none() -> Observed<Container> {
    Ok(Vec::new()).into()
}

/// One that has the name of the container 9.
fn namesake() -> Observed<Container> {
    Ok(vec![Container { name: "c9".into(), ..container(8) }]).into()
}

#[test]
fn of_a_server_with_two_apis_the_one_that_had_it_tells_what_stands_in_its_place() {
    for [own, other] in [["cri", "containerd"], ["containerd", "cri"]] {
        let found = |rows, others| {
            let host = asked_by(&[(own, rows), (other, others)]);
            whereabouts(&host, &record_by(own)).container().map(|row| row.name.to_string())
        };
        assert_eq!(found(namesake(), none()).as_deref(), Some("c9"), "{own}");
        assert_eq!(found(none(), namesake()), None, "{other} tells of others");
        let host = asked_by(&[(own, none()), (other, none())]);
        assert_eq!(whereabouts(&host, &record_by(own)), Whereabouts::Gone, "{own}");
        let absent = || Observed::Absent { why: silent() };
        let host = asked_by(&[(own, absent()), (other, none())]);
        is_unknown(&host, &record_by(own), "which was not asked");
        is_unknown(&asked_by(&[(other, none())]), &record_by(own), "which was not asked");
        let stale = Observed::Stale { rows: Vec::new().into(), why: silent() };
        is_unknown(&asked_by(&[(own, stale), (other, none())]), &record_by(own), "not answer");
    }
}

#[test]
fn an_engine_that_tells_the_same_by_either_api_tells_it_by_the_other() {
    let found = |host: &Snapshot| {
        whereabouts(host, &record_by("docker")).container().map(|row| row.name.to_string())
    };
    assert_eq!(found(&asked_by(&[("podman", namesake())])).as_deref(), Some("c9"));
    let two = [("podman", none()), ("docker@/run/podman.sock", namesake())];
    assert_eq!(found(&asked_by(&two)).as_deref(), Some("c9"), "whichever comes first");
    let gone = asked_by(&[("podman", none())]);
    assert_eq!(whereabouts(&gone, &record_by("docker")), Whereabouts::Gone);
}

#[test]
fn of_a_server_that_is_not_asked_each_api_has_to_prove_it() {
    let mut host = host();
    host.other_engines.push(other(none()));
    assert_eq!(whereabouts(&host, &record_by("cri")), Whereabouts::Gone);
    // What did not answer did not even say who it is.
    let absent = OtherEngine { id: None, ..other(Observed::Absent { why: silent() }) };
    host.other_engines.push(absent);
    is_unknown(&host, &record_by("cri"), "does not answer");
    host.other_engines[1] = other(namesake());
    is_unknown(&host, &record_by("cri"), "may stand in the place of c9");
}

#[test]
fn what_is_no_engine_proves_nothing_of_records_that_name_none() {
    let mut host = host();
    let why = SourceError::new(SourceErrorKind::NotServed, "the socket", "unknown service");
    host.other_engines.push(other(Observed::Absent { why }));
    assert_eq!(whereabouts(&host, &record(None)), Whereabouts::Gone);
    is_unknown(&host, &record_by("cri"), "does not answer");
}

#[test]
fn engines_that_cannot_be_told_apart_prove_nothing() {
    for rows in [none(), namesake()] {
        let mut host = asked_by(&[("podman", rows)]);
        let ids = ["podman:/s", "podman:/s@1-2-3-4", "podman:/s@unknown"];
        for (known, recorded) in ids.iter().flat_map(|known| ids.map(|id| (known, id))) {
            let who = host.identities.engines.get_mut(&EngineName("podman".into())).unwrap();
            who.id = Some((*known).to_owned());
            let mark = EngineMark { kind: "podman".to_owned(), id: Some(recorded.to_owned()) };
            let record = PortRecord { engine: Some(mark), ..record(None) };
            match (*known == recorded, recorded) {
                (_, "podman:/s@unknown") => is_unknown(&host, &record, "there may be several"),
                (false, _) => is_unknown(&host, &record, "which was not asked"),
                (true, _) => assert_eq!(whereabouts(&host, &record).doubt(), None),
            }
        }
    }
}

/// The host whose Docker is asked in a second way as well, with these rows.
fn asked_twice(api: &str, rows: Vec<Container>) -> Snapshot {
    let mut host = host();
    let (engine, docker) = (EngineName(api.into()), EngineName("docker".into()));
    let who = host.identities.engines[&docker].clone();
    host.identities.engines.insert(engine.clone(), who);
    host.engines.insert(engine, Ok(rows).into());
    host
}

/// A record of the container 1 by this engine.
fn record_of_first(engine: Option<EngineMark>) -> PortRecord {
    PortRecord { engine, ..PortRecord::default().for_container(&container(1)) }
}

fn mark(kind: &str, id: &str) -> EngineMark {
    EngineMark { kind: kind.to_owned(), id: Some(id.to_owned()) }
}

#[test]
fn a_container_that_an_engine_tells_twice_is_one() {
    let typed = |words: &str| PortRecord { container: words.to_owned(), ..PortRecord::default() };
    let unread = Container { netns: None, pid: None, ..container(1) };
    for api in ["docker@/run/other.sock", "containerd", "a-relay"] {
        for rows in [vec![container(1)], vec![unread.clone()], vec![container(2), container(1)]] {
            let host = asked_twice(api, rows);
            let records = [
                record_of_first(Some(mark("docker", ENGINE))),
                record_of_first(None),
                typed("c1"),
                typed(&"1".repeat(12)),
            ];
            for record in records {
                let found = whereabouts(&host, &record);
                let Whereabouts::Known(row) = found else { panic!("{api}: {found:?}") };
                assert_eq!((&row.id, row.netns), (&container(1).id, container(1).netns), "{api}");
            }
        }
    }
}

#[test]
fn one_id_in_two_namespaces_is_that_of_the_recorded_engine_or_unknown() {
    let moved = Container { netns: container(3).netns, ..container(1) };
    let mut host = asked_twice("containerd", vec![moved.clone()]);
    is_unknown(&host, &record_of_first(None), "several containers may be meant");
    let other = EngineName("containerd".into());
    host.identities.engines.get_mut(&other).unwrap().id = Some("engine-2".to_owned());
    let home =
        |engine| whereabouts(&host, &record_of_first(engine)).container().and_then(|row| row.netns);
    assert_eq!(home(Some(mark("docker", ENGINE))), container(1).netns);
    assert_eq!(home(Some(mark("containerd", "engine-2"))), moved.netns);
    is_unknown(&host, &record_of_first(Some(mark("docker", "engine-3"))), "several containers");
    is_unknown(&host, &record_of_first(None), "several containers may be meant");
}

#[test]
fn a_successor_that_an_engine_tells_twice_is_one() {
    let successor = Container { name: "c9".into(), ..container(8) };
    for api in ["docker@/run/other.sock", "docker@/run/a.sock"] {
        let mut host = asked_twice(api, vec![successor.clone()]);
        let docker = EngineName("docker".into());
        host.engines.insert(docker, Ok(vec![container(2), successor.clone()]).into());
        let found = whereabouts(&host, &record(Some(ENGINE)));
        assert!(matches!(found, Whereabouts::Replaced(row) if row.id == successor.id), "{found:?}");
        // Two of that name are two.
        let namesake = Container { name: "c9".into(), ..container(7) };
        host.engines.insert(EngineName(api.into()), Ok(vec![namesake]).into());
        is_unknown(&host, &record(Some(ENGINE)), "several containers may stand in the place");
    }
}

/// Docker's `ID` as earlier versions wrote it down: of its key, and of its file.
const BARE: [&str; 2] = [
    "ABCD:EFGH:IJKL:MNOP:QRST:UVWX:YZ23:4567:ABCD:EFGH:IJKL:MNOP",
    "0ef0ad27-60b7-45c0-b4ee-e0590285d115",
];

#[test]
fn an_id_that_several_dockerds_may_have_names_none_of_them() {
    for bare in BARE {
        let place = |at: &str| Some(format!("{bare}:{at}"));
        let record_at = |at: &str| record(place(at).as_deref());
        let mut host = host();
        let called = |host: &mut Snapshot, id: Option<String>| {
            host.identities.engines.values_mut().for_each(|who| who.id.clone_from(&id));
        };
        called(&mut host, place("/var/lib/docker"));
        assert_eq!(whereabouts(&host, &record(Some(bare))), Whereabouts::Gone);
        let silent = other(Observed::Absent { why: silent() });
        host.other_engines.push(OtherEngine { id: place("/srv/docker"), ..silent });
        is_unknown(&host, &record(Some(bare)), "does not answer");
        is_unknown(&host, &record_at("/srv/docker"), "does not answer");
        assert_eq!(whereabouts(&host, &record_at("/var/lib/docker")), Whereabouts::Gone);
        // A recording of an earlier version has it of the engine as well.
        called(&mut host, Some(bare.to_owned()));
        is_unknown(&host, &record(Some(bare)), "does not answer");
        host.other_engines[0].containers = namesake();
        is_unknown(&host, &record(Some(bare)), "may stand in the place of c9");
        host.other_engines[0].containers = Ok(vec![container(9)]).into();
        is_unknown(&host, &record(Some(bare)), ADDRESS);
        host.other_engines[0].containers = none();
        assert_eq!(whereabouts(&host, &record(Some(bare))), Whereabouts::Gone);
    }
}

/// It has no `ID` to tell then.
#[test]
fn a_dockerd_that_is_stopped_may_be_the_one_whose_id_another_one_has() {
    for bare in BARE {
        let mut host = host();
        let (docker, beside) = (EngineName("docker".into()), EngineName("docker@/b.sock".into()));
        let mut identity = host.identities.engines.remove(&docker).unwrap();
        identity.id = Some(format!("{bare}:/srv/docker"));
        host.identities.engines.insert(beside.clone(), identity);
        let containers = host.engines.remove(&docker).unwrap();
        host.engines.insert(beside, containers);
        assert_eq!(whereabouts(&host, &record(Some(bare))), Whereabouts::Gone);
        let why = SourceError::new(SourceErrorKind::Unreachable, "docker", "connection refused");
        host.engines.insert(docker, Observed::Absent { why });
        is_unknown(&host, &record(Some(bare)), "does not answer");
        let of_other = record(Some(&format!("{bare}:/srv/docker")));
        assert_eq!(whereabouts(&host, &of_other), Whereabouts::Gone, "it is known by its place");
    }
}

/// Asked by a relay or over a network, a dockerd's place is not known; in a container it is called after its process.
#[test]
fn a_dockerd_whose_place_is_not_known_is_known_by_its_id() {
    for bare in BARE {
        for (recorded, asked) in [
            ("/var/lib/docker@unknown", "/var/lib/docker@unknown"),
            ("/var/lib/docker@unknown", "/var/lib/docker"),
            ("/var/lib/docker@1-2-3", "/var/lib/docker@1-7-9"),
            ("/var/lib/docker@1-2-3", "/var/lib/docker@1-2-3"),
        ] {
            let record = record(Some(&format!("{bare}:{recorded}")));
            let mut host = host();
            let docker = EngineName("docker".into());
            host.identities.engines.get_mut(&docker).unwrap().id = Some(format!("{bare}:{asked}"));
            assert_eq!(whereabouts(&host, &record), Whereabouts::Gone, "{recorded} {asked}");
            host.identities.engines.get_mut(&docker).unwrap().id =
                Some("ffffffff-60b7-45c0-b4ee-e0590285d115:/var/lib/docker".to_owned());
            is_unknown(&host, &record, "was not asked");
        }
    }
}

/// Asked over a network, it is another engine by its socket here, which has the successor as well.
#[test]
fn a_successor_that_the_same_engine_tells_by_its_other_socket_is_no_other_engines() {
    let mut host = host();
    let docker = EngineName("docker".into());
    let place = format!("{}:/var/lib/docker", BARE[1]);
    host.identities.engines.get_mut(&docker).unwrap().id = Some(format!("{place}@unknown"));
    let successor = Container { name: "c9".into(), ..container(8) };
    host.engines.insert(docker, Ok(vec![successor.clone()]).into());
    host.other_engines
        .push(OtherEngine { id: Some(place.clone()), ..other(Ok(vec![successor.clone()]).into()) });
    let found = whereabouts(&host, &record(Some(&place)));
    assert!(matches!(found, Whereabouts::Replaced(row) if row.id == successor.id), "{found:?}");
}

#[test]
fn what_takes_the_place_of_a_container_of_such_an_id_is_dockers_too() {
    for bare in BARE {
        let found = |host: &Snapshot| {
            whereabouts(host, &record(Some(bare))).container().map(|row| row.name.to_string())
        };
        let mut host = asked_by(&[("podman", namesake())]);
        // No engine here has that id: it may be one that is stopped, or a container's.
        is_unknown(&host, &record(Some(bare)), "was not asked");
        let docker = EngineName("docker".into());
        let called = |host: &mut Snapshot, id: String| {
            host.identities.engines.get_mut(&docker).unwrap().id = Some(id);
        };
        called(&mut host, format!("{bare}:/var/lib/docker"));
        assert_eq!(whereabouts(&host, &record(Some(bare))), Whereabouts::Gone);
        host.engines.insert(docker.clone(), namesake());
        assert_eq!(found(&host).as_deref(), Some("c9"));
        // A namesake of another dockerd takes no place.
        called(&mut host, "ffffffff-60b7-45c0-b4ee-e0590285d115:/var/lib/docker".to_owned());
        is_unknown(&host, &record(Some(bare)), "was not asked");
        called(&mut host, bare.to_owned());
        host.engines.insert(EngineName("podman".into()), Observed::Absent { why: silent() });
        is_unknown(&host, &record(Some(bare)), "does not answer");
    }
}

/// Records that name no engine are of times that knew Docker alone.
#[test]
fn what_stands_in_the_place_of_a_record_without_an_engine_is_dockers() {
    for (api, id) in [("podman", "podman:/s"), ("lxc", "lxc:/s"), ("docker@/p.sock", "podman:/s")] {
        let mut host = asked_by(&[(api, namesake())]);
        let engine = EngineName(api.into());
        host.identities.engines.get_mut(&engine).unwrap().id = Some(id.to_owned());
        is_unknown(&host, &record(None), "names no engine");
        // Nor is Docker's taken for certain then.
        let docker = EngineName("docker".into());
        let successor = Container { name: "c9".into(), ..container(7) };
        host.engines.insert(docker.clone(), Ok(vec![successor.clone()]).into());
        is_unknown(&host, &record(None), "names no engine");
        // Of another name it has nothing to do with it.
        host.engines.insert(engine.clone(), Ok(vec![container(8)]).into());
        let found = whereabouts(&host, &record(None));
        assert!(matches!(found, Whereabouts::Replaced(row) if row.id == successor.id), "{found:?}");
        // What tells of Docker's own container tells of no other one.
        host.engines.insert(engine, Ok(vec![successor.clone()]).into());
        let found = whereabouts(&host, &record(None));
        assert!(matches!(found, Whereabouts::Replaced(row) if row.id == successor.id), "{found:?}");
        // Without Docker itself nothing is known.
        host.engines.remove(&docker);
        is_unknown(&host, &record(None), "it may be of Docker");
    }
}

/// podman-docker has a link to Podman's socket where Docker listens.
#[test]
fn what_is_found_in_dockers_own_place_is_asked_for_docker() {
    let docker = EngineName("docker".into());
    let with = |docker_has: Observed<Container>, podman_has: Observed<Container>| {
        let mut host = asked_by(&[("docker", docker_has), ("podman", podman_has)]);
        host.identities.engines.values_mut().for_each(|who| who.id = Some("podman:/s".to_owned()));
        host
    };
    let one = |row: Container| Observed::from(Ok(vec![row]));
    assert_eq!(whereabouts(&with(none(), none()), &record(None)), Whereabouts::Gone);
    // Podman has its containers by both of its APIs.
    let successor = Container { name: "c9".into(), ..container(8) };
    let host = with(one(successor.clone()), one(successor.clone()));
    let found = whereabouts(&host, &record(None));
    assert!(matches!(found, Whereabouts::Replaced(row) if row.id == successor.id), "{found:?}");
    let host = with(one(container(9)), one(container(9)));
    let found = whereabouts(&host, &record(None));
    assert!(matches!(found, Whereabouts::Known(row) if row.id == container(9).id), "{found:?}");
    // What is named may be anywhere, and what is silent tells nothing.
    let mut host = with(none(), none());
    host.named_engines.insert(docker);
    is_unknown(&host, &record(None), "it may be of Docker");
    let host = with(Observed::Absent { why: silent() }, none());
    is_unknown(&host, &record(None), "does not answer");
}

/// What may be written down of each container of a host, and what is of none.
fn words_of(host: &Snapshot) -> Vec<String> {
    let beginning = |id: &str, len: usize| id.get(..len).unwrap_or(id).to_owned();
    let words = host.containers().flat_map(|row| {
        let id = row.id.0.to_string();
        [row.name.to_string(), beginning(&id, 12), beginning(&id, 4), id]
    });
    words.chain([String::new(), "nothing".to_owned()]).collect()
}

#[test]
fn an_index_tells_of_each_record_what_is_told_without_one() {
    let mark = |id: Option<&str>| EngineMark { kind: "docker".into(), id: id.map(str::to_owned) };
    let writers =
        [(false, None), (true, None), (true, Some(mark(None))), (true, Some(mark(Some(ENGINE))))];
    let mut known = 0;
    for case in cases() {
        let host = read::<Snapshot>(&case.join("snapshot.json"));
        let index = ContainerIndex::of(&host);
        for words in words_of(&host) {
            for (ours, engine) in writers.clone() {
                let record =
                    PortRecord { container: words.clone(), ours, engine, ..PortRecord::default() };
                let found = whereabouts(&host, &record);
                known += usize::from(found.container().is_some());
                assert_eq!(index.whereabouts(&record), found, "{}: {record:?}", case.display());
            }
        }
    }
    assert!(known > 0);
}
