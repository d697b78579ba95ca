//! Answers that come late, in parts, out of order or among other messages.

use docker_ovs_openflow::{Client, Error, Version};

use crate::fake_switch::switch::{
    BAD_MULTIPART, ECHO_REQUEST, ERROR, FEATURES_REPLY, HELLO, PACKET_IN, PORT_STATUS, Switch,
    features, message, numbers, port, ports,
};
use crate::fake_switch::{converse, ports_from};

#[tokio::test]
async fn the_highest_common_version_is_agreed_on() {
    for (hello, version) in [
        (message(1, HELLO, 0, &[]), Version::V1_0),
        (message(4, HELLO, 0, b"whatever"), Version::V1_3),
        (message(0x99, HELLO, 0, &[]), Version::V1_5),
        (message(9, HELLO, 0, &[0, 1, 0, 8, 0, 0, 2, 0b0010_0100]), Version::V1_4),
    ] {
        let script = async |mut switch: Switch| {
            switch.write(&hello).await;
            switch.request().await;
        };
        let client = converse(Version::V1_5, script, async |client| client).await;
        assert_eq!(client.unwrap().version(), version);
    }
}

#[tokio::test]
async fn ports_come_in_every_version() {
    for version in Version::ALL {
        let wire = version as u8;
        let answer = async |switch: &mut Switch, xid| {
            switch.send_ports(xid, &ports(wire, 3)).await;
        };
        assert_eq!(numbers(&ports_from(version, answer).await.unwrap()), [1, 2, 3], "{version}");
    }
}

#[tokio::test]
async fn thousands_of_ports_come_in_parts() {
    for version in [Version::V1_0, Version::V1_3, Version::V1_5] {
        let answer = async |switch: &mut Switch, xid| {
            switch.send_ports(xid, &ports(version as u8, 5000)).await;
        };
        let listed = ports_from(version, answer).await.unwrap();
        assert!(numbers(&listed).into_iter().eq(1..=5000), "{version}");
    }
}

#[tokio::test]
async fn a_reply_byte_by_byte_is_a_reply() {
    let answer = async |switch: &mut Switch, xid| {
        let body = switch.part(false, &ports(4, 2).concat());
        for byte in message(4, switch.reply_kind(), xid, &body) {
            switch.write(&[byte]).await;
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(numbers(&ports_from(Version::V1_3, answer).await.unwrap()), [1, 2]);
}

#[tokio::test]
async fn an_echo_in_the_middle_is_answered() {
    let answer = async |switch: &mut Switch, xid| {
        let first = switch.part(true, &port(4, 1));
        switch.send(switch.reply_kind(), xid, &first).await;
        switch.send(ECHO_REQUEST, 0xdead_beef, b"alive?").await;
        assert_eq!(switch.request().await, (3, 0xdead_beef, b"alive?".to_vec()));
        switch.send_ports(xid, &[port(4, 2)]).await;
    };
    assert_eq!(numbers(&ports_from(Version::V1_3, answer).await.unwrap()), [1, 2]);
}

#[tokio::test]
async fn unsolicited_messages_are_skipped() {
    let answer = async |switch: &mut Switch, xid: u32| {
        switch.send(PORT_STATUS, 0, &[0; 72]).await;
        switch.send(PACKET_IN, xid, &vec![0; 60_000]).await;
        switch.send(ERROR, xid + 1, &BAD_MULTIPART).await;
        switch.send(HELLO, xid, &[]).await;
        switch.send(FEATURES_REPLY, xid, &features(&[])).await;
        switch.send_ports(xid + 1, &[port(4, 9)]).await;
        switch.send_ports(xid, &[port(4, 2)]).await;
    };
    assert_eq!(numbers(&ports_from(Version::V1_3, answer).await.unwrap()), [2]);
}

#[tokio::test]
async fn a_bridge_shows_itself_whatever_is_answered_first() {
    for version in [Version::V1_0, Version::V1_5] {
        for features_first in [true, false] {
            let wire = version as u8;
            let script = async |mut switch: Switch| {
                switch.greet().await;
                // Both requests are there before either is answered.
                let (first, features_xid, _) = switch.request().await;
                assert_eq!(first, 5);
                let (_, ports_xid, _) = switch.request().await;
                switch.send(ERROR, ports_xid + 1, &BAD_MULTIPART).await;
                let reply = message(wire, FEATURES_REPLY, features_xid, &features(&[]));
                switch.write(if features_first { &reply } else { &[] }).await;
                switch.send_ports(ports_xid, &ports(wire, 2)).await;
                switch.write(if features_first { &[] } else { &reply }).await;
            };
            let ask = async |client: Result<Client, Error>| client.unwrap().show().await;
            let (features, ports) = converse(version, script, ask).await.unwrap();
            assert_eq!((features.datapath_id, numbers(&ports)), (5, vec![1, 2]));
        }
    }
}

#[tokio::test]
async fn an_old_switch_lists_its_ports_with_its_features() {
    for version in [Version::V1_0, Version::V1_1, Version::V1_2] {
        let listed = ports(version as u8, 2);
        let script = async |mut switch: Switch| {
            switch.greet().await;
            let (_, xid, _) = switch.request().await;
            switch.send(ERROR, xid, &BAD_MULTIPART).await;
            let (kind, xid, _) = switch.request().await;
            assert_eq!(kind, 5);
            switch.send(FEATURES_REPLY, xid, &features(&listed)).await;
            // Once more, for `show`.
            let (_, features_xid, _) = switch.request().await;
            let (_, ports_xid, _) = switch.request().await;
            switch.send(FEATURES_REPLY, features_xid, &features(&listed)).await;
            switch.send(ERROR, ports_xid, &BAD_MULTIPART).await;
        };
        let ask = async |client: Result<Client, Error>| {
            let mut client = client.unwrap();
            (client.ports().await.unwrap(), client.show().await.unwrap().1)
        };
        let (ports, shown) = converse(version, script, ask).await;
        assert_eq!((numbers(&ports), shown), (vec![1, 2], ports), "{version}");
    }
}
