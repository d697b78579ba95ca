//! docs/how-a-port-is-found.md says what a lookup asks: strace(1) sees the same.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::fs;

use lab::{Bridge, Container, Plug, Plugged};
use serde_json::Value;

use crate::tool::command;

const PAGE: &str = include_str!("../../../../docs/how-a-port-is-found.md");

/// The messages to the database that the page shows.
fn shown_messages() -> Vec<Value> {
    let blocks = PAGE.split("```json\n").skip(1);
    blocks.map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap()).collect()
}

/// The kinds of requests to the kernel, in the order of the page's tables.
fn shown_requests() -> Vec<&'static str> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter(|row| row.starts_with("RTM_")).filter_map(|row| row.split('`').next()).collect()
}

/// What strace wrote of a string, as it was.
fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}

/// The messages to the database that were sent.
fn sent_messages(trace: &str) -> Vec<Value> {
    let sent = trace.lines().filter(|line| line.contains("sendto(") && line.contains("transact"));
    let quoted = sent.filter_map(|line| line.split_once(", \"")?.1.rsplit_once("\", "));
    quoted.map(|(text, _)| serde_json::from_str(&unescaped(text)).expect(text)).collect()
}

/// The kinds of requests to the kernel that were sent; strace knows some of them by number alone.
fn sent_requests(trace: &str) -> Vec<&str> {
    let sent =
        trace.lines().filter(|line| line.contains("sendto(") && line.contains("nlmsg_type="));
    let kinds = sent.filter_map(|line| line.split_once("nlmsg_type=")?.1.split([',', ' ']).next());
    kinds
        .map(|kind| match kind {
            "0x12" => "RTM_GETLINK",
            "0x16" => "RTM_GETADDR",
            "0x5a" => "RTM_GETNSID",
            kind => kind,
        })
        .collect()
}

/// Names and ids are those of another host.
fn masked(message: &Value, names: &[(&str, &str)]) -> Value {
    let mut text = message.to_string();
    for (name, mask) in names {
        text = text.replace(&format!("\"{name}\""), &format!("\"{mask}\""));
    }
    let (before, rest) = text.split_once("[\"uuid\",\"").unwrap_or((&text, ""));
    let rest = rest.get(36..).map_or(String::new(), |rest| format!("[\"uuid\",\"UUID{rest}"));
    serde_json::from_str(&format!("{before}{rest}")).unwrap()
}

#[test]
fn a_lookup_asks_what_the_page_says() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    lab::run("ovs-vsctl", &["set", "port", plug.host_end(), "tag=10"]);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("trace");
    let inner = command("docker-ovs-port", &[container.name(), bridge.name()]);
    let mut strace = lab::program("strace");
    strace.args(["-f", "-s", "65536", "-e", "trace=sendto", "-o"]).arg(&log);
    strace.arg(inner.get_program()).args(inner.get_args());
    let ran = strace.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let trace = fs::read_to_string(&log).unwrap();
    let here = [(plug.host_end(), "PORT"), (bridge.name(), "BRIDGE")];
    let there = [("vethp11082eth0", "PORT"), ("vlanswitch", "BRIDGE")];
    let sent: Vec<_> = sent_messages(&trace).iter().map(|sent| masked(sent, &here)).collect();
    let shown: Vec<_> = shown_messages().iter().map(|shown| masked(shown, &there)).collect();
    assert_eq!(sent, shown);
    assert_eq!(sent_requests(&trace), shown_requests());
}
