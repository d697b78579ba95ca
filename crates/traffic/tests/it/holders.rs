//! Who else has the address that is asked for.

use docker_ovs_traffic::{PortOutput, other_holders};
use serde_json::json;

use crate::beneath::look_with;
use crate::{end, look};

const FIREWALL: u64 = 4_026_532_402;

/// What leaves by this OpenFlow port of vlanswitch.
fn output(ofport: u16, who: &str) -> PortOutput {
    PortOutput {
        dp_port: String::new(),
        bridge: Some("vlanswitch".to_owned()),
        ofport: Some(ofport),
        who: who.to_owned(),
        uplink: None,
        vlans: Vec::new(),
        tunnel: None,
        doubt: None,
    }
}

/// Who has the address of webserver beside that, where a link of `firewall_ext` has these fields.
fn holders(fields: serde_json::Value, target: &str) -> Vec<String> {
    let look = look_with(&[(FIREWALL, fields)], &[]);
    let outputs = [output(1, "trivial"), output(3, "firewall"), output(4, "web")];
    other_holders(&look, &end(&look, "webserver"), &outputs, target.parse().unwrap())
}

#[test]
fn an_address_that_another_one_has_too_is_answered_for_by_both() {
    let link = |up: bool, address: &str| json!({"ifindex": 60, "name": "dummy0", "up": up, "addresses": [address]});
    let four = "172.31.2.80";
    assert_eq!(holders(link(true, "172.31.2.80/32"), four), ["firewall"]);
    // Of a link that is down the kernel takes nothing, and another address is none of it.
    assert!(holders(link(false, "172.31.2.80/32"), four).is_empty());
    assert!(holders(link(true, "172.31.2.81/32"), four).is_empty());
    // A solicitation is answered by the link alone that has the address.
    assert!(holders(link(true, "fd00::80/64"), "fd00::80").is_empty());
}

#[test]
fn who_is_asked_is_not_another_one() {
    let look = look();
    let web = end(&look, "webserver");
    let four = web.addresses[0].ip;
    let all = [output(1, "trivial"), output(3, "firewall"), output(4, "web"), output(9, "none")];
    assert!(other_holders(&look, &web, &all, four).is_empty());
    let other = end(&look, "firewall_ext");
    assert_eq!(other_holders(&look, &other, &all, four), ["web"]);
}
