//! The server under test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use docker_ovs_ovsdb::{Client, Remote, VSWITCH};
use jsonrpc::Connection;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::UnixStream;

const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";

/// Returns from the test when there is no ovsdb-server.
macro_rules! lab {
    ($options:expr) => {
        match Server::start($options) {
            Some(server) => server,
            None => return,
        }
    };
}

/// A server with an empty Open_vSwitch database. It ends when the test does, however
/// that ends: its `--run` command waits for the end of a pipe that we hold.
pub(crate) struct Server {
    pub(crate) dir: TempDir,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    pub(crate) fn start(options: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        if Command::new("ovsdb-server").arg("--version").output().is_err() {
            let required = std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_some();
            assert!(!required, "needs ovsdb-server");
            // The test harness swallows what the print macros say.
            let _ =
                std::io::Write::write_all(&mut std::io::stderr(), b"skipped: needs ovsdb-server\n");
            return None;
        }
        let dir = TempDir::new().unwrap();
        run(dir.path(), "ovsdb-tool", &["create", "conf.db", SCHEMA]);
        let mut process = Command::new("ovsdb-server")
            .current_dir(&dir)
            .env("OVS_RUNDIR", dir.path())
            .args(["-vconsole:off", "--log-file=log", "--unixctl=ctl"])
            .args(["--remote=punix:db.sock", "--run=echo ready; exec cat"])
            .args(options(dir.path()))
            .arg("conf.db")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let server = Self { dir, process };
        assert_eq!(ready, "ready\n", "{}", server.log());
        Some(server)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("db.sock")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(&Remote::Unix(self.socket()), None).await.unwrap()
    }

    /// Makes a bridge `br0` with the ports `p0` … , of one interface each.
    pub(crate) async fn add_ports(&self, count: usize) {
        let mut operations = vec![json!(VSWITCH)];
        for n in 0..count {
            let name = format!("p{n}");
            let external_ids =
                json!(["map", [["container_id", name], ["container_iface", "eth0"]]]);
            let interface = json!({"name": name, "external_ids": external_ids, "ofport": n + 1,
                "mac_in_use": "02:00:00:00:00:01", "ifindex": n + 100});
            operations.push(insert("Interface", &format!("i{n}"), &interface));
            let port = json!({"name": name, "interfaces": ["named-uuid", format!("i{n}")]});
            operations.push(insert("Port", &name, &port));
        }
        let ports: Vec<_> = (0..count).map(|n| json!(["named-uuid", format!("p{n}")])).collect();
        operations.push(insert("Bridge", "b", &json!({"name": "br0", "ports": ["set", ports]})));
        let root = json!({"bridges": ["named-uuid", "b"], "ovs_version": "3.1.0"});
        operations.push(insert("Open_vSwitch", "root", &root));
        let mut connection = Connection::new(UnixStream::connect(self.socket()).await.unwrap());
        let results: Vec<serde_json::Value> =
            connection.call("transact", &operations).await.unwrap();
        assert!(results.iter().all(|result| result.get("uuid").is_some()), "{results:?}");
    }
}

fn insert(table: &str, name: &str, row: &serde_json::Value) -> serde_json::Value {
    json!({"op": "insert", "table": table, "row": row, "uuid-name": name})
}

pub(crate) fn run(dir: &Path, program: &str, args: &[&str]) {
    let output = Command::new(program).current_dir(dir).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}
