//! A host's end that was moved to another namespace: its port is not pruned.

use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, NetnsId, Nsid};
use docker_ovs_model::plan::{Prune, prune, undecided};
use docker_ovs_model::snapshot::{Link, Peer};
use docker_ovs_model::switch::SwitchSource;
use docker_ovs_model::{Snapshot, resolve};

use super::{change, links_in, nothing_is_heard, taken, with_address};
use crate::plans::scene::{SWITCH, home, restarted};

/// The host after the end of c1's eth0 was moved into this namespace, or into one that is not seen.
fn moved_away(mut host: Snapshot, to: Option<NetnsId>) -> Snapshot {
    let links = links_in(&mut host, SWITCH);
    let at = links.iter().position(|link| link.is_paired()).unwrap();
    let mut end = Link::clone(&links.remove(at));
    nothing_is_heard(&mut host);
    let word = Nsid(77);
    let (there, back) = if to == Some(home(1)) { (None, None) } else { (Some(word), Some(word)) };
    for space in host.kernel.rows_mut() {
        if let Some(to) = to.filter(|to| space.id == home(1) && *to != home(1)) {
            space.nsids.insert(word, to);
        }
        if Some(space.id) == to && to != Some(home(1)) {
            space.nsids.insert(word, home(1));
        }
    }
    for link in links_in(&mut host, home(1)).iter_mut().filter(|link| link.is_paired()) {
        Arc::make_mut(link).peer = Some(Peer { ifindex: Ifindex(90), nsid: there });
    }
    // The kernel gives it another index where its own is taken.
    (end.ifindex, end.peer.as_mut().unwrap().nsid) = (Ifindex(90), back);
    if let Some(to) = to {
        links_in(&mut host, to).push(Arc::new(end));
    }
    for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        for port in &mut row.ports {
            let port = Arc::make_mut(port);
            (port.ifindex, port.error) = (None, Some("No such device".to_owned()));
        }
    }
    host
}

#[test]
fn the_port_of_a_host_end_that_was_moved_to_another_namespace_is_not_pruned() {
    let of_ovs_docker = |mut host: Snapshot| {
        for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
            row.external_ids.clear();
            for port in &mut row.ports {
                let ids = &mut Arc::make_mut(port).external_ids;
                ids.retain(|key, _| !key.starts_with("docker-ovs."));
            }
        }
        change(&mut host, SWITCH, "dov-00000001", |link| link.alias = None);
        host
    };
    for to in [Some(home(2)), Some(home(1)), None] {
        for host in [with_address(), of_ovs_docker(with_address())] {
            let moved = moved_away(host, to);
            let wiring = resolve(&moved);
            assert!(wiring.ports[0].occupant.is_orphaned(), "{to:?}: {wiring:#?}");
            let gone = prune(&moved, &wiring, &Prune::default());
            assert_eq!(gone, [], "{to:?}");
            assert_eq!(taken(&moved), [], "{to:?}");
        }
    }
    // Whoever is left in that namespace, the link bears the mark of its port.
    let mut moved = moved_away(with_address(), Some(home(2)));
    for row in moved.engines.values_mut().flat_map(|rows| rows.rows_mut().iter_mut()) {
        if *row.name == *"c1" {
            (row.pid, row.netns, row.state) = (None, None, "exited".to_owned());
        }
    }
    let stopped = Prune { stopped: true, ..Prune::default() };
    assert_eq!(prune(&moved, &resolve(&moved), &stopped), []);
    let doubts = undecided(&moved, &resolve(&moved), &stopped);
    assert!(doubts[0].why.contains("bears the mark of its link"), "{doubts:?}");
    // What an engine gave the container under that name since is another interface.
    let mut again = restarted(&with_address(), 1, true);
    beside_in(&mut again, home(1));
    assert_eq!(prune(&again, &resolve(&again), &Prune::default()).len(), 1);
}

/// A veth of another network, `eth0` inside, whose end here is no port.
fn beside_in(host: &mut Snapshot, netns: NetnsId) {
    let word = Nsid(8);
    let rows = host.kernel.rows_mut();
    rows.iter_mut().find(|row| row.id == SWITCH).unwrap().nsids.insert(word, netns);
    let end = |name: &str, own, peer, nsid| {
        let peer = Some(Peer { ifindex: Ifindex(peer), nsid: Some(nsid) });
        let (kind, ifindex) = (Some("veth".to_owned()), Ifindex(own));
        Arc::new(Link {
            ifindex,
            name: name.into(),
            kind,
            ethernet: true,
            up: true,
            peer,
            ..Link::default()
        })
    };
    links_in(host, SWITCH).push(end("veth1234", 60, 61, word));
    links_in(host, netns).push(end("eth0", 61, 60, Nsid(0)));
}
