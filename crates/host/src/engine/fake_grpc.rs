//! A gRPC server that the tests are, on a Unix socket: HTTP/2, messages with their lengths before
//! them, and the status behind them (grpc.io, PROTOCOL-HTTP2.md).

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

/// What a call is answered with.
pub(super) enum Answer {
    /// These messages, and no more.
    Messages(Vec<Vec<u8>>),
    /// These, and the stream goes on.
    Open(Vec<Vec<u8>>),
    /// A status other than 0.
    Refused(u32),
}

impl Answer {
    pub(super) fn message(message: &impl Message) -> Self {
        Self::Messages(vec![message.encode_to_vec()])
    }

    /// One message with these in its field 1.
    pub(super) fn items(items: &[impl Message]) -> Self {
        let mut message = Vec::new();
        for item in items {
            prost::encoding::message::encode(1, item, &mut message);
        }
        Self::Messages(vec![message])
    }
}

/// What is asked: the method, what goes with the call, and the message.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) headers: HeaderMap,
    pub(super) message: Bytes,
}

pub(super) struct FakeGrpc {
    socket: PathBuf,
    _folder: TempDir,
    server: JoinHandle<()>,
}

impl FakeGrpc {
    pub(super) fn listen(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("grpc.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let answer = Arc::new(answer);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                let service = service_fn(move |request| respond(request, Arc::clone(&answer)));
                let builder = Builder::new(TokioExecutor::new());
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { socket, _folder: folder, server }
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for FakeGrpc {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn respond(
    request: Request<Incoming>,
    answer: Arc<impl Fn(&Call) -> Answer>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let (method, message) = (parts.uri.path().to_owned(), body.slice(5..));
    let (messages, end) = match answer(&Call { method, headers: parts.headers, message }) {
        Answer::Messages(messages) => (messages, Some(0)),
        Answer::Open(messages) => (messages, None),
        Answer::Refused(status) => (Vec::new(), Some(status)),
    };
    let data = messages.into_iter().map(|message| Frame::data(framed(&message)));
    let end = async move {
        match end {
            Some(status) => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", HeaderValue::from(status));
                Frame::trailers(trailers)
            }
            None => std::future::pending().await,
        }
    };
    let frames = stream::iter(data).chain(end.into_stream());
    let mut response = Response::new(StreamBody::new(frames.map(Ok::<_, Infallible>)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat().into()
}
