//! What a user reads of notes, occupants, steps and refusals.

use docker_ovs_model::evidence::{Confirmed, Note};
use docker_ovs_model::health::Verdict;
use docker_ovs_model::ids::{ContainerId, Ifindex, NetnsId, OfPort};
use docker_ovs_model::plan::{KernelStep, PlanError, ReplacePort, Step, SwitchStep, Veth};
use docker_ovs_model::query::QueryError;
use docker_ovs_model::snapshot::EngineName;
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use docker_ovs_model::who::MatchedBy;
use docker_ovs_model::wiring::{ContainerRef, LastTenant, Occupant, Plug};
use docker_ovs_model::{SourceError, SourceErrorKind};
use std::fmt::Display;
use std::sync::Arc;

const HOME: NetnsId = NetnsId { dev: 4, ino: 7 };

fn say<T: Display, const N: usize>(all: [(T, &str); N]) {
    for (value, text) in all {
        assert_eq!(value.to_string(), text);
    }
}

fn web() -> ContainerRef {
    let (name, engine) = ("web".into(), EngineName("docker".into()));
    ContainerRef { name, id: ContainerId("ab".repeat(32).into()), engine, qualified: None }
}

#[test]
fn notes_say_what_is_uncertain() {
    let candidates = vec!["br0/a".to_owned(), "br0/b".to_owned()];
    let says = vec![
        (SwitchSource::Ovsdb, OfPortState::Assigned(OfPort(3))),
        (SwitchSource::Appctl, OfPortState::Pending),
        (SwitchSource::OpenFlow, OfPortState::Failed),
    ];
    let (writer, port) = ("ovs-docker".to_owned(), "br0/a".to_owned());
    say([
        (Note::Ambiguous { candidates }, "ambiguous: it could be any of br0/a, br0/b"),
        (
            Note::Conflict { says },
            "conflict: ovsdb says 3, appctl says not assigned yet, openflow says failed",
        ),
        (
            Note::FalseClaim { writer, port },
            "br0/a claims this interface (ovs-docker external_ids); the kernel disagrees",
        ),
        (
            Note::NamesAnother { port: "br0/a".to_owned(), owner: "web:eth0".to_owned() },
            "br0/a was made for web:eth0: links have swapped their names, or one was moved, and what \
             is sent may come in by the port that the link had before",
        ),
        (
            Note::OldIfindex { ovs: Ifindex(3), kernel: Ifindex(9) },
            "OVS knows the link as ifindex 3, the kernel as 9",
        ),
        (Note::NotAsRequested { requested: 7 }, "port 7 was requested"),
        (Note::Stale { why: "it hangs".to_owned() }, "stale: it hangs"),
        (
            Note::PastPort { port: "br0/eth1".to_owned(), link: "eth1".into() },
            "what it sends leaves by eth1, past the switch: port br0/eth1 takes only what comes in \
             by that link",
        ),
    ]);
    let helps = Note::ChecksumOffload { link: "eth0".into() }.to_string();
    assert!(helps.contains("ethtool -K eth0 tx off"), "{helps}");
    assert!(Note::Deaf.to_string().contains("in a later transaction, added again"));
}

#[test]
fn small_words_are_told_apart() {
    say([
        (Confirmed::BothWays, "confirmed from both ends"),
        (Confirmed::ByIndex, "confirmed by index only"),
        (Confirmed::FromFarEnd, "known from the far end"),
    ]);
    say([
        (MatchedBy::OfPort, "OpenFlow port"),
        (MatchedBy::Mac, "MAC"),
        (MatchedBy::Address, "address"),
        (MatchedBy::Name, "name"),
        (MatchedBy::Ifindex, "ifindex"),
    ]);
    say([(Verdict::Ok, "ok"), (Verdict::Note, "note"), (Verdict::Fail, "FAIL")]);
    assert!(Verdict::Fail.is_bad() && !Verdict::Note.is_bad());
}

#[test]
fn occupants_say_who_is_on_a_port() {
    let plug = |tenants: Vec<_>| Plug {
        tenants: tenants.into(),
        netns: HOME,
        netns_names: Vec::new(),
        interface: "eth0".into(),
    };
    let last = |container, interface| LastTenant {
        words: "cd".repeat(32),
        container,
        interface: Some(interface),
    };
    let patch = |bridge| Occupant::Patch { peer: "p1".to_owned(), bridge };
    let plugs = vec![plug(vec![Arc::new(web())]), plug(Vec::new())];
    say([
        (Occupant::Local, "the bridge itself".to_owned()),
        (Occupant::Plugged { plugs }, format!("web:eth0, eth0 in {HOME}")),
        (Occupant::Host { link: Some("tun".to_owned()) }, "host (tun)".to_owned()),
        (Occupant::Host { link: None }, "host".to_owned()),
        (patch(Some("br1".into())), "patch to br1 (p1)".to_owned()),
        (patch(None), "patch to p1, which does not name it back".to_owned()),
        (Occupant::Patch { peer: String::new(), bridge: None }, "patch to no peer".to_owned()),
        (Occupant::Tunnel { remote: "192.0.2.1".to_owned() }, "tunnel to 192.0.2.1".to_owned()),
        (
            Occupant::Orphaned { last: Some(last(Some(web()), "eth1".to_owned())) },
            "orphaned (was web:eth1)".to_owned(),
        ),
        (
            Occupant::Orphaned { last: Some(last(None, "eth1".to_owned())) },
            "orphaned (was cdcdcdcdcdcd:eth1)".to_owned(),
        ),
        (Occupant::Orphaned { last: None }, "orphaned".to_owned()),
        (Occupant::Unknown { why: "it hangs".to_owned() }, "unknown: it hangs".to_owned()),
    ]
    .map(|(occupant, text)| (occupant, text.leak() as &str)));
}

fn veth() -> Veth {
    Veth {
        host_end: "dov-00000001".into(),
        container: web(),
        netns: HOME,
        interface: "eth0".into(),
        mac: "02:00:00:00:00:07".parse().ok(),
        mtu: Some(1400),
        alias: "ours".to_owned(),
    }
}

fn replace(remove: Option<&str>, add: Option<(&str, Option<u16>)>) -> Step {
    let port = |iface: &str, asked: Option<u16>| {
        let ofport_request = asked.map(OfPort);
        Arc::new(Port { iface: iface.into(), ofport_request, ..Port::default() })
    };
    ReplacePort {
        bridge: "br0".into(),
        remove: remove.map(|iface| port(iface, None)),
        add: add.map(|(iface, asked)| port(iface, asked)),
        expected_requesters: [("old".into(), OfPort(3))].into(),
        ..ReplacePort::default()
    }
    .into()
}

fn offload(on: bool) -> Step {
    let (container, interface) = ("web".into(), "eth0".into());
    KernelStep::SetTxChecksumOffload { container, netns: HOME, interface, on }.into()
}

fn configure() -> Step {
    KernelStep::Configure {
        container: "web".into(),
        netns: HOME,
        interface: "eth0".into(),
        addresses: vec!["192.0.2.7/24".parse().unwrap()],
        gateways: vec!["192.0.2.1".parse().unwrap()],
    }
    .into()
}

#[test]
fn steps_say_what_is_done() {
    let delete = KernelStep::DeleteLink {
        name: "dov-00000001".into(),
        ifindex: Ifindex(3),
        alias: None,
        peer: None,
    };
    let noted = |from: &str, to: &str| {
        let own = "docker-ovs c/eth0 on br0 of s";
        let [from, to] = [from, to].map(|note| format!("{own}{note}"));
        KernelStep::SetAlias { name: "dov-00000001".into(), ifindex: Ifindex(3), from, to }.into()
    };
    let wait = SwitchStep::Await {
        bridge: "br0".into(),
        iface: "new".into(),
        from: None,
        wanted: None,
        remember: None,
    };
    say([
        (delete.into(), "delete the link dov-00000001"),
        (noted("", " leaving 3"), "note on the link dov-00000001 that it is to be deleted"),
        (noted(" leaving 3", ""), "note on the link dov-00000001 that it stays"),
        (
            KernelStep::MakeVeth(veth()).into(),
            "make a veth from dov-00000001 to eth0 in web, mac 02:00:00:00:00:07, mtu 1400",
        ),
        (KernelStep::UnmakeVeth(veth()).into(), "delete the veth dov-00000001"),
        (offload(true), "turn on transmit checksum offload of eth0 in web"),
        (offload(false), "turn off transmit checksum offload of eth0 in web"),
        (configure(), "set eth0 in web up, address 192.0.2.7/24, default route via 192.0.2.1"),
        (replace(Some("old"), None), "remove port old from br0"),
        (replace(None, None), "forget what br0 remembers of it"),
        (wait.into(), "wait for the OpenFlow port of new on br0"),
    ]);
    let both = replace(Some("old"), Some(("new", Some(9)))).to_string();
    assert!(both.starts_with("replace port old of br0 by new"), "{both}");
    let added = replace(None, Some(("new", None))).to_string();
    assert!(added.starts_with("add port new to br0"), "{added}");
}

#[test]
fn a_step_undone_twice_is_the_step_again() {
    let (make, unmake) =
        (KernelStep::MakeVeth(veth()).into(), KernelStep::UnmakeVeth(veth()).into());
    for step in [make, unmake, offload(true), offload(false)] {
        let step: Step = step;
        let undone = step.undo().unwrap();
        assert_ne!(undone, step);
        assert_eq!(undone.undo(), Some(step));
    }
    let undone = replace(Some("old"), Some(("new", Some(9)))).undo();
    let Some(Step::Switch(SwitchStep::ReplacePort(undone))) = undone else {
        panic!("a replaced port can be brought back")
    };
    let ReplacePort { remove, add, keep_settings, expected_requesters, .. } = undone;
    assert_eq!(
        (&*remove.unwrap().iface, &*add.unwrap().iface, keep_settings),
        ("new", "old", true)
    );
    assert_eq!(expected_requesters, [("new".into(), OfPort(9))].into(), "the old one asks no more");
    assert_eq!(configure().undo(), None);
}

#[test]
fn a_veth_goes_with_the_port_of_its_host_end_alone() {
    let make = Step::from(KernelStep::MakeVeth(veth()));
    assert!(make.goes_with(&replace(None, Some(("dov-00000001", None)))));
    assert!(!make.goes_with(&replace(None, Some(("other", None)))));
    assert!(!make.goes_with(&replace(Some("dov-00000001"), None)));
    let named = Veth { host_end: "uplink".into(), ..veth() };
    assert!(
        !Step::from(KernelStep::MakeVeth(named)).goes_with(&replace(None, Some(("uplink", None))))
    );
}

fn blind(hint: &str) -> QueryError {
    QueryError::SourceUnavailable(
        SourceError::new(SourceErrorKind::Denied, "the kernel", "no").hint(hint),
    )
}

fn engines(names: &[&str]) -> Vec<EngineName> {
    names.iter().map(|name| EngineName((*name).into())).collect()
}

#[test]
fn a_container_that_does_not_run_is_started_by_its_own_engine() {
    let hint = |engine: &str, state: &str| {
        let stopped = QueryError::NotRunning {
            called: format!("{engine}:web"),
            name: "web".to_owned(),
            engine: Some(EngineName(engine.into())),
            state: state.to_owned(),
        };
        let hint = stopped.hint().unwrap();
        hint.strip_prefix("only a running container has interfaces; ").unwrap().to_owned()
    };
    assert_eq!(hint("docker", "exited"), "start it with docker start web");
    assert_eq!(hint("podman", "exited"), "start it with podman start web");
    assert_eq!(hint("lxc", "stopped"), "start it with lxc-start -n web");
    assert_eq!(
        hint("podman", "restarting"),
        "it restarts by itself; podman logs web shows why it ends"
    );
    assert_eq!(hint("lxc", "restarting"), "it restarts by itself");
    assert!(hint("cri", "exited").contains("not started again"));
    assert_eq!(hint("nspawn@/elsewhere", "stopped"), "start it");
}

#[test]
fn an_error_says_what_to_do_about_it() {
    let wanted = || "web".to_owned();
    let two = || vec!["a".to_owned(), "b".to_owned()];
    for (error, hint) in [
        (
            QueryError::NoSuchContainer {
                wanted: wanted(),
                near: Vec::new(),
                engines: engines(&["docker"]),
            },
            Some("docker ps -a lists the containers there are"),
        ),
        (
            QueryError::NoSuchContainer {
                wanted: wanted(),
                near: Vec::new(),
                engines: engines(&["podman", "incus"]),
            },
            Some("podman ps -a, incus list --all-projects list the containers there are"),
        ),
        (
            QueryError::NoSuchContainer { wanted: wanted(), near: Vec::new(), engines: Vec::new() },
            None,
        ),
        (
            QueryError::NoSuchContainer {
                wanted: wanted(),
                near: two(),
                engines: engines(&["docker"]),
            },
            Some("did you mean a or b?"),
        ),
        (
            QueryError::AmbiguousContainer { wanted: wanted(), candidates: two() },
            Some("it fits a, b"),
        ),
        (
            QueryError::NoSuchBridge { wanted: wanted(), have: Vec::new(), fakes_unknown: false },
            Some("no bridge was found; ovs-vsctl add-br makes one"),
        ),
        (
            QueryError::NoSuchBridge { wanted: wanted(), have: two(), fakes_unknown: false },
            Some("there are a, b"),
        ),
        (
            QueryError::NoSuchBridge { wanted: wanted(), have: two(), fakes_unknown: true },
            Some("there are a, b; of fake bridges the source ovsdb alone tells"),
        ),
        (blind("run as root"), Some("run as root")),
        (blind(""), None),
    ] {
        assert_eq!(error.hint().as_deref(), hint, "{error}");
        assert_eq!(PlanError::Query(error).hint().as_deref(), hint);
    }
}

#[test]
fn a_refusal_says_which_option_helps() {
    let (container, bridge) = (|| "web".to_owned(), || "br0".to_owned());
    let mac = "ff:ff:ff:ff:ff:ff".parse().unwrap();
    let have = || vec!["eth0".to_owned(), "eth1".to_owned()];
    let not = |have| PlanError::NotConnected {
        container: container(),
        interface: None,
        bridge: bridge(),
        have,
    };
    let used = PlanError::NumberInUse { bridge: bridge(), ofport: OfPort(7), who: "a".to_owned() };
    let taken = PlanError::InterfaceTaken { container: container(), interface: "eth0".to_owned() };
    let host = PlanError::HostNameTaken { name: "p1".to_owned(), what: "a port".to_owned() };
    let why = "it is odd";
    for (plan_error, word) in [
        (PlanError::HostNetwork { name: container() }, "--network none"),
        (taken, "--interface"),
        (used, "--ofport"),
        (PlanError::BadNumber { ofport: OfPort(0) }, "65279"),
        (PlanError::NoFreeNumber { bridge: bridge() }, "--ofport auto"),
        (host, "--host-interface"),
        (PlanError::FarGateway { gateway: "192.0.2.1".parse().unwrap() }, "--ip"),
        (PlanError::BadMac { mac, why }, "--mac"),
        (not(have()), "eth0, eth1"),
        (
            PlanError::Several { container: container(), bridge: bridge(), have: have() },
            "--interface",
        ),
        (PlanError::NotOurs { port: "p1".to_owned() }, "--force"),
        (PlanError::Bonded { port: "p1".to_owned(), bond: "b".to_owned() }, "del-bond-iface"),
        (
            PlanError::NotItsOwn {
                port: "p1".to_owned(),
                interface: "eth0".to_owned(),
                through: "lb0".to_owned(),
            },
            "del-port",
        ),
        (
            PlanError::OnlyLike { port: "p1".to_owned(), interface: "eth0".to_owned() },
            "ovs-vsctl del-port",
        ),
        (
            PlanError::HasUpper { interface: "eth0".to_owned(), upper: "m0".to_owned() },
            "ip link delete",
        ),
    ] {
        assert!(plan_error.hint().unwrap().contains(word), "{plan_error}: {:?}", plan_error.hint());
    }
    let none = [
        not(Vec::new()),
        PlanError::NotAName { name: "a b".to_owned(), why },
        PlanError::BadAddress { address: "192.0.2.0/24".to_owned(), why },
    ];
    assert!(none.iter().all(|plan_error| plan_error.hint().is_none()));
}
