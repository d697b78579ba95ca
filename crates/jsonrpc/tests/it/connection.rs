//! The connection against a peer that misbehaves in every way it can.

use docker_ovs_jsonrpc::{Connection, Error, FrameError, Limits, Notification};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const REPLY: &str = r#"{"id":0,"result":["x"],"error":null}"#;

/// Runs `peer` against one call of ours and returns what the call returned.
async fn call_against<F, P>(peer: P) -> Result<Vec<String>, Error>
where
    P: FnOnce(DuplexStream) -> F,
    F: Future<Output = ()>,
{
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let mut connection = Connection::new(ours);
    // Dropping `connection` here lets a peer that is still writing see the end.
    let call = async move { connection.call("list_dbs", &[(); 0]).await };
    tokio::join!(call, peer(theirs)).0
}

/// The answer to a peer that sends `bytes` and then hangs up.
async fn call_answered_with(bytes: impl AsRef<[u8]>) -> Result<Vec<String>, Error> {
    call_against(async |mut peer| peer.write_all(bytes.as_ref()).await.unwrap()).await
}

/// Reads one whole JSON message.
async fn read_message(peer: &mut DuplexStream) -> Value {
    let mut bytes = Vec::new();
    loop {
        bytes.push(peer.read_u8().await.unwrap());
        if let Ok(message) = serde_json::from_slice(&bytes) {
            return message;
        }
    }
}

#[tokio::test]
async fn a_request_is_what_rfc_7047_asks_and_ids_count_up() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut connection = Connection::new(ours);
    for id in 0..3 {
        let peer = async {
            let request = read_message(&mut theirs).await;
            assert_eq!(request, json!({"id": id, "method": "echo", "params": ["a"]}));
            let reply = json!({"id": id, "result": request["params"], "error": null});
            theirs.write_all(reply.to_string().as_bytes()).await.unwrap();
        };
        let (result, ()) = tokio::join!(connection.call::<Vec<String>, _>("echo", &["a"]), peer);
        assert_eq!(result.unwrap(), ["a"]);
    }
}

#[tokio::test]
async fn a_reply_in_single_bytes_is_the_same_reply() {
    let result = call_against(async |mut peer| {
        for byte in REPLY.bytes() {
            peer.write_u8(byte).await.unwrap();
            peer.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(result.unwrap(), ["x"]);
}

#[tokio::test]
async fn a_null_result_is_a_result() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    theirs.write_all(br#"{"id":0,"result":null,"error":null}"#).await.unwrap();
    let result: Option<String> = Connection::new(ours).call("x", &[(); 0]).await.unwrap();
    assert_eq!(result, None);
}

#[tokio::test]
async fn hanging_up_is_told_apart_before_and_within_the_reply() {
    let error = call_answered_with("").await.unwrap_err();
    assert!(matches!(error, Error::HungUp { mid_message: false }), "{error}");
    assert_eq!(error.kind(), Some(std::io::ErrorKind::UnexpectedEof));
    let error = call_answered_with(&REPLY[..20]).await.unwrap_err();
    assert!(matches!(error, Error::HungUp { mid_message: true }), "{error}");
}

#[tokio::test]
async fn bad_json_is_malformed() {
    for bytes in [
        &br#"{"id":0,"result":[}]"#[..],
        br#"{"id":0,"result":["x"],"error":null,}"#,
        b"{\"id\":0,\"result\":[\"\xff\xfe\"]}",
        br#"{"id":0,"result":{"rows":"not a list of strings"}}"#,
        br#"{"result":["x"],"error":null}"#,
        b"{}",
    ] {
        let error = call_answered_with(bytes).await.unwrap_err();
        assert!(matches!(error, Error::Malformed(_)), "{error} for {}", bytes.escape_ascii());
    }
}

#[tokio::test]
async fn a_reply_to_another_request_is_an_error() {
    for id in ["1", "-1", "0.0", "\"0\"", "[0]"] {
        let reply = REPLY.replace("\"id\":0", &format!("\"id\":{id}"));
        let error = call_answered_with(reply).await.unwrap_err();
        let Error::WrongId { expected: Some(0), got } = error else { panic!("{error}") };
        assert_eq!(got, id);
    }
}

#[tokio::test]
async fn the_error_member_becomes_a_typed_error() {
    let cases = [
        (r#""unknown method""#, "unknown method", None),
        (r#"{"error":"syntax error","details":"no\ntable"}"#, "syntax error", Some("no\ntable")),
        (r#"{"error":"canceled"}"#, "canceled", None),
        (r"[7]", "[7]", None),
    ];
    for (member, error, details) in cases {
        let reply = format!(r#"{{"id":0,"error":{member}}}"#);
        let Error::Remote(got) = call_answered_with(reply).await.unwrap_err() else { panic!() };
        assert_eq!((got.error.as_str(), got.details.as_deref()), (error, details));
        assert!(!got.to_string().contains('\n'));
    }
}

#[tokio::test]
async fn a_stream_that_is_not_json_rpc_is_refused_at_once() {
    let error = call_answered_with("HTTP/1.1 400 Bad Request\r\n").await.unwrap_err();
    assert!(matches!(error, Error::Frame(FrameError::NotAnObject(b'H'))), "{error}");
}

/// Sends `head`, then `filler` until the other side hangs up or 100 MB have gone;
/// returns how many bytes went.
async fn flood(mut peer: DuplexStream, head: &str, filler: u8) -> usize {
    let block = vec![filler; 1 << 16];
    let mut sent = 0;
    let _ = peer.write_all(head.as_bytes()).await;
    while sent < 100_000_000 && peer.write_all(&block).await.is_ok() {
        sent += block.len();
    }
    sent
}

#[tokio::test]
async fn a_flood_of_brackets_ends_early() {
    let mut sent = 0;
    let error = call_against(async |peer| sent = flood(peer, r#"{"result":"#, b'[').await);
    let error = error.await.unwrap_err();
    assert!(matches!(error, Error::Frame(FrameError::TooDeep(128))), "{error}");
    assert!(sent < 1 << 20, "{sent} bytes went");
}

#[tokio::test]
async fn an_endless_string_ends_at_the_limit() {
    let mut sent = 0;
    let error = call_against(async |peer| sent = flood(peer, r#"{"result":""#, b'x').await);
    let error = error.await.unwrap_err();
    assert!(matches!(error, Error::Frame(FrameError::TooLong(67_108_864))), "{error}");
    assert!(sent < 80_000_000, "{sent} bytes went");
}

#[tokio::test]
async fn an_error_about_a_huge_string_stays_short() {
    let reply = format!(r#"{{"id":0,"result":"{}"}}"#, "\u{1}x".escape_default());
    let reply = reply.replace('x', &"x".repeat(1 << 20));
    let error = call_answered_with(reply.replace("\\u{1}", "\\u0001")).await.unwrap_err();
    assert!(matches!(error, Error::Malformed(_)), "{error}");
    let shown = error.to_string();
    assert!(shown.chars().count() < 300 && !shown.contains('\u{1}'), "{shown}");
}

#[tokio::test]
async fn echo_and_other_requests_are_answered_in_the_middle_of_a_call() {
    let result = call_against(async |mut peer| {
        let asked = read_message(&mut peer).await;
        assert_eq!(asked["method"], "list_dbs");
        peer.write_all(br#"{"id":"echo","method":"echo","params":[1,"a"]}"#).await.unwrap();
        let answer = read_message(&mut peer).await;
        assert_eq!(answer, json!({"id": "echo", "result": [1, "a"], "error": null}));
        peer.write_all(br#"{"id":7,"method":"reboot","params":[]}"#).await.unwrap();
        let answer = read_message(&mut peer).await;
        assert_eq!(answer, json!({"id": 7, "result": null, "error": "unknown method"}));
        peer.write_all(REPLY.as_bytes()).await.unwrap();
    });
    assert_eq!(result.await.unwrap(), ["x"]);
}

#[tokio::test]
async fn notifications_are_kept_in_order_and_later_ones_awaited() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut connection = Connection::new(ours);
    let notify = |n: u8| format!(r#"{{"id":null,"method":"update","params":[{n}]}}"#);
    let stream = [notify(1), notify(2), REPLY.to_owned(), notify(3)].concat();
    theirs.write_all(stream.as_bytes()).await.unwrap();
    let result: Vec<String> = connection.call("list_dbs", &[(); 0]).await.unwrap();
    assert_eq!(result, ["x"]);
    for n in 1..=3 {
        let Notification { method, params } = connection.next_notification().await.unwrap();
        assert_eq!((method.as_str(), params.get()), ("update", format!("[{n}]").as_str()));
    }
    theirs.write_all(REPLY.as_bytes()).await.unwrap();
    let error = connection.next_notification().await.unwrap_err();
    assert!(matches!(error, Error::WrongId { expected: None, .. }), "{error}");
}

#[tokio::test]
async fn unread_notifications_are_bounded() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let limits = Limits { message: 1000, ..Limits::default() };
    let mut connection = Connection::with_limits(ours, limits);
    let call = async move { connection.call::<Value, _>("x", &[(); 0]).await };
    let peer = async {
        let notice = format!(r#"{{"method":"update","params":["{}"]}}"#, "x".repeat(300));
        while theirs.write_all(notice.as_bytes()).await.is_ok() {}
    };
    let (result, ()) = tokio::join!(call, peer);
    assert!(matches!(result, Err(Error::TooManyNotifications(1000))), "{result:?}");
}

#[tokio::test]
async fn parameters_that_cannot_be_written_leave_nothing_behind() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut connection = Connection::new(ours);
    let impossible = std::collections::BTreeMap::from([(vec![1], 1)]);
    let error = connection.call::<Value, _>("x", &impossible).await.unwrap_err();
    assert!(matches!(error, Error::Encode(_)), "{error}");
    let reply = REPLY.replace("\"id\":0", "\"id\":1");
    theirs.write_all(reply.as_bytes()).await.unwrap();
    connection.call::<Value, _>("list_dbs", &[(); 0]).await.unwrap();
    assert_eq!(read_message(&mut theirs).await["method"], "list_dbs");
}

#[tokio::test]
async fn after_a_dropped_call_its_reply_is_taken_for_no_other_one() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut connection = Connection::new(ours);
    {
        let mut calling = std::pin::pin!(connection.call::<Value, _>("list_dbs", &[(); 0]));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(calling.as_mut().poll(&mut context).is_pending());
    }
    assert!(connection.is_abandoned());
    theirs.write_all(REPLY.as_bytes()).await.unwrap();
    let error = connection.call::<Value, _>("list_dbs", &[(); 0]).await.unwrap_err();
    assert!(matches!(error, Error::Abandoned), "{error}");
    assert_eq!(read_message(&mut theirs).await["id"], 0, "and nothing else is sent");
    drop(connection);
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
    // What returned, whatever it was, gives nothing up.
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut connection = Connection::new(ours);
    let refusal = r#"{"id":0,"result":null,"error":"no"}"#;
    theirs.write_all(refusal.as_bytes()).await.unwrap();
    connection.call::<Value, _>("x", &[(); 0]).await.unwrap_err();
    assert!(!connection.is_abandoned());
}

#[tokio::test]
async fn a_request_that_the_peer_may_have_read_is_told_from_one_that_it_cannot_have() {
    for is_read in [false, true] {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        let mut connection = Connection::new(ours);
        if is_read {
            let peer = async move { drop(read_message(&mut theirs).await) };
            let call = connection.call::<Value, _>("transact", &[(); 0]);
            let (result, ()) = tokio::join!(call, peer);
            result.unwrap_err();
        } else {
            drop(theirs);
            connection.call::<Value, _>("transact", &[(); 0]).await.unwrap_err();
        }
        assert_eq!(connection.is_unsent(), !is_read);
    }
}

#[tokio::test]
async fn a_dropped_wait_for_a_notification_loses_nothing() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut connection = Connection::new(ours);
    theirs.write_all(br#"{"method":"update","par"#).await.unwrap();
    {
        let mut waiting = std::pin::pin!(connection.next_notification());
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        assert!(waiting.as_mut().poll(&mut context).is_pending());
    }
    theirs.write_all(br#"ams":[]}"#).await.unwrap();
    assert_eq!(connection.next_notification().await.unwrap().method, "update");
}

/// A member of a message, its value right, wrong or absent.
fn member(name: &'static str) -> impl Strategy<Value = String> {
    let values = [
        "null",
        "0",
        "1",
        "\"echo\"",
        "\"x\"",
        "[]",
        "[\"x\"]",
        "{}",
        "{\"error\":\"e\"}",
        "[",
        "}",
    ];
    prop::option::of(prop::sample::select(values.to_vec()))
        .prop_map(move |value| value.map_or(String::new(), |value| format!("\"{name}\":{value},")))
}

proptest! {
    #[test]
    fn no_message_makes_a_call_panic(
        members in ["id", "method", "params", "result", "error"].map(member), damage in any::<[u8; 2]>(), at in 0usize..90,
    ) {
        let mut message = format!("{{{}\"more\":0}}{REPLY}", members.concat()).into_bytes();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _ = runtime.block_on(call_answered_with(&message));
        let at = at.min(message.len());
        message.splice(at..(at + 1).min(message.len()), damage);
        let _ = runtime.block_on(call_answered_with(&message));
    }
}
