//! Docker's protocol where there is no switch: what is read, what is refused, and that nothing hangs.
#![allow(clippy::disallowed_methods, reason = "a test starts threads")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use docker_ovs_driver::core::Driver;
use docker_ovs_driver::docker::{CallReply, answer, serve};
use host::Settings;

/// Every method of the protocol that has a body.
pub(crate) const METHODS: [&str; 10] = [
    "GwAllocCheck",
    "CreateNetwork",
    "DeleteNetwork",
    "CreateEndpoint",
    "EndpointOperInfo",
    "Join",
    "Leave",
    "DeleteEndpoint",
    "ProgramExternalConnectivity",
    "RevokeExternalConnectivity",
];

/// A driver of a switch that does not run.
fn without_switch(folder: &Path) -> Driver {
    let rundir = folder.to_owned();
    Driver::new(Settings { rundir, engines: vec!["none".into()], ..Settings::from_env() }).unwrap()
}

fn called(method: &str, body: &[u8]) -> CallReply {
    let folder = tempfile::tempdir().unwrap();
    let driver = without_switch(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(answer(&driver, method, body))
}

fn ids(more: &str) -> String {
    let (network, endpoint) = ("a".repeat(64), "b".repeat(64));
    format!(r#"{{"NetworkID":"{network}","EndpointID":"{endpoint}"{more}}}"#)
}

#[test]
fn what_docker_asks_first_is_answered_without_a_switch() {
    let implements = r#"{"Implements":["NetworkDriver","IpamDriver"]}"#;
    assert_eq!(called("Plugin.Activate", b"").body, implements);
    let capabilities = called("NetworkDriver.GetCapabilities", b"");
    assert_eq!(capabilities.status, 200);
    for word in [r#""Scope":"local""#, r#""GwAllocChecker":true"#] {
        assert!(capabilities.body.contains(word), "{capabilities:?}");
    }
    for method in ["Leave", "ProgramExternalConnectivity", "RevokeExternalConnectivity"] {
        let done = called(&format!("NetworkDriver.{method}"), ids("").as_bytes());
        assert_eq!((done.status, done.body.as_str()), (200, "{}"), "{method}");
    }
    let info = called("NetworkDriver.EndpointOperInfo", ids("").as_bytes());
    assert_eq!(info.body, r#"{"Value":{}}"#);
    assert_eq!(called("NetworkDriver.DiscoverNew", b"{}").body, "{}");
}

#[test]
fn an_unknown_method_is_404_as_libnetwork_expects() {
    for method in ["NetworkDriver.Migrate", "IpamDriver.Replay", "", "Plugin", "x/y"] {
        let unknown = called(method, b"{}");
        assert_eq!(unknown.status, 404, "{method}");
        assert!(unknown.body.contains("\"Err\""), "{unknown:?}");
    }
}

#[test]
fn what_cannot_be_read_does_nothing() {
    let whole = ids(r#","Interface":{"Address":"192.0.2.2/24"}"#);
    let cut = &whole.as_bytes()[..whole.len() / 2];
    for method in METHODS {
        let method = format!("NetworkDriver.{method}");
        for body in [&b""[..], b"not JSON", cut, b"[]", b"null", b"\xff\xfe", b"{\"NetworkID\":7}"]
        {
            let refused = called(&method, body);
            let lenient = method.ends_with("GwAllocCheck");
            assert!(refused.status == 400 || lenient, "{method} {body:?}: {refused:?}");
            assert!(refused.body.contains("\"Err\""), "{method}: {refused:?}");
        }
    }
}

#[test]
fn ids_that_are_none_and_addresses_that_are_none_are_refused() {
    let bad = [
        r#"{"NetworkID":"","EndpointID":"b"}"#.to_owned(),
        r#"{"NetworkID":"a/b","EndpointID":"b"}"#.to_owned(),
        r#"{"NetworkID":"a","EndpointID":"b\n"}"#.to_owned(),
        format!(r#"{{"NetworkID":"a","EndpointID":"{}"}}"#, "b".repeat(129)),
    ];
    for body in &bad {
        for method in ["CreateEndpoint", "Join", "Leave", "DeleteEndpoint"] {
            let refused = called(&format!("NetworkDriver.{method}"), body.as_bytes());
            assert!(refused.body.contains("is no id"), "{method} {body}: {refused:?}");
        }
    }
    for interface in [r#""Address":"192.0.2.2""#, r#""Address":"x/24""#, r#""MacAddress":"02:00""#]
    {
        let body = ids(&format!(r#","Interface":{{{interface}}}"#));
        let refused = called("NetworkDriver.CreateEndpoint", body.as_bytes());
        assert!(refused.body.contains("is no "), "{interface}: {refused:?}");
    }
}

#[test]
fn options_are_refused_before_the_switch_is_asked() {
    let network = |options: &str| {
        let id = "a".repeat(64);
        let body = format!(
            r#"{{"NetworkID":"{id}","Options":{{"com.docker.network.enable_ipv6":false,"com.docker.network.generic":{options}}},"IPv4Data":[{{"AddressSpace":"LocalDefault","Pool":"192.0.2.0/24","Gateway":"192.0.2.1/24","AuxAddresses":{{}}}}],"IPv6Data":[]}}"#
        );
        called("NetworkDriver.CreateNetwork", body.as_bytes()).body
    };
    assert!(network("{}").contains("option bridge is missing"));
    assert!(network(r#"{"bridge":"br0","vlan":"5000"}"#).contains("option vlan=5000"));
    assert!(network(r#"{"bridge":"br0","mtu":[]}"#).contains("is no text"));
    assert!(network("7").contains("is no map of options"));
    let endpoint =
        called("NetworkDriver.CreateEndpoint", ids(r#","Options":{"port":"1"}"#).as_bytes());
    assert!(endpoint.body.contains("no option port; there are ofport="), "{endpoint:?}");
}

#[test]
fn no_gateway_address_is_kept_for_a_switch() {
    let check = |gateway: &str| {
        let generic = format!(r#"{{"bridge":"br0","gateway":"{gateway}"}}"#);
        let body = format!(r#"{{"Options":{{"com.docker.network.generic":{generic}}}}}"#);
        called("NetworkDriver.GwAllocCheck", body.as_bytes()).body
    };
    assert_eq!(check("none"), r#"{"SkipIPv4":true,"SkipIPv6":true}"#);
    assert_eq!(check("host"), r#"{"SkipIPv4":false,"SkipIPv6":false}"#);
    assert!(check("maybe").contains("option gateway=maybe"));
}

#[test]
fn swarm_is_refused_in_words() {
    for method in ["AllocateNetwork", "FreeNetwork"] {
        let refused = called(&format!("NetworkDriver.{method}"), b"{}");
        assert!(refused.body.contains("--config-from"), "{refused:?}");
    }
}

#[test]
fn without_a_switch_the_answer_is_one_line_that_says_what_to_do() {
    for method in ["CreateEndpoint", "Join", "DeleteEndpoint", "DeleteNetwork"] {
        let refused = called(&format!("NetworkDriver.{method}"), ids("").as_bytes());
        assert_eq!(refused.status, 200);
        let said: serde_json::Value = serde_json::from_str(&refused.body).unwrap();
        let said = said["Err"].as_str().unwrap();
        assert!(!said.contains('\n') && said.contains("OVSDB at "), "{method}: {said}");
        assert!(said.contains("is Open vSwitch running"), "{method}: {said}");
    }
}

/// A driver that listens, and its socket.
fn listening(test: impl FnOnce(PathBuf)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugins/ovs.sock");
    let driver = without_switch(folder.path());
    let at = path.clone();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                served = serve(driver, &at) => served.unwrap(),
                _ = stopped => {}
            }
        });
    });
    lab::wait_until("it listens", || UnixStream::connect(&path).is_ok());
    test(path.clone());
    stop.send(()).unwrap();
    serving.join().unwrap();
    let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 0, "its socket goes with it, and its lock");
}

fn said(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let _ = stream.write_all(bytes);
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn the_socket_answers_what_is_long_cut_or_no_call() {
    listening(|path| {
        let head = |line: &str, length: usize| {
            format!(
                "{line} HTTP/1.1\r\nHost: plugin.moby.localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            )
        };
        let activated = said(&path, head("POST /Plugin.Activate", 0).as_bytes());
        assert!(activated.starts_with("HTTP/1.1 200"), "{activated}");
        assert!(activated.contains("application/vnd.docker.plugins.v1.2+json"), "{activated}");
        let long = vec![b' '; 2 << 20];
        let long = [head("POST /NetworkDriver.Join", long.len()).as_bytes(), &long].concat();
        let refused = said(&path, &long);
        assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 400"), "{refused}");
        let got = said(&path, head("GET /Plugin.Activate", 0).as_bytes());
        assert!(got.starts_with("HTTP/1.1 405"), "{got}");
        let unknown = said(&path, head("POST /Plugin.Unknown", 0).as_bytes());
        assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
        // A body that ends early: the connection ends, and nothing was done.
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(head("POST /NetworkDriver.Join", 100).as_bytes()).unwrap();
        stream.write_all(b"{\"NetworkID\"").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        assert!(!text.contains("200"), "{text}");
        let _ = said(&path, b"\x16\x03\x01\x02\x00nonsense\r\n\r\n");
        let again = said(&path, head("POST /Plugin.Activate", 0).as_bytes());
        assert!(again.starts_with("HTTP/1.1 200"), "{again}");
    });
}

#[test]
fn a_living_driver_is_not_replaced_and_a_dead_one_is() {
    listening(|path| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let second = runtime.block_on(serve(without_switch(folder.path()), &path)).unwrap_err();
        assert!(second.to_string().contains("another process is listening"), "{second}");
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ovs.sock");
    std::fs::write(&path, "precious").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(serve(without_switch(folder.path()), &path)).unwrap_err();
    assert!(refused.to_string().contains("something else than a socket"), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}
