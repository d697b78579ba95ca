//! What is removed, and what is left alone.

use std::sync::Arc;

use docker_ovs_model::plan::{Connect, Disconnect, Prune, Refusal, disconnect, prune};
use docker_ovs_model::snapshot::{Observed, Scope};
use docker_ovs_model::switch::Via;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{connected, container, host, request, restarted};

#[test]
fn prune_takes_only_ports_of_containers_that_are_gone() {
    let before = connected(&host(), &request("br0", "c1"), 1);
    let left = |host: &Snapshot, request: &Prune| prune(host, &resolve(host), request).len();
    let (normal, stopped) = (Prune::default(), Prune { stopped: true, ..Prune::default() });
    assert_eq!(left(&before, &stopped), 0, "it is in use");
    assert_eq!(left(&restarted(&before, 1, true), &stopped), 0, "it can be restored");
    let exited = restarted(&before, 1, false);
    assert_eq!((left(&exited, &normal), left(&exited, &stopped)), (0, 1));
    let replaced = Connect { interface: Some("eth0".into()), ..request("br1", "c1") };
    let replaced = connected(&restarted(&before, 1, true), &replaced, 2);
    assert_eq!(left(&replaced, &normal), 1, "the container has another eth0 now");
    let mut removed = exited.clone();
    for rows in removed.engines.values_mut() {
        *rows = Observed::Fresh { rows: (2..=3).map(container).collect() };
    }
    assert_eq!(left(&removed, &normal), 1);
    assert_eq!(resolve(&removed).ports[0].occupant.to_string(), "orphaned (was c1:eth0)");
    let until = |until| Prune { until: Some(until), ..Prune::default() };
    assert_eq!((left(&removed, &until(1000)), left(&removed, &until(1001))), (0, 1));
    let elsewhere = Prune { bridge: Some("br1".into()), ..Prune::default() };
    assert_eq!(left(&removed, &elsewhere), 0);
    let mut blind = removed;
    blind.scope = Scope::One;
    assert_eq!(left(&blind, &normal), 0, "a narrow look proves nothing");
}

#[test]
fn only_marked_ports_are_disconnected_without_force() {
    let mut theirs = connected(&host(), &request("br0", "c1"), 1);
    let rows = theirs.switch.get_mut(&Via::Ovsdb).unwrap().rows_mut();
    Arc::make_mut(&mut rows[0].ports[0]).external_ids.clear();
    let request =
        |force| Disconnect { bridge: "br0".into(), container: "c1".into(), interface: None, force };
    let wiring = resolve(&theirs);
    let refusal = disconnect(&theirs, &wiring, &request(false)).unwrap_err();
    assert!(matches!(refusal, Refusal::NotOurs { .. }), "{refusal:?}");
    let plan = disconnect(&theirs, &wiring, &request(true)).unwrap();
    assert!(resolve(&rehearse(&theirs, &plan.steps)).attachments.is_empty());
}
