//! HTTP/1.1 to a server on a socket (RFC 9112): GET and JSON, over connections that are kept for the
//! next request. A reply is bounded, and read only as far as the caller wants it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use address::unix;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use model::told::excerpt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Id};

use super::endpoint::Endpoint;
use super::tls::Tls;
use crate::identity::peer::pid_of;

/// The longest reply that is read, in bytes: some ten thousand containers. All replies that are being
/// read from one server together are no longer.
const LONGEST: usize = 64 << 20;

/// What is held of one reply, in bytes, once it is read.
const HELD: usize = 32 << 20;

/// The longest line of a stream, in bytes: an event with all labels of a container.
const LONGEST_LINE: usize = 1 << 20;

type Sender = SendRequest<Empty<Bytes>>;

/// A client of one server; as many connections as there are requests at once.
pub struct Http {
    endpoint: Endpoint,
    tls: Option<TlsOptions>,
    /// Connections for the next request, each with the runtime that drives it. Another one may be long at work, and a
    /// request over its connection would wait for that: each keeps to its own.
    idle: Mutex<Vec<(Id, Sender)>>,
    /// Who listened at its socket at the last connection.
    peer: Mutex<Option<u32>>,
    /// How long the replies are together that are being read, in bytes.
    reading: AtomicUsize,
    /// How long they may be.
    longest: usize,
    /// How much of one is held once it is read.
    held: usize,
}

/// A reply. It counts as being read until it is dropped.
#[derive(Debug)]
pub struct Reply<'h> {
    bytes: Vec<u8>,
    reading: &'h AtomicUsize,
    longest: usize,
}

impl Reply<'_> {
    /// What it says.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        let before = self.reading.fetch_add(bytes.len(), Ordering::Relaxed);
        if before.saturating_add(bytes.len()) > self.longest {
            self.reading.fetch_sub(bytes.len(), Ordering::Relaxed);
            return Err(if self.longest < LONGEST {
                HttpError::TooLongFor(self.longest)
            } else {
                HttpError::TooLong
            });
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl Drop for Reply<'_> {
    fn drop(&mut self) {
        self.reading.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

/// What the server shows, and what it wants to be shown. A token is not sent without TLS.
pub struct TlsOptions {
    /// Which certificates are accepted.
    pub tls: Tls,
    /// Sent as `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
    pub token: Option<Arc<str>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum HttpError {
    /// No connection.
    Connect(io::Error),
    /// A connection, but no TLS over it.
    Handshake(io::Error),
    /// The connection broke, or spoke something else than HTTP.
    Broken(hyper::Error),
    /// More than [`LONGEST`].
    TooLong,
    /// More than this server may answer, in bytes.
    TooLongFor(usize),
    /// The server refused.
    Refused {
        /// The status code (RFC 9110, section 15).
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// Not the JSON that was expected.
    Json(serde_json::Error),
}

impl HttpError {
    /// Whether a reply is JSON of which more would be held than is allowed.
    pub fn is_too_much(&self) -> bool {
        matches!(self, Self::Json(error) if bounded::is_too_much(error))
    }
}

impl Http {
    /// A client of the server at `endpoint`; connects when it is asked something.
    pub fn new(endpoint: Endpoint) -> Self {
        let idle = Mutex::default();
        let peer = Mutex::default();
        let reading = AtomicUsize::new(0);
        Self { endpoint, tls: None, idle, peer, reading, longest: LONGEST, held: HELD }
    }

    /// The same, for a server whose replies are no longer than `longest` together, and of which no
    /// more than `held` bytes each are kept.
    pub fn within(self, longest: usize, held: usize) -> Self {
        Self { longest, held, ..self }
    }

    /// A client of a server at `at` that speaks TLS.
    pub fn with_tls(at: SocketAddr, options: TlsOptions) -> Self {
        Self { tls: Some(options), ..Self::new(Endpoint::Tcp(at)) }
    }

    /// Where the server is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The process that listened at its socket at the last connection; 0 for one in a PID namespace
    /// that this program does not see, none before the first one and by TCP.
    pub fn peer(&self) -> Option<u32> {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The JSON that `path` answers; `path` is sent as it is.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, HttpError> {
        self.get_within(path, self.held).await
    }

    /// The same, of which no more than `held` bytes are kept.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn get_within<T: DeserializeOwned>(
        &self,
        path: &str,
        held: usize,
    ) -> Result<T, HttpError> {
        bounded::from_slice(self.bytes(path).await?.bytes(), held.min(self.held))
            .map_err(HttpError::Json)
    }

    /// The JSON of a reply, of which no more than `held` bytes are kept; and how many are.
    ///
    /// # Errors
    /// [`HttpError::Json`].
    pub fn read_json<T: DeserializeOwned>(
        reply: &Reply<'_>,
        held: usize,
    ) -> Result<(T, usize), HttpError> {
        bounded::from_slice_counted(reply.bytes(), held).map_err(HttpError::Json)
    }

    /// Whatever `path` answers.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn bytes(&self, path: &str) -> Result<Reply<'_>, HttpError> {
        let mut sender = match self.kept() {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let response = self.ask(&mut sender, path).await?;
        let status = response.status();
        let body = self.read(response).await?;
        let idle = (Handle::current().id(), sender);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        if !status.is_success() {
            return Err(refused(status, body.bytes()));
        }
        Ok(body)
    }

    /// What `path` answers line by line, for as long as the server likes.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn lines(&self, path: &str) -> Result<Lines, HttpError> {
        let mut sender = self.connect().await?;
        let response = self.ask(&mut sender, path).await?;
        let status = response.status();
        if !status.is_success() {
            return Err(refused(status, self.read(response).await?.bytes()));
        }
        Ok(Lines { body: response.into_body(), waiting: LineBuffer::default(), _sender: sender })
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Reply<'_>, HttpError> {
        let mut body = response.into_body();
        let length = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let bytes = Vec::with_capacity(length.min(MOST_RESERVED));
        let mut reply = Reply { bytes, reading: &self.reading, longest: self.longest };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(HttpError::Broken)?;
            reply.push(&frame.into_data().unwrap_or_default())?;
        }
        Ok(reply)
    }

    fn kept(&self) -> Option<Sender> {
        let here = Handle::current().id();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, sender)| !sender.is_closed());
        let is_own = |(runtime, sender): &(Id, Sender)| *runtime == here && sender.is_ready();
        let own = idle.iter().rposition(is_own)?;
        Some(idle.swap_remove(own).1)
    }

    async fn connect(&self) -> Result<Sender, HttpError> {
        match (&self.endpoint, &self.tls) {
            (Endpoint::Unix(path), _) => {
                let stream = unix::connect(path).await.map_err(HttpError::Connect)?;
                let peer = pid_of(&stream).map_err(HttpError::Connect)?;
                *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = Some(peer);
                handshake(stream).await
            }
            (Endpoint::Tcp(at), None) => handshake(tcp(*at).await?).await,
            // A handshake is large, and rare.
            (Endpoint::Tcp(at), Some(options)) => Box::pin(connect_tls(*at, &options.tls)).await,
        }
    }

    async fn ask(&self, sender: &mut Sender, path: &str) -> Result<Response<Incoming>, HttpError> {
        let mut request = Request::get(path).header(HOST, "localhost");
        if let Some(token) = self.tls.as_ref().and_then(|options| options.token.as_ref()) {
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

async fn connect_tls(at: SocketAddr, tls: &Tls) -> Result<Sender, HttpError> {
    let stream = tls.over(tcp(at).await?).await;
    handshake(stream.map_err(HttpError::Handshake)?).await
}

/// So much room is made at most for an answer of which only the length has come, in bytes.
const MOST_RESERVED: usize = 1 << 20;

/// What has come of an answer, line by line. Each byte is looked at and moved once, however many lines come
/// at once, and in however many pieces a line comes.
#[derive(Default)]
pub(crate) struct LineBuffer {
    bytes: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to there no line ends.
    scanned: usize,
}

impl LineBuffer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        // All lines but the last, which has not ended, were taken by then.
        self.bytes.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next line, without its end; none before more has come.
    pub(crate) fn take(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        let rest = self.bytes.get(self.scanned..).unwrap_or_default();
        let Some(at) = rest.iter().position(|byte| *byte == b'\n') else {
            self.scanned = self.bytes.len();
            let is_too_long = self.bytes.len() - self.start > LONGEST_LINE;
            return if is_too_long { Err(HttpError::TooLong) } else { Ok(None) };
        };
        let end = self.scanned + at;
        let line = self.bytes.get(self.start..end).map(<[u8]>::to_vec);
        (self.start, self.scanned) = (end + 1, end + 1);
        Ok(line)
    }
}

/// An answer that goes on and on.
pub struct Lines {
    body: Incoming,
    waiting: LineBuffer,
    /// The connection ends with it.
    _sender: Sender,
}

impl Lines {
    /// The next line, without its end; none when the server has no more. Cancel safe.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        loop {
            if let Some(line) = self.waiting.take()? {
                return Ok(Some(line));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let frame = frame.map_err(HttpError::Broken)?;
            self.waiting.push(&frame.into_data().unwrap_or_default());
        }
    }
}

async fn handshake<S>(stream: S) -> Result<Sender, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(HttpError::Broken)?;
    // Ends with the sender; what goes wrong is told to the request that waits for an answer.
    tokio::spawn(connection);
    Ok(sender)
}

fn refused(status: StatusCode, body: &[u8]) -> HttpError {
    HttpError::Refused { status: status.as_u16(), message: words(body) }
}

/// Engines explain themselves in `{"message": …}`, to which Podman adds `cause`, or in `{"error": …}`
/// as Incus.
pub(crate) fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct ErrorResponse {
        #[serde(alias = "error")]
        message: String,
    }
    let message = serde_json::from_slice(body).map(|error: ErrorResponse| error.message);
    let beginning = || body.get(..200).unwrap_or(body);
    excerpt(message.unwrap_or_else(|_| String::from_utf8_lossy(beginning()).into_owned()))
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(_) => write!(f, "no connection"),
            Self::Handshake(_) => write!(f, "no TLS"),
            Self::Broken(error) => write!(f, "not an answer in HTTP: {error}"),
            Self::TooLong => write!(f, "an answer of more than {} MiB", LONGEST >> 20),
            Self::TooLongFor(most) => write!(f, "an answer of more than {} MiB", most >> 20),
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
