//! The parsers against messages made by hand and against arbitrary bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::message::{attributes, messages, request};
use crate::rows;
use crate::socket::dump_failed;

/// An RTM_NEWLINK body: the fixed part of `struct ifinfomsg`, then attributes.
fn link_body(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut fixed = [0; 16];
    fixed[2..4].copy_from_slice(&1u16.to_ne_bytes());
    fixed[4..8].copy_from_slice(&7u32.to_ne_bytes());
    fixed[8..12].copy_from_slice(&1u32.to_ne_bytes());
    request(16, 0, 1, &fixed, attributes)[16..].to_vec()
}

#[test]
fn a_link_is_read_attribute_by_attribute() {
    let kind = request(0, 0, 0, &[], &[(1, b"veth\0")])[16..].to_vec();
    let body = link_body(&[
        (3, b"eth0\0"),
        (1, &[2, 0, 0, 0, 0, 9]),
        (5, &28u32.to_ne_bytes()),
        (37, &3i32.to_ne_bytes()),
        (4, &1500u32.to_ne_bytes()),
        (18, &kind),
    ]);
    let link = rows::link(&body).unwrap();
    assert_eq!((link.ifindex, link.name.as_str(), link.kind.as_deref()), (7, "eth0", Some("veth")));
    assert_eq!((link.ethernet, link.up, link.mtu), (true, true, 1500));
    assert_eq!(
        (link.link, link.link_nsid, link.mac),
        (Some(28), Some(3), Some([2, 0, 0, 0, 0, 9]))
    );
}

#[test]
fn a_vlan_has_its_number_and_maybe_a_parent_in_no_known_namespace() {
    let id = request(0, 0, 0, &[], &[(1, &42u16.to_ne_bytes())])[16..].to_vec();
    let vlan = request(0, 0, 0, &[], &[(1, b"vlan\0"), (2, &id)])[16..].to_vec();
    let other = request(0, 0, 0, &[], &[(1, b"veth\0"), (2, &id)])[16..].to_vec();
    let unnamed = (37, &(-1i32).to_ne_bytes()[..]);
    let link = rows::link(&link_body(&[(5, &9u32.to_ne_bytes()), unnamed, (18, &vlan)])).unwrap();
    assert_eq!((link.vlan, link.link, link.link_nsid), (Some(42), Some(9), Some(-1)));
    assert_eq!(rows::link(&link_body(&[(18, &other)])).unwrap().vlan, None);
}

#[test]
fn one_odd_attribute_does_not_cost_the_link() {
    let body = link_body(&[(4, &[1]), (18, &[9, 9, 9]), (1, &[1, 2]), (3, b"et\xffh\0")]);
    let link = rows::link(&body).unwrap();
    assert_eq!((link.name.as_str(), link.mtu, link.mac), ("et\\xffh", 0, None));
}

#[test]
fn an_address_of_another_family_costs_only_itself() {
    let body = |value: &[u8]| {
        let fixed = [2, 24, 0, 0, 7, 0, 0, 0];
        request(20, 0, 1, &fixed, &[(1, value)])[16..].to_vec()
    };
    let four = rows::address(&body(&[192, 0, 2, 7])).unwrap();
    assert_eq!((four.ip.to_string().as_str(), four.prefix), ("192.0.2.7", 24));
    assert_eq!(rows::address(&body(&[9])), None);
    assert_eq!(rows::address(&[2, 24]), None);
}

#[test]
fn a_dump_that_fails_at_its_end_is_no_whole_one() {
    assert!(dump_failed(&[]).is_none());
    assert!(dump_failed(&0i32.to_ne_bytes()).is_none());
    assert!(dump_failed(&(-90i32).to_ne_bytes()).is_some());
}

#[test]
fn a_message_longer_than_its_datagram_is_an_error() {
    let mut bytes = request(16, 0, 1, &[0; 16], &[]);
    bytes[0] = 200;
    assert!(messages(&bytes).next().unwrap().is_err());
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_to_their_end(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(messages(&bytes).take_while(Result::is_ok).count() <= bytes.len() / 16 + 1);
        prop_assert!(attributes(&bytes).count() <= bytes.len() / 4 + 1);
        let _ = (rows::link(&bytes), rows::address(&bytes), rows::nsid(&bytes));
    }

    #[test]
    fn attributes_come_back_as_they_went(values in vec((1..100u16, vec(any::<u8>(), 0..40)), 0..10)) {
        let given: Vec<(u16, &[u8])> = values.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
        let bytes = request(16, 0, 1, &[], &given);
        prop_assert_eq!(attributes(&bytes[16..]).collect::<Vec<_>>(), given);
    }
}
