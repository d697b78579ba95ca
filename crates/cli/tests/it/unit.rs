//! The systemd units: the daemon tells its manager how it is, and what it and the network driver are allowed is enough. Read
//! from the units themselves, and done here by unshare(1), mount(8), setpriv(1) and strace(1).
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

mod sandbox;

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::driver::{datapath, on, settled};
use crate::tool::{Served, command, says};
use rustix::process::{Pid, Signal, kill_process};
use sandbox::{sandbox, setting_of};

use lab::{Bridge, Container, Home, Network, Plug, Plugged, Plugin, wait_for_answer};

const UNIT: &str = include_str!("../../../../packaging/systemd/docker-ovs.service");
const DRIVER: &str = include_str!("../../../../packaging/systemd/docker-ovs-driver.service");

/// What the daemon's unit says for a setting.
fn setting(name: &str) -> &'static str {
    setting_of(UNIT, name)
}

/// A daemon that may do no more than the unit lets it.
fn start(words: &[&str]) -> Served {
    Served::start_by(sandbox(UNIT), words)
}

/// A network driver that may do no more than its unit lets it.
fn start_driver() -> Plugin {
    Plugin::start(|words| {
        let (mut sandbox, driver) = (sandbox(DRIVER), command("docker-ovs", words));
        sandbox.arg(driver.get_program()).args(driver.get_args());
        sandbox
    })
}

/// `systemd-analyze security`, from 0 to 10: SECURITY.md and docs/serve.md promise 2.5.
#[test]
fn the_unit_is_exposed_as_little_as_is_promised() {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/systemd/docker-ovs.service");
    for (name, value) in [("Restart", "always"), ("RestartSec", "2s"), ("WatchdogSec", "30s")] {
        assert_eq!(setting(name), value, "{name}");
    }
    assert_eq!(setting("StartLimitIntervalSec"), "0", "it is started again for ever");
    for bound in ["MemoryMax", "TasksMax", "LimitNOFILE", "LimitCORE"] {
        assert_ne!(setting(bound), "infinity", "{bound}");
    }
    if !lab::is_there(lab::Need::SystemdAnalyze) {
        return;
    }
    let words = ["security", "--offline=true", "--threshold=25", "--no-pager", unit];
    let rated = lab::try_run("systemd-analyze", &words);
    assert!(rated.is_ok(), "{rated:?}");
}

/// The program of the rpm, with paths below a folder; and what systemctl is told there, a line each.
fn openvswitch_user(folder: &Path, settings: Option<&str>) -> String {
    let at = |name: &str| folder.join(name);
    for name in ["etc/sysconfig", "etc/systemd/system", "run/systemd/system"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    match settings {
        Some(text) => fs::write(at("etc/sysconfig/openvswitch"), text).unwrap(),
        None => drop(fs::remove_file(at("etc/sysconfig/openvswitch"))),
    }
    let below = |path: &str| format!("{}{path}", folder.display());
    let text = include_str!("../../../../packaging/rpm/openvswitch-user");
    let text = text.replace("/etc/", &below("/etc/")).replace("/run/", &below("/run/"));
    // Defined before all else, so that the shell takes it for systemctl.
    let told = at("told");
    let stand_in = format!("systemctl() {{ echo \"$*\" >>'{}'; }}\n", told.display());
    fs::write(&told, "").unwrap();
    lab::run("sh", &["-c", &(stand_in + &text)]);
    fs::read_to_string(told).unwrap()
}

/// Root reaches sockets of another user by this capability alone; it is added for nothing else.
#[test]
fn the_rpm_adds_one_capability_and_only_where_open_vswitch_has_a_user_of_its_own() {
    const ANEW: &str = "daemon-reload\ntry-restart docker-ovs.service docker-ovs-driver.service\n";
    let folder = tempfile::tempdir().unwrap();
    let run = |settings| openvswitch_user(folder.path(), settings);
    let drop_ins = || {
        let of = |unit: &str| {
            let name = format!("etc/systemd/system/{unit}.service.d/openvswitch.conf");
            fs::read_to_string(folder.path().join(name)).ok()
        };
        [of("docker-ovs"), of("docker-ovs-driver")]
    };
    let nones = [
        None,
        Some(""),
        Some("OVS_USER_ID=\"root:root\"\n"),
        Some("#OVS_USER_ID=\"x\"\n"),
        Some("OVS_USER_ID='root:root'\n"),
        Some("  OVS_USER_ID=root \t\n"),
        Some("OVS_USER_ID=openvswitch\nOVS_USER_ID=\"root\"\n"),
    ];
    for none in nones {
        assert_eq!(run(none), "", "{none:?}");
        assert!(drop_ins().iter().all(Option::is_none), "{none:?}");
    }
    let own = Some("OVS_USER_ID=\"openvswitch:hugetlbfs\"\n");
    assert_eq!(run(own), ANEW);
    for text in drop_ins() {
        let text = text.expect("both units have one");
        let settings: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(settings, ["[Service]", "CapabilityBoundingSet=CAP_DAC_OVERRIDE"]);
    }
    for same in [own, Some("\tOVS_USER_ID='openvswitch:hugetlbfs' \n"), Some("OVS_USER_ID=ovs\n")] {
        assert_eq!(run(same), "", "what is as it should be starts nothing anew: {same:?}");
    }
    assert_eq!(run(Some("OVS_USER_ID=root\n")), ANEW);
    assert!(drop_ins().iter().all(Option::is_none));
    for unit in [UNIT, DRIVER] {
        assert!(unit.contains("\nProtectSystem=strict\n"), "it writes to no more than before");
        assert!(unit.contains("\nRestartPreventExitStatus=78\n"), "settings that cannot be");
    }
}

#[test]
fn the_unit_may_read_and_watch_containers_of_other_users() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let container = Container::run_with(&["--network", "none", "--user", "1000:1000"]);
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let daemon = start(&["--restore=off"]);
    let rows = daemon.json(&format!("/v1/attachments/{}", container.name()));
    assert_eq!(rows[0]["OFPort"], plug.ofport(), "{rows}");
    let health = daemon.json("/healthz");
    assert_eq!(health["Status"], "ok", "{health}");
    // What happens inside a container is heard from outside.
    let mut events = daemon.events(None);
    assert_eq!(events.next().name, "reset");
    container.ip(&["address", "add", "10.76.2.7/24", "dev", "eth0"]);
    let told = events.find(|event| event.is_about(&container));
    assert_eq!(told.data["Changed"][0], "Addresses", "{told:?}");
}

/// IPv6 is off in a container until its tunables are written to.
#[test]
fn the_unit_may_restore_addresses_of_both_families() {
    lab::alone!(Docker);
    let bridge = Bridge::new();
    let user = ["--network", "none", "--user", "1000:1000"];
    let (container, other) = (Container::run_with(&user), Container::run());
    let connect = |container: &Container, n: u8| {
        let (v4, v6) = (format!("10.76.3.{n}/24"), format!("fd00:76:3::{n}/64"));
        says(&["connect", bridge.name(), container.name(), "--ip", &v4, "--ip", &v6, "-q"])
    };
    let number = connect(&container, 1);
    connect(&other, 2);
    let daemon = start(&["--restore"]);
    container.restart();
    daemon.hears(&format!("restored {}:eth0 on {}", container.name(), bridge.name()));
    assert_eq!(says(&["port", container.name(), bridge.name(), "-q"]), number);
    wait_for_answer(&other, "10.76.3.1");
    wait_for_answer(&other, "fd00:76:3::1");
    lab::assert_carries(&other, &container, &["10.76.3.1", "fd00:76:3::1"]);
}

/// A gateway takes all that a network may: links, a tunable and a table of nftables. Numbers are by what the engine tells.
#[test]
fn the_unit_of_the_driver_may_be_a_gateway_and_know_containers() {
    lab::need!(Docker);
    let driver = start_driver();
    let name = lab::unique("br");
    let options = ["-o", "gateway=host", "-o", "nat=true", "--subnet", "10.95.91.0/24"];
    let network = Network::create(driver.name(), &name, &[&datapath()[..], &options].concat());
    let container = on(&network);
    wait_for_answer(&container, "10.95.91.1");
    let number = settled(&container, &name);
    lab::wait_until("a table has its rules", || lab::tables_called("docker_ovs").contains(&name));
    container.restart();
    assert_eq!(settled(&container, &name), number);
    wait_for_answer(&container, "10.95.91.1");
    drop(container);
    network.remove();
    let is_there = || lab::try_run("ovs-vsctl", &["br-exists", &name]).is_ok();
    assert!(!is_there(), "it was made for it: {}", driver.said());
}

#[test]
fn serve_notifies_the_service_manager_of_ready_and_stopping() {
    lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let manager = folder.path().join("notify");
    let hears = UnixDatagram::bind(&manager).unwrap();
    hears.set_read_timeout(Some(lab::patience())).unwrap();
    let told = || {
        let mut words = [0; 100];
        let length = hears.recv(&mut words).unwrap();
        String::from_utf8_lossy(&words[..length]).trim_end().to_owned()
    };
    let mut daemon = Served::start_telling(&manager);
    assert_eq!(told(), "READY=1");
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(told(), "STOPPING=1");
}

/// A daemon that cannot run says nothing.
#[test]
fn serve_tells_the_watchdog_that_it_lives_for_as_long_as_it_does() {
    lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let manager = folder.path().join("notify");
    let hears = UnixDatagram::bind(&manager).unwrap();
    let mut program = lab::program("env");
    program.arg("WATCHDOG_USEC=200000").env("NOTIFY_SOCKET", &manager);
    let daemon = Served::start_by(program, &["--restore=off"]);
    let told = |patience| {
        hears.set_read_timeout(Some(patience)).unwrap();
        let mut words = [0; 100];
        let length = hears.recv(&mut words).ok()?;
        Some(String::from_utf8_lossy(&words[..length]).trim_end().to_owned())
    };
    let mut alive = 0;
    while alive < 3 {
        // The first look ends in between.
        let said = told(lab::patience()).expect("it says something");
        alive += usize::from(said == "WATCHDOG=1");
    }
    daemon.signal(Signal::STOP);
    // What it said before that.
    while told(Duration::from_secs(1)).is_some() {}
    daemon.signal(Signal::CONT);
    assert_eq!(told(lab::patience()).as_deref(), Some("WATCHDOG=1"));
}

/// systemd-socket-activate(1) does what a socket unit does.
#[test]
fn the_service_manager_s_socket_is_taken_over_and_left_there() {
    lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.sock");
    // It is given no variables.
    let words = ["serve", "--listen", "none", "--restore=off", "--history-dir", "none"];
    let inner = crate::tool::command("docker-ovs", &words);
    let mut activate = lab::program("systemd-socket-activate");
    activate.arg(format!("--listen={}", path.display())).arg(inner.get_program());
    let mut manager = activate.args(inner.get_args()).stderr(Stdio::piped()).spawn().unwrap();
    lab::wait_until("it listens", || path.exists());
    // The first who asks starts the daemon.
    let server = format!("unix://{}", path.display());
    let asked = || crate::tool::docker_ovs(&["--server", &server, "ls", "--partial", "-q"]);
    lab::wait_until("it answers", || asked().code < 2);
    let pid = Pid::from_child(&manager);
    kill_process(pid, Signal::TERM).unwrap();
    let mut said = String::new();
    manager.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(manager.wait().unwrap().success(), "{said}");
    assert!(said.contains(&format!("listening on unix://{}", path.display())), "{said}");
    assert!(path.exists(), "what the service manager has made stays");
}
