//! The commands of docs/tutorial.md are run, one after the other in one shell, and print what stands there:
//! `make tutorial`.
//!
//! `BLESS=1 cargo test -p docker-ovs --test it tutorial` writes what they print into the page.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use lab::try_run;
use regex::Regex;

const BRIDGE: &str = "vlanswitch";
const CONTAINERS: [&str; 4] = ["firewall", "desk", "printer", "web"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The names are the page's, and nothing else may have them.
struct Scene;

impl Scene {
    fn new() -> Self {
        assert!(
            try_run("ovs-vsctl", &["br-exists", BRIDGE]).is_err(),
            "there is a {BRIDGE} already"
        );
        for name in CONTAINERS {
            assert!(
                try_run("docker", &["container", "inspect", name]).is_err(),
                "there is a container {name} already"
            );
        }
        Self
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = try_run("docker", &[&["rm", "-f"], &CONTAINERS[..]].concat());
        let _ = try_run("ovs-vsctl", &["--if-exists", "del-br", BRIDGE]);
    }
}

/// A line of a transcript that is typed.
fn command(line: &str) -> Option<&str> {
    line.strip_prefix("# ")
}

/// The commands of a page, in its blocks `console`.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("```console\n").skip(1);
    let inside = blocks.filter_map(|rest| rest.split_once("```")).map(|(block, _)| block);
    inside.flat_map(|block| block.lines().filter_map(command)).collect()
}

/// The page with what each command printed behind it.
fn with_answers(page: &str, answers: &[String]) -> String {
    let (mut text, mut inside, mut answers) = (String::new(), false, answers.iter());
    for line in page.lines() {
        let fence = line.starts_with("```");
        inside = if fence { line == "```console" } else { inside };
        if fence || !inside {
            text.extend([line, "\n"]);
        } else if command(line).is_some() {
            text.extend([line, "\n", answers.next().map_or("", String::as_str)]);
        }
    }
    text
}

/// What differs from run to run is masked; columns are as wide as what stands in them.
fn masked(text: &str) -> String {
    let masks = [
        (r"([0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC"),
        (r"fe80::[0-9a-f:]+/64,?", ""),
        (r"dov-[0-9a-f]+", "dov-LINK"),
        (r"net:\[[0-9]+\]", "NETNS"),
        (r"\b[0-9a-f]{12}\b", "ID"),
        (r"process [0-9]+", "process PID"),
        (r"link [0-9]+", "link INDEX"),
        (r"datapath port [0-9]+", "datapath port DPPORT"),
        (r",(\s)", "$1"),
        (r"[ ]+", " "),
    ];
    masks.iter().fold(text.to_owned(), |text, (pattern, mask)| {
        Regex::new(pattern).unwrap().replace_all(&text, *mask).into_owned()
    })
}

/// The command as it is run here: on ports, paths and an image that are the test's own.
fn here(command: &str, ports: [u16; 2], datapath: &str) -> String {
    let [web, openflow] = ports;
    let served = format!("docker-ovs serve --socket $PWD/d.sock --listen 127.0.0.1:{web}");
    let asked = format!("DOCKER_OVS=http://127.0.0.1:{web} LISTEN=127.0.0.1:{openflow} POLICY=");
    let bridge = format!("add-br {BRIDGE} -- set bridge {BRIDGE} datapath_type={datapath}");
    command
        .replace("docker-ovs serve", &served)
        .replace("POLICY=", &asked)
        .replace("127.0.0.1:6653", &format!("127.0.0.1:{openflow}"))
        .replace(&format!("add-br {BRIDGE}"), &bridge)
        .replace("busybox sleep", "docker-ovs-lab:latest sleep")
}

/// Docker's client with the plugin under test, in a folder.
fn plug_in(folder: &Path) {
    let plugins = folder.join("docker/cli-plugins");
    fs::create_dir_all(&plugins).unwrap();
    symlink(env!("CARGO_BIN_EXE_docker-ovs"), plugins.join("docker-ovs")).unwrap();
    symlink(root().join("examples"), folder.join("examples")).unwrap();
    fs::create_dir(folder.join("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_docker-ovs"), folder.join("bin/docker-ovs")).unwrap();
}

/// What each command prints; the shell ends with what it started.
fn run_all(folder: &Path, commands: &[String]) -> Vec<String> {
    let parts = commands.iter().map(|command| {
        let end = if command.ends_with('&') { "" } else { ";" };
        format!("{{ {command}{end} }} 2>&1; printf '\\0'\n")
    });
    let script = format!("trap 'kill $(jobs -p) 2>/dev/null' EXIT\n{}", parts.collect::<String>());
    let python = lab::os_ken();
    let path = std::env::var("PATH").unwrap_or_default();
    let python = python.parent().unwrap().display();
    let path = format!("{}:{python}:{path}", folder.join("bin").display());
    let mut shell = lab::program("timeout");
    shell.arg("--kill-after=5").arg(format!("{}", lab::patience().as_secs() * 3));
    shell.args(["bash", "-c", &script]).current_dir(folder).env("PATH", path);
    shell.env("DOCKER_CONFIG", folder.join("docker")).env("PYTHONDONTWRITEBYTECODE", "1");
    shell.env("DOCKER_OVS_HISTORY_DIR", "none");
    // Into a file: nothing that may outlive the shell is waited for.
    let said = fs::File::create(folder.join("said")).unwrap();
    let status = shell.stdin(Stdio::null()).stdout(said).status().unwrap();
    let log = |name| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let said = log("said");
    // The shell itself tells of what was killed, whenever it notices.
    let of_command = |part: &str| -> String {
        part.split_inclusive('\n').filter(|line| !line.contains("Terminated")).collect()
    };
    let mut answers: Vec<String> = said.split('\0').map(of_command).collect();
    answers.pop();
    let logs = (log("serve.log"), log("controller.log"));
    assert_eq!(answers.len(), commands.len(), "{status}: {said}\n{logs:?}");
    answers
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// It takes names and minutes of the whole machine: `make tutorial` runs it, and `.ci/run`.
#[test]
fn the_tutorial_prints_what_it_says() {
    if !["DOCKER_OVS_TEST_TUTORIAL", "BLESS"].iter().any(|name| std::env::var_os(name).is_some()) {
        println!("skipped: the_tutorial_prints_what_it_says needs DOCKER_OVS_TEST_TUTORIAL");
        return;
    }
    lab::alone!(Docker, OsKen);
    let _scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    plug_in(folder.path());
    let path = root().join("docs/tutorial.md");
    let page = fs::read_to_string(&path).unwrap();
    let datapath = lab::Datapath::of_the_lab().kind();
    let ports = [free_port(), free_port()];
    let commands: Vec<_> =
        commands(&page).into_iter().map(|command| here(command, ports, datapath)).collect();
    assert!(commands.len() > 20, "{commands:?}");
    let now = with_answers(&page, &run_all(folder.path(), &commands));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &now).unwrap();
    } else {
        assert_eq!(masked(&page), masked(&now));
    }
}

#[test]
fn answers_stand_behind_their_commands() {
    let page = "a\n```console\n# one\nold\n# two\n```\n```\n# none\n```\n";
    assert_eq!(commands(page), ["one", "two"]);
    let now = with_answers(page, &["1\n".to_owned(), String::new()]);
    assert_eq!(now, "a\n```console\n# one\n1\n# two\n```\n```\n# none\n```\n");
    assert_eq!(masked("eth0  02:be:74:e6:af:89   fe80::1/64"), masked("eth0 02:00:00:00:00:01 "));
}
