//! Pods of Kubernetes, by the runtime interface of a real containerd, which is not asked for in other
//! words than `--engine`.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use lab::{Bridge, Containerd, run, unique, wait_until};

use crate::tool::{Served, by, docker_ovs, says_by};

/// The tool, asking this containerd alone.
fn ports(bridge: &Bridge) -> Vec<String> {
    run("ovs-vsctl", &["list-ports", bridge.name()]).lines().map(str::to_owned).collect()
}

fn inode(pid: &str) -> String {
    Path::new(&format!("/proc/{pid}/ns/net")).metadata().unwrap().ino().to_string()
}

fn ip(pid: &str, words: &[&str]) -> String {
    run("nsenter", &[&["--target", pid, "--net", "ip"], words].concat())
}

#[test]
fn a_pod_and_its_containers_are_on_the_port_that_the_pod_was_given() {
    lab::need!(Docker, Containerd);
    let folder = tempfile::tempdir().unwrap();
    let (containerd, bridge) = (Containerd::start(folder.path()), Bridge::new());
    let (pod, other) = (containerd.pod(), containerd.pod());
    let id = containerd.container(&pod, "app");
    let app = format!("{}/app", pod.name);
    says_by(
        &containerd.engine(),
        &[
            "connect",
            bridge.name(),
            &pod.name,
            "--ofport",
            "40101",
            "--interface",
            "net1",
            "--ip",
            "10.79.8.1/24",
        ],
    );
    let number =
        |words: &str| says_by(&containerd.engine(), &["port", words, bridge.name(), "--quiet"]);
    let short = format!("cri:{}", pod.name);
    for words in [&pod.name, &app, &short, &pod.id, &id, &id[..12].to_owned()] {
        assert_eq!(number(words), "40101\n", "{words}");
    }
    assert!(ip(&containerd.pid(&id), &["address", "show", "net1"]).contains("10.79.8.1/24"));
    let ran = by(&containerd.engine(), &["port", &other.name, bridge.name(), "--quiet"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
    let who =
        says_by(&containerd.engine(), &["who", &format!("{}:40101", bridge.name()), "--quiet"]);
    assert_eq!(who, format!("{}\n{app}\n", pod.name));
    let explained = says_by(&containerd.engine(), &["explain", &app, bridge.name()]);
    let pid = containerd.pid(&id);
    assert!(
        explained.contains(&format!("runs as process {pid} in net:[{}]", inode(&pid))),
        "{explained}"
    );
    let rows = by(
        &containerd.engine(),
        &["ls", "--partial", "--filter", &format!("bridge={}", bridge.name())],
    );
    assert!(rows.stdout.contains(&pod.name), "{rows:?}");
    says_by(&containerd.engine(), &["disconnect", bridge.name(), &pod.name]);
    assert_eq!(ports(&bridge), Vec::<String>::new());
}

#[test]
fn a_pod_that_is_made_again_gets_back_what_its_name_had() {
    lab::need!(Docker, Containerd);
    let folder = tempfile::tempdir().unwrap();
    let (containerd, bridge) = (Containerd::start(folder.path()), Bridge::new());
    let pod = containerd.pod();
    says_by(
        &containerd.engine(),
        &["connect", bridge.name(), &pod.name, "--ofport", "40102", "--interface", "net1"],
    );
    containerd.stop(&pod);
    let next = containerd.again(&pod);
    assert_eq!(next.name, pod.name);
    let ran = by(&containerd.engine(), &["restore", &pod.name, "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "restored\n"), "{ran:?}");
    assert_eq!(
        says_by(&containerd.engine(), &["port", &pod.name, bridge.name(), "--quiet"]),
        "40102\n"
    );
    let pruned = by(&containerd.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, pruned.stdout.as_str()), (0, ""), "{pruned:?}");
    containerd.remove(&pod);
    containerd.remove(&next);
    let pruned = by(&containerd.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, ports(&bridge)), (0, Vec::new()), "{pruned:?}");
}

#[test]
fn the_daemon_hears_of_pods_that_come_and_go() {
    lab::need!(Docker, Containerd);
    let folder = tempfile::tempdir().unwrap();
    let (containerd, bridge) = (Containerd::start(folder.path()), Bridge::new());
    let served = Served::start(&["--engine", &containerd.engine()]);
    let pod = containerd.pod();
    let end = unique("v");
    let pid = containerd.pid(&pod.id);
    let link = lab::Link::named(&end, &["type", "veth", "peer", "name", "net1", "netns", &pid]);
    bridge.add(&end, &[]);
    let tells = |path: &str| served.json(path).to_string().contains(&pod.name);
    wait_until("the daemon tells of its interface", || tells("/v1/attachments"));
    containerd.remove(&pod);
    wait_until("the daemon tells that it is gone", || !tells("/v1/attachments"));
    drop(link);
}

#[test]
fn a_pod_on_the_nodes_network_has_no_interface_of_its_own() {
    lab::need!(Docker, Containerd);
    let folder = tempfile::tempdir().unwrap();
    let (containerd, bridge) = (Containerd::start(folder.path()), Bridge::new());
    let pod = containerd.pod_on_host_network();
    containerd.container(&pod, "app");
    for name in [pod.name.clone(), format!("{}/app", pod.name)] {
        let ran = by(&containerd.engine(), &["connect", bridge.name(), &name]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains("host"), "{ran:?}");
        let ran = by(&containerd.engine(), &["port", &name]);
        assert!(ran.code < 2 && !ran.stdout.contains("eth0"), "{ran:?}");
    }
}

/// As nerdctl and ctr make them: in a namespace of containerd's that is not Kubernetes', and beside it.
#[test]
fn containerds_own_containers_are_called_as_nerdctl_calls_them() {
    lab::need!(Docker, Containerd);
    let folder = tempfile::tempdir().unwrap();
    let (containerd, bridge) = (Containerd::start(folder.path()), Bridge::new());
    let (pod, name) = (containerd.pod(), unique("web"));
    let id = containerd.run(&name);
    let engines = ["--engine", &containerd.engine(), "--engine", &containerd.own_engine()];
    let says = |words: &[&str]| {
        let ran = docker_ovs(&[&engines[..], words].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{words:?}: {ran:?}");
        ran.stdout
    };
    says(&["connect", bridge.name(), &name, "--ofport", "40111", "--ip", "10.79.5.1/24"]);
    says(&["connect", bridge.name(), &pod.name, "--ofport", "40112", "--interface", "net1"]);
    let number = |words: &str| says(&["port", words, bridge.name(), "--quiet"]);
    for words in [&name, &format!("containerd:{name}"), &format!("{id}@default")] {
        assert_eq!(number(words), "40111\n", "{words}");
    }
    assert_eq!(number(&pod.name), "40112\n");
    assert!(ip(&containerd.pid(&id), &["address", "show", "eth0"]).contains("10.79.5.1/24"));
    let daemon = Served::start(&engines);
    let server = daemon.url();
    let seen = || docker_ovs(&["--server", &server, "port", &name, bridge.name(), "--quiet"]);
    assert!(lab::comes_true(|| seen().stdout == "40111\n"), "{:?}", seen());
    // That its process has ended is told, also where nothing is removed.
    containerd.end(&id);
    assert!(lab::comes_true(|| seen().stderr.contains("not running")), "{:?}", seen());
    drop(daemon);
    containerd.forget(&id);
    let next = containerd.run(&name);
    assert_eq!(says(&["restore", &name, "--format", "{{.Result}}"]), "restored\n");
    assert!(ip(&containerd.pid(&next), &["address", "show", "eth0"]).contains("10.79.5.1/24"));
    let doctor = docker_ovs(&[&engines[..], &["doctor"]].concat()).stdout;
    let told =
        |engine: &str| doctor.lines().any(|row| row.starts_with(engine) && row.contains(" ok "));
    assert!(told("cri ") && told("containerd "), "{doctor}");
    containerd.kill(&next);
    let pruned =
        docker_ovs(&[&engines[..], &["prune", "--force", "--bridge", bridge.name()]].concat());
    assert_eq!((pruned.code, ports(&bridge).len()), (0, 1), "{pruned:?}");
}
