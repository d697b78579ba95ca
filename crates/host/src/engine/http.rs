//! HTTP/1.1 to an engine (RFC 9112): GET and JSON, over connections that are kept for the
//! next request. A reply is bounded, and read only as far as somebody wants it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::address::Address;
use super::tls::Tls;

/// The longest reply that is read, in bytes: some ten thousand containers.
const LONGEST: usize = 64 << 20;

/// The longest line of a stream, in bytes: an event with all labels of a container.
const LONGEST_LINE: usize = 1 << 20;

type Sender = SendRequest<Empty<Bytes>>;

/// A client of one engine; as many connections as there are requests at once.
pub(crate) struct Http {
    address: Address,
    locks: Option<Locks>,
    idle: Mutex<Vec<Sender>>,
}

/// What the server shows, and what it wants to be shown. A token is not sent without TLS.
pub(crate) struct Locks {
    pub(crate) tls: Tls,
    pub(crate) token: Option<Arc<str>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum HttpError {
    /// No connection.
    Connect(io::Error),
    /// A connection, but no TLS over it.
    Handshake(io::Error),
    /// The connection broke, or spoke something else than HTTP.
    Broken(hyper::Error),
    /// More than [`LONGEST`].
    TooLong,
    /// The engine refused, with this status and these words.
    Refused { status: u16, message: String },
    /// Not the JSON that was expected.
    Json(serde_json::Error),
}

impl Http {
    pub(crate) fn new(address: Address) -> Self {
        Self { address, locks: None, idle: Mutex::default() }
    }

    /// A client of a server at `at` that speaks TLS.
    pub(crate) fn locked(at: SocketAddr, locks: Locks) -> Self {
        Self { locks: Some(locks), ..Self::new(Address::Tcp(at)) }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The JSON that `path` answers; it is sent as it is.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, HttpError> {
        serde_json::from_slice(&self.bytes(path).await?).map_err(HttpError::Json)
    }

    /// Whatever `path` answers.
    pub(crate) async fn bytes(&self, path: &str) -> Result<Bytes, HttpError> {
        let mut sender = match self.kept() {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let response = self.ask(&mut sender, path).await?;
        let status = response.status();
        let body = read(response).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        Ok(body)
    }

    /// What `path` answers line by line, for as long as the engine likes.
    pub(crate) async fn lines(&self, path: &str) -> Result<Lines, HttpError> {
        let mut sender = self.connect().await?;
        let response = self.ask(&mut sender, path).await?;
        let status = response.status();
        if !status.is_success() {
            return Err(refused(status, &read(response).await?));
        }
        Ok(Lines { body: response.into_body(), waiting: Vec::new(), _sender: sender })
    }

    fn kept(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(Sender::is_ready)
    }

    async fn connect(&self) -> Result<Sender, HttpError> {
        match (&self.address, &self.locks) {
            (Address::Unix(path), _) => {
                shake(UnixStream::connect(path).await.map_err(HttpError::Connect)?).await
            }
            (Address::Tcp(at), None) => shake(tcp(*at).await?).await,
            // A handshake is large, and rare.
            (Address::Tcp(at), Some(locks)) => Box::pin(unlock(*at, &locks.tls)).await,
        }
    }

    async fn ask(&self, sender: &mut Sender, path: &str) -> Result<Response<Incoming>, HttpError> {
        let mut request = Request::get(path).header(HOST, "localhost");
        if let Some(token) = self.locks.as_ref().and_then(|locks| locks.token.as_ref()) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Empty::new());
        let request = request.map_err(|error| HttpError::Connect(io::Error::other(error)))?;
        sender.send_request(request).await.map_err(HttpError::Broken)
    }
}

async fn tcp(at: SocketAddr) -> Result<TcpStream, HttpError> {
    TcpStream::connect(at).await.map_err(HttpError::Connect)
}

async fn unlock(at: SocketAddr, tls: &Tls) -> Result<Sender, HttpError> {
    let stream = tls.over(tcp(at).await?).await;
    shake(stream.map_err(HttpError::Handshake)?).await
}

/// An answer that goes on and on.
pub(crate) struct Lines {
    body: Incoming,
    waiting: Vec<u8>,
    /// The connection ends with it.
    _sender: Sender,
}

impl Lines {
    /// The next line, without its end; none when the engine has no more. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.waiting.drain(..=end).collect();
                line.pop();
                return Ok(Some(line));
            }
            if self.waiting.len() > LONGEST_LINE {
                return Err(HttpError::TooLong);
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let frame = frame.map_err(HttpError::Broken)?;
            self.waiting.extend(frame.into_data().unwrap_or_default());
        }
    }
}

async fn shake<S>(stream: S) -> Result<Sender, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(HttpError::Broken)?;
    // Ends with the sender; what goes wrong is told to whoever waits for an answer.
    tokio::spawn(connection);
    Ok(sender)
}

async fn read(response: Response<Incoming>) -> Result<Bytes, HttpError> {
    match Limited::new(response.into_body(), LONGEST).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) => Err(error.downcast().map_or(HttpError::TooLong, |e| HttpError::Broken(*e))),
    }
}

fn refused(status: StatusCode, body: &[u8]) -> HttpError {
    HttpError::Refused { status: status.as_u16(), message: words(body) }
}

/// Engines explain themselves in `{"message": …}`; Podman adds `cause`.
fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    let said = serde_json::from_slice(body).map(|said: Said| said.message);
    said.unwrap_or_else(|_| String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned())
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(_) => write!(f, "no connection"),
            Self::Handshake(_) => write!(f, "no TLS"),
            Self::Broken(error) => write!(f, "not an answer in HTTP: {error}"),
            Self::TooLong => write!(f, "an answer of more than {} MiB", LONGEST >> 20),
            Self::Refused { status, message } => write!(f, "status {status}: {message}"),
            Self::Json(error) => write!(f, "not the JSON of an engine: {error}"),
        }
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect(error) | Self::Handshake(error) => Some(error),
            Self::Broken(error) => Some(error),
            _ => None,
        }
    }
}
