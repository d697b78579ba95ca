//! Links as gateways, as far as this can be seen without being root.

use host::{GatewayLink, link_with_address};

fn link(name: &str, address: &str) -> GatewayLink {
    GatewayLink { name: name.into(), addresses: vec![address.parse().unwrap()], mtu: None }
}

#[test]
fn a_link_is_known_by_its_address() {
    assert_eq!(link_with_address("127.0.0.1".parse().unwrap()).unwrap().as_deref(), Some("lo"));
    assert_eq!(link_with_address("192.0.2.1".parse().unwrap()).unwrap(), None);
}

/// Whatever bears the name, and whichever user runs the test.
#[test]
fn what_is_no_link_of_the_switch_is_no_gateway_and_is_left_alone() {
    for name in ["nonexistent", "lo"] {
        let gateway = link(name, "127.0.0.1/8");
        assert!(!gateway.is_set_up().unwrap());
        gateway.take_addresses().unwrap();
        assert!(!gateway.set_up().unwrap());
    }
    assert_eq!(link_with_address("127.0.0.1".parse().unwrap()).unwrap().as_deref(), Some("lo"));
}
