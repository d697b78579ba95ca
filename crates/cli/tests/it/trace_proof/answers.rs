//! What `trace --both` says of an answer is what a real connection meets.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use lab::{Bridge, Container, Home, run};

use super::scene::Space;
use crate::tool::{docker_ovs, says};

const PORT: u16 = 5432;

/// A firewall that lets `web` open connections, and answers pass to what is established: conntrack knows
/// just those connections that a rule commits, each zone its own.
#[test]
fn an_answer_passes_where_its_connection_is_committed() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [web, db] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.78.9.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let at = SocketAddr::from((Ipv4Addr::new(10, 78, 9, 2), PORT));
    let _listens = Space::of(&db).open(|| TcpListener::bind(at));
    let connects = || {
        let open = || Ok(TcpStream::connect_timeout(&at, Duration::from_secs(4)).is_ok());
        Space::of(&web).open(open)
    };
    for (looks, opens, zone) in [
        ("ct(table=1)", "NORMAL", Some(0)),
        ("ct(table=1)", "ct(commit),NORMAL", None),
        ("ct(table=1,zone=4)", "ct(commit,zone=5),NORMAL", Some(4)),
        ("ct(table=1,zone=4)", "ct(commit,zone=4),NORMAL", None),
    ] {
        run("ovs-ofctl", &["del-flows", bridge.name()]);
        run("ovs-appctl", &["dpctl/flush-conntrack"]);
        for flow in [
            "arp,actions=NORMAL",
            &format!("priority=5,ip,actions={looks}"),
            &format!("table=1,ct_state=+trk+new,ip,nw_src=10.78.9.1,actions={opens}"),
            "table=1,ct_state=+trk+est,ip,actions=NORMAL",
        ] {
            run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
        }
        run("ovs-appctl", &["revalidator/wait"]);
        let port = PORT.to_string();
        let words = ["trace", web.name(), db.name(), "--tcp", &port, "--both"];
        let told = docker_ovs(&words);
        let ways: Vec<_> = told.stdout.lines().filter(|line| line.contains(" to ")).collect();
        assert!(ways[0].contains("delivered to"), "{looks} {opens}: {told:?}");
        let why = zone.map(|zone| format!("the connection is not committed in zone {zone}"));
        let says_why = why.as_ref().is_none_or(|why| ways[1].contains(why));
        let code = if why.is_some() { 2 } else { 0 };
        assert!(told.code == code && says_why, "{looks} {opens}: {told:?}");
        assert_eq!(connects(), why.is_none(), "{looks} {opens}");
    }
}
