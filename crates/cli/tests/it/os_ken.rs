//! A real SDN controller, `examples/os-ken`: its policy names containers, its flows name ports.
//! What the switch tells it of ports agrees with what the daemon says, and the policy outlives
//! a restart of its containers.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use lab::{
    Bridge, Container, Home, Plug, Plugged, assert_carries, ping, run, set_checksum_offload,
    wait_for_answer, wait_until,
};
use serde_json::Value;

/// A program that is ended with its guard.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the controller said last: who is where by the daemon, which port is what by the switch.
#[derive(Default)]
struct Said {
    attachments: Vec<Value>,
    ports: std::collections::BTreeMap<(u64, u64), String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let Ok(line) = serde_json::from_str::<Value>(line) else { return };
        if let Some(attachments) = line["attachments"].as_array() {
            self.attachments.clone_from(attachments);
        }
        if let Some([what, dpid, number, name]) = line["port"].as_array().map(Vec::as_slice) {
            let key = (dpid.as_u64().unwrap(), number.as_u64().unwrap());
            match what.as_str() {
                Some("deleted") => self.ports.remove(&key),
                _ => self.ports.insert(key, name.as_str().unwrap().to_owned()),
            };
        }
    }

    /// The OpenFlow port of a container, if daemon and switch agree on it.
    fn agreed(&self, container: &Container) -> Option<u64> {
        let attachment =
            self.attachments.iter().find(|attachment| attachment[0] == container.name())?;
        let (dpid, number) = (attachment[2].as_u64()?, attachment[3].as_u64()?);
        // OpenFlow cuts names at 15 bytes, as long as a link's may be.
        (self.ports.get(&(dpid, number))? == attachment[4].as_str()?).then_some(number)
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Controller {
    _daemon: Running,
    _app: Running,
    said: Arc<Mutex<Said>>,
    openflow: String,
}

impl Controller {
    fn start(python: &Path, folder: &Path, policy: &str) -> Self {
        let (web, openflow) = (free_port(), free_port());
        let (web, listen) = (format!("127.0.0.1:{web}"), format!("127.0.0.1:{openflow}"));
        let socket = folder.join("serve.sock");
        let words = ["serve", "--listen", &web, "--socket", socket.to_str().unwrap()];
        let daemon = Running(crate::tool::command("docker-ovs", &words).spawn().unwrap());
        std::fs::write(folder.join("policy.txt"), policy).unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/os-ken");
        let mut app = Command::new(python);
        app.arg("policy_switch.py").current_dir(example).env("PYTHONDONTWRITEBYTECODE", "1");
        app.env("POLICY", folder.join("policy.txt")).env("LISTEN", &listen);
        app.env("DOCKER_OVS", format!("http://{web}")).stdout(Stdio::piped());
        let mut app = Running(app.spawn().unwrap());
        let (said, lines) = (Arc::default(), BufReader::new(app.0.stdout.take().unwrap()));
        let ear: Arc<Mutex<Said>> = Arc::clone(&said);
        thread::spawn(move || {
            lines.lines().map_while(Result::ok).for_each(|line| ear.lock().unwrap().hear(&line));
        });
        Self { _daemon: daemon, _app: app, said, openflow: format!("tcp:{listen}") }
    }

    /// Waits until daemon and switch agree where `container` is.
    fn knows(&self, container: &Container) -> u64 {
        let agreed = || self.said.lock().unwrap().agreed(container);
        wait_until("daemon and switch agree", || agreed().is_some());
        agreed().unwrap()
    }
}

/// By hand: what docker-ovs does by itself is done to the checksums, too.
fn plug(container: &Container, bridge: &Bridge, n: u8) -> Plugged {
    let (ip, ipv6) = (format!("10.99.0.{n}/24"), format!("fd00:99::{n}/64"));
    let plugged =
        Plugged::new(container, "eth0", bridge, Plug { ip: Some(&ip), ..Plug::default() });
    container.ip(&["address", "add", &ipv6, "dev", "eth0", "nodad"]);
    set_checksum_offload(container, "eth0", false);
    plugged
}

/// A container that may have IPv6, which Docker turns off where no network of its own has it.
fn container() -> Container {
    let ipv6 = "net.ipv6.conf.all.disable_ipv6=0";
    Container::run_with(&["--network", "none", "--sysctl", ipv6])
}

#[test]
fn a_policy_of_container_names_outlives_a_restart() {
    lab::need!(Docker, OsKen);
    let python = lab::os_ken();
    let folder = tempfile::tempdir().unwrap();
    let (bridge, web, db, stranger) = (Bridge::new(), container(), container(), container());
    let policy = format!("# who may talk\n{} {}\n", web.name(), db.name());
    let controller = Controller::start(&python, folder.path(), &policy);
    let name = bridge.name();
    run("ovs-vsctl", &["set", "bridge", name, "protocols=OpenFlow13", "fail_mode=secure"]);
    run("ovs-vsctl", &["set-controller", name, &controller.openflow]);

    let first = plug(&web, &bridge, 1);
    let _db = plug(&db, &bridge, 2);
    let _stranger = plug(&stranger, &bridge, 3);
    for container in [&web, &db, &stranger] {
        controller.knows(container);
    }
    assert_eq!(controller.knows(&web), u64::from(first.ofport()));
    wait_for_answer(&web, "10.99.0.2");
    wait_for_answer(&web, "fd00:99::2");
    assert_carries(&web, &db, &["10.99.0.2", "fd00:99::2"]);
    assert!(!ping(&stranger, "10.99.0.2"), "the policy does not name the stranger");

    web.restart();
    drop(first);
    let again = plug(&web, &bridge, 1);
    wait_until("the new port is known", || controller.knows(&web) == u64::from(again.ofport()));
    wait_for_answer(&web, "10.99.0.2");
    wait_for_answer(&web, "fd00:99::2");
    assert_carries(&web, &db, &["10.99.0.2", "fd00:99::2"]);
    assert!(!ping(&web, "10.99.0.3"), "the policy holds no less than before");
}
