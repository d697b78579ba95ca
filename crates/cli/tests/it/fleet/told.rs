//! What each host has is known on the others, and how old that is.

use lab::{Authority, Container, Etcd, Home, unique, wait_until};
use rustix::process::Signal;

use super::hosts::{Host, Underlay, at, lines};
use crate::tool::{Served, docker_ovs};

/// A container with an interface on `br0` of a host.
fn container(host: &Host, ip: &str) -> Container {
    let (container, end) = (Container::run(), unique("v"));
    let there = host.switch.netns().name().to_owned();
    container.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", &end, "netns", &there]);
    container.ip(&["address", "add", ip, "dev", "eth0"]);
    host.switch.netns().ip(&["link", "set", &end, "up"]);
    host.switch.vsctl(&["add-port", "br0", &end]);
    container
}

#[test]
fn where_a_container_is_is_known_on_every_host() {
    lab::need!(Docker, Etcd);
    let (mut etcd, underlay) = (Etcd::start(3), Underlay::new());
    let words = at(&etcd);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut hosts: Vec<_> = (1..=2).map(|number| Host::new(&underlay, number, &words)).collect();
    hosts.iter_mut().for_each(Host::serve);
    hosts[1].sees("h1", "live");
    let url = hosts[1].daemon().url();
    let offered = docker_ovs(&["__complete", "ovs", "--server", &url, "hosts", "--remove", ""]);
    assert!(offered.stdout.contains("h1\tlive\n"), "{offered:?}");
    let events = hosts[1].daemon();
    let mut stream = events.events_at("/v1/fleet/events");
    let web = container(&hosts[0], "10.9.2.7/24");
    let appeared = stream.find(|event| event.data["Host"] == "h1" && event.data["OFPort"] == 1);
    assert_eq!(appeared.data["Container"], web.name());
    let ran = hosts[1].ask(&["who", "10.9.2.7", "--fleet", "--format", "json"]);
    let on_h1 = |row: &&serde_json::Value| row["Host"] == "h1";
    let rows = lines(&ran);
    let row = rows.iter().find(on_h1).unwrap_or_else(|| panic!("{ran:?}"));
    assert_eq!((&row["Bridge"], &row["OFPort"]), (&"br0".into(), &1.into()), "{row}");
    assert_eq!(row["Who"], format!("{}:eth0", web.name()));
    let listed = hosts[1].ask(&["ls", "--fleet"]).stdout;
    assert!(
        listed.lines().any(|line| line.starts_with("h1 ") && line.contains(web.name())),
        "{listed}"
    );
    let ports = hosts[1].ask(&["ports", "--fleet"]).stdout;
    assert!(
        ports.lines().any(|line| line.starts_with("h1 ") && line.contains(web.name())),
        "{ports}"
    );
    let graph = hosts[1].ask(&["graph", "--fleet", "--format", "mermaid"]).stdout;
    assert!(graph.contains("\"h1") && graph.contains(web.name()), "{graph}");
    let page = hosts[1].daemon().get("/fleet?host=h1&q=10.9.2.7");
    assert!(
        page.status == 200 && page.body.contains(&format!("<td>{}:eth0</td>", web.name())),
        "{page:?}"
    );
    assert!(page.body.contains("/fleet?host=h2") && page.body.contains("<svg"), "{page:?}");
    // Without a script there is nothing to press, and nothing that stays as it is now.
    let title = format!("<title>port 1 of h1/br0: {} eth0</title>", web.name());
    assert!(page.body.contains(&title) && page.body.contains(">as of 20"), "{page:?}");
    assert!(!page.body.contains("role=\"button\"") && !page.body.contains("tabindex"), "{page:?}");
    let metrics = hosts[1].daemon().get("/metrics").body;
    assert!(metrics.contains("docker_ovs_fleet_host_live{host=\"h1\"} 1"), "{metrics}");
    let mut told = crate::docs::told_metrics(&metrics);
    told.retain(|(name, _)| crate::docs::is_of_fleet(name));
    assert_eq!(told, crate::docs::documented_of_fleet_and_others().0);
    // One member of etcd is killed: nothing is noticed but by who writes.
    etcd.kill(0);
    let other = container(&hosts[0], "10.9.2.8/24");
    stream.find(|event| event.data["Container"] == other.name() && event.data["OFPort"] == 2);
    // Without etcd what is told of others is old, and says so; what is here is as it was.
    etcd.kill_all();
    hosts[1].sees("h1", "stale");
    let ran = hosts[1].ask(&["who", "10.9.2.8", "--fleet"]);
    assert!(ran.code == 2 && ran.stdout.contains("stale since"), "{ran:?}");
    assert!(ran.stderr.contains("what is told of other hosts is old since"), "{ran:?}");
    // A container of another test may be starting, which is not read yet.
    wait_until("what is here is told", || {
        let own = hosts[0].ask(&["ls"]);
        own.code == 0 && own.stdout.contains(web.name())
    });
    drop(other);
    etcd.revive();
    stream = hosts[1].daemon().events_at("/v1/fleet/events");
    hosts[1].sees("h1", "live");
    drop(web);
    stream.find(|event| event.data["Action"] == "vanished" && event.data["Host"] == "h1");
}

#[test]
fn a_host_that_is_killed_is_stale_and_comes_back_with_its_rows() {
    lab::need!(Docker, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let words = at(&etcd);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut hosts: Vec<_> = (1..=2).map(|number| Host::new(&underlay, number, &words)).collect();
    let web = container(&hosts[0], "10.9.3.7/24");
    hosts.iter_mut().for_each(Host::serve);
    let found = |host: &Host| {
        let ran = host.ask(&["who", "10.9.3.7", "--fleet", "--format", "json"]);
        lines(&ran).into_iter().find(|row| row["Host"] == "h1")
    };
    wait_until("it is told", || found(&hosts[1]).is_some_and(|row| row["OFPort"] == 1));
    // Paused for longer than its lease, and then killed.
    hosts[0].daemon().signal(Signal::STOP);
    hosts[1].sees("h1", "stale");
    assert_eq!(found(&hosts[1]).unwrap()["Liveness"], "stale");
    hosts[0].daemon().signal(Signal::CONT);
    hosts[1].sees("h1", "live");
    // One that is started again takes the name over from the one that was killed.
    hosts[0].crash();
    hosts[0].serve();
    hosts[1].sees("h1", "live");
    assert_eq!(found(&hosts[1]).unwrap()["OFPort"], 1);
    // What another deletes is put back.
    etcd.says(&["del", "--prefix", "/docker-ovs/v1/default/rows/h1/"]);
    wait_until("it is put back", || found(&hosts[1]).is_some_and(|row| row["OFPort"] == 1));
    // A second fleet knows nothing of it.
    let mut apart = Host::new(&underlay, 9, &[&words[..], &["--fleet", "other"]].concat());
    apart.serve();
    apart.sees("h9", "live");
    assert_eq!(apart.rows(&["hosts"]).len(), 1);
    let _ = web;
}

#[test]
fn a_name_that_another_machine_has_is_refused_and_values_of_others_are_hostile() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let words = at(&etcd);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut host = Host::new(&underlay, 1, &words);
    let key = |rest: &str| format!("/docker-ovs/v1/default/{rest}");
    let cloned = "{\"Machine\":\"other\",\"Boot\":\"b\",\"Run\":\"r\",\"Started\":0}";
    etcd.says(&["put", &key("alive/h1"), cloned]);
    host.serve();
    host.daemon().hears("another machine is called h1");
    assert!(host.ask(&["hosts"]).stderr.contains("another machine is called h1"));
    etcd.says(&["del", &key("alive/h1")]);
    host.sees("h1", "live");
    wait_until("it is told of", || host.ask(&["hosts"]).stderr.is_empty());
    // Values that are none, too long, or full of what a terminal obeys.
    etcd.says(&["put", &key("alive/bad"), "x"]);
    etcd.says(&["put", &key("rows/bad/1"), "{"]);
    etcd.says(&["put", &key("rows/bad/2"), &"9".repeat(70_000)]);
    let evil = "{\"Container\":\"\\u001b[31m<script>\",\"ID\":\"1\",\"State\":\"on\",\"Addresses\":[\"192.0.2.66/24\"]}";
    etcd.says(&["put", &key("rows/bad/3"), evil]);
    etcd.says(&["put", &key("hosts/bad"), "[]"]);
    wait_until("it is counted", || host.ask(&["hosts"]).stderr.contains("3 values of other hosts"));
    let who = host.ask(&["who", "192.0.2.66", "--fleet"]);
    assert!(who.stdout.contains("<script>") && !who.stdout.contains('\u{1b}'), "{who:?}");
}

#[test]
fn a_daemon_without_etcd_says_how_to_be_one_of_a_fleet() {
    lab::need!(Lab);
    let served = Served::start(&[]);
    for words in
        [&["hosts"][..], &["ls", "--fleet"], &["who", "10.0.0.1", "--fleet"], &["mesh", "ls"]]
    {
        let ran = docker_ovs(&[&["--server", &served.url()], words].concat());
        assert!(ran.code == 2 && ran.stderr.contains("docker ovs serve --etcd"), "{ran:?}");
    }
}

#[test]
fn a_host_is_known_by_its_certificate_and_may_write_only_what_is_its_own() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start_tls(1, Authority::new()), Underlay::new());
    let prefix = |kind: &str| format!("/docker-ovs/v1/default/{kind}");
    let role = |name: &str, words: &[&str]| {
        etcd.says(&[&["role", "grant-permission", name], words].concat())
    };
    etcd.says(&["user", "add", "root", "--new-user-password", "r"]);
    etcd.says(&["user", "grant-role", "root", "root"]);
    for name in ["h1", "h2"] {
        etcd.says(&["role", "add", name]);
        // Only one of them may claim blocks of addresses.
        if name == "h1" {
            role(name, &["--prefix=true", "readwrite", &prefix("blocks/")]);
        }
        role(name, &["--prefix=true", "read", &prefix("")]);
        role(name, &["readwrite", &prefix(&format!("hosts/{name}"))]);
        role(name, &["readwrite", &prefix(&format!("alive/{name}"))]);
        role(name, &["--prefix=true", "readwrite", &prefix(&format!("rows/{name}/"))]);
        role(name, &["--prefix=true", "readwrite", &prefix("numbers/")]);
        etcd.says(&["user", "add", name, "--no-password"]);
        etcd.says(&["user", "grant-role", name, name]);
    }
    etcd.says(&["auth", "enable"]);
    let (endpoints, ca) = (etcd.endpoints(), etcd.authority().cert());
    let files = |name: &str| {
        let own = etcd.authority().sign_for(name);
        let words = [
            "--etcd",
            &endpoints,
            "--etcd-ca",
            &ca,
            "--etcd-cert",
            &own.cert,
            "--etcd-key",
            &own.key,
        ];
        words.map(str::to_owned).to_vec()
    };
    let host = |number: usize, files: &[String]| {
        let words: Vec<_> = files.iter().map(String::as_str).collect();
        let mut host = Host::new(&underlay, number, &words);
        host.serve();
        host
    };
    let (first, second) = (host(1, &files("h1")), host(2, &files("h2")));
    first.sees("h2", "live");
    second.sees("h1", "live");
    let doctor = |host: &str| {
        let own = files("h1");
        let own: Vec<_> = own.iter().map(String::as_str).collect();
        docker_ovs(&[&["doctor", "--fleet-host", host], &own[..]].concat()).stdout
    };
    let line = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("etcd role"));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert!(line(&doctor("h1")).contains("may write what is its own"));
    let told = line(&doctor("h2"));
    assert!(
        told.contains("FAIL") && told.contains("write /docker-ovs/v1/default/hosts/h2"),
        "{told}"
    );
    let own = files("h2");
    let own: Vec<_> = own.iter().map(String::as_str).collect();
    let told = docker_ovs(&[&["doctor", "--fleet-host", "h2"], &own[..]].concat()).stdout;
    let told = line(&told);
    assert!(
        told.contains("h2 may not write /docker-ovs/v1/default/blocks/") && told.contains("FAIL"),
        "{told}"
    );
    // One that shows another one's certificate may not take a name.
    let liar = host(3, &files("h1"));
    wait_until("it is refused", || liar.ask(&["hosts"]).stderr.contains("permission denied"));
}
