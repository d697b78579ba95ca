//! The client against the ovs-vswitchd of this machine, with bridges of its own. Where
//! there is none, or it may not be used, the tests are skipped, unless the environment
//! variable `DOCKER_OVS_TEST_REQUIRE` is set.

// The daemon under test is set up by its own programs.
#![allow(clippy::disallowed_methods)]

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use docker_ovs_openflow::{Client, Error, LOCAL, Port, Remote, Version, name_on_wire};

/// An ofport, the name as OpenFlow has it, and the Ethernet address.
type Row = (u16, String, String);

/// A bridge that is removed when the test ends, however it ends.
struct Lab {
    bridge: String,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let remove = lab::program("ovs-vsctl")
            .args(["--timeout=120", "--if-exists", "del-br", &self.bridge])
            .status();
        let unlink = lab::program("ip").args(["link", "del", &self.veth()]).output();
        if !std::thread::panicking() {
            assert!(remove.unwrap().success());
            unlink.unwrap();
        }
    }
}

impl Lab {
    fn open() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // A bridge's name is also that of a network device: at most 15 bytes.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let lab = Self { bridge: format!("of{}n{number}", std::process::id()) };
        lab.vsctl("add-br BR -- set bridge BR datapath_type=netdev");
        lab
    }

    fn veth(&self) -> String {
        format!("{}v", self.bridge)
    }

    /// Changes the configuration, where `BR` stands for the bridge, and waits until the
    /// daemon has taken it over.
    fn vsctl(&self, words: &str) -> String {
        let words = words.replace("BR", &self.bridge);
        let args = ["--timeout=120"].into_iter().chain(words.split_whitespace());
        String::from_utf8(run("ovs-vsctl", args)).unwrap()
    }

    /// Adds internal ports, one of them with the longest name a device can have, a veth,
    /// and patch ports with names that OpenFlow cuts, one of them inside a character.
    fn add_ports(&self) {
        let peer = format!("{}p", self.bridge);
        run("ip", ["link", "add", &self.veth(), "type", "veth", "peer", "name", &peer]);
        let longest = format!("{:-<15}", self.bridge);
        let cut = self.name_cut_inside_character();
        self.vsctl(&format!(
            "add-port BR BRi -- set interface BRi type=internal ofport_request=7 \
             -- add-port BR {longest} -- set interface {longest} type=internal ofport_request=9 \
             -- add-port BR BRv -- set interface BRv ofport_request=300 \
             -- add-port BR BR-patch-to-the-core \
             -- set interface BR-patch-to-the-core type=patch options:peer=BR-1 ofport_request=65279 \
             -- add-port BR {cut} \
             -- set interface {cut} type=patch options:peer=BR-2 ofport_request=8"
        ));
    }

    fn name_cut_inside_character(&self) -> String {
        format!("{:-<14}\u{e9}", self.bridge)
    }

    /// The ports as the database knows them.
    fn database(&self) -> Vec<Row> {
        let ports = self.vsctl("list-ports BR");
        let mut rows: Vec<_> = ports
            .lines()
            .chain([self.bridge.as_str()])
            .map(|name| {
                let columns = self.vsctl(&format!("get interface {name} ofport mac_in_use"));
                let (ofport, mac) = columns.trim().split_once('\n').unwrap();
                (ofport.parse().unwrap(), name_on_wire(name), mac.replace('"', ""))
            })
            .collect();
        rows.sort();
        rows
    }

    /// The ports as `ovs-ofctl show` prints them: ` 7(name): addr:02:00:00:00:00:07`.
    fn ofctl(&self, version: Version) -> Vec<Row> {
        let protocol = format!("-OOpenFlow1{}", version as u8 - 1);
        let shown = run("ovs-ofctl", ["--timeout=120", &protocol, "show", &self.bridge]);
        let shown = String::from_utf8(shown).unwrap();
        let mut rows: Vec<_> = shown.lines().filter_map(row_of_ofctl).collect();
        rows.sort();
        rows
    }

    fn remote(&self) -> Remote {
        let rundir = std::env::var_os("OVS_RUNDIR").map(PathBuf::from);
        Remote::mgmt(&rundir.unwrap_or_else(|| "/var/run/openvswitch".into()), &self.bridge)
    }
}

fn run<'a>(program: &str, args: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let output = lab::program(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn row_of_ofctl(line: &str) -> Option<Row> {
    let (port, mac) = line.trim().split_once("): addr:")?;
    let (number, name) = port.split_once('(')?;
    let number = if number == "LOCAL" { LOCAL } else { number.parse().unwrap() };
    Some((number, name.to_owned(), mac.to_owned()))
}

fn rows(ports: Vec<Port>) -> Vec<Row> {
    let row = |port: Port| {
        let mac = port.mac.map(|byte| format!("{byte:02x}")).join(":");
        (port.ofport().unwrap(), port.name, mac)
    };
    let mut rows: Vec<_> = ports.into_iter().map(row).collect();
    rows.sort();
    rows
}

/// Every single version, and mixes with gaps; with each the highest of them.
fn protocols() -> Vec<(String, Version)> {
    let name = |version: &Version| format!("OpenFlow1{}", *version as u8 - 1);
    let single = Version::ALL.into_iter().map(|version| vec![version]);
    let mixes = [
        vec![Version::V1_0, Version::V1_3],
        vec![Version::V1_1, Version::V1_2, Version::V1_4],
        vec![Version::V1_0, Version::V1_5],
        Version::ALL.to_vec(),
    ];
    single
        .chain(mixes)
        .map(|mix| (mix.iter().map(name).collect::<Vec<_>>().join(","), mix[mix.len() - 1]))
        .collect()
}

#[tokio::test]
async fn ports_are_those_of_the_database_whatever_the_bridge_speaks() {
    lab::need!(Lab);
    let lab = Lab::open();
    lab.add_ports();
    let expected = lab.database();
    let numbers: Vec<_> = expected.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, [7, 8, 9, 300, 65_279, LOCAL]);
    for (protocols, highest) in protocols() {
        lab.vsctl(&format!("set bridge BR protocols={protocols}"));
        let mut client = Client::connect(&lab.remote(), &Version::ALL).await.unwrap();
        assert_eq!(client.version(), highest, "{protocols}");
        assert_eq!(rows(client.ports().await.unwrap()), expected, "{protocols}");
        // Of a character that is cut, ovs-ofctl prints nothing.
        let mut printed = expected.clone();
        printed[1].1 = printed[1].1.replace("\\xc3", "");
        assert_eq!(lab.ofctl(highest), printed, "{protocols}");

        let (features, ports) = client.show().await.unwrap();
        assert_eq!(rows(ports), expected, "{protocols}");
        assert_eq!(client.features().await.unwrap(), features);
        let datapath_id = format!("\"{:016x}\"\n", features.datapath_id);
        assert_eq!(datapath_id, lab.vsctl("get bridge BR datapath_id"));
    }
}

#[tokio::test]
async fn more_ports_than_one_message_holds_are_all_there() {
    lab::need!(Lab);
    let lab = Lab::open();
    let add = |number: u16| {
        format!(
            " -- add-port BR BR-{number} -- set interface BR-{number} type=patch options:peer=x"
        )
    };
    lab.vsctl(&(1..=1500).map(add).collect::<String>());
    for version in [Version::V1_0, Version::V1_3, Version::V1_5] {
        let mut client = Client::connect(&lab.remote(), &[version]).await.unwrap();
        let listed = rows(client.ports().await.unwrap());
        assert_eq!(listed.len(), 1501, "{version}");
        assert_eq!(listed, lab.ofctl(version), "{version}");
    }
}

#[tokio::test]
async fn what_we_offer_and_the_bridge_does_not_speak_is_named() {
    lab::need!(Lab);
    let lab = Lab::open();
    lab.vsctl("set bridge BR protocols=OpenFlow10,OpenFlow13");
    let offered = [Version::V1_0, Version::V1_2];
    assert_eq!(Client::connect(&lab.remote(), &offered).await.unwrap().version(), Version::V1_0);
    let error = Client::connect(&lab.remote(), &[Version::V1_2, Version::V1_5]).await.unwrap_err();
    assert!(matches!(error, Error::NoCommonVersion { .. }), "{error}");
    assert!(error.to_string().ends_with("we offered 1.2, 1.5, the switch speaks 1.0, 1.3"));
}

#[tokio::test]
async fn a_bridge_answers_over_tcp() {
    lab::need!(Lab);
    let lab = Lab::open();
    lab.add_ports();
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let SocketAddr::V4(address) = unused.local_addr().unwrap() else { panic!("not IPv4") };
    drop(unused);
    lab.vsctl(&format!("set-controller BR ptcp:{}:127.0.0.1", address.port()));
    let remote = format!("tcp:{address}").parse().unwrap();
    let mut client = Client::connect(&remote, &Version::ALL).await.unwrap();
    assert_eq!(rows(client.ports().await.unwrap()), lab.database());
}

#[tokio::test]
async fn a_bridge_that_is_gone_does_not_answer() {
    lab::need!(Lab);
    let lab = Lab::open();
    let remote = lab.remote();
    let mut client = Client::connect(&remote, &Version::ALL).await.unwrap();
    lab.vsctl("del-br BR");
    let error = client.ports().await.unwrap_err();
    assert!(error.kind().is_some(), "{error}");
    let error = Client::connect(&remote, &Version::ALL).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::NotFound), "{error}");
}
