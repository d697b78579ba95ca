//! Gateways that come and go while other drivers are at theirs: netavark starts one for each call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lab::{Bridge, Netns, run, unique};
use serde_json::{Value, json};

use crate::netavark::{PUBLISHED, container, here, said};

/// A container on a network of its own with this host as the gateway, which publishes a port.
struct Guest {
    bridge: Bridge,
    netns: Netns,
    number: u16,
    call: String,
}

impl Guest {
    fn new(number: u16) -> Self {
        let (bridge, netns) = (Bridge::new(), Netns::new());
        let ip = format!("10.98.{number}.2");
        let text = container(bridge.name(), &unique("web"), &ip, &json!({}));
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["network"]["id"] = json!(format!("{:064x}", 0x00be_51de_0000_u64 + u64::from(number)));
        call["network"]["options"] = json!({ "bridge": bridge.name(), "gateway": "host" });
        let (subnet, gateway) = (format!("10.98.{number}.0/24"), format!("10.98.{number}.1"));
        call["network"]["subnets"] = json!([{ "subnet": subnet, "gateway": gateway }]);
        let published = PUBLISHED.replace("18101", &(18201 + 2 * number).to_string());
        let call = call.to_string().replace("\"port_mappings\":[]", &published);
        Self { bridge, netns, number, call }
    }

    fn call(&self, verb: &str) {
        let path = format!("/run/netns/{}", self.netns.name());
        let done = said(here(), &[verb, &path], &self.call);
        assert_eq!(done.code, 0, "{verb}: {done:?}");
    }

    /// What the kernel has of it: the gateway's address, and the port that is published.
    fn standing(&self) -> (bool, bool) {
        let addresses = run("ip", &["-brief", "address", "show", "dev", self.bridge.name()]);
        let table = lab::tables_called("docker_ovs");
        let leads = format!("dnat ip to 10.98.{}.2:81", self.number);
        (addresses.contains(&format!("10.98.{}.1/24", self.number)), table.contains(&leads))
    }
}

/// At the end of each call, and not only once all are done: what a driver has read before is not what it puts
/// in place after.
#[test]
fn drivers_beside_each_other_leave_each_gateway_as_its_last_call_did() {
    lab::need!(Lab);
    let guests: Vec<_> = (0..3).map(Guest::new).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        // A network that comes and goes all the time: each of its drivers puts all others' in place too.
        let [quiet, restless @ ..] = guests.as_slice() else { unreachable!() };
        let is_over = &is_over;
        for guest in restless {
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    guest.call("setup");
                    guest.call("teardown");
                }
            });
        }
        let all_was_right = scope.spawn(move || {
            for round in 0..20 {
                quiet.call("setup");
                assert_eq!(quiet.standing(), (true, true), "set up, round {round}");
                quiet.call("teardown");
                assert_eq!(quiet.standing(), (false, false), "torn down, round {round}");
            }
        });
        let all_was_right = all_was_right.join();
        is_over.store(true, Ordering::SeqCst);
        all_was_right.unwrap();
    });
    for guest in &guests {
        assert_eq!(guest.standing(), (false, false), "{}", guest.bridge.name());
    }
}
