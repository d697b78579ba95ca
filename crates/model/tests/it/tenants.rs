//! Who has an interface: all containers that are in its namespace, however they came there.

use std::sync::Arc;

use docker_ovs_model::snapshot::{Container, EngineName, Observed, Sandbox, Scope};
use docker_ovs_model::wiring::{ContainerRef, Occupant};
use docker_ovs_model::{Snapshot, resolve};

use crate::plans::scene::{connected, container, home, host, request};

/// c1 has an interface on br0, and nothing else has any.
fn one_connected() -> Snapshot {
    connected(&host(), &request("br0", "c1"), 1)
}

/// Changes the container of this name.
fn change(host: &mut Snapshot, name: &str, change: impl Fn(&mut Container)) {
    let rows = host.engines.values_mut().flat_map(Observed::rows_mut);
    rows.filter(|row| *row.name == *name).for_each(change);
}

/// What they are called.
fn called(tenants: &[Arc<ContainerRef>]) -> Vec<String> {
    let mut all: Vec<_> = tenants.iter().map(|who| who.called().to_owned()).collect();
    all.sort();
    all
}

/// Who has the only interface that there is, as that and its port tell, in a whole look and in a narrow one.
fn tenants(host: &Snapshot) -> Vec<String> {
    let told = |host: &Snapshot| {
        let wiring = resolve(host);
        let [found] = &wiring.attachments[..] else { panic!("{:#?}", wiring.attachments) };
        let plugs = wiring.ports.iter().filter_map(|row| match &row.occupant {
            Occupant::Plugged { plugs } => Some(plugs),
            _ => None,
        });
        let of_port: Vec<_> = plugs.flatten().map(|plug| called(&plug.tenants)).collect();
        let of_interface = called(&found.tenants);
        assert_eq!(of_port, std::slice::from_ref(&of_interface));
        of_interface
    };
    let narrow = Snapshot { scope: Scope::One, ..host.clone() };
    assert_eq!(told(host), told(&narrow));
    told(host)
}

#[test]
fn who_joined_by_way_of_a_container_that_stopped_since_is_a_tenant() {
    let mut host = one_connected();
    for name in ["c2", "c3"] {
        change(&mut host, name, |row| row.netns = Some(home(1)));
    }
    change(&mut host, "c2", |row| row.network_mode = format!("container:{}", container(1).id.0));
    change(&mut host, "c3", |row| row.network_mode = format!("container:{}", container(2).id.0));
    assert_eq!(tenants(&host), ["c1", "c2", "c3"]);
    let stop = |row: &mut Container| {
        (row.pid, row.netns, row.state) = (None, None, "exited".to_owned());
    };
    change(&mut host, "c2", stop);
    assert_eq!(tenants(&host), ["c1", "c3"]);
    // So is one whose own way there has ended at its beginning.
    change(&mut host, "c1", stop);
    assert_eq!(tenants(&host), ["c3"]);
}

#[test]
fn a_container_whose_process_left_shares_what_stayed_behind() {
    let mut host = one_connected();
    let key = "/var/run/docker/netns/0123456789ab".to_owned();
    change(&mut host, "c2", |row| {
        row.sandbox = Some(Sandbox { key: key.clone(), netns: home(1) });
    });
    assert_eq!(tenants(&host), ["c1", "c2"]);
    // One that is told to have left for where it is has one namespace, once.
    change(&mut host, "c2", |row| row.netns = Some(home(1)));
    assert_eq!(tenants(&host), ["c1", "c2"]);
}

#[test]
fn containers_of_two_engines_in_one_namespace_are_both_its_tenants() {
    let mut host = one_connected();
    let beside = |name: &str| Container {
        name: name.into(),
        netns: Some(home(1)),
        network_mode: "ns:/proc/100/ns/net".to_owned(),
        ..container(7)
    };
    for (name, expected) in [("web", ["c1", "web"]), ("c1", ["docker:c1", "podman:c1"])] {
        let rows = [beside(name)].into();
        host.engines.insert(EngineName("podman".into()), Observed::Fresh { rows });
        assert_eq!(tenants(&host), expected);
    }
}
