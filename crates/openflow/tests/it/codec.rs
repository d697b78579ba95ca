//! Messages as Open vSwitch 3.1 sends them, and what becomes of broken ones.
//!
//! The bridge behind the fixtures: LOCAL, an internal port 7, a veth 12, and two patch
//! ports whose names are cut, `patch-to-the-core` (65279) and `patch-to-the-cé` (1).

use docker_ovs_openflow::{Features, LOCAL, Malformed, Message, Port, name_on_wire};
use proptest::prelude::*;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name)).as_slice()
    };
}

const REPLIES: [(&str, &[u8], &[u8]); 3] = [
    ("1.0", fixture!("1.0_features_reply.bin"), fixture!("1.0_port_desc.bin")),
    ("1.3", fixture!("1.3_features_reply.bin"), fixture!("1.3_port_desc.bin")),
    ("1.5", fixture!("1.5_features_reply.bin"), fixture!("1.5_port_desc.bin")),
];

const ERRORS: [&[u8]; 3] =
    [fixture!("1.0_error.bin"), fixture!("1.3_error.bin"), fixture!("1.5_error.bin")];

const HELLOS: [&[u8]; 3] =
    [fixture!("hello.bin"), fixture!("hello_1.0_1.3.bin"), fixture!("hello_failed.bin")];

fn fixtures() -> Vec<&'static [u8]> {
    let replies = REPLIES.iter().flat_map(|(_, features, ports)| [*features, *ports]);
    replies.chain(ERRORS).chain(HELLOS).collect()
}

/// The bridge's ports, by number.
fn expected() -> Vec<(u16, String, [u8; 6])> {
    vec![
        (1, name_on_wire("patch-to-the-c\u{e9}"), [0x0a, 0x0f, 0x57, 0xd7, 0x71, 0xde]),
        (7, "internal7".into(), [2, 0, 0, 0, 0, 7]),
        (12, "ofcapv0".into(), [2, 0, 0, 0, 0, 12]),
        (65_279, name_on_wire("patch-to-the-core"), [0x96, 0x81, 0xf1, 0x8f, 0xb6, 0xf0]),
        (LOCAL, "br-capture".into(), [10, 11, 12, 13, 14, 15]),
    ]
}

fn by_number(ports: Vec<Port>) -> Vec<(u16, String, [u8; 6])> {
    let mut rows: Vec<_> =
        ports.into_iter().map(|port| (port.ofport().unwrap(), port.name, port.mac)).collect();
    rows.sort();
    rows
}

#[test]
fn ports_are_the_same_in_every_layout() {
    for (version, _, reply) in REPLIES {
        let Message::Ports { ports, more: false } = Message::parse(reply).unwrap() else {
            panic!("{version}: not the last part of a list of ports")
        };
        assert_eq!(by_number(ports), expected(), "{version}");
    }
}

#[test]
fn reserved_numbers_of_the_oldest_version_become_wide() {
    for (narrow, wide) in
        [(1_u16, 1), (0xfeff, 0xfeff), (0xff00, 0xffff_ff00), (0xfffe, 0xffff_fffe)]
    {
        let port = [&narrow.to_be_bytes()[..], &[0; 46]].concat();
        let reply = [&[1, 17, 0, 0, 0, 0, 0, 1, 0, 13, 0, 0][..], &port].concat();
        let Ok(Message::Ports { ports, .. }) = Message::parse(&with_its_length(reply)) else {
            panic!("{narrow:#x}: no port")
        };
        assert_eq!(ports[0].number, wide, "{narrow:#x}");
    }
}

#[test]
fn features_list_ports_in_old_versions_only() {
    for (version, reply, _) in REPLIES {
        let Message::Features(features, ports) = Message::parse(reply).unwrap() else {
            panic!("{version}: not a FEATURES_REPLY")
        };
        let Features { datapath_id, tables, buffers, .. } = features;
        assert_eq!((datapath_id, tables, buffers), (0x0a0b_0c0d_0e0f, 254, 0), "{version}");
        let listed = if version == "1.0" { expected() } else { vec![] };
        assert_eq!(by_number(ports), listed, "{version}");
    }
}

#[test]
fn hellos_and_errors_say_what_they_mean() {
    let shown = HELLOS.map(|bytes| match Message::parse(bytes).unwrap() {
        Message::Hello(versions) => versions.to_string(),
        Message::Error(of_error) => of_error.to_string(),
        other => panic!("{other:?}"),
    });
    assert_eq!(shown[0], "1.0, 1.1, 1.2, 1.3, 1.4, 1.5");
    assert_eq!(shown[1], "1.0, 1.3");
    assert_eq!(
        shown[2],
        "OFPHFC_INCOMPATIBLE (\"We support versions 0x01, 0x04, you support version 0x03, \
         no common versions.\")"
    );
    for bytes in ERRORS {
        let Message::Error(of_error) = Message::parse(bytes).unwrap() else { panic!("{bytes:?}") };
        assert_eq!(of_error.to_string(), "OFPBRC_BAD_MULTIPART");
    }
}

#[test]
fn a_length_that_cannot_be_is_refused() {
    assert_eq!(Message::parse(&[4, 0, 0, 7, 0, 0, 0, 0]), Err(Malformed::Length(7)));
    assert_eq!(Message::parse(&[4, 0, 0, 9, 0, 0, 0, 0]), Err(Malformed::Length(9)));
    assert_eq!(Message::parse(&[4, 0, 0]), Err(Malformed::Short("header")));
    assert_eq!(Message::parse(&[7, 6, 0, 8, 0, 0, 0, 0]), Err(Malformed::Version(7)));
    assert_eq!(Message::parse(&[4, 6, 0, 8, 0, 0, 0, 0]), Err(Malformed::Short("FEATURES_REPLY")));
}

#[test]
fn a_port_that_is_cut_short_is_no_port() {
    for (version, _, reply) in REPLIES {
        let mut reply = reply[..reply.len() - 1].to_vec();
        let length = u16::try_from(reply.len()).unwrap();
        reply[2..4].copy_from_slice(&length.to_be_bytes());
        let problem = Message::parse(&reply).unwrap_err();
        let expected =
            if version == "1.5" { Malformed::PortLength(72) } else { Malformed::Short("port") };
        assert_eq!(problem, expected, "{version}");
    }
}

#[test]
fn a_port_shorter_than_its_fixed_part_is_refused() {
    let mut reply = fixture!("1.5_port_desc.bin").to_vec();
    for length in [0, 39, u16::MAX] {
        reply[20..22].copy_from_slice(&length.to_be_bytes());
        assert_eq!(Message::parse(&reply), Err(Malformed::PortLength(length)));
    }
}

#[test]
fn other_statistics_are_not_ports() {
    let mut reply = fixture!("1.3_port_desc.bin").to_vec();
    reply[9] = 3;
    assert_eq!(Message::parse(&reply), Ok(Message::Other(19)));
    reply[9] = 13;
    reply[11] = 1;
    assert!(matches!(Message::parse(&reply), Ok(Message::Ports { more: true, .. })));
}

/// Sets the length in the header to that of the message.
fn with_its_length(mut message: Vec<u8>) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap();
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
    message
}

/// A fixture, cut somewhere, with some bytes set to others.
fn mutation() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    (prop::sample::select(fixtures()), edits, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(fixture, edits, end, cut)| {
            let mut message = fixture.to_vec();
            for (at, byte) in edits {
                let at = at.index(message.len());
                message[at] = byte;
            }
            if cut {
                message.truncate(end.index(message.len()));
            }
            message
        },
    )
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Message::parse(&bytes);
        let _ = Message::parse(&with_its_length(bytes));
    }

    #[test]
    fn arbitrary_bodies_do_not_panic(
        version in 0_u8..9,
        kind in prop::sample::select(vec![0_u8, 1, 2, 6, 17, 19]),
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let message = [&[version, kind, 0, 0, 0, 0, 0, 1][..], &body].concat();
        let _ = Message::parse(&with_its_length(message));
    }

    #[test]
    fn mutated_messages_do_not_panic(message in mutation()) {
        let _ = Message::parse(&message);
        let _ = Message::parse(&with_its_length(message));
    }

    #[test]
    fn no_port_comes_out_of_less_than_forty_bytes(message in mutation()) {
        let message = with_its_length(message);
        if let Ok(Message::Ports { ports, .. } | Message::Features(_, ports)) =
            Message::parse(&message)
        {
            prop_assert!(ports.len() * 40 <= message.len());
        }
    }

    #[test]
    fn names_match_however_they_are_cut(name in "\\PC{0,20}") {
        let mut field = [0_u8; 48];
        let cut = name.len().min(15);
        field[8..8 + cut].copy_from_slice(&name.as_bytes()[..cut]);
        let reply = [&[1, 17, 0, 0, 0, 0, 0, 1, 0, 13, 0, 0][..], &field].concat();
        let Ok(Message::Ports { ports, .. }) = Message::parse(&with_its_length(reply)) else {
            panic!("no ports")
        };
        prop_assert_eq!(&ports[0].name, &name_on_wire(&name));
    }
}

/// A reply of one row, as each version lays it out: port 7 with the counters 1 to 8, of which the last
/// one is not kept.
fn counted(version: u8) -> Vec<u8> {
    let counters = |n: u64| -> Vec<u8> {
        let kept = (1..8).chain([u64::MAX]).chain(std::iter::repeat_n(0, 4));
        kept.take(usize::try_from(n).unwrap()).flat_map(u64::to_be_bytes).collect()
    };
    let body = match version {
        1 => [&[0, 4, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0][..], &counters(12)].concat(),
        4 => {
            [&[0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0][..], &counters(12), &[0; 8]].concat()
        }
        6 => {
            [&[0, 4, 0, 0, 0, 0, 0, 0, 0, 88, 0, 0, 0, 0, 0, 7][..], &[0; 8], &counters(8), &[0; 8]]
                .concat()
        }
        _ => [&[0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0][..], &counters(12)].concat(),
    };
    let kind = if version == 1 { 17 } else { 19 };
    let length = u16::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&[version, kind][..], &length, &[0, 0, 0, 1], &body].concat()
}

#[test]
fn counters_are_the_same_in_every_layout() {
    for version in [1, 2, 3, 4, 6] {
        let reply = counted(version);
        let Message::PortStats { stats, more: false } = Message::parse(&reply).unwrap() else {
            panic!("{version}: no counters")
        };
        let [row] = stats.as_slice() else { panic!("{version}: {stats:?}") };
        assert_eq!((row.ofport(), row.rx_packets, row.tx_packets), (Some(7), Some(1), Some(2)));
        assert_eq!((row.rx_bytes, row.tx_bytes, row.rx_dropped), (Some(3), Some(4), Some(5)));
        assert_eq!((row.tx_dropped, row.rx_errors, row.tx_errors), (Some(6), Some(7), None));
        // Cut anywhere, and told that it is that short, it is refused.
        for length in 17..reply.len() {
            let mut cut = reply[..length].to_vec();
            cut[2..4].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            let whole = Message::parse(&cut).is_ok_and(|message| {
                matches!(message, Message::PortStats { ref stats, .. } if !stats.is_empty())
            });
            assert!(!whole, "{version} {length}");
        }
    }
}
