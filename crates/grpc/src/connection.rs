//! One connection that the caller made, for services that are elsewhere.

use futures_util::{Stream, StreamExt, stream};
use hyper::Uri;
use prost::Message;
use prost::bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::Request;
use tonic::client::Grpc;
use tonic::metadata::AsciiMetadataValue;

use crate::channel::Channel;
use crate::client::{LONGEST, Messages, method};
use crate::raw::Raw;
use crate::{Error, Headers};

/// A connection over a stream of bytes. Copies are the same connection; any number of calls go over it
/// at once. A peer that is gone without a word is noticed, for HTTP/2 asks it each ten seconds whether
/// it is there.
#[derive(Clone)]
pub struct Connection {
    channel: Channel,
    origin: Uri,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Connection {
    /// Speaks HTTP/2 over `stream`; `origin`, as `https://192.0.2.1:2379`, is what requests name.
    ///
    /// # Errors
    /// [`Error::Broken`]: the peer speaks something else, or `origin` names nothing.
    pub async fn over<S>(stream: S, origin: &str) -> Result<Self, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let origin = origin.parse().map_err(|error| Error::Broken(Box::new(error)))?;
        Ok(Self { channel: Channel::over(stream).await?, origin })
    }

    /// Whether nothing can be asked over it any more.
    pub fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }

    /// What the method `path`, as `/package.Service/Method`, answers.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn ask<A: Message + Default>(
        &self,
        path: &str,
        question: &impl Message,
        headers: Headers<'_>,
    ) -> Result<A, Error> {
        Ok(A::decode(self.bytes(path, question, headers).await?)?)
    }

    /// The same as the bytes of the message.
    ///
    /// # Errors
    /// [`Error`]; one with the code [`Error::OUT_OF_RANGE`] where the answer is longer than is read.
    pub async fn bytes(
        &self,
        path: &str,
        question: &impl Message,
        headers: Headers<'_>,
    ) -> Result<Bytes, Error> {
        let request = with(Request::new(encoded(question)), headers)?;
        let answer = self.grpc().await?.unary(request, method(path)?, Raw).await?;
        Ok(answer.into_inner())
    }

    /// What the method `path` answers to one question that is left open: the messages of a watch. It
    /// ends when the service ends it, or when it is dropped.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn watch(
        &self,
        path: &str,
        question: &impl Message,
        headers: Headers<'_>,
    ) -> Result<Messages, Error> {
        let questions = stream::iter([encoded(question)]).chain(stream::pending());
        self.exchange(path, questions, headers).await
    }

    /// What the method `path` answers first to one question, after which the stream ends.
    ///
    /// # Errors
    /// [`Error`]; none where the service ends the stream without a word.
    pub async fn ask_once<A: Message + Default>(
        &self,
        path: &str,
        question: &impl Message,
        headers: Headers<'_>,
    ) -> Result<Option<A>, Error> {
        let questions = stream::iter([encoded(question)]);
        let mut answers = self.exchange(path, questions, headers).await?;
        let first = answers.next().await.transpose()?;
        Ok(first.map(A::decode).transpose()?)
    }

    async fn exchange(
        &self,
        path: &str,
        questions: impl Stream<Item = Bytes> + Send + 'static,
        headers: Headers<'_>,
    ) -> Result<Messages, Error> {
        let request = with(Request::new(questions), headers)?;
        let answer = self.grpc().await?.streaming(request, method(path)?, Raw).await?;
        Ok(answer.into_inner().map(|message| message.map_err(Error::from)).boxed())
    }

    async fn grpc(&self) -> Result<Grpc<Channel>, Error> {
        let grpc = Grpc::with_origin(self.channel.clone(), self.origin.clone());
        let mut grpc = grpc.max_decoding_message_size(LONGEST);
        grpc.ready().await.map_err(|error| Error::Broken(Box::new(error)))?;
        Ok(grpc)
    }
}

fn encoded(question: &impl Message) -> Bytes {
    Bytes::from(question.encode_to_vec())
}

fn with<T>(mut request: Request<T>, headers: Headers<'_>) -> Result<Request<T>, Error> {
    for (name, value) in headers {
        let value: AsciiMetadataValue =
            value.parse().map_err(|error| Error::Broken(Box::new(error)))?;
        request.metadata_mut().insert(*name, value);
    }
    Ok(request)
}
