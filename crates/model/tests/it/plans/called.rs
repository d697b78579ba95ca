//! How a container is called in what is restored or pruned: by its name, with its engine where another
//! one has a container of that name.

use docker_ovs_model::plan::{Prunable, Prune, Restore, prune, remembered};
use docker_ovs_model::snapshot::{Container, EngineName, Observed};
use docker_ovs_model::{Snapshot, resolve};

use crate::plans::scene::{connected, container, host, request, restarted};
use crate::plans::scene::{docker, having, removed};

/// The host with a container of this name in an engine of its own.
fn with_namesake(host: &Snapshot, engine: &str, name: &str) -> Snapshot {
    let engine = EngineName(engine.into());
    let row = Container { name: name.into(), ..container(7) };
    let mut host = host.clone();
    host.engines.insert(engine.clone(), Observed::Fresh { rows: [row].into() });
    let mut identity = host.identities.engines[&docker()].clone();
    identity.id = Some(format!("{engine}:/var/lib"));
    host.identities.engines.insert(engine, identity);
    host
}

fn restored(host: &Snapshot) -> Vec<String> {
    let all = remembered(host, &resolve(host), &Restore::default()).unwrap();
    all.into_iter().map(|one| one.called.to_string()).collect()
}

fn pruned(host: &Snapshot, stopped: bool) -> Vec<String> {
    let request = Prune { stopped, ..Prune::default() };
    let last = prune(host, &resolve(host), &request).into_iter().filter_map(|one| match one {
        Prunable::Port { last, .. }
        | Prunable::Link { last, .. }
        | Prunable::Memory { last, .. } => last,
    });
    last.collect()
}

/// c1 of Docker, which had eth0 on br0, is stopped.
fn stopped() -> Snapshot {
    restarted(&connected(&host(), &request("br0", "c1"), 1), 1, false)
}

/// The same, and the port was taken by another program: the bridge alone remembers it.
fn only_remembered() -> Snapshot {
    let mut host = stopped();
    let rows = host.switch.values_mut().flat_map(Observed::rows_mut);
    rows.for_each(|bridge| bridge.ports.retain(|port| !port.iface.starts_with("dov-")));
    host
}

#[test]
fn a_name_that_another_engine_has_too_is_told_with_its_engine() {
    for (host, what) in [(stopped(), "a port"), (only_remembered(), "a memory")] {
        let clash = with_namesake(&host, "podman", "c1");
        assert_eq!(restored(&clash), ["docker:c1"], "{what}");
        assert_eq!(pruned(&clash, true), ["docker:c1:eth0"], "{what}");
        let none = with_namesake(&host, "podman", "web");
        assert_eq!(restored(&none), ["c1"], "{what}");
        assert_eq!(pruned(&none, true), ["c1:eth0"], "{what}");
    }
}

#[test]
fn what_is_gone_is_told_with_its_engine_where_another_one_has_the_name() {
    let clash = with_namesake(&removed(), "podman", "c1");
    assert_eq!(restored(&clash), ["docker:c1"]);
    assert_eq!(pruned(&clash, false), ["docker:c1:eth0"]);
    // Of the same engine it is the successor, whose name it is.
    let successor = having(&removed(), vec![Container { name: "c1".into(), ..container(7) }]);
    assert_eq!(restored(&successor), ["c1"]);
}

#[test]
fn a_namesake_that_a_user_runs_takes_no_name_from_the_hosts() {
    let clash = with_namesake(&stopped(), "podman@1000", "c1");
    assert_eq!(restored(&clash), ["c1"]);
}
