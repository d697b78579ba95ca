//! The daemon's paths of traffic: rates for all that ask, and traces.

use crate::tool::{Served, lists};
use lab::http::{ask, head, tcp};
use lab::{Bridge, Container, Plug, Plugged};
use serde_json::Value;

/// Two containers on one bridge, at ports like `port`, with the addresses 10.79.5.1 and 10.79.5.2.
pub(crate) fn neighbours(bridge: &Bridge, port: &[&str]) -> ([Container; 2], [Plugged; 2]) {
    let containers = [Container::run(), Container::run()];
    let plug = |number: usize| {
        let ip = format!("10.79.5.{}/24", number + 1);
        let plug = Plug { ip: Some(&ip), port, ..Plug::default() };
        Plugged::new(&containers[number], "eth0", bridge, plug)
    };
    let plugs = [plug(0), plug(1)];
    (containers, plugs)
}

/// All of it in one test, as it needs the same containers.
#[test]
fn the_daemon_traces_and_counts_as_the_verbs_do() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let ([a, b], _plugs) = neighbours(&bridge, &[]);
    let daemon = Served::start(&[]);

    let way = format!("/v1/trace?from={}&to={}&both", a.name(), b.name());
    let told = daemon.json(&way);
    let verb = lists(&["trace", a.name(), b.name(), "--both", "--format", "json"]);
    let verb: Vec<Value> = verb.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let verdicts = |rows: &[Value]| -> Vec<Value> {
        let fields = ["Source", "Destination", "Packet", "Outcome", "Reaches", "Verdict", "Rules"];
        rows.iter().map(|row| fields.map(|field| row[field].clone()).into()).collect()
    };
    assert_eq!(verdicts(told.as_array().unwrap()), verdicts(&verb));
    assert_eq!(told[0]["Reaches"], true, "{told}");

    // By number, and what no one may ask by way of TCP.
    let numbered = format!("/v1/trace?from={0}:1&to={0}:2", bridge.name());
    assert_eq!(daemon.json(&numbered)[0]["Reaches"], true);
    let raw = format!("/v1/trace?from={}&to={}&raw=arp", a.name(), b.name());
    assert_eq!(daemon.get(&raw).status, 200);
    let nonsense = daemon.get(&format!("/v1/trace?from={}&to={}&raw=x=", a.name(), b.name()));
    assert_eq!(nonsense.status, 400, "{nonsense:?}");
    let address = daemon.tcp();
    let by_tcp = |path: &str| ask(tcp(&address), &head("GET", path, &["Host: localhost"]));
    assert_eq!(by_tcp(&raw).status, 403);
    assert_eq!(by_tcp(&numbered).status, 200);

    // Rates are known as soon as it was counted twice; who asks at once is given the same answer.
    let mine = |rows: &Value| {
        let rows = rows.as_array().unwrap();
        rows.iter().find(|row| row["Container"] == a.name()).unwrap().clone()
    };
    assert!(mine(&daemon.json("/v1/rates"))["RxBytesPerSecond"].is_null());
    lab::wait_until("a rate", || mine(&daemon.json("/v1/rates"))["RxBytesPerSecond"].is_number());
    lab::wait_until("traffic", || {
        lab::ping(&a, "10.79.5.2");
        mine(&daemon.json("/v1/rates"))["RxBytesPerSecond"].as_f64().is_some_and(|rate| rate > 0.0)
    });
}

#[test]
fn a_trace_that_makes_no_sense_is_refused() {
    lab::need!(Lab);
    let scene = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenes/article.json");
    let daemon = Served::start(&["--from", scene]);
    for (query, status) in [
        ("", 400),
        ("?from=a", 400),
        ("?from=a&to=", 400),
        ("?from=a&to=b&to=c", 400),
        ("?from=a&to=b&tcp=1&udp=2", 400),
        ("?from=a&to=b&tcp=65536", 400),
        ("?from=a&to=b&tcp=+1", 400),
        ("?from=a&to=b&tcp=", 400),
        ("?from=a&to=b&icmp=1", 400),
        ("?from=a&to=b&both=maybe", 400),
        ("?from=a&to=b&raw=ip&both", 400),
        ("?from=a&to=b&vlan=1", 400),
        ("?from=a&to=b", 503),
    ] {
        let answer = daemon.get(&format!("/v1/trace{query}"));
        assert_eq!(answer.status, status, "{query}: {answer:?}");
    }
    assert_eq!(daemon.get("/v1/rates").body, "[]");
}
