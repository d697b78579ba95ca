//! Asks a service.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt};
use hyper::Uri;
use hyper::http::uri::PathAndQuery;
use prost::Message;
use prost::bytes::Bytes;
use tokio::runtime::{Handle, Id};
use tokio::time::timeout;
use tonic::Request;
use tonic::client::Grpc;
use tonic::metadata::AsciiMetadataValue;

use crate::Error;
use crate::channel::Channel;
use crate::raw::Raw;

/// The longest message that is read, in bytes: what containerd and the kubelet allow.
pub(crate) const LONGEST: usize = 16 << 20;

/// So long a refusal is waited for, which a server sends at once.
const HEADERS_WITHIN: Duration = Duration::from_millis(100);

/// A client of the services at one socket. Making one does no I/O; it connects when it is asked
/// something, and again after the connection broke.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    /// One for each runtime that asks, which drives it. Another one may be long at work, and a call over its connection
    /// would wait for that.
    channels: Vec<(Id, Channel)>,
    peer: Option<u32>,
}

impl Connections {
    /// The one of this runtime, if it is open.
    fn open(&self, runtime: Id) -> Option<Channel> {
        let mut own = self.channels.iter().filter(|(of, _)| *of == runtime);
        own.find(|(_, channel)| !channel.is_closed()).map(|(_, channel)| channel.clone())
    }

    /// Keeps it in the place of this runtime's.
    fn keep(&mut self, runtime: Id, channel: Channel) {
        self.channels.retain(|(of, other)| *of != runtime && !other.is_closed());
        self.channels.push((runtime, channel));
    }
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// The messages of a stream, each as its bytes; it ends when the service ends it.
pub type Messages = BoxStream<'static, Result<Bytes, Error>>;

fn request(question: &impl Message) -> Request<Bytes> {
    Request::new(Bytes::from(question.encode_to_vec()))
}

pub(crate) fn method(path: &str) -> Result<PathAndQuery, Error> {
    path.parse().map_err(|error| Error::Broken(Box::new(error)))
}

impl Client {
    /// A client of the services at the socket `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), connections: Mutex::default() }
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The process that listened there at the last connection; 0 for one in a PID namespace that
    /// this program does not see, none before the first one.
    pub fn peer(&self) -> Option<u32> {
        self.locked().peer
    }

    /// What the method `path`, as `/package.Service/Method`, answers.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn ask<A: Message + Default>(
        &self,
        path: &str,
        question: &impl Message,
    ) -> Result<A, Error> {
        Ok(A::decode(self.bytes(path, question).await?)?)
    }

    /// The same as the bytes of the message.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn bytes(&self, path: &str, question: &impl Message) -> Result<Bytes, Error> {
        self.bytes_with(path, question, &[]).await
    }

    /// The same to a call with further headers, which gRPC calls metadata.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn bytes_with(
        &self,
        path: &str,
        question: &impl Message,
        headers: &[(&'static str, &str)],
    ) -> Result<Bytes, Error> {
        let mut request = request(question);
        for (name, value) in headers {
            let value: AsciiMetadataValue =
                value.parse().map_err(|error| Error::Broken(Box::new(error)))?;
            request.metadata_mut().insert(*name, value);
        }
        let answer = self.grpc().await?.unary(request, method(path)?, Raw).await?;
        Ok(answer.into_inner())
    }

    /// What the method `path` answers one after the other, each as the bytes of the message.
    ///
    /// # Errors
    /// [`Error`]. A service may refuse with the first message only.
    pub async fn stream(&self, path: &str, question: &impl Message) -> Result<Messages, Error> {
        let mut grpc = self.grpc().await?;
        let (question, path) = (request(question), method(path)?);
        let mut asked = async move {
            let answer = grpc.server_streaming(question, path, Raw).await?;
            let messages = answer.into_inner().map(|message| message.map_err(Error::from));
            Ok(messages.boxed())
        }
        .boxed();
        // A server in Go sends its headers with the first message: of a host where nothing happens, hours
        // later.
        match timeout(HEADERS_WITHIN, &mut asked).await {
            Ok(answer) => answer,
            Err(_) => Ok(asked.try_flatten_stream().boxed()),
        }
    }

    async fn grpc(&self) -> Result<Grpc<Channel>, Error> {
        let kept = self.locked().open(Handle::current().id());
        let channel = match kept {
            Some(channel) => channel,
            None => self.connect().await?,
        };
        let mut grpc = Grpc::with_origin(channel, Uri::from_static("http://localhost"))
            .max_decoding_message_size(LONGEST);
        grpc.ready().await.map_err(|error| Error::Broken(Box::new(error)))?;
        Ok(grpc)
    }

    async fn connect(&self) -> Result<Channel, Error> {
        let (channel, peer) = Channel::connect(&self.path).await?;
        let mut connections = self.locked();
        connections.keep(Handle::current().id(), channel.clone());
        connections.peer = Some(peer);
        drop(connections);
        Ok(channel)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
