//! The protocol of addresses on a real switch's database, without Docker.
#![allow(clippy::disallowed_methods, reason = "a test starts threads")]

use docker_ovs_driver::core::Driver;
use docker_ovs_driver::docker::answer;
use host::Settings;
use lab::{Bridge, run, unique};
use serde_json::{Value, json};

/// One driver, and its runtime.
struct Caller {
    driver: Driver,
    runtime: tokio::runtime::Runtime,
}

/// A pool, given back with its guard.
struct Pool<'a> {
    caller: &'a Caller,
    id: String,
    subnet: String,
}

impl Caller {
    fn new() -> Self {
        let settings = Settings { engines: vec!["none".into()], ..Settings::from_env() };
        let settings = Settings { rundir: lab::rundir(), ..settings };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { driver: Driver::new(settings).unwrap(), runtime }
    }

    fn call(&self, method: &str, body: &Value) -> Value {
        let body = body.to_string();
        let answer = self.runtime.block_on(answer(&self.driver, method, body.as_bytes()));
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    fn request_pool(&self, subnet: &str, range: &str, v6: bool) -> Value {
        self.call(
            "IpamDriver.RequestPool",
            &json!({ "AddressSpace": "docker-ovs", "Pool": subnet, "SubPool": range, "Options": null, "V6": v6 }),
        )
    }

    fn pool(&self, subnet: &str, range: &str) -> Pool<'_> {
        let made = self.request_pool(subnet, range, subnet.contains(':'));
        let text = |key: &str| made[key].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Pool { caller: self, id: text("PoolID"), subnet: text("Pool") }
    }

    /// What Docker says of a network with the addresses of a pool.
    fn network(&self, id: &str, pool: &Pool<'_>, bridge: &str) -> Value {
        let data =
            json!([{ "AddressSpace": "docker-ovs", "Pool": pool.subnet, "AuxAddresses": {} }]);
        let options = json!({ "com.docker.network.generic": { "bridge": bridge } });
        self.call(
            "NetworkDriver.CreateNetwork",
            &json!({ "NetworkID": id, "Options": options, "IPv4Data": data, "IPv6Data": [] }),
        )
    }
}

impl Pool<'_> {
    fn ask(&self, ip: &str, options: &Value) -> Value {
        self.caller.call(
            "IpamDriver.RequestAddress",
            &json!({ "PoolID": self.id, "Address": ip, "Options": options }),
        )
    }

    fn next(&self) -> String {
        let told = self.ask("", &Value::Null);
        told["Address"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    fn gateway(&self, ip: &str) -> String {
        let told = self.ask(ip, &json!({ "RequestAddressType": "com.docker.network.gateway" }));
        told["Address"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    fn refused(&self, ip: &str) -> String {
        let told = self.ask(ip, &Value::Null);
        told["Error"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    fn give_back(&self, ip: &str) {
        let ip = ip.split('/').next().unwrap();
        let body = json!({ "PoolID": self.id, "Address": ip });
        assert_eq!(self.caller.call("IpamDriver.ReleaseAddress", &body), json!({}));
    }

    fn release(&self) {
        let body = json!({ "PoolID": self.id });
        assert_eq!(self.caller.call("IpamDriver.ReleasePool", &body), json!({}));
    }
}

impl Drop for Pool<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

/// What the switch's own row has of a pool.
fn written(id: &str) -> Vec<String> {
    let row = run("ovs-vsctl", &["--no-wait", "get", "Open_vSwitch", ".", "external_ids"]);
    let of = [format!("docker-ovs.pool.{id}"), format!("docker-ovs.address.{id}.")];
    let pairs = row.split(['{', ' ']).map(|pair| pair.trim_matches('"'));
    pairs.filter(|pair| of.iter().any(|key| pair.starts_with(key))).map(str::to_owned).collect()
}

fn error(told: &Value) -> &str {
    told["Error"].as_str().unwrap_or_else(|| panic!("{told}"))
}

#[test]
fn the_role_is_told_and_its_answers_have_their_own_word_for_errors() {
    let caller = Caller::new();
    let implements = caller.call("Plugin.Activate", &Value::Null);
    assert_eq!(implements["Implements"], json!(["NetworkDriver", "IpamDriver"]));
    let capabilities = caller.call("IpamDriver.GetCapabilities", &Value::Null);
    assert_eq!(capabilities["RequiresRequestReplay"], false);
    let spaces = caller.call("IpamDriver.GetDefaultAddressSpaces", &Value::Null);
    assert_ne!(spaces["LocalDefaultAddressSpace"], spaces["GlobalDefaultAddressSpace"]);
    for (body, why) in [
        (json!({ "AddressSpace": "other", "Pool": "192.0.2.0/24" }), "no address space other"),
        (
            json!({ "AddressSpace": "", "Pool": "192.0.2.0" }),
            "--subnet 192.0.2.0: it is no address with",
        ),
        (
            json!({ "AddressSpace": "", "Pool": "192.0.2.0/24", "SubPool": "x" }),
            "--ip-range x: it is no address",
        ),
        (json!({ "AddressSpace": "", "Pool": "", "SubPool": "192.0.2.0/25" }), "needs a --subnet"),
        (
            json!({ "AddressSpace": "", "Pool": "192.0.2.0/24", "SubPool": "198.51.100.0/25" }),
            "is no part of --subnet",
        ),
        (json!({ "AddressSpace": "", "Pool": "", "V6": true }), "--ipv6 needs a --subnet"),
        (
            json!({ "AddressSpace": "", "Pool": "", "Options": { "colour": "red" } }),
            "no option colour (--ipam-opt)",
        ),
    ] {
        let told = caller.call("IpamDriver.RequestPool", &body);
        assert!(error(&told).contains(why), "{body}: {told}");
    }
    for (method, body, why) in [
        ("RequestAddress", json!({ "PoolID": "p", "Address": "x" }), "x is no address"),
        ("RequestAddress", json!({ "PoolID": "", "Address": "" }), "PoolID is no id"),
        ("ReleasePool", json!({ "PoolID": "a/b" }), "PoolID is no id"),
    ] {
        let told = caller.call(&format!("IpamDriver.{method}"), &body);
        assert!(error(&told).contains(why), "{told}");
    }
    for method in ["RequestPool", "RequestAddress", "ReleasePool", "ReleaseAddress"] {
        let method = format!("IpamDriver.{method}");
        for body in ["", "{", "[]", "{}", "{}x"] {
            let told = caller.runtime.block_on(answer(&caller.driver, &method, body.as_bytes()));
            assert_eq!(told.status, 400, "{method} {body}: {told:?}");
        }
    }
}

#[test]
fn addresses_are_handed_out_in_turn_and_given_back_as_often_as_it_likes() {
    lab::need!(Lab);
    let caller = Caller::new();
    let pool = caller.pool("10.97.1.0/29", "");
    assert_eq!(pool.gateway(""), "10.97.1.1/29");
    assert_eq!([pool.next(), pool.next()], ["10.97.1.2/29", "10.97.1.3/29"]);
    pool.give_back("10.97.1.2/29");
    pool.give_back("10.97.1.2/29");
    assert_eq!(pool.next(), "10.97.1.4/29", "not again soon");
    assert_eq!(
        [pool.next(), pool.next(), pool.next()],
        [5, 6, 2].map(|n| format!("10.97.1.{n}/29"))
    );
    let full = pool.refused("");
    assert!(full.starts_with("10.97.1.0/29: all its addresses are in use"), "{full}");
    assert_eq!(written(&pool.id).len(), 7);
    pool.release();
    pool.release();
    assert_eq!(written(&pool.id), [""; 0], "nothing stays");
    assert!(pool.refused("").contains("has no such pool"));
    pool.give_back("10.97.1.2/29");
}

#[test]
fn an_address_that_is_asked_for_is_given_or_refused_with_who_has_it() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    let pool = caller.pool("10.97.2.0/24", "10.97.2.64/26");
    assert_eq!(pool.gateway("10.97.2.254"), "10.97.2.254/24");
    assert_eq!(pool.ask("10.97.2.65", &Value::Null)["Address"], "10.97.2.65/24", "auxiliary");
    let network = format!("{}{:052x}", unique("net"), 9);
    assert_eq!(caller.network(&network, &pool, bridge.name()), json!({}));
    assert_eq!(pool.next(), "10.97.2.64/24");
    assert_eq!(pool.next(), "10.97.2.66/24", "what is auxiliary is passed over");
    let named = json!({ "com.docker.network.endpoint.name": "web" });
    assert_eq!(pool.ask("10.97.2.7", &named)["Address"], "10.97.2.7/24", "outside --ip-range");
    let taken = pool.refused("10.97.2.7");
    assert!(taken.contains("10.97.2.7 is in use by the container web; without --ip"), "{taken}");
    for ip in ["10.97.2.254", "10.97.2.65"] {
        let taken = pool.refused(ip);
        assert!(taken.contains("in use by the network itself"), "{taken}");
    }
    for ip in ["10.97.2.0", "10.97.2.255", "10.97.3.1", "2001:db8::1"] {
        let refused = pool.refused(ip);
        assert!(refused.contains("none of its addresses for containers"), "{ip}: {refused}");
    }
    // Nothing is written down of it, but a port has it.
    let endpoint = json!({ "NetworkID": network, "EndpointID": unique("e"), "Options": {},
        "Interface": { "Address": "10.97.2.9/24", "AddressIPv6": "", "MacAddress": "" } });
    let made = caller.call("NetworkDriver.CreateEndpoint", &endpoint);
    assert!(made.get("Err").is_none(), "{made}");
    assert!(pool.refused("10.97.2.9").contains("10.97.2.9 is in use by endpoint"));
    caller.call("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": network }));
    assert_eq!(pool.ask("10.97.2.9", &Value::Null)["Address"], "10.97.2.9/24");
}

/// Docker 29 says the name when it asks for the address: nothing is left to be learnt.
#[test]
fn a_name_that_comes_with_the_address_keeps_number_and_hardware_address() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    let pool = caller.pool("10.97.6.0/24", "");
    let network = format!("{}{:052x}", unique("net"), 7);
    assert_eq!(caller.network(&network, &pool, bridge.name()), json!({}));
    let start = |name: &str| {
        let told = pool.ask("", &json!({ "com.docker.network.endpoint.name": name }));
        let ip = told["Address"].as_str().unwrap().to_owned();
        let ids = json!({ "NetworkID": network, "EndpointID": unique("e") });
        let mut body = ids.clone();
        body["Interface"] = json!({ "Address": ip, "AddressIPv6": "", "MacAddress": "" });
        let made = caller.call("NetworkDriver.CreateEndpoint", &body);
        let mac = made["Interface"]["MacAddress"].as_str().unwrap_or_else(|| panic!("{made}"));
        let joined = caller.call("NetworkDriver.Join", &ids);
        let link =
            joined["InterfaceName"]["SrcName"].as_str().unwrap_or_else(|| panic!("{joined}"));
        let port = link.replace("dop-", model::plan::HOST_END);
        (ip, mac.to_owned(), lab::ofport_of(&port), ids)
    };
    let end = |(ip, _, _, ids): &(String, String, u16, Value)| {
        caller.call("NetworkDriver.DeleteEndpoint", ids);
        pool.give_back(ip);
    };
    let (web, db) = (start("web"), start("db"));
    end(&web);
    end(&db);
    let (db_again, web_again) = (start("db"), start("web"));
    assert_ne!(web.0, web_again.0);
    assert_eq!((&web.1, web.2), (&web_again.1, web_again.2));
    assert_eq!((&db.1, db.2), (&db_again.1, db_again.2));
    end(&web_again);
    end(&db_again);
    caller.call("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": network }));
}

/// Both are one segment, on which no two interfaces may have one hardware address; each has its own again.
#[test]
fn one_name_on_two_networks_of_a_bridge_has_two_hardware_addresses() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    let pools = [caller.pool("10.97.10.0/24", ""), caller.pool("10.97.11.0/24", "")];
    let networks = [10, 11].map(|number| format!("{}{:052x}", unique("net"), number));
    for (network, pool) in networks.iter().zip(&pools) {
        assert_eq!(caller.network(network, pool, bridge.name()), json!({}));
    }
    let start = |at: usize| {
        let told = pools[at].ask("", &json!({ "com.docker.network.endpoint.name": "web" }));
        let ip = told["Address"].as_str().unwrap().to_owned();
        let ids = json!({ "NetworkID": networks[at], "EndpointID": unique("e") });
        let mut body = ids.clone();
        body["Interface"] = json!({ "Address": ip, "AddressIPv6": "", "MacAddress": "" });
        let made = caller.call("NetworkDriver.CreateEndpoint", &body);
        let mac = made["Interface"]["MacAddress"].as_str().unwrap_or_else(|| panic!("{made}"));
        (mac.to_owned(), ip, ids)
    };
    let end = |at: usize, (_, ip, ids): &(String, String, Value)| {
        caller.call("NetworkDriver.DeleteEndpoint", ids);
        pools[at].give_back(ip);
    };
    let (first, second) = (start(0), start(1));
    assert_ne!(first.0, second.0);
    end(0, &first);
    end(1, &second);
    // In the other order, so that the first choice of both is free.
    let (second_again, first_again) = (start(1), start(0));
    assert_eq!((&first.0, &second.0), (&first_again.0, &second_again.0));
    end(0, &first_again);
    end(1, &second_again);
    for network in &networks {
        caller.call("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": network }));
    }
}

#[test]
fn what_an_earlier_boot_handed_out_is_free_where_it_is_asked_for() {
    lab::need!(Lab);
    let (caller, bridge) = (Caller::new(), Bridge::new());
    let pool = caller.pool("10.97.3.0/30", "");
    assert_eq!(pool.gateway("10.97.3.1"), "10.97.3.1/30");
    let network = format!("{}{:052x}", unique("net"), 8);
    assert_eq!(caller.network(&network, &pool, bridge.name()), json!({}));
    assert_eq!(pool.next(), "10.97.3.2/30");
    assert!(pool.refused("").contains("all its addresses are in use"));
    let key = format!("docker-ovs.address.{}.10.97.3.2", pool.id);
    for key in [key.as_str(), &key.replace(".3.2", ".3.1")] {
        let row = run(
            "ovs-vsctl",
            &["--no-wait", "get", "Open_vSwitch", ".", &format!("external_ids:\"{key}\"")],
        );
        let value: String = serde_json::from_str(&row).unwrap();
        let mut value: Value = serde_json::from_str(&value).unwrap();
        value["boot"] = json!("an earlier one");
        let value = Value::String(value.to_string()).to_string();
        let pair = format!("external_ids:\"{key}\"={value}");
        run("ovs-vsctl", &["--no-wait", "set", "Open_vSwitch", ".", &pair]);
    }
    assert_eq!(pool.ask("10.97.3.2", &Value::Null)["Address"], "10.97.3.2/30");
    assert!(pool.refused("10.97.3.2").contains("in use by a container"), "it is this boot's now");
    assert!(pool.refused("10.97.3.1").contains("in use by the network itself"));
    caller.call("NetworkDriver.DeleteNetwork", &json!({ "NetworkID": network }));
}

#[test]
fn pools_do_not_overlap_and_one_is_chosen_where_none_is_asked_for() {
    lab::need!(Lab);
    let caller = Caller::new();
    let pool = caller.pool("10.98.4.0/24", "");
    for subnet in ["10.98.4.0/24", "10.98.4.128/25", "10.98.0.0/16"] {
        let told = caller.request_pool(subnet, "", false);
        assert!(error(&told).contains("overlaps 10.98.4.0/24"), "{told}");
    }
    let (one, two) = (caller.pool("", ""), caller.pool("", ""));
    assert_ne!(one.subnet, two.subnet);
    assert!(one.subnet.starts_with("10.90.") && one.subnet.ends_with(".0/24"), "{}", one.subnet);
    let six = caller.pool("2001:db8:97::/64", "");
    assert_eq!([six.next(), six.next()], ["2001:db8:97::1/64", "2001:db8:97::2/64"]);
    assert_eq!(six.ask("2001:db8:97:0:0::9", &Value::Null)["Address"], "2001:db8:97::9/64");
    pool.release();
    drop(caller.pool("10.98.4.128/25", ""));
}

/// Two drivers are two processes: nothing but the database keeps them apart.
#[test]
fn drivers_that_hand_out_at_once_hand_out_no_address_twice() {
    lab::need!(Lab);
    let caller = Caller::new();
    let pool = caller.pool("10.97.5.0/24", "");
    let id = pool.id.clone();
    let all: Vec<Vec<String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let caller = Caller::new();
                    let own = Pool { caller: &caller, id: id.clone(), subnet: String::new() };
                    let own = std::mem::ManuallyDrop::new(own);
                    (0..20).map(|_| own.next()).collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = all.concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60, "{all:?}");
    assert_eq!(written(&pool.id).len(), 61);
}
