//! The client against a real ovs-vswitchd, private to the test, whose datapath and
//! interfaces are dummies. Without ovs-vswitchd the tests are skipped, unless the
//! environment variable `DOCKER_OVS_TEST_REQUIRE` is set.

// The daemon under test is a program.
#![allow(clippy::disallowed_methods)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use docker_ovs_unixctl::{Client, DpPort, Error, VSWITCHD, control_socket};
use tempfile::TempDir;

/// The database server runs this, and ends when it does: when the pipe that the test
/// holds is closed, however the test ends.
const RUN: &str = "ovs-vswitchd --enable-dummy=override --disable-system --pidfile \
    -vconsole:off unix:db.sock & vswitchd=$!; echo ready; cat; exec 2>/dev/null; kill $vswitchd; \
    wait $vswitchd || true";

struct Daemons {
    rundir: TempDir,
    server: Child,
}

impl Drop for Daemons {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

impl Daemons {
    fn start() -> Option<Self> {
        if Command::new("ovs-vswitchd").arg("--version").output().is_err() {
            let required = std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_some();
            assert!(!required, "needs ovs-vswitchd");
            // The test harness swallows what the print macros say.
            let _ =
                std::io::Write::write_all(&mut std::io::stderr(), b"skipped: needs ovs-vswitchd\n");
            return None;
        }
        let rundir = TempDir::new().unwrap();
        run(
            &rundir,
            "ovsdb-tool",
            &["create", "conf.db", "/usr/share/openvswitch/vswitch.ovsschema"],
        );
        let mut server = command(&rundir, "ovsdb-server")
            .args(["-vconsole:off", "--unixctl=server.ctl", "--remote=punix:db.sock"])
            .args([&format!("--run={RUN}"), "conf.db"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let daemons = Self { rundir, server };
        assert_eq!(ready, "ready\n");
        Some(daemons)
    }

    /// Changes the configuration and waits until the daemon has taken it over.
    fn configure(&self, words: &str) {
        let words: Vec<_> = words.split_whitespace().collect();
        run(
            &self.rundir,
            "ovs-vsctl",
            &[&["--timeout=30", "--db=unix:db.sock"], &words[..]].concat(),
        );
    }
}

fn command(rundir: &TempDir, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(rundir).env("OVS_RUNDIR", rundir.path());
    command
}

fn run(rundir: &TempDir, program: &str, args: &[&str]) {
    let output = command(rundir, program).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_daemon_shows_its_bridges_and_ports() {
    let Some(daemons) = Daemons::start() else { return };
    daemons.configure(
        "-- add-br br0 -- set bridge br0 datapath_type=dummy \
         -- add-br br1 -- set bridge br1 datapath_type=dummy \
         -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=7 \
         -- add-port br0 pa -- set interface pa type=patch options:peer=pb ofport_request=8 \
         -- add-port br1 pb -- set interface pb type=patch options:peer=pa",
    );
    let socket = control_socket(daemons.rundir.path(), VSWITCHD).unwrap();
    let mut client = Client::connect(&socket).await.unwrap();

    let version = client.version().await.unwrap();
    assert!(version.starts_with("ovs-vswitchd (Open vSwitch) "), "{version}");
    let bridges = client.dpif_show().await.unwrap();
    let names: Vec<_> = bridges.iter().map(|bridge| bridge.name.as_str()).collect();
    assert_eq!(names, ["br0", "br1"]);
    let numbers: Vec<_> = bridges[0]
        .ports
        .iter()
        .map(|DpPort { name, ofport, dp_port, .. }| (name.as_str(), *ofport, dp_port.is_some()))
        .collect();
    assert_eq!(numbers, [("br0", 65534, true), ("p1", 7, true), ("pa", 8, false)]);
    assert_eq!(bridges[0].ports[2].options, "peer=pb");

    // Commands are refused in words that differ between versions.
    for (command, words) in [("no/such", &[][..]), ("fdb/show", &["br9"])] {
        let error = client.call(command, words).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert!(error.to_string().starts_with(&format!("{command} was refused: ")), "{error}");
    }
}
