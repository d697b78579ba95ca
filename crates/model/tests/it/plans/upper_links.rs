//! Upper links go with the lower one: a link that has one of another namespace is left alone.

use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, Mac, NetnsId, Nsid};
use docker_ovs_model::plan::{Disconnect, PlanError, Prune, disconnect, prune, undecided};
use docker_ovs_model::snapshot::{Link, Namespace, Observed, Peer};
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, rehearse, resolve};

use crate::plans::scene::{SWITCH, connected, home, host, plan, request};

/// The word by which the namespaces of these tests call another.
const WORD: Nsid = Nsid(5);

/// c1 has eth0 on br0.
fn joined() -> Snapshot {
    connected(&host(), &request("br0", "c1"), 1)
}

/// The veth of a connect for c1 that was killed before it made the port.
fn killed() -> Snapshot {
    let steps = plan(&host(), &request("br0", "c1"), 1).unwrap().steps;
    rehearse(&host(), &steps[..1])
}

/// The index of the veth's end in this namespace.
fn end_in(host: &Snapshot, netns: NetnsId) -> Ifindex {
    let space = host.namespace(netns).unwrap();
    space.links.iter().find(|link| link.is_paired()).unwrap().ifindex
}

/// Puts a link into a namespace that stands on one of another, and tells its index.
fn put(
    host: &mut Snapshot,
    at: NetnsId,
    kind: &str,
    lower: (NetnsId, Ifindex),
) -> (NetnsId, Ifindex) {
    let ifindex = Ifindex(70);
    let space = host.kernel.rows_mut().iter_mut().find(|space| space.id == at).unwrap();
    let nsid = (lower.0 != at).then_some(WORD);
    space.nsids.extend(nsid.map(|word| (word, lower.0)));
    space.links.push(Arc::new(Link {
        ifindex,
        name: "up0".into(),
        kind: Some(kind.to_owned()),
        ethernet: true,
        peer: Some(Peer { ifindex: lower.1, nsid }),
        ..Link::default()
    }));
    (at, ifindex)
}

fn disconnected(host: &Snapshot, force: bool) -> Result<(), PlanError> {
    let request = Disconnect {
        bridge: "br0".to_owned(),
        container: "c1".to_owned(),
        interface: Some("eth0".to_owned()),
        force,
    };
    disconnect(host, &resolve(host), &request).map(|_| ())
}

/// What `prune` would remove, and what it leaves alone.
fn pruned(host: &Snapshot) -> (usize, Vec<String>) {
    let (wiring, request) = (resolve(host), Prune::default());
    let doubts = undecided(host, &wiring, &request).into_iter().map(|one| one.why);
    (prune(host, &wiring, &request).len(), doubts.collect())
}

type Stack = (&'static str, &'static str, fn(&mut Snapshot));

#[test]
fn what_has_an_upper_link_of_another_is_left_alone() {
    let stacks: [Stack; 4] = [
        ("another container's macvlan", "the macvlan up0 of c2", |host| {
            let lower = (home(1), end_in(host, home(1)));
            put(host, home(2), "macvlan", lower);
        }),
        ("a VLAN of the host", "the vlan up0 of the host", |host| {
            let lower = (SWITCH, end_in(host, SWITCH));
            put(host, SWITCH, "vlan", lower);
        }),
        ("another's ipvlan on a VLAN of its own", "the ipvlan up0 of c3", |host| {
            let lower = (home(1), end_in(host, home(1)));
            let own = put(host, home(1), "vlan", lower);
            put(host, home(3), "ipvlan", own);
        }),
        ("another's macvlan on the host's end", "the macvlan up0 of c2", |host| {
            let lower = (SWITCH, end_in(host, SWITCH));
            put(host, home(2), "macvlan", lower);
        }),
    ];
    assert_eq!(pruned(&killed()), (1, Vec::new()));
    for (what, words, stack) in stacks {
        let mut host = joined();
        stack(&mut host);
        for force in [false, true] {
            let refused = disconnected(&host, force).unwrap_err();
            assert!(matches!(refused, PlanError::HasUpper { .. }), "{what}: {refused}");
            assert!(refused.to_string().contains(words), "{what}: {refused}");
        }
        let mut host = killed();
        stack(&mut host);
        let (gone, doubts) = pruned(&host);
        assert_eq!(gone, 0, "{what}");
        assert!(doubts[0].contains(words), "{what}: {doubts:?}");
        let mut again = request("br0", "c1");
        again.interface = Some("eth0".to_owned());
        let refused = plan(&host, &again, 2).unwrap_err();
        assert!(matches!(refused, PlanError::InterfaceTaken { .. }), "{what}: {refused}");
    }
}

/// A macvlan of c2 with the index of c1's interface, whose namespace c2 calls by a word of which nothing else is known.
#[test]
fn an_upper_link_of_which_the_index_alone_fits_is_in_doubt_and_only_where_it_can_be_that_one() {
    let with = |named: Option<(Nsid, NetnsId)>| {
        let mut host = joined();
        let lower = (home(1), end_in(&host, home(1)));
        put(&mut host, home(2), "macvlan", lower);
        let space = host.kernel.rows_mut().iter_mut().find(|space| space.id == home(2)).unwrap();
        space.nsids.remove(&WORD);
        space.nsids.extend(named);
        disconnected(&host, true)
    };
    let refused = with(None).unwrap_err();
    assert!(matches!(refused, PlanError::Undecided { .. }), "{refused}");
    let words = "up0 of c2 may stand on it: in which namespace its parent is was not read";
    assert!(refused.to_string().contains(words), "{refused}");
    let other = Nsid(6);
    assert_eq!(with(Some((other, home(1)))), Ok(()), "c2 calls c1's by another word");
}

/// Makes what was put there a tunnel, which tells by an attribute of its own what it sends by.
fn make_tunnel(host: &mut Snapshot, at: NetnsId) {
    let space = host.kernel.rows_mut().iter_mut().find(|space| space.id == at).unwrap();
    let link = Arc::make_mut(space.links.last_mut().unwrap());
    link.kind = Some("vxlan".to_owned());
    link.underlays.extend(link.peer.take());
}

#[test]
fn a_tunnel_over_a_link_stands_on_it() {
    for (at, words) in [(home(2), "the vxlan up0 of c2"), (SWITCH, "the vxlan up0 of the host")] {
        for end in [home(1), SWITCH] {
            let mut host = joined();
            let lower = (end, end_in(&host, end));
            put(&mut host, at, "vxlan", lower);
            make_tunnel(&mut host, at);
            let refused = disconnected(&host, true).unwrap_err();
            assert!(matches!(refused, PlanError::HasUpper { .. }), "{refused}");
            assert!(refused.to_string().contains(words), "{refused}");
        }
    }
    let mut host = joined();
    let lower = (home(1), end_in(&host, home(1)));
    put(&mut host, home(1), "vxlan", lower);
    make_tunnel(&mut host, home(1));
    assert_eq!(disconnected(&host, false), Ok(()), "it is its own");
}

/// Of an ipvtap the kernel tells the index of the parent alone.
#[test]
fn an_ipvtap_in_another_namespace_may_stand_on_a_link() {
    let mac = |last| Some(Mac([2, 0, 0, 0, 9, last]));
    let with = |own: Option<Mac>, beside: Option<Mac>| {
        let mut host = joined();
        let lower = end_in(&host, home(1));
        for (at, mac) in [(home(1), mac(1)), (home(2), beside)] {
            let space = host.kernel.rows_mut().iter_mut().find(|space| space.id == at).unwrap();
            space.links.retain(|link| at == home(1) || link.ifindex != lower);
            let put =
                Arc::new(Link { ifindex: lower, name: "low0".into(), mac, ..Link::default() });
            if at == home(1) {
                let end = space.links.iter_mut().find(|link| link.ifindex == lower).unwrap();
                Arc::make_mut(end).mac = mac;
            } else if mac.is_some() {
                space.links.push(put);
            }
        }
        put(&mut host, home(2), "ipvtap", (home(2), lower));
        let space = host.kernel.rows_mut().iter_mut().find(|space| space.id == home(2)).unwrap();
        Arc::make_mut(space.links.last_mut().unwrap()).mac = own;
        disconnected(&host, true)
    };
    for beside in [None, mac(1), mac(2)] {
        let refused = with(mac(1), beside).unwrap_err();
        assert!(matches!(refused, PlanError::HasUpper { .. }), "{refused}");
        assert!(refused.to_string().contains("the ipvtap up0 of c2"), "{refused}");
    }
    for (own, beside) in [(mac(3), None), (mac(3), mac(2)), (None, mac(2))] {
        let refused = with(own, beside).unwrap_err();
        assert!(matches!(refused, PlanError::Undecided { .. }), "{refused}");
        assert!(refused.to_string().contains("ipvtap up0 of c2 may stand on it"), "{refused}");
    }
    assert_eq!(with(mac(2), mac(2)), Ok(()), "its parent is beside it");
}

#[test]
fn what_a_container_has_on_its_own_interface_goes_with_it() {
    for kind in ["vlan", "macvlan", "ipvlan"] {
        let mut host = joined();
        let lower = (home(1), end_in(&host, home(1)));
        put(&mut host, home(1), kind, lower);
        assert_eq!(disconnected(&host, false), Ok(()), "{kind}");
    }
    let mut host = joined();
    let lower = (home(3), Ifindex(2));
    put(&mut host, home(2), "macvlan", lower);
    assert_eq!(disconnected(&host, false), Ok(()), "it stands on another link of that index");
}

#[test]
fn a_namespace_that_was_not_read_may_have_links_on_it() {
    let refused = |change: &dyn Fn(&mut Vec<Namespace>)| {
        let mut host = joined();
        let mut rows = host.kernel.rows().to_vec();
        change(&mut rows);
        host.kernel = Observed::Fresh { rows: rows.into() };
        disconnected(&host, true).unwrap_err()
    };
    let third = |rows: &[Namespace]| rows.iter().position(|row| row.id == home(3)).unwrap();
    let denied = SourceError::new(SourceErrorKind::Denied, "it", "no");
    for refused in [
        refused(&|rows| {
            let row = third(rows);
            rows[row].source_error = Some(denied.clone());
        }),
        refused(&|rows| {
            let row = third(rows);
            rows[row].links.clear();
        }),
        refused(&|rows| drop(rows.remove(third(rows)))),
    ] {
        assert!(matches!(refused, PlanError::Undecided { .. }), "{refused}");
        assert!(refused.to_string().contains("c3"), "{refused}");
    }
}
