//! Docker's protocol on a real switch, without Docker: each call twice, late, and out of order.

use std::sync::mpsc::{Receiver, Sender, channel};

use docker_ovs_driver::core::Driver;
use docker_ovs_driver::docker::answer;
use host::Settings;
use lab::{Bridge, run, try_run, unique};
use serde_json::Value;

/// One driver, and what is called by it.
struct Caller {
    driver: Driver,
    runtime: tokio::runtime::Runtime,
    network: String,
}

impl Caller {
    fn new() -> Self {
        let settings = Settings { engines: vec!["none".into()], ..Settings::from_env() };
        let settings = Settings { rundir: lab::rundir(), ..settings };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let network = format!("{}{:052x}", unique("net"), 7);
        Self { driver: Driver::new(settings).unwrap(), runtime, network }
    }

    fn call(&self, method: &str, body: &str) -> Value {
        let method = format!("NetworkDriver.{method}");
        let answer = self.runtime.block_on(answer(&self.driver, &method, body.as_bytes()));
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    fn create(&self, options: &str) -> Value {
        let network = &self.network;
        self.call(
            "CreateNetwork",
            &format!(
                r#"{{"NetworkID":"{network}","Options":{{"com.docker.network.generic":{options}}},"IPv4Data":[{{"AddressSpace":"LocalDefault","Pool":"192.0.2.0/24","Gateway":"192.0.2.1/24","AuxAddresses":{{}}}}],"IPv6Data":[]}}"#
            ),
        )
    }

    /// A method about an endpoint.
    fn of(&self, method: &str, endpoint: &str, more: &str) -> Value {
        let network = &self.network;
        self.call(
            method,
            &format!(r#"{{"NetworkID":"{network}","EndpointID":"{endpoint}"{more}}}"#),
        )
    }

    fn endpoint(&self, endpoint: &str, ip: &str, options: &str) -> Value {
        let interface =
            format!(r#""Interface":{{"Address":"{ip}/24","AddressIPv6":"","MacAddress":""}}"#);
        self.of("CreateEndpoint", endpoint, &format!(r#",{interface},"Options":{options}"#))
    }

    fn delete(&self) -> Value {
        self.call("DeleteNetwork", &format!(r#"{{"NetworkID":"{}"}}"#, self.network))
    }
}

fn bridge_option(bridge: &Bridge) -> String {
    format!(r#"{{"bridge":"{}"}}"#, bridge.name())
}

fn ports(bridge: &Bridge) -> Vec<String> {
    run("ovs-vsctl", &["list-ports", bridge.name()]).lines().map(str::to_owned).collect()
}

fn is_error(answer: &Value, what: &str) {
    let said = answer["Err"].as_str().unwrap_or_else(|| panic!("no error: {answer}"));
    assert!(said.contains(what), "{said}");
}

#[test]
fn each_call_may_come_twice() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    let nothing = serde_json::json!({});
    for _ in 0..2 {
        assert_eq!(caller.create(&bridge_option(&bridge)), nothing);
    }
    let ids = run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert!(ids.contains(&caller.network) && !ids.contains("begun"), "its making has ended: {ids}");
    is_error(&caller.create(r#"{"bridge":"other"}"#), "with other options");
    let end = unique("e");
    let first = caller.endpoint(&end, "192.0.2.2", "{}");
    let mac = first["Interface"]["MacAddress"].as_str().unwrap().to_owned();
    assert_eq!(caller.endpoint(&end, "192.0.2.2", "{}"), first);
    assert_eq!(ports(&bridge).len(), 1);
    let joined = caller.of("Join", &end, r#","SandboxKey":"/var/run/docker/netns/x","Options":{}"#);
    assert_eq!(caller.of("Join", &end, ""), joined);
    assert_eq!(joined["DisableGatewayService"], true);
    let link = joined["InterfaceName"]["SrcName"].as_str().unwrap();
    assert!(run("ip", &["link", "show", link]).contains(&mac), "it has the address that was told");
    for method in ["EndpointOperInfo", "Leave", "DeleteEndpoint", "DeleteEndpoint", "Leave"] {
        let done = caller.of(method, &end, "");
        assert!(done.get("Err").is_none(), "{method}: {done}");
    }
    assert!(ports(&bridge).is_empty());
    assert!(try_run("ip", &["link", "show", link]).is_err());
    for _ in 0..2 {
        assert_eq!(caller.delete(), nothing);
    }
}

/// The body of `Join` does not say it again.
#[test]
fn the_name_that_an_interface_is_asked_to_have_is_told_at_join() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    caller.create(&bridge_option(&bridge));
    let (one, two, bad) = (unique("e"), unique("e"), unique("e"));
    let asked = |name: &str| format!(r#"{{"com.docker.network.endpoint.ifname":"{name}"}}"#);
    caller.endpoint(&one, "192.0.2.2", &asked("lan0"));
    caller.endpoint(&two, "192.0.2.3", "{}");
    for _ in 0..2 {
        assert_eq!(caller.of("Join", &one, "")["InterfaceName"]["DstName"], "lan0");
        let other = &caller.of("Join", &two, "")["InterfaceName"];
        assert!(other.get("DstName").is_none(), "{other}");
        assert_eq!(other["DstPrefix"], "eth");
    }
    for name in ["", "a/b", "sixteen-letters-"] {
        is_error(&caller.endpoint(&bad, "192.0.2.4", &asked(name)), "endpoint.ifname=");
    }
    assert_eq!(ports(&bridge).len(), 2);
    caller.delete();
}

#[test]
fn calls_out_of_order_and_about_what_is_unknown_do_no_harm() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    let end = unique("e");
    for method in ["Leave", "DeleteEndpoint", "RevokeExternalConnectivity"] {
        assert!(caller.of(method, &end, "").get("Err").is_none(), "{method}");
    }
    is_error(&caller.endpoint(&end, "192.0.2.2", "{}"), "no bridge has its record");
    is_error(&caller.of("Join", &end, ""), "no bridge has its record");
    caller.create(&bridge_option(&bridge));
    is_error(&caller.of("Join", &end, ""), "no bridge has its port");
    caller.endpoint(&end, "192.0.2.2", "{}");
    caller.of("DeleteEndpoint", &end, "");
    is_error(&caller.of("Join", &end, ""), "no bridge has its port");
    // The network goes with what is left on it.
    caller.endpoint(&end, "192.0.2.2", "{}");
    assert_eq!(caller.delete(), serde_json::json!({}));
    assert!(ports(&bridge).is_empty());
    let ids = run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert_eq!(ids, "{}", "nothing stays");
}

#[test]
fn a_number_in_use_is_refused_with_who_has_it_and_nothing_stays() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    caller.create(&bridge_option(&bridge));
    let (one, two) = (unique("e"), unique("e"));
    caller.endpoint(&one, "192.0.2.2", r#"{"ofport":"12"}"#);
    assert_eq!(caller.of("Join", &one, "")["DisableGatewayService"], true);
    is_error(
        &caller.endpoint(&two, "192.0.2.3", r#"{"ofport":"12"}"#),
        &format!("endpoint {one} on network"),
    );
    assert_eq!(ports(&bridge).len(), 1);
    // Its link is gone: it yields the number.
    let port = ports(&bridge).remove(0);
    run("ip", &["link", "del", &port]);
    let taken = caller.endpoint(&two, "192.0.2.3", r#"{"ofport":"12"}"#);
    assert!(taken.get("Err").is_none(), "{taken}");
    caller.of("Join", &two, "");
    let now = ports(&bridge);
    assert_eq!(now.len(), 1);
    assert_ne!(now[0], port);
    assert_eq!(lab::ofport_of(&now[0]), 12);
    caller.delete();
}

/// One of two threads, as the other one sees it.
struct Other {
    here: Sender<()>,
    there: Receiver<()>,
}

impl Other {
    /// Both, numbered.
    fn pair() -> [(usize, Self); 2] {
        let ((to_first, first), (to_second, second)) = (channel(), channel());
        let (one, two) =
            (Self { here: to_second, there: first }, Self { here: to_first, there: second });
        [(0, one), (1, two)]
    }

    /// Waits until the other one is as far; fails where that has failed, and would never come.
    fn meet(&self) {
        let met = self.here.send(()).is_ok() && self.there.recv().is_ok();
        assert!(met, "the other thread has ended");
    }
}

/// Each network hands its addresses out apart. Two drivers are two processes: nothing but the database keeps them
/// apart. With numbers and hardware addresses of their own no transaction has anything to tell them by.
#[test]
fn one_address_of_two_networks_of_a_vlan_is_given_once_at_one_instant() {
    const ROUNDS: usize = 5;
    lab::need!(Lab);
    let bridge = Bridge::new();
    let start = |which: usize, other: &Other| -> Vec<bool> {
        let caller = Caller::new();
        let made = caller.create(&bridge_option(&bridge));
        let interface = format!(
            r#""Interface":{{"Address":"192.0.2.2/24","AddressIPv6":"","MacAddress":"02:00:00:00:00:0{which}"}}"#
        );
        let given = (0..ROUNDS).map(|round| {
            let (end, number) = (unique("e"), 10 + 2 * round + which);
            let more = format!(r#",{interface},"Options":{{"ofport":"{number}"}}"#);
            other.meet();
            let is_given = caller.of("CreateEndpoint", &end, &more).get("Err").is_none();
            other.meet();
            caller.of("DeleteEndpoint", &end, "");
            is_given
        });
        let given = given.collect();
        assert!(made.get("Err").is_none() && caller.delete().get("Err").is_none());
        given
    };
    let all: Vec<Vec<bool>> = std::thread::scope(|scope| {
        let threads = Other::pair().map(|(which, other)| scope.spawn(move || start(which, &other)));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    for round in 0..ROUNDS {
        assert_ne!(all[0][round], all[1][round], "round {round}: {all:?}");
    }
}

#[test]
fn a_bridge_is_made_as_asked_and_removed_when_nothing_else_is_on_it() {
    lab::need!(Lab);
    let (one, two) = (Caller::new(), Caller::new());
    let name = unique("br");
    let options = format!(
        r#"{{"bridge":"{name}","datapath_type":"netdev","fail_mode":"secure","protocols":"OpenFlow10,OpenFlow13","dpid":"2a","controller":"ptcp:0:127.0.0.1"}}"#
    );
    assert_eq!(one.create(&options), serde_json::json!({}));
    let get = |column: &str| run("ovs-vsctl", &["get", "bridge", &name, column]);
    assert_eq!(get("fail_mode"), "secure");
    assert_eq!(get("datapath_type"), "netdev");
    assert_eq!(get("other_config:datapath-id"), "\"000000000000002a\"");
    assert!(run("ovs-vsctl", &["get-controller", &name]).starts_with("ptcp:0"));
    let vlan = format!(r#"{{"bridge":"{name}","vlan":"10"}}"#);
    assert_eq!(two.create(&vlan), serde_json::json!({}));
    is_error(
        &Caller::new().create(&format!(r#"{{"bridge":"{name}","fail_mode":"standalone"}}"#)),
        "is there already",
    );
    one.delete();
    assert!(try_run("ovs-vsctl", &["br-exists", &name]).is_ok(), "another network is on it");
    two.delete();
    assert!(try_run("ovs-vsctl", &["br-exists", &name]).is_err());
}

#[test]
fn an_uplink_comes_and_goes_with_its_network() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    let link = lab::Link::add(&["type", "veth", "peer", "name", &unique("p")]);
    let options = format!(r#"{{"bridge":"{}","uplink":"{}/5"}}"#, bridge.name(), link.name());
    assert_eq!(caller.create(&options), serde_json::json!({}));
    assert_eq!(lab::ofport_of(link.name()), 5);
    caller.delete();
    assert!(ports(&bridge).is_empty());
    // One that was there before stays, where it is.
    bridge.add(link.name(), &[]);
    let refused = caller.create(&options)["Err"].as_str().unwrap().to_owned();
    assert!(refused.ends_with(&format!("is OpenFlow port 1 of {} already", bridge.name())));
    assert_eq!(caller.create(&options.replace("/5", "")), serde_json::json!({}));
    caller.delete();
    assert_eq!(ports(&bridge), [link.name()]);
}

/// Its record is there before the rest is.
#[test]
fn what_the_making_of_a_network_was_cut_off_before_is_made_by_the_next_call() {
    lab::need!(Lab);
    let mut caller = Caller::new();
    // The link of the gateway is called by the first letters of the network's id.
    caller.network = unique("34") + &caller.network;
    let (bridge, nothing) = (Bridge::new(), serde_json::json!({}));
    let link = lab::Link::add(&["type", "veth", "peer", "name", &unique("p")]);
    let options = format!(
        r#"{{"bridge":"{}","uplink":"{}/5","gateway":"host","vlan":"34"}}"#,
        bridge.name(),
        link.name()
    );
    let network = &caller.network;
    let create = || {
        caller.call(
            "CreateNetwork",
            &format!(
                r#"{{"NetworkID":"{network}","Options":{{"com.docker.network.generic":{options}}},"IPv4Data":[{{"AddressSpace":"LocalDefault","Pool":"10.97.34.0/24","Gateway":"10.97.34.1/24","AuxAddresses":{{}}}}],"IPv6Data":[]}}"#
            ),
        )
    };
    let ids = || run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert_eq!(create(), nothing);
    let whole = ports(&bridge);
    assert_eq!(whole.len(), 2, "{whole:?}");
    for gone in whole.iter().chain([&whole[0]]) {
        run("ovs-vsctl", &["del-port", bridge.name(), gone]);
        assert_eq!(create(), nothing);
        assert_eq!(ports(&bridge), whole);
        assert_eq!(lab::ofport_of(link.name()), 5);
    }
    // What cannot be made whole is not made, and what containers are on is left alone.
    let end = unique("e");
    let interface =
        r#","Interface":{"Address":"10.97.34.2/24","AddressIPv6":"","MacAddress":""},"Options":{}"#;
    assert!(caller.of("CreateEndpoint", &end, interface).get("Err").is_none());
    run("ovs-vsctl", &["del-port", bridge.name(), link.name()]);
    drop(link);
    is_error(&create(), "no such link");
    assert!(ids().contains(network), "{}", ids());
    caller.of("DeleteEndpoint", &end, "");
    is_error(&create(), "no such link");
    assert!(!ids().contains("docker-ovs.network"), "{}", ids());
    assert!(ports(&bridge).is_empty());
}

#[test]
fn a_bridge_that_is_of_use_for_something_else_by_now_outlives_its_networks() {
    lab::need!(Lab);
    let caller = Caller::new();
    let name = unique("br");
    assert_eq!(
        caller.create(&format!(r#"{{"bridge":"{name}","datapath_type":"netdev"}}"#)),
        serde_json::json!({})
    );
    for id in ["docker-ovs.mesh=blue", "docker-ovs.mesh-ip=192.0.2.1"] {
        run("ovs-vsctl", &["set", "bridge", &name, &format!("external_ids:{id}")]);
    }
    assert_eq!(caller.delete(), serde_json::json!({}));
    let ids = run("ovs-vsctl", &["get", "bridge", &name, "external_ids"]);
    assert!(ids.contains("docker-ovs.mesh=blue"), "{ids}");
    assert!(!ids.contains("docker-ovs.network"), "{ids}");
    run("ovs-vsctl", &["del-br", &name]);
}

/// One network whose link is missing says so, and holds up no other one.
#[test]
fn a_gateway_that_is_missing_holds_up_its_own_network_alone() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let networks = [(31, "10.97.31"), (32, "10.97.32"), (33, "10.97.33")];
    // The link is called by the first letters of the network's id.
    let callers = networks.map(|(vlan, subnet)| {
        let mut caller = Caller::new();
        caller.network = format!("{vlan}{}", caller.network);
        (caller, vlan, subnet)
    });
    let create = |(caller, vlan, subnet): &(Caller, i32, &str)| {
        let network = &caller.network;
        let options =
            format!(r#"{{"bridge":"{}","gateway":"host","vlan":"{vlan}"}}"#, bridge.name());
        let made = caller.call(
            "CreateNetwork",
            &format!(
                r#"{{"NetworkID":"{network}","Options":{{"com.docker.network.generic":{options}}},"IPv4Data":[{{"AddressSpace":"LocalDefault","Pool":"{subnet}.0/24","Gateway":"{subnet}.1/24","AuxAddresses":{{}}}}],"IPv6Data":[]}}"#
            ),
        );
        assert_eq!(made, serde_json::json!({}));
    };
    create(&callers[0]);
    create(&callers[1]);
    let join = |(caller, _, subnet): &(Caller, i32, &str)| {
        let end = unique("e");
        let interface = format!(
            r#","Interface":{{"Address":"{subnet}.2/24","AddressIPv6":"","MacAddress":""}},"Options":{{}}"#
        );
        caller.of("CreateEndpoint", &end, &interface);
        caller.of("Join", &end, "")
    };
    let gone = ports(&bridge).into_iter().find(|port| {
        port.starts_with("dog-") && run("ovs-vsctl", &["get", "port", port, "tag"]) == "31"
    });
    let gone = gone.unwrap();
    run("ovs-vsctl", &["del-port", bridge.name(), &gone]);
    // What is there is used, and another network can be made; what is not is told.
    assert!(join(&callers[1]).get("Err").is_none());
    create(&callers[2]);
    assert!(join(&callers[2]).get("Err").is_none());
    is_error(&join(&callers[0]), &format!("{gone}, the link of the gateway of network"));
    for (caller, _, _) in &callers {
        caller.delete();
    }
    assert!(ports(&bridge).is_empty());
}

/// As with a clone of a row, or a script that writes the keys of one port to another.
#[test]
fn what_bears_a_copy_of_an_endpoints_record_is_left_alone() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    caller.create(&bridge_option(&bridge));
    let end = unique("e");
    caller.endpoint(&end, "192.0.2.2", "{}");
    let own = ports(&bridge).pop().unwrap();
    let (other, patch) =
        (lab::Link::add(&["type", "veth", "peer", "name", &unique("p")]), unique("p"));
    let peer = format!("options:peer={patch}x");
    bridge.add(other.name(), &[]);
    bridge.add_without_waiting(&patch, &["--", "set", "interface", &patch, "type=patch", &peer]);
    let ids = run("ovs-vsctl", &["get", "interface", &own, "external_ids"]);
    let alias = run("ip", &["link", "show", "dev", &own]);
    let alias = alias.lines().find_map(|line| line.trim().strip_prefix("alias ")).unwrap();
    for copy in [other.name(), &patch] {
        run("ovs-vsctl", &["set", "interface", copy, &format!("external_ids={ids}")]);
    }
    run("ip", &["link", "set", "dev", other.name(), "alias", alias]);
    let mut copies = [other.name().to_owned(), patch.clone()];
    copies.sort();
    let left = || {
        let mut left = ports(&bridge);
        left.sort();
        left
    };
    for _ in 0..3 {
        let done = caller.of("DeleteEndpoint", &end, "");
        assert!(done.get("Err").is_none(), "{done}");
        assert_eq!(left(), copies);
    }
    assert_eq!(caller.delete(), serde_json::json!({}));
    assert_eq!(left(), copies, "nothing is left on the network");
    run("ip", &["link", "show", "dev", other.name()]);
}
