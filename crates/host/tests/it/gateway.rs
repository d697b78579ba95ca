//! Links as gateways, as far as this can be seen without being root.

use host::{GatewayLink, link_with_address};

fn link(name: &str, address: &str) -> GatewayLink {
    GatewayLink { name: name.into(), addresses: vec![address.parse().unwrap()], mtu: None }
}

#[test]
fn a_gateway_is_known_by_its_link_and_address() {
    assert!(link("lo", "127.0.0.1/8").is_set_up().unwrap());
    assert!(!link("lo", "192.0.2.1/24").is_set_up().unwrap());
    assert!(!link("nonexistent", "127.0.0.1/8").is_set_up().unwrap());
    assert_eq!(link_with_address("127.0.0.1".parse().unwrap()).unwrap().as_deref(), Some("lo"));
    assert_eq!(link_with_address("192.0.2.1".parse().unwrap()).unwrap(), None);
}

#[test]
fn what_is_there_is_no_change_and_what_is_gone_has_no_address() {
    let gone = link("nonexistent", "192.0.2.1/24");
    gone.take_addresses().unwrap();
    assert!(!gone.set_up().unwrap());
    if rustix::process::geteuid().is_root() {
        return;
    }
    let refused = link("lo", "127.0.0.1/8").set_up().unwrap_err();
    assert!(refused.to_string().contains("the gateway lo"), "{refused}");
    link("lo", "127.0.0.1/8").take_addresses().unwrap_err();
}
