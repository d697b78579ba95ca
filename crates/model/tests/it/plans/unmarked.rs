//! A record that names no engine, as ovs-docker writes it: it is of Docker, whichever other engine
//! has a container of its words.

use docker_ovs_model::identity::{SourceIdentity, World};
use docker_ovs_model::ids::ContainerId;
use docker_ovs_model::plan::{
    Disconnect, PlanError, Prune, RestoreAction, disconnect, prune, undecided,
};
use docker_ovs_model::port_record::PortRecord;
use docker_ovs_model::snapshot::{Container, EngineName, Observed};
use docker_ovs_model::switch::Port;
use docker_ovs_model::whereabouts::{Whereabouts, whereabouts};
use docker_ovs_model::{Snapshot, resolve};

use crate::plans::scene::{
    container, docker, doubts, having, host, port, port_of, pruned, restored, silent,
};

/// ovs-docker writes what was typed.
fn typed(words: &str) -> PortRecord {
    PortRecord { container: words.to_owned(), interface: "eth1".into(), ..PortRecord::default() }
}

/// The id of `web` as the engine has it.
fn id_of(engine: &str) -> ContainerId {
    match engine {
        "lxc" | "incus" => ContainerId(format!("web@{engine}").into()),
        _ => container(3).id,
    }
}

/// The host with an orphaned port that ovs-docker made for `words`, and with a container 3 called `web` of
/// another engine than Docker, which has the containers 1 and 2.
fn beside(engine: &str, id: &str, words: &str) -> Snapshot {
    let mut host = having(&host(), vec![container(1), container(2)]);
    let web = Container { id: id_of(engine), name: "web".into(), ..container(3) };
    let engine = EngineName(engine.into());
    host.engines.insert(engine.clone(), Observed::from(Ok(vec![web])));
    let world = World::Here { evidence: "a test says so".to_owned() };
    let identity = SourceIdentity::new(Some(2), world);
    let identity = SourceIdentity { id: Some(id.to_owned()), ..identity };
    host.identities.engines.insert(engine, identity);
    let ids = [("container_id", words), ("container_iface", "eth1")];
    let row = Port {
        iface: "old".into(),
        kind: "system".to_owned(),
        external_ids: ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..Port::default()
    };
    port(&mut host, row);
    host
}

fn request(container: String) -> Disconnect {
    Disconnect { bridge: "br0".to_owned(), container, interface: None, force: true }
}

const OTHERS: [(&str, &str); 5] = [
    ("podman", "podman:/s"),
    ("docker@/run/podman.sock", "podman:/s"),
    ("lxc", "lxc:/s"),
    ("incus", "incus:/s"),
    ("containerd", "containerd:/s"),
];

#[test]
fn a_typed_name_is_no_container_of_another_engine() {
    for (engine, id) in OTHERS {
        let host = beside(engine, id, "web");
        assert_eq!(whereabouts(&host, &typed("web")), Whereabouts::Gone, "{engine}");
        assert_eq!(restored(&host), [RestoreAction::Gone], "{engine}");
        assert_eq!(pruned(&host), 1, "{engine}: what ovs-docker left of a removed container");
        let words = format!("{engine}:web");
        let refused = disconnect(&host, &resolve(&host), &request(words)).unwrap_err();
        assert!(matches!(refused, PlanError::NotConnected { .. }), "{engine}: {refused}");
    }
}

#[test]
fn a_typed_name_is_unknown_while_docker_does_not_answer() {
    for (engine, id) in OTHERS {
        let whole = beside(engine, id, "web");
        let rows = vec![Container { name: "web".into(), ..container(1) }];
        for rows in [
            None,
            Some(Observed::Absent { why: silent() }),
            Some(Observed::Stale { rows: Vec::new().into(), why: silent() }),
            Some(Observed::Stale { rows: rows.into(), why: silent() }),
        ] {
            let mut host = whole.clone();
            match &rows {
                None => drop(host.engines.remove(&docker())),
                Some(rows) => drop(host.engines.insert(docker(), rows.clone())),
            }
            let found = whereabouts(&host, &typed("web"));
            assert!(matches!(found, Whereabouts::Unknown { .. }), "{engine} {rows:?}: {found:?}");
            let actions = restored(&host);
            assert!(
                matches!(&actions[..], [RestoreAction::NotToBeTouched { .. }]),
                "{engine}: {actions:?}"
            );
            assert_eq!((pruned(&host), doubts(&host).len()), (0, 1), "{engine}");
            let words = format!("{engine}:web");
            let refused = disconnect(&host, &resolve(&host), &request(words)).unwrap_err();
            assert!(matches!(refused, PlanError::Undecided { .. }), "{engine}: {refused}");
        }
    }
}

#[test]
fn a_typed_name_is_dockers_container_beside_a_namesake() {
    for (engine, id) in OTHERS {
        let mut host = beside(engine, id, "web");
        let web = Container { name: "web".into(), ..container(1) };
        let rows: std::sync::Arc<[Container]> = vec![web.clone(), container(2)].into();
        for observed in [
            Observed::Fresh { rows: rows.clone() },
            // One of its containers cannot be told of.
            Observed::Partial { rows: rows.clone(), why: silent() },
        ] {
            host.engines.insert(docker(), observed);
            let found = whereabouts(&host, &typed("web"));
            assert_eq!(found, Whereabouts::Known(&web), "{engine}");
        }
    }
}

#[test]
fn another_docker_that_is_silent_may_have_the_typed_name_too() {
    let mut host = beside("podman", "podman:/s", "c1");
    assert!(matches!(whereabouts(&host, &typed("c1")), Whereabouts::Known(_)));
    let other = EngineName("docker@/run/other.sock".into());
    host.engines.insert(other, Observed::Absent { why: silent() });
    let found = whereabouts(&host, &typed("c1"));
    assert!(matches!(found, Whereabouts::Unknown { .. }), "{found:?}");
}

#[test]
fn a_typed_id_is_no_name() {
    for (engine, id) in OTHERS.into_iter().filter(|(engine, _)| id_of(engine) == container(3).id) {
        let full = container(3).id.0;
        let host = beside(engine, id, &full);
        // It is no other one's, whatever engine has it.
        let found = whereabouts(&host, &typed(&full)).container().map(|row| row.id.clone());
        assert_eq!(found, Some(container(3).id), "{engine}");
        let short = &full[..12];
        let found = whereabouts(&host, &typed(short));
        assert!(matches!(found, Whereabouts::Unknown { .. }), "{engine}: {found:?}");
        let docker = container(1).id.0;
        for words in [&*docker, &docker[..12], "c1"] {
            let found = whereabouts(&host, &typed(words));
            assert!(
                matches!(found, Whereabouts::Known(row) if row.id == container(1).id),
                "{words}"
            );
        }
    }
}

/// Another program writes the name of any engine's container down.
#[test]
fn a_name_of_another_program_that_two_engines_have_is_not_gone() {
    let mut host = beside("podman", "podman:/s", "web");
    let web = Container { id: container(4).id, name: "web".into(), ..container(2) };
    let (podman, other) = (EngineName("podman".into()), EngineName("containerd".into()));
    host.engines.insert(other.clone(), Observed::from(Ok(vec![web])));
    let id = Some("containerd:/s".to_owned());
    let identity = SourceIdentity { id, ..host.identities.engines[&podman].clone() };
    host.identities.engines.insert(other, identity);
    let ids = [("pipework.containername", "web"), ("pipework.interface", "eth1")];
    port_of(&mut host, |port| {
        port.external_ids = ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    });
    let (wiring, wish) = (resolve(&host), Prune { all: true, ..Prune::default() });
    assert_eq!(prune(&host, &wiring, &wish).len(), 0);
    assert_eq!(undecided(&host, &wiring, &wish).len(), 1);
}
