//! What a question names: bridges that are none, VLANs, and all containers of a namespace.

use lab::{Bridge, Container, Link, Netns, Plug, Plugged, run, unique};

use crate::tool::{Served, docker_ovs, drop_in, lists, says};

/// A fake bridge of this VLAN, deleted with its guard.
pub(crate) struct FakeBridge(pub(crate) String);

impl FakeBridge {
    pub(crate) fn on(parent: &Bridge, vlan: &str) -> Self {
        let name = unique("f");
        run("ovs-vsctl", &["add-br", &name, parent.name(), vlan]);
        Self(name)
    }
}

impl Drop for FakeBridge {
    fn drop(&mut self) {
        let _ = lab::try_run("ovs-vsctl", &["--if-exists", "del-br", &self.0]);
    }
}

/// Joined to one another's namespace, the third by way of the second.
#[test]
fn a_narrow_look_knows_as_many_tenants_as_the_whole_one() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let join = |other: &Container| {
        Container::run_with(&["--network", &format!("container:{}", other.name())])
    };
    let first = Container::run();
    let second = join(&first);
    let (third, fourth) = (join(&second), join(&second));
    let deepest = join(&third);
    let all = [&first, &second, &third, &fourth, &deepest];
    let plugged = Plugged::new(&first, "eth0", &bridge, Plug::default());
    let mut names: Vec<_> = all.iter().map(|one| one.name().to_owned()).collect();
    names.sort();
    let format = "{{.Interface}} {{.OFPort}}{{range .Tenants}} {{.Container}}{{end}}";
    let expected = format!("eth0 {} {}\n", plugged.ofport(), names.join(" "));
    for one in all {
        let narrow = says(&["port", one.name(), bridge.name(), "--format", format]);
        assert_eq!(narrow, expected, "{}", one.name());
        let filter = format!("container={}", one.name());
        assert_eq!(lists(&["ls", "--filter", &filter, "--format", format]), expected);
    }
    let port = format!("{}:{}", bridge.name(), plugged.ofport());
    let who = |more: &[&str]| lists(&[&["who", &port], more].concat());
    let together = format!("{}:eth0", names.join("+"));
    let table = who(&["--no-trunc"]);
    assert!(table.contains(&together), "{table}");
    assert!(who(&["--format", "csv"]).starts_with(&together));
    assert_eq!(who(&["-q"]), names.join("\n") + "\n");
    assert_eq!(
        who(&["--format", "{{range .Tenants}}{{.Container}} {{end}}"]),
        names.join(" ") + " \n"
    );
    let json: serde_json::Value = serde_json::from_str(&who(&["--format", "json"])).unwrap();
    assert_eq!(json["Tenants"].as_array().unwrap().len(), 5, "{json}");
    let ports = lists(&["ports", bridge.name(), "--format", "{{.Who}}"]);
    assert!(ports.contains(&together), "{ports}");
}

#[test]
fn a_fake_bridge_is_a_name_wherever_a_bridge_is_named() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let fake = FakeBridge::on(&bridge, "100");
    let name = fake.0.as_str();
    let plugged =
        Plugged::new(&container, "eth0", &bridge, Plug { port: &["tag=100"], ..Plug::default() });
    let other = Plugged::new(&container, "eth1", &bridge, Plug::default());
    let number = format!("{}\n", plugged.ofport());
    assert_eq!(says(&["port", container.name(), name, "-q"]), number);
    let format = "{{.Interface}} {{.Bridge}} {{.FakeBridge}}";
    let both = format!("eth0 {} {name}\neth1 {} \n", bridge.name(), bridge.name());
    assert_eq!(says(&["port", container.name(), "--format", format]), both);
    assert_eq!(says(&["port", container.name(), bridge.name(), "--format", format]), both);
    let told = drop_in(&[container.name(), name]).stdout;
    let mut lines = told.lines();
    assert!(lines.next().unwrap().starts_with(&format!("eth0,{},", plugged.ofport())), "{told}");
    assert!(lines.next().unwrap().starts_with("eth1,,"), "{told}");
    let listed = lists(&["ls", "--bridge", name, "--format", "{{.Container}} {{.Interface}}"]);
    assert_eq!(listed, format!("{} eth0\n", container.name()));
    let filter = format!("bridge={name}");
    assert_eq!(lists(&["ls", "--filter", &filter, "--format", "{{.Interface}}"]), "eth0\n");
    let ports = lists(&["ports", name, "--format", "{{.Port}}"]);
    assert!(ports.contains(plugged.host_end()) && !ports.contains(other.host_end()), "{ports}");
    let port = format!("{name}:{}", plugged.ofport());
    assert_eq!(lists(&["who", &port, "-q"]), format!("{}\n", container.name()));
    let elsewhere = format!("{name}:{}", other.ofport());
    assert_eq!(docker_ovs(&["who", &elsewhere, "-q"]).code, 1);
    assert_eq!(says(&["wait", container.name(), name, "-q"]), number);
    assert!(lists(&["graph", "--bridge", name, "--format", "dot"]).contains(plugged.host_end()));
    let doctor = docker_ovs(&["doctor"]).stdout;
    assert!(doctor.contains(&format!("{name} on {}", bridge.name())), "{doctor}");
    let refused = docker_ovs(&["port", container.name(), "no-such-bridge"]);
    assert!(refused.stderr.contains(name), "{refused:?}");
    let untold = docker_ovs(&["port", container.name(), name, "--source", "openflow"]);
    assert!(untold.stderr.contains("fake bridges"), "{untold:?}");
}

#[test]
fn a_fake_bridge_has_the_flows_of_its_parent_and_the_addresses_of_its_vlan() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let fake = FakeBridge::on(&bridge, "100");
    let name = fake.0.as_str();
    let plug = Plug { port: &["tag=100"], ..Plug::default() };
    let plugged = Plugged::new(&container, "eth0", &bridge, plug);
    let other = Plugged::new(&container, "eth1", &bridge, Plug::default());
    let flows = |name: &str| says(&["flows", name, "--format", "{{.Priority}}"]);
    assert!(!flows(name).is_empty());
    assert_eq!(flows(name), flows(bridge.name()));
    let (own, foreign) = ("02:00:00:00:0f:01", "02:00:00:00:0f:02");
    run("ovs-appctl", &["fdb/add", bridge.name(), plugged.host_end(), "100", own]);
    run("ovs-appctl", &["fdb/add", bridge.name(), other.host_end(), "0", foreign]);
    let learnt = |name: &str| docker_ovs(&["fdb", name, "--format", "{{.MAC}}"]).stdout;
    let (narrow, whole) = (learnt(name), learnt(bridge.name()));
    assert!(narrow.contains(own) && !narrow.contains(foreign), "{narrow}");
    assert!(whole.contains(own) && whole.contains(foreign), "{whole}");
}

#[test]
fn connect_makes_a_port_of_the_parent_with_the_fake_bridges_vlan() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let fake = FakeBridge::on(&bridge, "100");
    let name = fake.0.as_str();
    let format = "{{.Bridge}} {{.FakeBridge}} {{.VLAN}} {{.VLANMode}}";
    let made = says(&["connect", name, container.name(), "--format", format]);
    assert_eq!(made, format!("{} {name} 100 access\n", bridge.name()));
    let port = says(&["port", container.name(), name, "--format", "{{.Port}}"]);
    assert_eq!(run("ovs-vsctl", &["iface-to-br", port.trim()]).trim(), name);
    for more in [["--vlan", "7"], ["--trunk", "7"]] {
        let refused = docker_ovs(&[&["connect", name, container.name()], &more[..]].concat());
        assert!(refused.stderr.contains("VLAN 100"), "{refused:?}");
    }
    assert_eq!(
        says(&["disconnect", name, container.name()]),
        format!("{}:eth0\n", container.name())
    );
    assert_eq!(docker_ovs(&["port", container.name(), name, "-q"]).code, 1);
}

#[test]
fn vlans_are_told_as_open_vswitch_reads_them() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let tunnel: &[&str] = &["tag=100", "vlan_mode=dot1q-tunnel", "cvlans=24"];
    let native: &[&str] = &["tag=5", "vlan_mode=native-untagged", "trunks=10,20"];
    let cases = [
        (tunnel, "100 dot1q-tunnel [] [24]", "dot1q-tunnel 100, cvlans 24", false),
        (native, "5 native-untagged [10 20] []", "native-untagged 5, trunk 10,20", true),
        (&["trunks=10,20"], " trunk [10 20] []", "trunk 10,20", true),
        (&["tag=30", "trunks=20"], "30 access [] []", "30", false),
        (&[], " trunk [] []", "-", true),
    ];
    for (columns, told, shown, carries) in cases {
        let netns = Container::run();
        let _plugged =
            Plugged::new(&netns, "eth0", &bridge, Plug { port: columns, ..Plug::default() });
        let format = "{{.VLAN}} {{.VLANMode}} {{.Trunks}} {{.CVLANs}}";
        assert_eq!(says(&["port", netns.name(), "--format", format]), format!("{told}\n"));
        let table = says(&["port", netns.name()]);
        assert!(table.contains(&format!("   {shown}   ")), "{table}");
        let container = format!("container={}", netns.name());
        let words =
            ["ls", "--filter", "vlan=20", "--filter", &container, "--format", "{{.Interface}}"];
        assert_eq!(lists(&words), if carries { "eth0\n" } else { "" }, "{columns:?}");
    }
    let refused = docker_ovs(&["ls", "--filter", "vlan=20", "--source", "openflow"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("tells no VLANs"), "{refused:?}");
}

/// A recording by another source than the database, asked on the command line and by HTTP; and a
/// fake bridge on the page.
#[test]
fn what_a_recording_does_not_tell_is_refused_by_every_face_and_what_it_tells_is_shown() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let fake = FakeBridge::on(&bridge, "100");
    let plug = Plug { port: &["tag=100"], ..Plug::default() };
    let _plugged = Plugged::new(&container, "eth0", &bridge, plug);
    let folder = tempfile::tempdir().unwrap();
    let recorded: serde_json::Value = serde_json::from_str(&lists(&["snapshot"])).unwrap();
    let record = |source: &str| {
        let (file, mut less) = (folder.path().join(source), recorded.clone());
        less["switch"].as_object_mut().unwrap().retain(|told, _| told == source);
        std::fs::write(&file, less.to_string()).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let file = record("openflow");
    let said = docker_ovs(&["--from", &file, "ls", "--source", "openflow", "--filter", "vlan=100"]);
    assert!(said.code == 2 && said.stderr.contains("tells no VLANs"), "{said:?}");
    let served = Served::start(&["--from", &file]);
    let answer = served.get("/v1/attachments?vlan=100");
    assert!(answer.status >= 400 && !answer.body.contains(container.name()), "{answer:?}");
    let served = Served::start(&["--from", &record("ovsdb")]);
    let answer = served.get("/v1/attachments?vlan=100");
    assert!(answer.status == 200 && answer.body.contains(container.name()), "{answer:?}");
    let page = served.get("/").body;
    assert!(page.contains(&format!("fake bridge {}", fake.0)), "{page}");
}

#[test]
fn ports_and_bonds_are_found_by_the_names_that_ovs_vsctl_lists() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let members = [Link::add(&["type", "veth"]), Link::add(&["type", "veth"])];
    let (bond, renamed) = (unique("bond"), unique("outer"));
    let names = [members[0].name(), members[1].name()];
    run("ovs-vsctl", &["add-bond", bridge.name(), &bond, names[0], names[1]]);
    let format = ["--format", "{{.HostInterface}}"];
    let mut found: Vec<_> =
        lists(&[&["who", &bond][..], &format].concat()).lines().map(str::to_owned).collect();
    found.sort();
    let mut expected = names.map(str::to_owned);
    expected.sort();
    assert_eq!(found, expected);
    let link = Link::add(&["type", "veth"]);
    let (interface, port) = (format!("name={}", link.name()), format!("name={renamed}"));
    let made = [
        &["--", "--id=@i", "create", "interface", &interface][..],
        &["--", "--id=@p", "create", "port", &port, "interfaces=@i"],
        &["--", "add", "bridge", bridge.name(), "ports", "@p"],
    ];
    run("ovs-vsctl", &made.concat());
    let found = lists(&[&["who", &renamed][..], &format].concat());
    assert_eq!(found, format!("{}\n", link.name()));
}

#[test]
fn words_in_each_others_place_are_told_for_what_they_are() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let fake = FakeBridge::on(&bridge, "7");
    let id = &container.id()[..12];
    let (name, bridge) = (container.name(), bridge.name());
    let is_bridge = |word: &str| format!("{word} is a bridge");
    let is_container = |word: &str| format!("{word} is a container");
    let cases: [(&[&str], &[String]); 8] = [
        (&["port", bridge, name], &[is_bridge(bridge), is_container(name)]),
        (&["port", &fake.0, id], &[is_bridge(&fake.0), is_container(id)]),
        (&["connect", name, bridge], &[is_bridge(bridge), is_container(name)]),
        (&["port", bridge], &[is_bridge(bridge)]),
        (&["explain", &fake.0], &[is_bridge(&fake.0)]),
        (&["ports", name], &[is_container(name)]),
        (&["port", name, id], &[is_container(id)]),
        (&["port", "nothing-at-all", bridge], &[]),
    ];
    for (words, told) in cases {
        let ran = docker_ovs(words);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}: {ran:?}");
        assert!(told.iter().all(|told| ran.stderr.contains(told)), "{words:?}: {ran:?}");
        assert_eq!(ran.stderr.contains(" is a "), !told.is_empty(), "{words:?}: {ran:?}");
    }
}

/// A row of which nothing is known is no answer: with names alone, nothing printed is no success.
#[test]
fn who_tells_names_or_that_it_has_none() {
    lab::need!(Docker);
    let (bridge, space) = (Bridge::new(), Netns::new());
    let quiet = |word: &str, more: &[&str]| docker_ovs(&[&["who", word, "-q"], more].concat());
    let local = quiet(&format!("{}:LOCAL", bridge.name()), &["--partial"]);
    assert!(local.code == 1 && local.stdout.is_empty(), "{local:?}");
    // The other end of its link is in a namespace that nothing tells of, and then in none.
    let plugged = Plugged::new(&space, "e0", &bridge, Plug::default());
    let known = quiet(plugged.host_end(), &["--partial"]);
    assert!(known.code == 1 && known.stdout.is_empty(), "no container: {known:?}");
    let unseen = run(
        "unshare",
        &[
            "--mount",
            "sh",
            "-c",
            &format!(
                "mount -t tmpfs none /proc; {} who {} -q --partial >/dev/null 2>&1; echo $?",
                env!("CARGO_BIN_EXE_docker-ovs"),
                plugged.host_end()
            ),
        ],
    );
    assert_eq!(unseen, "2");
}

/// That nothing is different is known only where both saw everything.
#[test]
fn a_difference_that_could_not_be_seen_is_unknown() {
    lab::need!(Docker);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.json");
    std::fs::write(&file, lists(&["snapshot"])).unwrap();
    let file = file.to_str().unwrap();
    let same = docker_ovs(&["diff", file, file]);
    assert!(same.code == 0 && same.stdout.is_empty(), "{same:?}");
    let blind =
        docker_ovs(&["diff", file, "--db", "unix:/nonexistent", "-H", "unix:///nonexistent"]);
    assert_ne!(blind.code, 0, "{blind:?}");
    // Of what one of both could not see, nothing came and nothing went.
    let container = Container::run();
    let (all, none) = (folder.path().join("all.json"), folder.path().join("none.json"));
    std::fs::write(&all, lists(&["snapshot"])).unwrap();
    std::fs::write(&none, docker_ovs(&["snapshot", "--engine", "none"]).stdout).unwrap();
    let (all, none) = (all.to_str().unwrap(), none.to_str().unwrap());
    for words in
        [&["diff", all, none][..], &["diff", none, all], &["diff", all, "--engine", "none"]]
    {
        let ran = docker_ovs(words);
        assert!(!ran.stdout.contains(container.name()), "{words:?}: {ran:?}");
        assert!(ran.stderr.contains("docker was not asked"), "{words:?}: {ran:?}");
        assert_ne!(ran.code, 0, "{words:?}: {ran:?}");
    }
    // A snapshot is of one moment.
    for at in ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"] {
        let past = docker_ovs(&["--from", file, "--at", at, "ls"]);
        assert!(past.code == 2 && past.stderr.contains("tells nothing of"), "{past:?}");
    }
}
