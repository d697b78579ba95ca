//! The parsers against messages made by hand and against arbitrary bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::message::{attributes, messages, nested, request};
use crate::netlink::dump_failed;
use crate::route::{self, Route};
use crate::{route_get, rows};

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
fn a_tunnel_tells_what_it_sends_by_in_its_own_way() {
    let index = |index: u32| index.to_ne_bytes();
    let read = |kind: &[u8], data: &[(u16, &[u8])]| {
        let data = request(0, 0, 0, &[], data)[16..].to_vec();
        let info = request(0, 0, 0, &[], &[(1, kind), (2, &data)])[16..].to_vec();
        rows::link(&link_body(&[(18, &info)])).unwrap()
    };
    let vxlan = read(b"vxlan\0", &[(1, &index(42)), (3, &index(9))]);
    assert_eq!((vxlan.underlays, vxlan.link), (vec![9], None));
    assert_eq!(read(b"amt\0", &[(1, &index(42)), (4, &index(9))]).underlays, [9]);
    assert_eq!(read(b"hsr\0", &[(1, &index(8)), (2, &index(9))]).underlays, [8, 9]);
    // Of no link, or of another kind, whose attributes mean something else; of an odd length.
    assert_eq!(read(b"vxlan\0", &[(1, &index(42)), (3, &index(0))]).underlays, []);
    assert_eq!(read(b"geneve\0", &[(1, &index(42)), (3, &index(9))]).underlays, []);
    assert_eq!(read(b"vxlan\0", &[(3, &[9])]).underlays, []);
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

/// An RTM_NEWROUTE body of the main table: the fixed part of `struct rtmsg`, then attributes.
fn route_body(family: u8, kind: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    nested(&[family, 24, 0, 0, 254, 4, 0, kind, 0, 0, 0, 0], attributes)
}

#[test]
fn a_route_over_several_links_is_several() {
    let hop = |link: u32, gateway: &[(u16, &[u8])]| {
        let length = u16::try_from(8 + nested(&[], gateway).len()).unwrap().to_ne_bytes();
        nested(&[&length[..], &[0, 0], &link.to_ne_bytes()].concat(), gateway)
    };
    let over = [hop(3, &[(5, &[192, 0, 2, 1])]), hop(4, &[])].concat();
    let routes = route::routes(&route_body(2, 1, &[(1, &[198, 51, 100, 0]), (9, &over)])).unwrap();
    let to = |gateway: Option<[u8; 4]>, ifindex| Route {
        is_ipv4: true,
        destination: Some(([198, 51, 100, 0].into(), 24)),
        gateway: gateway.map(Into::into),
        ifindex,
        protocol: 4,
    };
    assert_eq!(routes, [to(Some([192, 0, 2, 1]), 3), to(None, 4)]);
}

#[test]
fn an_ipv4_route_may_have_an_ipv6_gateway() {
    let via: [u8; 18] = std::array::from_fn(|at| if at == 0 { 10 } else { u8::from(at == 17) });
    let link = 5u32.to_ne_bytes();
    let routes = route::routes(&route_body(2, 1, &[(4, &link), (18, &via)])).unwrap();
    assert_eq!(routes[0].gateway, Some("::1".parse().unwrap()));
    assert_eq!((routes[0].destination, routes[0].ifindex), (None, 5));
    assert!(routes[0].is_ipv4);
}

#[test]
fn a_route_may_say_what_becomes_of_a_packet() {
    let metrics = |hops: u32, features: u32| {
        let (hops, features) = (hops.to_ne_bytes(), features.to_ne_bytes());
        let told = nested(&[], &[(2, &1400u32.to_ne_bytes()), (10, &hops), (12, &features)]);
        route_get::taken(&route_body(2, 1, &[(8, &told)])).unwrap()
    };
    let told = |hops, features| (metrics(hops, features).hops, metrics(hops, features).ecn);
    assert_eq!(told(7, 0), (Some(7), false));
    assert_eq!(told(0, 1), (None, true));
    assert_eq!(told(256, 2), (None, false));
    let bare = route_get::taken(&route_body(2, 1, &[])).unwrap();
    assert_eq!((bare.hops, bare.ecn, bare.encap), (None, false, false));
    // SEG6 of linux/lwtunnel.h.
    let wrapped = route_get::taken(&route_body(10, 1, &[(21, &5u16.to_ne_bytes())])).unwrap();
    assert!(wrapped.encap);
}

#[test]
fn routes_of_other_families_tables_and_types_are_none() {
    let link = 5u32.to_ne_bytes();
    let count = |body: &[u8]| route::routes(body).unwrap().len();
    assert_eq!(count(&route_body(10, 1, &[(4, &link)])), 1);
    assert!(!route::routes(&route_body(10, 1, &[(4, &link)])).unwrap()[0].is_ipv4);
    assert_eq!(count(&route_body(28, 1, &[(4, &link)])), 0);
    assert_eq!(count(&route_body(2, 7, &[(4, &link)])), 0);
    let mut local = route_body(2, 1, &[(4, &link)]);
    local[4] = 255;
    assert_eq!(count(&local), 0);
    assert_eq!(route::routes(&[2; 11]), None);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_to_their_end(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(messages(&bytes).take_while(Result::is_ok).count() <= bytes.len() / 16 + 1);
        prop_assert!(attributes(&bytes).count() <= bytes.len() / 4 + 1);
        let _ = (rows::link(&bytes), rows::address(&bytes), rows::nsid(&bytes));
        let _ = route::routes(&bytes);
    }

    #[test]
    fn attributes_come_back_as_they_went(values in vec((1..100u16, vec(any::<u8>(), 0..40)), 0..10)) {
        let given: Vec<(u16, &[u8])> =
            values.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
        let bytes = request(16, 0, 1, &[], &given);
        prop_assert_eq!(attributes(&bytes[16..]).collect::<Vec<_>>(), given);
    }
}
