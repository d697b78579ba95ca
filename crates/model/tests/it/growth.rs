//! Relating all of a host's rows grows no faster than they do, but for a logarithm: hosts that were
//! made up to be the worst of their kind, each once with some rows and once with eight times as many.
//!
//! What counts is the time that the processor spent on this thread, and how much more that is: eight
//! times as many rows would take 64 times as long if each were compared with each other one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use docker_ovs_model::identity::Identities;
use docker_ovs_model::ids::{ContainerId, Ifindex, Mac, Name, NetnsId, Nsid, OfPort};
use docker_ovs_model::plan::{Restore, remembered, renames};
use docker_ovs_model::snapshot::{Container, EngineName, Link, Namespace, Observed, Peer, Scope};
use docker_ovs_model::switch::{Bridge, FakeBridge, OfPortState, Port, SwitchSource};
use docker_ovs_model::who::{WhoQuery, who};
use docker_ovs_model::{Snapshot, resolve};
use rustix::time::{ClockId, clock_gettime};

const HOST: NetnsId = NetnsId { dev: 4, ino: 1 };
const SHARED: Mac = Mac([2, 0, 0, 0, 0, 1]);

/// Rows of the smaller host, and how many times more the larger one has.
const SOME: u32 = 400;
const MORE: u32 = 8;
/// Far from what a logarithm or a cache that is too small adds, and from 64.
const MAX_RATIO: f64 = 30.0;

fn home(i: u32) -> NetnsId {
    NetnsId { dev: 4, ino: 1000 + u64::from(i) }
}

fn id(i: u32) -> String {
    format!("{:016x}", u64::from(i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(4)
}

fn link(index: u32, name: &str, kind: Option<&str>) -> Link {
    Link {
        ifindex: Ifindex(index),
        name: name.into(),
        kind: kind.map(str::to_owned),
        ethernet: true,
        mac: Some(SHARED),
        mtu: 1500,
        up: true,
        ..Link::default()
    }
}

fn veth(index: u32, name: &str, peer: u32, nsid: Option<i32>) -> Link {
    let peer = Some(Peer { ifindex: Ifindex(peer), nsid: nsid.map(Nsid) });
    Link { peer, ..link(index, name, Some("veth")) }
}

fn port(name: String, number: u32, kind: &str) -> Port {
    Port {
        iface: name.into(),
        ofport: OfPortState::Assigned(OfPort(u16::try_from(1 + number % 60_000).unwrap())),
        kind: kind.to_owned(),
        ..Port::default()
    }
}

fn with_ids(mut port: Port, ids: &[(&str, String)]) -> Port {
    port.external_ids = ids.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    port
}

/// What every namespace has.
fn lo() -> [Link; 1] {
    [Link { ethernet: false, mac: None, ..link(99_999_999, "lo", None) }]
}

/// A host of containers with these links each, links of its own and ports.
#[derive(Default)]
struct Host {
    containers: Vec<Vec<Link>>,
    /// What containers' namespaces call the host's is 0 where that is told.
    tells: bool,
    links: Vec<Link>,
    ports: Vec<Port>,
    fakes: Vec<FakeBridge>,
    /// Further containers in the first one's namespace.
    tenants: u32,
}

impl Host {
    fn snapshot(self) -> Snapshot {
        let count = u32::try_from(self.containers.len()).unwrap();
        let container = |i: u32, home: NetnsId| Container {
            id: ContainerId(id(i).into()),
            name: format!("container{i}").into(),
            state: "running".to_owned(),
            pid: Some(10_000 + i),
            netns: Some(home),
            netns_error: None,
            unread: false,
            sandbox: None,
            network_mode: "none".to_owned(),
            labels: BTreeMap::new(),
        };
        let own = (0..count).map(|i| container(i, home(i)));
        let tenants = (0..self.tenants).map(|i| container(count + i, home(0)));
        let containers = own.chain(tenants).collect();
        let nsids = |tells: bool, all: Vec<(Nsid, NetnsId)>| {
            all.into_iter().filter(|_| tells).collect::<BTreeMap<_, _>>()
        };
        let namespace = |id: NetnsId, nsids, links: Vec<Link>| Namespace {
            nsids,
            links: lo().into_iter().chain(links).map(Arc::new).collect(),
            ..Namespace::empty(id, Vec::new())
        };
        let all = (0..count).map(|i| (Nsid(i32::try_from(i).unwrap()), home(i))).collect();
        let mut spaces = vec![namespace(HOST, nsids(self.tells, all), self.links)];
        for (i, links) in (0..).zip(self.containers) {
            spaces.push(namespace(home(i), nsids(self.tells, vec![(Nsid(0), HOST)]), links));
        }
        let bridge = Bridge {
            name: "br0".into(),
            datapath: Some("netdev".to_owned()),
            fake_bridges: self.fakes,
            ports: self.ports.into_iter().map(Arc::new).collect(),
            ..Bridge::default()
        };
        let switch = Observed::Fresh { rows: [bridge].into() };
        Snapshot {
            version: Snapshot::VERSION,
            host: "many".to_owned(),
            taken: 0,
            scope: Scope::Everything,
            switch_netns: Some(HOST),
            named_engines: BTreeSet::new(),
            identities: Identities::default(),
            other_engines: Vec::new(),
            engines: [(EngineName("docker".into()), Observed::Fresh { rows: containers })].into(),
            kernel: Observed::Fresh { rows: spaces.into() },
            switch: [(SwitchSource::Ovsdb, switch)].into(),
        }
    }
}

type Kind = (&'static str, fn(u32) -> Host);

const KINDS: [Kind; 16] = [
    ("a veth on a port each", |n| Host {
        containers: (0..n).map(|i| vec![veth(2, "eth0", 100 + i, Some(0))]).collect(),
        tells: true,
        links: (0..n)
            .map(|i| veth(100 + i, &format!("v{i}"), 2, Some(i32::try_from(i).unwrap())))
            .collect(),
        ports: (0..n).map(|i| port(format!("v{i}"), i, "system")).collect(),
        ..Host::default()
    }),
    ("one address that all ports claim and all containers have", |n| Host {
        containers: (0..n).map(|_| vec![link(2, "eth0", Some("tun"))]).collect(),
        ports: (0..n)
            .map(|i| {
                let mac = SHARED.to_string();
                with_ids(port(format!("p{i}"), i, "dpdkvhostuser"), &[("attached-mac", mac)])
            })
            .collect(),
        ..Host::default()
    }),
    ("internal ports of one address that all containers have", |n| Host {
        containers: (0..n).map(|_| vec![link(2, "eth0", Some("tun"))]).collect(),
        ports: (0..n)
            .map(|i| Port { mac: Some(SHARED), ..port(format!("p{i}"), i, "internal") })
            .collect(),
        ..Host::default()
    }),
    ("internal ports of one name that all containers have", |n| Host {
        containers: (0..n).map(|_| vec![link(2, "eth0", Some("tun"))]).collect(),
        ports: (0..n).map(|i| port("eth0".to_owned(), i, "internal")).collect(),
        ..Host::default()
    }),
    ("internal ports whose names are cut to one that all have", |n| Host {
        containers: (0..n).map(|_| vec![link(2, "abcdefghijklmno", Some("tun"))]).collect(),
        ports: (0..n).map(|i| port(format!("abcdefghijklmno{i}"), i, "internal")).collect(),
        ..Host::default()
    }),
    ("ports that all claim one interface", |n| Host {
        containers: vec![vec![link(2, "eth0", Some("tun"))]],
        ports: (0..n)
            .map(|i| {
                let words = [("container_id", id(0)), ("container_iface", "eth0".to_owned())];
                with_ids(port(format!("p{i}"), i, "internal"), &words)
            })
            .collect(),
        ..Host::default()
    }),
    ("ports that claim one address of one container that all its links have", |n| Host {
        containers: vec![(0..n).map(|i| link(2 + i, &format!("e{i}"), Some("tun"))).collect()],
        ports: (0..n)
            .map(|i| {
                let words = [("container_id", id(0)), ("attached-mac", SHARED.to_string())];
                with_ids(port(format!("p{i}"), i, "internal"), &words)
            })
            .collect(),
        ..Host::default()
    }),
    ("links of one address and kinds that no port can be", |n| Host {
        containers: (0..n).map(|_| vec![link(2, "eth0", Some("openvswitch"))]).collect(),
        ports: (0..n)
            .map(|i| {
                let mac = SHARED.to_string();
                with_ids(port(format!("p{i}"), i, "internal"), &[("attached-mac", mac)])
            })
            .collect(),
        ..Host::default()
    }),
    ("a Linux bridge that all containers and all ports are on", |n| {
        let enslaved = |mut link: Link| {
            link.master = Some(Ifindex(1));
            link
        };
        let ends = (0..n)
            .map(|i| enslaved(veth(100 + i, &format!("v{i}"), 2, Some(i32::try_from(i).unwrap()))));
        let ties = (0..n).map(|i| enslaved(link(100_000 + i, &format!("p{i}"), Some("tun"))));
        let bridge = [link(1, "lb0", Some("bridge"))];
        Host {
            containers: (0..n).map(|i| vec![veth(2, "eth0", 100 + i, Some(0))]).collect(),
            tells: true,
            links: bridge.into_iter().chain(ends).chain(ties).collect(),
            ports: (0..n).map(|i| port(format!("p{i}"), i, "internal")).collect(),
            ..Host::default()
        }
    }),
    ("VLANs of a bond of many members, each on a port", |n| {
        let member = |i: u32| {
            let mut link = veth(10 + i, &format!("m{i}"), 100 + i, Some(0));
            link.master = Some(Ifindex(1));
            link
        };
        let vlan = |i: u32| Link {
            peer: Some(Peer { ifindex: Ifindex(1), nsid: None }),
            ..link(100_000 + i, &format!("bond0.{i}"), Some("vlan"))
        };
        let links = [link(1, "bond0", Some("bond"))];
        Host {
            containers: vec![
                links.into_iter().chain((0..n).map(member)).chain((0..n).map(vlan)).collect(),
            ],
            tells: true,
            links: (0..n).map(|i| veth(100 + i, &format!("v{i}"), 10 + i, Some(0))).collect(),
            ports: (0..n).map(|i| port(format!("v{i}"), i, "system")).collect(),
            ..Host::default()
        }
    }),
    ("bonds of VLANs of bonds", |n| {
        // Three floors of as many members each that their product is far beyond `n`.
        let wide = n / 25;
        let floor = |f: u32| {
            let bond = link(1 + f, &format!("bond{f}"), Some("bond"));
            let members = (0..wide).map(move |i| {
                let mut link = link(1000 + f * 10_000 + i, &format!("b{f}.{i}"), Some("vlan"));
                link.master = Some(Ifindex(1 + f));
                link.peer = Some(Peer { ifindex: Ifindex(2 + f), nsid: None });
                link
            });
            std::iter::once(bond).chain(members).collect::<Vec<_>>()
        };
        let mut links: Vec<_> = (0..2).flat_map(floor).collect();
        links.push(link(3, "bond2", Some("bond")));
        Host { containers: vec![links], ..Host::default() }
    }),
    ("veths that name one index and whose namespaces tell no other", |n| Host {
        containers: (0..n).map(|_| vec![veth(2, "eth0", 2, Some(7))]).collect(),
        ..Host::default()
    }),
    ("veths of the host that lead to namespaces that were not read", |n| Host {
        containers: (0..n).map(|_| vec![link(2, "eth0", None)]).collect(),
        links: (0..n).map(|i| veth(100 + i, &format!("v{i}"), 2, Some(1_000_000))).collect(),
        ports: (0..n).map(|i| port(format!("v{i}"), i, "system")).collect(),
        ..Host::default()
    }),
    ("one namespace of many links and containers", |n| Host {
        containers: vec![(0..n).map(|i| link(2 + i, &format!("d{i}"), Some("dummy"))).collect()],
        tenants: n,
        ..Host::default()
    }),
    ("fake bridges of many VLANs, and ports on them", |n| Host {
        fakes: (0..n)
            .map(|i| FakeBridge {
                name: format!("f{i}").into(),
                vlan: u16::try_from(i % 4095).unwrap(),
            })
            .collect(),
        ports: (0..n)
            .map(|i| Port {
                tag: Some(u16::try_from(i % 4095).unwrap()),
                ..port(format!("p{i}"), i, "internal")
            })
            .collect(),
        ..Host::default()
    }),
    ("patch ports that all have one peer, of one name", |n| Host {
        ports: (0..n)
            .map(|i| Port {
                options: [("peer".to_owned(), "p".to_owned())].into(),
                ..port(Name::from("p").to_string(), i, "patch")
            })
            .collect(),
        ..Host::default()
    }),
];

/// Seconds that this thread has been running.
fn spent() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    #[allow(clippy::cast_precision_loss, reason = "nanoseconds of a second")]
    let fraction = now.tv_nsec as f64 / 1e9;
    #[allow(clippy::cast_precision_loss, reason = "seconds of a test")]
    let whole = now.tv_sec as f64;
    whole + fraction
}

/// What it takes to do something: the least of three, for others use the same caches.
fn effort(done: impl Fn()) -> f64 {
    let once = |_| {
        let start = spent();
        done();
        spent() - start
    };
    (0..3).map(once).fold(f64::MAX, f64::min)
}

fn relate(snapshot: &Snapshot) {
    let wiring = resolve(snapshot);
    who(snapshot, &wiring, &WhoQuery::Name("nothing".to_owned()));
    who(snapshot, &wiring, &WhoQuery::from("br0:7"));
    let text = serde_json::to_string(&wiring.attachments.len()).unwrap();
    drop(wiring);
    assert!(!text.is_empty());
}

#[test]
fn eight_times_as_many_rows_take_not_much_more_than_eight_times_as_long() {
    let mut steep = Vec::new();
    for (kind, host) in KINDS {
        let (few, many) = (host(SOME).snapshot(), host(SOME * MORE).snapshot());
        let (few, many) = (effort(|| relate(&few)), effort(|| relate(&many)));
        let ratio = many / few;
        println!("{kind}: {:.1} ms, {:.1} ms, {ratio:.0} times", few * 1e3, many * 1e3);
        if ratio > MAX_RATIO {
            steep.push((kind, ratio));
        }
    }
    assert!(steep.is_empty(), "{steep:?}");
}

/// A veth on a port each, whose row says whose it is: in our words, or as ovs-docker by what was typed.
fn recorded(n: u32, ours: bool) -> Host {
    let words = |i: u32| {
        let interface = ("container_iface", "eth0".to_owned());
        let name = format!("container{i}");
        if ours {
            vec![("container_id", id(i)), interface, ("docker-ovs.name", name)]
        } else {
            vec![("container_id", name), interface]
        }
    };
    Host {
        containers: (0..n).map(|i| vec![veth(2, "eth0", 100 + i, Some(0))]).collect(),
        tells: true,
        links: (0..n)
            .map(|i| veth(100 + i, &format!("v{i}"), 2, Some(i32::try_from(i).unwrap())))
            .collect(),
        ports: (0..n).map(|i| with_ids(port(format!("v{i}"), i, "system"), &words(i))).collect(),
        ..Host::default()
    }
}

#[test]
fn what_many_containers_are_owed_is_told_in_not_much_more_than_eight_times_as_long() {
    for ours in [true, false] {
        let took = |n: u32| {
            let snapshot = recorded(n, ours).snapshot();
            let wiring = resolve(&snapshot);
            effort(|| {
                assert!(renames(&snapshot, &wiring).is_empty());
                let all = remembered(&snapshot, &wiring, &Restore::default()).unwrap();
                assert_eq!(all.len(), usize::try_from(n).unwrap());
            })
        };
        let (few, many) = (took(SOME), took(SOME * MORE));
        let ratio = many / few;
        println!("ours: {ours}: {:.1} ms, {:.1} ms, {ratio:.0} times", few * 1e3, many * 1e3);
        assert!(ratio < MAX_RATIO, "{ratio}");
    }
}

/// A name is no proof beside so many that fit by their address, and words that many ports repeat
/// tell none apart; words for one do.
#[test]
fn one_of_a_crowd_is_meant_only_where_words_single_it_out() {
    use docker_ovs_model::wiring::AttachmentState;

    let crowd = |ids: fn(u32) -> Vec<(&'static str, String)>| Host {
        containers: vec![vec![link(2, "p3", Some("tun"))]],
        ports: (0..40)
            .map(|i| Port { mac: Some(SHARED), ..port(format!("p{i}"), i, "internal") })
            .zip(0..)
            .map(|(port, i)| with_ids(port, &ids(i)))
            .collect(),
        ..Host::default()
    };
    let words = || vec![("container_id", id(0)), ("container_iface", "p3".to_owned())];
    let state = |host: Host| {
        let wiring = resolve(&host.snapshot());
        wiring.attachments.into_iter().find(|found| &*found.link.name == "p3").unwrap().port
    };
    assert!(matches!(state(crowd(|_| Vec::new())), AttachmentState::Unknown { .. }));
    let all = crowd(|_| vec![("container_id", id(0)), ("container_iface", "p3".to_owned())]);
    assert!(matches!(state(all), AttachmentState::Unknown { .. }));
    let mut one = crowd(|_| Vec::new());
    let meant = one.ports.remove(7);
    one.ports.push(with_ids(meant, &words()));
    let AttachmentState::On(port) = state(one) else { panic!("words single it out") };
    assert_eq!(&*port.iface, "p7");
}
