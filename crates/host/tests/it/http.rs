//! The HTTP client against a server that answers in every way.

use std::sync::Arc;

use host::transport::{Endpoint, Http, HttpError};
use serde_json::Value;

use crate::fake_http::FakeHttp;

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = FakeHttp::listen();
    server.says("/a", 200, r#"{"n": 1}"#);
    let http = Http::new(server.endpoint());
    for _ in 0..3 {
        assert_eq!(http.get::<Value>("/a").await.unwrap()["n"], 1);
    }
    assert_eq!((server.connections(), server.asked().len()), (1, 3));
    let both = tokio::join!(http.bytes("/a"), http.bytes("/a"));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(server.connections(), 2, "two at once need two");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_runtime_that_drives_it() {
    let server = FakeHttp::listen();
    server.says("/a", 200, r#"{"n": 1}"#);
    let http = Arc::new(Http::new(server.endpoint()));
    assert!(http.bytes("/a").await.is_ok());
    let (tell, told) = tokio::sync::oneshot::channel();
    let other = http.clone();
    let ask = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = runtime.block_on(async { other.bytes("/a").await.is_ok() });
        tell.send(asked).unwrap();
    };
    std::thread::Builder::new().spawn(ask).unwrap();
    assert!(told.await.unwrap());
    assert_eq!(server.connections(), 2, "another runtime has another one");
    assert!(http.bytes("/a").await.is_ok());
    assert_eq!(server.connections(), 2, "and this one its own still");
}

#[tokio::test]
async fn a_refusal_has_the_servers_own_words() {
    let server = FakeHttp::listen();
    server.says("/json", 409, r#"{"message": "it is busy"}"#);
    server.says("/text", 500, "went wrong");
    let http = Http::new(server.endpoint());
    for (path, words) in [("/json", "status 409: it is busy"), ("/text", "status 500: went wrong")]
    {
        assert_eq!(http.bytes(path).await.unwrap_err().to_string(), words);
        let Err(refused) = http.lines(path).await else { panic!("{path} is no stream") };
        assert_eq!(refused.to_string(), words);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_said() {
    let server = FakeHttp::listen();
    server.says("/text", 200, "no JSON");
    server.sends("/noise", b"SSH-2.0-OpenSSH\r\n", true);
    server.sends("/nothing", b"", true);
    server.sends("/cut", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", true);
    let http = Http::new(server.endpoint());
    assert!(matches!(http.get::<Value>("/text").await, Err(HttpError::Json(_))));
    for path in ["/noise", "/nothing", "/cut"] {
        let error = http.bytes(path).await.unwrap_err();
        assert!(matches!(error, HttpError::Broken(_)), "{path}: {error}");
        assert!(std::error::Error::source(&error).is_some());
    }
    assert!(http.bytes("/a b").await.is_err(), "no path has a space");
    let nowhere = Http::new(Endpoint::Unix("/nonexistent/socket".into()));
    let error = nowhere.bytes("/").await.unwrap_err();
    assert!(matches!(error, HttpError::Connect(_)), "{error}");
    let closed = Http::new(Endpoint::Tcp(([127, 0, 0, 1], 1).into()));
    assert!(matches!(closed.bytes("/").await, Err(HttpError::Connect(_))));
}

#[tokio::test]
async fn lines_come_one_by_one_until_the_stream_ends() {
    let server = FakeHttp::listen();
    server.tells("/lines", "one\n\ntwo\nthe rest");
    let mut lines = Http::new(server.endpoint()).lines("/lines").await.unwrap();
    for line in ["one", "", "two"] {
        assert_eq!(lines.next().await.unwrap().as_deref(), Some(line.as_bytes()));
    }
    assert_eq!(lines.next().await.unwrap(), None, "what has no end is no line");
}

#[tokio::test]
async fn a_line_without_an_end_is_given_up() {
    let server = FakeHttp::listen();
    server.tells("/lines", &"x".repeat(2 << 20));
    let mut lines = Http::new(server.endpoint()).lines("/lines").await.unwrap();
    assert!(matches!(lines.next().await, Err(HttpError::TooLong)));
}
