//! The client against daemons old and new that are not there.

use std::io::ErrorKind;

use docker_ovs_unixctl::{Client, DpBridge, Error};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

/// Runs `client` against a daemon that answers each request with what `answer` returns,
/// and hangs up when that is nothing.
async fn converse<T>(answer: impl Fn(Value) -> String, client: impl AsyncFnOnce(Client) -> T) -> T {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("ctl");
    let listener = UnixListener::bind(&path).unwrap();
    let daemon = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        while stream.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
            let Ok(request) = serde_json::from_slice::<Value>(&bytes) else { continue };
            bytes.clear();
            let reply = answer(request);
            if reply.is_empty() {
                return;
            }
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    };
    let ask = async { client(Client::connect(&path).await.unwrap()).await };
    tokio::join!(ask, daemon).0
}

fn refuse(request: &Value) -> String {
    let method = &request["method"];
    let text = format!("{method} is not a valid command (use \"list-commands\" to see a list)\n");
    json!({"id": request["id"], "error": text}).to_string()
}

fn reply(request: &Value, result: impl Into<Value>) -> String {
    json!({"id": request["id"], "result": result.into(), "error": null}).to_string()
}

const TEXT: &str = include_str!("../fixtures/dpif_show_3.1_netdev.txt");
const JSON: &str = include_str!("../fixtures/dpif_show_3.4.json");

/// Open vSwitch before 3.4.
fn old_daemon(request: &Value) -> String {
    match request["method"].as_str().unwrap() {
        "version" => reply(request, "ovs-vswitchd (Open vSwitch) 3.1.0\n"),
        "dpif/show" => reply(request, TEXT),
        _ => refuse(request),
    }
}

/// Open vSwitch from 3.4 on, after `set-options`.
fn new_daemon(request: &Value) -> String {
    match request["method"].as_str().unwrap() {
        "set-options" => {
            assert_eq!(request["params"], json!(["--format", "json"]));
            reply(request, "")
        }
        "version" => {
            reply(request, json!({"reply": "ovs-vswitchd 4.0\n", "reply-format": "plain"}))
        }
        "dpif/show" => reply(request, serde_json::from_str::<Value>(JSON).unwrap()),
        _ => refuse(request),
    }
}

#[tokio::test]
async fn old_and_new_daemons_show_the_same() {
    let show = async |mut client: Client| {
        let bridges = client.dpif_show().await.unwrap();
        (bridges, client.version().await.unwrap())
    };
    let (old, version) = converse(|request| old_daemon(&request), show).await;
    assert_eq!(version, "ovs-vswitchd (Open vSwitch) 3.1.0");
    let (new, version) = converse(|request| new_daemon(&request), show).await;
    assert_eq!(version, "ovs-vswitchd 4.0");
    assert_eq!(old, new);
    assert_eq!(
        old.iter().map(|DpBridge { name, .. }| name).collect::<Vec<_>>(),
        ["uxtbr0", "uxtbr1"]
    );
}

/// Whatever words a daemon has for a command or an option that it does not know.
#[tokio::test]
async fn a_daemon_that_can_show_no_json_is_read_as_text() {
    for words in ["unbekannter Befehl", "no such option --format", ""] {
        let answer = |request: Value| match request["method"].as_str().unwrap() {
            "dpif/show" => reply(&request, TEXT),
            _ => json!({"id": request["id"], "error": words}).to_string(),
        };
        let bridges = converse(answer, async |mut client| client.dpif_show().await).await;
        assert_eq!(bridges.unwrap().len(), 2, "{words}");
    }
}

#[tokio::test]
async fn a_daemon_that_wraps_text_is_understood() {
    let answer = |request: Value| match request["method"].as_str().unwrap() {
        "dpif/show" => reply(&request, json!({"reply-format": "plain", "reply": TEXT})),
        _ => reply(&request, ""),
    };
    let bridges = converse(answer, async |mut client| client.dpif_show().await).await;
    assert_eq!(bridges.unwrap().len(), 2);
}

#[tokio::test]
async fn a_refusal_says_what_was_refused() {
    let error = converse(
        |request| refuse(&request),
        async |mut client| {
            client.call("dpif/dump-flows", &["no such", "bridge"]).await.unwrap_err()
        },
    );
    let error = error.await;
    assert!(matches!(error, Error::Refused { .. }));
    assert!(
        error.to_string().starts_with("dpif/dump-flows was refused: \"dpif/dump-flows\" is not"),
        "{error}"
    );
}

#[tokio::test]
async fn a_daemon_that_fails_is_told_apart() {
    let error =
        converse(|_| String::new(), async |mut client| client.dpif_show().await.unwrap_err()).await;
    assert_eq!(error.kind(), Some(ErrorKind::UnexpectedEof));
    let error = converse(
        |_| "nonsense".into(),
        async |mut client: Client| client.version().await.unwrap_err(),
    );
    assert!(matches!(error.await, Error::Rpc(_)));
    let error = converse(
        |request| reply(&request, "nonsense"),
        async |mut client: Client| client.dpif_show().await.unwrap_err(),
    );
    assert!(matches!(error.await, Error::Dpif(_)));
}

#[tokio::test]
async fn why_no_connection_was_made_can_be_told() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("ctl");
    let error = Client::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::NotFound));
    drop(UnixListener::bind(&path).unwrap());
    let error = Client::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::ConnectionRefused));
    assert!(error.to_string().starts_with("cannot connect to /"), "{error}");
}
