//! The client against a server that answers slowly, half, or wrongly.

use std::io::ErrorKind;
use std::path::Path;

use docker_ovs_ovsdb::{
    Changes, Client, Columns, Error, Remote, Select, Tls, TlsError, Uuid, VSWITCH,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const UUID: &str = "5b0b71c3-31de-4cb9-af21-53243316fec3";

#[derive(Debug, PartialEq, Deserialize)]
struct NamedUuid {
    name: String,
}

/// Runs `client` against `server`, a script for the other end of its socket.
async fn converse<T>(
    server: impl AsyncFnOnce(UnixStream),
    client: impl AsyncFnOnce(Client) -> T,
) -> T {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let serve = async { server(listener.accept().await.unwrap().0).await };
    let ask =
        async { client(Client::connect(&Remote::Unix(path.clone()), None).await.unwrap()).await };
    tokio::join!(ask, serve).0
}

/// Two selects, answered with `reply`.
async fn select_answered_with(reply: &str) -> Result<docker_ovs_ovsdb::Results, Error> {
    let server = async |mut stream: UnixStream| {
        read_request(&mut stream).await;
        stream.write_all(reply.as_bytes()).await.unwrap();
    };
    converse(server, async |mut client| {
        let bridge = Select::new("Bridge", &["name"]);
        client.transact(VSWITCH, &[Select::new("Port", &["name"]), bridge]).await
    })
    .await
}

async fn read_request(stream: &mut UnixStream) -> Value {
    let mut bytes = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "no request came");
        if let Ok(request) = serde_json::from_slice(&bytes) {
            return request;
        }
    }
}

#[tokio::test]
async fn one_transaction_gives_rows_of_different_types() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Identified {
        _uuid: Uuid,
    }
    let reply = format!(
        r#"{{"id":0,"result":[{{"rows":[{{"_uuid":["uuid","{UUID}"]}}]}},{{"rows":[{{"name":"a"}},{{"name":"b"}}]}}],"error":null}}"#
    );
    let results = select_answered_with(&reply).await.unwrap();
    let ports: Vec<Identified> = results.rows(0).unwrap();
    let bridges: Vec<NamedUuid> = results.rows(1).unwrap();
    assert_eq!(ports, [Identified { _uuid: UUID.parse().unwrap() }]);
    assert_eq!(bridges.iter().map(|row| &row.name).collect::<Vec<_>>(), ["a", "b"]);
    assert!(matches!(results.rows::<NamedUuid>(0), Err(Error::Row { .. })));
    assert!(matches!(results.rows::<NamedUuid>(2), Err(Error::WrongCount { asked: 3, got: 2 })));
}

#[tokio::test]
async fn a_failed_operation_is_named() {
    let failed = r#"{"error":"syntax error","details":"No table named Bridge."}"#;
    for (results, at) in [
        (format!("[{failed},null]"), 0),
        (format!(r#"[{{"rows":[]}},{failed}]"#), 1),
        (format!(r#"[{{"rows":[]}},{{"rows":[]}},{failed}]"#), 2),
    ] {
        let reply = format!(r#"{{"id":0,"result":{results},"error":null}}"#);
        let error = select_answered_with(&reply).await.unwrap_err();
        let shown = format!("operation {at} failed: syntax error: No table named Bridge.");
        assert_eq!(error.to_string(), shown);
    }
}

#[tokio::test]
async fn a_result_that_is_missing_is_an_error() {
    for results in
        ["[]", r#"[{"rows":[]}]"#, r#"[{"rows":[]},null]"#, r#"[{"rows":[]},{"count":1}]"#]
    {
        let reply = format!(r#"{{"id":0,"result":{results},"error":null}}"#);
        let results = select_answered_with(&reply).await;
        let error = results.and_then(|results| results.rows::<Value>(1)).unwrap_err();
        assert!(matches!(error, Error::WrongCount { asked: 2, .. }), "{error}");
    }
}

#[tokio::test]
async fn wrong_answers_are_told_apart() {
    use jsonrpc::Error as Rpc;
    let error = select_answered_with("").await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::UnexpectedEof));
    let error = select_answered_with(r#"{"id":0,"resu"#).await.unwrap_err();
    assert!(matches!(error, Error::Rpc(Rpc::HungUp { mid_message: true })), "{error}");
    let error = select_answered_with(r#"{"id":0,"result":7}"#).await.unwrap_err();
    assert!(matches!(error, Error::Rpc(Rpc::Malformed(_))), "{error}");
    let error = select_answered_with(r#"{"id":1,"result":[]}"#).await.unwrap_err();
    assert!(matches!(error, Error::Rpc(Rpc::WrongId { .. })), "{error}");
    let error = select_answered_with("SSH-2.0-OpenSSH\r\n").await.unwrap_err();
    assert!(matches!(error, Error::Rpc(Rpc::Frame(_))), "{error}");
    let refused = r#"{"id":0,"error":{"error":"unknown database","details":"no"},"result":null}"#;
    let error = select_answered_with(refused).await.unwrap_err();
    assert_eq!(error.to_string(), "unknown database: no");
}

#[tokio::test]
async fn single_bytes_with_echo_between_are_understood() {
    let reply = r#"{"id":"echo","method":"echo","params":[]} {"id":0,"result":["a"],"error":null}"#;
    let server = async |mut stream: UnixStream| {
        let request = read_request(&mut stream).await;
        assert_eq!(request, json!({"id": 0, "method": "list_dbs", "params": []}));
        for byte in reply.bytes() {
            stream.write_u8(byte).await.unwrap();
            tokio::task::yield_now().await;
        }
        let answer = read_request(&mut stream).await;
        assert_eq!(answer, json!({"id": "echo", "result": [], "error": null}));
    };
    let dbs = converse(server, async |mut client| client.list_dbs().await).await;
    assert_eq!(dbs.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_monitor_is_cancelled_before_the_next() {
    const WANTED: [Columns; 1] = [Columns { table: "Bridge", columns: &["name"] }];
    let server = async |mut stream: UnixStream| {
        let request = read_request(&mut stream).await;
        let select = json!({"insert": false, "delete": false, "modify": false});
        let tables = json!({"Bridge": {"columns": ["name"], "select": select}});
        assert_eq!(request["params"], json!(["Open_vSwitch", "once", tables]));
        let rows = json!({"Bridge": {UUID: {"new": {"name": "br0"}}}});
        let reply = json!({"id": 0, "result": rows, "error": null}).to_string();
        stream.write_all(reply.as_bytes()).await.unwrap();

        let request = read_request(&mut stream).await;
        assert_eq!(request, json!({"id": 1, "method": "monitor_cancel", "params": ["once"]}));
        stream.write_all(br#"{"id":1,"result":{},"error":null}"#).await.unwrap();
        assert_eq!(read_request(&mut stream).await["method"], "monitor");
        stream.write_all(br#"{"id":2,"result":{},"error":null}"#).await.unwrap();
    };
    converse(server, async |mut client| {
        let tables = client.monitor_once(VSWITCH, &WANTED).await.unwrap();
        let row = (UUID.parse().unwrap(), NamedUuid { name: "br0".into() });
        assert_eq!(tables.rows::<NamedUuid>("Bridge").unwrap(), [row]);
        assert_eq!(tables.rows::<NamedUuid>("Port").unwrap(), []);
        let tables = client.monitor_once(VSWITCH, &WANTED).await.unwrap();
        assert_eq!(tables.rows::<NamedUuid>("Bridge").unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn rows_of_a_monitor_that_are_wrong_are_errors() {
    for rows in
        [r#"{"x":{"new":{"name":"a"}}}"#, r#"{"UUID":{"old":{}}}"#, r#"{"UUID":{"new":{}}}"#, "[]"]
    {
        let rows = rows.replace("UUID", UUID);
        let reply = format!(r#"{{"id":0,"result":{{"Bridge":{rows}}},"error":null}}"#);
        let server = async |mut stream: UnixStream| {
            read_request(&mut stream).await;
            stream.write_all(reply.as_bytes()).await.unwrap();
        };
        let tables = converse(server, async |mut client: Client| {
            client.monitor_once(VSWITCH, &[]).await.unwrap()
        });
        let error = tables.await.rows::<NamedUuid>("Bridge").unwrap_err();
        assert!(error.to_string().starts_with("cannot read the rows of table Bridge: "), "{error}");
    }
}

/// Follows a server that tells of this change, and takes it.
async fn told(changes: &str) -> Result<Changes, Error> {
    let update = format!(r#"{{"id":null,"method":"update","params":["followed",{changes}]}}"#);
    let server = async |mut stream: UnixStream| {
        read_request(&mut stream).await;
        stream.write_all(br#"{"id":0,"result":{},"error":null}"#).await.unwrap();
        stream.write_all(update.as_bytes()).await.unwrap();
    };
    converse(server, async |mut client: Client| {
        client.follow(VSWITCH, &[]).await.unwrap();
        client.next_change().await
    })
    .await
}

#[tokio::test]
async fn an_update_is_bounded_by_what_is_made_of_it() {
    for empty in ["{}", "0", "\"\""] {
        let tables: Vec<_> = (0..200_000).map(|n| format!("\"{n:x}\":{empty}")).collect();
        let error = told(&format!("{{{}}}", tables.join(","))).await.unwrap_err().to_string();
        assert!(error.contains("more is in it than the "), "{error}");
    }
    // A single row may be as long as a message is.
    let name = "x".repeat(8 << 20);
    let changes =
        told(&format!(r#"{{"Bridge":{{"{UUID}":{{"new":{{"name":"{name}"}}}}}}}}"#)).await;
    let row = (UUID.parse().unwrap(), Some(NamedUuid { name }));
    assert!(changes.unwrap().rows::<NamedUuid>("Bridge").unwrap() == [row]);
}

#[tokio::test]
async fn why_no_connection_was_made_can_be_told() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db.sock");
    let kind = async |path: &Path| {
        let Err(error) = Client::connect(&Remote::Unix(path.into()), None).await else { panic!() };
        assert!(error.to_string().starts_with("cannot connect to unix:/"), "{error}");
        error.kind()
    };
    assert_eq!(kind(&path).await, Some(ErrorKind::NotFound));
    drop(UnixListener::bind(&path).unwrap());
    assert_eq!(kind(&path).await, Some(ErrorKind::ConnectionRefused));
}

#[tokio::test]
async fn tls_without_files_says_which() {
    let remote: Remote = "ssl:127.0.0.1:1".parse().unwrap();
    let Err(error) = Client::connect(&remote, None).await else { panic!() };
    assert!(matches!(error, Error::Tls(TlsError::NotConfigured)), "{error}");

    let dir = TempDir::new().unwrap();
    let file = |name: &str| dir.path().join(name);
    std::fs::write(file("empty"), "no PEM here").unwrap();
    let tls =
        |ca: &str| Tls { private_key: file("key"), certificate: file("empty"), ca_cert: file(ca) };
    let Err(error) = Client::connect(&remote, Some(&tls("missing"))).await else { panic!() };
    assert_eq!(error.kind(), Some(ErrorKind::NotFound));
    assert!(error.to_string().starts_with("cannot read the CA certificate /"), "{error}");
    let Err(error) = Client::connect(&remote, Some(&tls("empty"))).await else { panic!() };
    assert!(error.to_string().ends_with("empty: there is none in it"), "{error}");
}
