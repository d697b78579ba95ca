//! Real namespaces and links: what the kernel says, and that nothing stays behind.
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

use std::path::Path;

use docker_ovs_netns::{Error, Netns, RouteSocket, visit};

use crate::space::{Space, inside, named, soon};

#[test]
fn a_veth_pair_is_known_from_both_ends() {
    lab::need!(Root);
    let (left, right) = (Space::new("l"), Space::new("r"));
    left.ip(&[
        "link", "add", "eth0", "index", "77", "type", "veth", "peer", "name", "eth9", "netns",
        &right.0,
    ]);
    let (l, r) = (left.open(), right.open());
    let (near, far) = (named(&l, "eth0"), named(&r, "eth9"));
    assert_eq!((near.kind.as_deref(), near.ethernet, near.ifindex), (Some("veth"), true, 77));
    assert_eq!((near.link, far.link), (Some(far.ifindex), Some(77)));
    assert_eq!(near.link_nsid, inside(&l, |socket| socket.nsid_of(&r)));
    assert_eq!(far.link_nsid, inside(&r, |socket| socket.nsid_of(&l)));
    assert!(near.link_nsid.is_some() && far.link_nsid.is_some());
    assert_ne!(l.identity(), r.identity());
    assert_eq!(l.identity(), left.open().identity());
}

/// The same index in two namespaces: only the id of the namespace tells them apart.
#[test]
fn an_index_says_nothing_without_its_namespace() {
    lab::need!(Root);
    let (left, middle, right) = (Space::new("x"), Space::new("y"), Space::new("z"));
    middle.ip(&["link", "add", "decoy", "index", "55", "type", "veth", "peer", "name", "other"]);
    right.ip(&[
        "link", "add", "eth0", "index", "55", "type", "veth", "peer", "name", "eth0", "netns",
        &left.0,
    ]);
    let (l, m, r) = (left.open(), middle.open(), right.open());
    let link = named(&l, "eth0");
    assert_eq!(link.link, Some(55));
    assert_eq!(named(&m, "decoy").ifindex, 55);
    assert_eq!(link.link_nsid, inside(&l, |socket| socket.nsid_of(&r)));
    assert_ne!(link.link_nsid, inside(&l, |socket| socket.nsid_of(&m)));
}

#[test]
fn a_macvlan_names_its_parent_in_the_other_namespace() {
    lab::need!(Root);
    let (outer, inner) = (Space::new("o"), Space::new("i"));
    outer.ip(&["link", "add", "low0", "type", "veth", "peer", "name", "low1"]);
    outer.ip(&["link", "add", "name", "mac0", "link", "low0", "type", "macvlan"]);
    outer.ip(&["link", "set", "mac0", "netns", &inner.0]);
    let (o, i) = (outer.open(), inner.open());
    let link = named(&i, "mac0");
    assert_eq!(link.kind.as_deref(), Some("macvlan"));
    assert_eq!(link.link, Some(named(&o, "low0").ifindex));
    assert_eq!(link.link_nsid, inside(&i, |socket| socket.nsid_of(&o)));
    // Within one namespace there is no id.
    let pair = named(&o, "low0");
    assert_eq!((pair.link, pair.link_nsid), (Some(named(&o, "low1").ifindex), None));
}

#[test]
fn addresses_members_and_many_links() {
    lab::need!(Root);
    let space = Space::new("m");
    space.ip(&["link", "add", "br0", "type", "bridge"]);
    for i in 0..100 {
        let (one, two) = (format!("v{i}"), format!("w{i}"));
        space.ip(&["link", "add", &one, "type", "veth", "peer", "name", &two]);
    }
    space.ip(&["link", "set", "v7", "master", "br0"]);
    space.ip(&["address", "add", "192.0.2.7/24", "dev", "v7"]);
    space.ip(&["address", "add", "2001:db8::7/64", "dev", "v7", "nodad"]);
    let open = space.open();
    let bridge = named(&open, "br0").ifindex;
    let links = inside(&open, RouteSocket::links);
    assert!(links.len() >= 202, "{}", links.len());
    let members = inside(&open, move |socket| socket.links_of_master(bridge));
    let names: Vec<_> = members.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["v7"]);
    let member = &members[0];
    assert_eq!(member.master, Some(bridge));
    let addresses = inside(&open, RouteSocket::addresses);
    let own = addresses.iter().filter(|address| address.ifindex == member.ifindex);
    let mut own: Vec<_> = own.map(|a| format!("{}/{}", a.ip, a.prefix)).collect();
    own.sort();
    assert_eq!(own, ["192.0.2.7/24", "2001:db8::7/64"]);
    let index = member.ifindex;
    assert_eq!(inside(&open, move |socket| socket.link(index)).as_ref(), Some(member));
    assert_eq!(inside(&open, |socket| socket.link(999_999)), None);
    assert_eq!(inside(&open, |socket| socket.link_named("nobody")), None);
}

/// Links that come and go make a dump start again, not fail.
#[test]
fn links_that_change_while_they_are_read() {
    lab::need!(Root);
    let space = Space::new("c");
    let open = space.open();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..40 {
                space.ip(&["link", "add", "a0", "type", "veth", "peer", "name", "a1"]);
                space.ip(&["link", "del", "a0"]);
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let links = inside(&open, RouteSocket::links);
            assert!(links.iter().any(|link| link.name == "lo"));
        }
    });
}

#[test]
fn what_is_no_network_namespace_is_refused() {
    let refused = |path: &str| Netns::open(Path::new(path)).unwrap_err();
    assert!(matches!(refused("/proc/self/status"), Error::NotANetns { .. }));
    assert!(matches!(refused("/proc/self/ns/uts"), Error::NotANetns { .. }));
    let gone = Netns::of_process(u32::MAX).unwrap_err();
    let Error::Open { source, .. } = &gone else { panic!("{gone}") };
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn the_caller_stays_where_it_is_and_nothing_is_left() {
    lab::need!(Root);
    let spaces = [Space::new("p"), Space::new("q")];
    let open: Vec<_> = spaces.iter().map(Space::open).collect();
    let before = Netns::current().unwrap().identity();
    let seen = visit(&[&open[0], &open[1]], |_, _| Ok(Netns::current()?.identity()));
    let seen: Vec<_> = seen.into_iter().map(Result::unwrap).collect();
    assert_eq!(seen, [open[0].identity(), open[1].identity()]);
    assert_eq!(Netns::current().unwrap().identity(), before);
    // Other tests run beside this one, so it is looked for what only this one could leave.
    let mine: Vec<_> = open.iter().map(|space| format!("net:[{}]", space.identity().ino)).collect();
    let stays = || {
        std::fs::read_dir("/proc/self/task").unwrap().flatten().any(|task| {
            let home = std::fs::read_link(task.path().join("ns/net"));
            home.is_ok_and(|home| mine.contains(&home.to_string_lossy().into_owned()))
        })
    };
    assert!(soon(|| !stays()), "a thread stayed in a namespace");
}
