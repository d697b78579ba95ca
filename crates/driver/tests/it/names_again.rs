//! The name of a port that goes and comes back before vswitchd looks: to vswitchd it never went, and on
//! the userspace datapath such a port stays with the link that is gone.
#![allow(
    clippy::disallowed_methods,
    reason = "a test holds vswitchd up for a while, beside what it does"
)]

use docker_ovs_driver::core::Driver;
use docker_ovs_driver::docker;
use docker_ovs_driver::netavark::run as call;
use host::Settings;
use lab::{Home, Netns, Switch, assert_carries, unique};
use serde_json::{Value, json};

/// A switch of the test's own, whose vswitchd the test may hold up, and two containers' namespaces.
struct Scene {
    switch: Switch,
    bridge: String,
    one: Netns,
    two: Netns,
}

impl Scene {
    fn new() -> Self {
        let (switch, bridge) = (Switch::start(&[]), unique("b"));
        switch.add_bridge(&bridge, &[]);
        Self { switch, bridge, one: Netns::new(), two: Netns::new() }
    }

    fn settings(&self) -> Settings {
        let settings = Settings { engines: vec!["none".into()], ..Settings::from_env() };
        Settings { rundir: self.switch.rundir().to_owned(), ..settings }
    }

    /// The ids of the rows of all ports but the bridge's own.
    fn rows(&self) -> String {
        let of_containers = ["--bare", "--columns=_uuid", "find", "interface", "type=\"\""];
        self.switch.vsctl(&[&["--no-wait"], &of_containers[..]].concat())
    }

    /// Does this while vswitchd hangs, which goes on after the database has been changed.
    fn while_vswitchd_hangs(&self, act: impl FnOnce() + Send) {
        let before = self.rows();
        self.switch.while_vswitchd_hangs(act, || self.rows() != before);
    }

    /// What Podman asks for a container in a namespace.
    fn netavark(&self, word: &str, netns: &Netns, ip: &str) {
        let path = format!("/run/netns/{}", netns.name());
        let text = json!({
            "container_id": format!("{:0<64}", ip.replace('.', "a")), "container_name": ip, "port_mappings": [],
            "network": {
                "id": format!("{:064x}", 0xabd), "name": "lan", "driver": "ovs", "network_interface": "",
                "subnets": [{ "subnet": "192.0.2.0/24" }], "ipv6_enabled": false, "internal": false,
                "dns_enabled": false, "ipam_options": { "driver": "host-local" },
                "options": { "bridge": self.bridge }, "created": "today"
            },
            "network_options": {
                "interface_name": "eth0", "static_ips": [ip], "static_mac": null, "aliases": [], "options": {}
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let words = [word.to_owned(), path];
        let said = runtime.block_on(call(self.settings(), &words, text.to_string().as_bytes()));
        assert_eq!(said.code, 0, "{word}: {said:?}");
    }
}

#[test]
fn an_interface_that_is_set_up_anew_passes_traffic() {
    lab::need!(Lab);
    let scene = Scene::new();
    scene.netavark("setup", &scene.one, "192.0.2.2");
    scene.netavark("setup", &scene.two, "192.0.2.3");
    // As after a container that ended without teardown.
    scene.one.ip(&["link", "del", "eth0"]);
    let again = || scene.netavark("setup", &scene.one, "192.0.2.2");
    scene.while_vswitchd_hangs(again);
    assert_carries(&scene.one, &scene.two, &["192.0.2.3"]);
}

#[test]
fn a_container_that_is_torn_down_and_set_up_at_once_passes_traffic() {
    lab::need!(Lab);
    let scene = Scene::new();
    scene.netavark("setup", &scene.one, "192.0.2.2");
    scene.netavark("setup", &scene.two, "192.0.2.3");
    let restart = || {
        scene.netavark("teardown", &scene.one, "192.0.2.2");
        scene.netavark("setup", &scene.one, "192.0.2.2");
    };
    scene.while_vswitchd_hangs(restart);
    assert_carries(&scene.one, &scene.two, &["192.0.2.3"]);
}

#[test]
fn an_endpoint_of_docker_that_is_made_twice_passes_traffic() {
    lab::need!(Lab);
    let scene = Scene::new();
    let driver = Driver::new(scene.settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let network = format!("{}{:052x}", unique("net"), 7);
    let ask = |method: &str, body: Value| -> Value {
        let method = format!("NetworkDriver.{method}");
        let answer =
            runtime.block_on(docker::answer(&driver, &method, body.to_string().as_bytes()));
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(answer.get("Err").is_none(), "{method}: {answer}");
        answer
    };
    ask(
        "CreateNetwork",
        json!({
            "NetworkID": network, "IPv6Data": [],
            "Options": { "com.docker.network.generic": { "bridge": scene.bridge } },
            "IPv4Data": [{ "AddressSpace": "LocalDefault", "Pool": "192.0.2.0/24", "AuxAddresses": {} }]
        }),
    );
    let of = |end: &str| json!({ "NetworkID": network, "EndpointID": end });
    let create = |end: &str, ip: &str| {
        let mut body = of(end);
        body["Interface"] =
            json!({ "Address": format!("{ip}/24"), "AddressIPv6": "", "MacAddress": "" });
        ask("CreateEndpoint", body);
    };
    // As dockerd takes it, and gives it its address.
    let join = |end: &str, netns: &Netns, ip: &str| {
        let joined = ask("Join", of(end));
        let link = joined["InterfaceName"]["SrcName"].as_str().unwrap().to_owned();
        lab::run("ip", &["link", "set", &link, "netns", netns.name(), "name", "eth0"]);
        netns.ip(&["address", "add", &format!("{ip}/24"), "dev", "eth0"]);
        netns.ip(&["link", "set", "eth0", "up"]);
    };
    let (first, second) = (unique("e"), unique("e"));
    create(&first, "192.0.2.2");
    join(&first, &scene.one, "192.0.2.2");
    create(&second, "192.0.2.3");
    join(&second, &scene.two, "192.0.2.3");
    let again = || {
        ask("DeleteEndpoint", of(&first));
        create(&first, "192.0.2.2");
    };
    scene.while_vswitchd_hangs(again);
    join(&first, &scene.one, "192.0.2.2");
    assert_carries(&scene.one, &scene.two, &["192.0.2.3"]);
}
