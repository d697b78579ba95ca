//! Answers that are none.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::Arc;

use docker_ovs_openflow::{Client, Error, Malformed, PortRoom, Remote, Version};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::fake_switch::switch::{
    BAD_MULTIPART, ERROR, FEATURES_REPLY, HELLO, Switch, features, message, port, ports,
};
use crate::fake_switch::{converse, ports_from};

/// What connecting comes to when the switch sends `bytes` and hangs up, whether or not
/// the client could send its HELLO before.
async fn greeted_with(bytes: &[u8]) -> Result<Client, Error> {
    let switch = async |mut switch: Switch| switch.write(bytes).await;
    converse(Version::V1_5, switch, async |client| client).await
}

#[tokio::test]
async fn a_list_that_may_go_on_is_no_answer() {
    for (version, most) in [(Version::V1_0, 1364), (Version::V1_1, 1023)] {
        let answer = async |switch: &mut Switch, xid| {
            switch.send(ERROR, xid, &BAD_MULTIPART).await;
            let (_, xid, _) = switch.request().await;
            switch.send(FEATURES_REPLY, xid, &features(&ports(version as u8, most))).await;
        };
        let error = ports_from(version, answer).await.unwrap_err();
        assert!(matches!(error, Error::Incomplete(listed) if listed == usize::from(most)));
    }
}

#[tokio::test]
async fn a_refusal_is_told_and_leaves_the_connection_usable() {
    let script = async |mut switch: Switch| {
        switch.greet().await;
        let (_, xid, _) = switch.request().await;
        switch.send(ERROR, xid, &[0, 1, 0, 5, 4, 18, 0, 16]).await;
        let (_, xid, _) = switch.request().await;
        switch.send(FEATURES_REPLY, xid, &features(&[])).await;
    };
    let ask = async |client: Result<Client, Error>| {
        let mut client = client.unwrap();
        (client.ports().await.unwrap_err(), client.features().await.unwrap())
    };
    let (error, features) = converse(Version::V1_3, script, ask).await;
    assert_eq!(error.to_string(), "the request for PORT_DESC was refused: OFPBRC_EPERM");
    assert_eq!(error.kind(), None);
    assert_eq!(features.datapath_id, 5);
}

#[tokio::test]
async fn a_refusal_may_come_in_another_version() {
    // As Open vSwitch complains of a version: in that of the request.
    let answer = async |switch: &mut Switch, xid| {
        switch.write(&message(6, ERROR, xid, &[0, 1, 0, 0])).await;
    };
    let error = ports_from(Version::V1_3, answer).await.unwrap_err();
    assert_eq!(error.to_string(), "the request for PORT_DESC was refused: OFPBRC_BAD_VERSION");
}

#[tokio::test]
async fn a_reply_that_never_ends_is_cut_off() {
    for entries in [&[][..], &ports(4, 900).concat()] {
        // As fast as it is read, until the client hangs up.
        let answer = async |switch: &mut Switch, xid| {
            let part = message(4, 19, xid, &switch.part(true, entries));
            let mut sent = 0;
            while switch.stream.write_all(&part).await.is_ok() {
                sent += part.len();
            }
            assert!(sent < 8 << 20, "{sent} bytes were taken");
        };
        let error = ports_from(Version::V1_3, answer).await.unwrap_err();
        assert!(matches!(error, Error::TooManyPorts(65_536)), "{error}");
    }
}

#[tokio::test]
async fn bridges_that_share_room_list_no_more_ports_than_there_is() {
    let room = Arc::new(PortRoom::of(1500));
    let listed = async || {
        let script = async |mut switch: Switch| {
            switch.greet().await;
            let (_, xid, _) = switch.request().await;
            let part = switch.part(false, &ports(4, 900).concat());
            switch.write(&message(4, 19, xid, &part)).await;
        };
        let ask =
            async |client: Result<Client, Error>| client.unwrap().sharing(&room).ports().await;
        converse(Version::V1_3, script, ask).await
    };
    assert_eq!(listed().await.unwrap().len(), 900);
    let error = listed().await.unwrap_err();
    assert!(matches!(error, Error::TooManyPorts(1500)), "{error}");
}

#[tokio::test]
async fn a_list_that_breaks_off_is_none_and_is_not_asked_for_in_another_way() {
    for version in [Version::V1_0, Version::V1_3] {
        let answer = async |switch: &mut Switch, xid| {
            let part = switch.part(true, &port(version as u8, 1));
            switch.send(switch.reply_kind(), xid, &part).await;
            switch.send(ERROR, xid, &BAD_MULTIPART).await;
        };
        let error = ports_from(version, answer).await.unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("the request for PORT_DESC was refused"), "{version}: {said}");
    }
}

#[tokio::test]
async fn a_switch_that_hangs_up_is_noticed() {
    let body = [&[0, 13, 0, 0, 0, 0, 0, 0], &port(4, 1)[..]].concat();
    let whole = message(4, 19, 2, &body);
    for end in [0, 1, 7, 8, 20, whole.len() - 1] {
        let answer = async |switch: &mut Switch, xid| {
            assert_eq!(xid, 2);
            switch.write(&whole[..end]).await;
        };
        let error = ports_from(Version::V1_3, answer).await.unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::UnexpectedEof));
        assert!(matches!(error, Error::HungUp { mid_message } if mid_message == (end > 0)));
    }
    let silent = async |mut switch: Switch| {
        switch.request().await;
    };
    let error = converse(Version::V1_5, silent, async |client| client).await.unwrap_err();
    assert_eq!(error.to_string(), "the switch closed the connection without an answer");
}

#[tokio::test]
async fn a_message_shorter_than_its_header_ends_the_conversation() {
    for length in 0..8 {
        let answer = async |switch: &mut Switch, _| {
            switch.write(&[4, 19, 0, length, 0, 0, 0, 2]).await;
        };
        let error = ports_from(Version::V1_3, answer).await.unwrap_err();
        let expected = Malformed::Length(length.into());
        assert!(matches!(error, Error::Malformed(problem) if problem == expected));
    }
}

#[tokio::test]
async fn another_version_than_agreed_ends_the_conversation() {
    let answer = async |switch: &mut Switch, xid| {
        switch.version = 6;
        switch.send_ports(xid, &ports(6, 1)).await;
    };
    let error = ports_from(Version::V1_3, answer).await.unwrap_err();
    assert!(matches!(error, Error::WrongVersion { agreed: Version::V1_3, got: 6 }), "{error}");
}

#[tokio::test]
async fn a_common_version_that_there_is_not_is_named() {
    let bitmap = [0, 1, 0, 8, 0, 0, 3, 0];
    let script = async |mut switch: Switch| {
        switch.send(HELLO, 1, &bitmap).await;
        assert_eq!(switch.request().await.2, [0, 1, 0, 8, 0, 0, 0, 0b0111_1110]);
        // OFPHFC_INCOMPATIBLE, as the side that finds no common version is to send.
        assert_eq!(switch.request().await, (ERROR, 2, vec![0; 4]));
    };
    let error = converse(Version::V1_5, script, async |client| client).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no common OpenFlow version: we offered 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, \
         the switch speaks 1.7, 1.8"
    );
}

#[tokio::test]
async fn a_refused_hello_says_why() {
    let error = message(1, ERROR, 1, b"\0\0\0\0go \x1b[31maway\0");
    let error = greeted_with(&error).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the switch refused OpenFlow 1.0, 1.1, 1.2, 1.3, 1.4, 1.5: \
         OFPHFC_INCOMPATIBLE (\"go \\u{1b}[31maway\")"
    );
}

#[tokio::test]
async fn a_hello_refused_late_says_why() {
    // As a switch without a bitmap may: it learns only from our HELLO what we offer.
    for hangs_up in [false, true] {
        let (refused, refusal_sent) = tokio::sync::oneshot::channel();
        let script = async |mut switch: Switch| {
            switch.version = 4;
            switch.greet().await;
            switch.send(ERROR, 0, &[0, 0, 0, 1]).await;
            let held = if hangs_up { None } else { Some(switch) };
            assert!(refused.send(held).is_ok());
        };
        let ask = async |client: Result<Client, Error>| {
            let _held = refusal_sent.await.unwrap();
            client.unwrap().ports().await.unwrap_err()
        };
        let error = converse(Version::V1_3, script, ask).await;
        assert_eq!(
            error.to_string(),
            "the switch refused OpenFlow 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, \
             itself speaking 1.0, 1.1, 1.2, 1.3: OFPHFC_EPERM"
        );
    }
}

#[tokio::test]
async fn a_peer_of_another_protocol_is_told_from_a_switch() {
    for greeting in [&b"HTTP/1.1 400 Bad Request"[..], b"{\"method\":\"echo\"", b"SSH-2.0-OpenSSH"]
    {
        let error = greeted_with(greeting).await.unwrap_err();
        assert!(matches!(error, Error::NotOpenFlow(kind) if kind == greeting[1]), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_connected_to_is_named() {
    let missing = "unix:/nonexistent/br0.mgmt".parse().unwrap();
    let error = Client::connect(&missing, &Version::ALL).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::NotFound));
    assert!(error.to_string().starts_with("cannot connect to unix:/nonexistent/br0.mgmt: "));

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let remote = Remote::Tcp(listener.local_addr().unwrap());
    let error = Client::connect(&remote, &[]).await.unwrap_err();
    assert!(matches!(error, Error::NothingOffered), "{error}");
    drop(listener);
    let error = Client::connect(&remote, &Version::ALL).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::ConnectionRefused));
}
