//! One conversation with a peer.

use std::collections::VecDeque;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::error::Error;
use crate::excerpt::excerpt;
use crate::framer::Framer;
use crate::message::{self, Message, Notification, Request, Response};
use crate::scanner::Limits;

/// A JSON-RPC 1.0 connection: we call, the peer answers, notifies, and may ask
/// whether we are alive (`echo`, RFC 7047 section 4.1.11), which is answered whenever
/// the connection is read.
///
/// [`next_notification`](Self::next_notification) is cancel safe. A
/// [`call`](Self::call) that is dropped leaves its reply behind: from then on the connection
/// [is abandoned](Self::is_abandoned), and every call fails with [`Error::Abandoned`].
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    framer: Framer,
    /// What is still to be written; kept here so that a dropped future cannot cut a
    /// message in two.
    outgoing: Vec<u8>,
    /// How many bytes of it there are up to the end of the last request.
    unsent: usize,
    next_id: u64,
    /// Whether a call has begun that has not returned.
    is_calling: bool,
    notifications: VecDeque<Notification>,
    /// How many bytes `notifications` holds.
    notified: usize,
    /// The methods of the notifications that are kept; all of them if none are named.
    kept_methods: Option<&'static [&'static str]>,
    limits: Limits,
}

/// What a notification takes that says nothing, in bytes.
const EMPTY_NOTIFICATION: usize = 128;

/// What is held of a notification that waits, in bytes.
fn held(notification: &Notification) -> usize {
    let said = notification.method.len() + notification.params.get().len();
    said.saturating_add(EMPTY_NOTIFICATION)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection over `stream` with the default [`Limits`].
    pub fn new(stream: S) -> Self {
        Self::with_limits(stream, Limits::default())
    }

    /// A connection with limits of the caller's choice. [`Limits::message`] also
    /// bounds the notifications that wait to be read: their bytes, and a little for each.
    pub fn with_limits(stream: S, limits: Limits) -> Self {
        Self {
            stream,
            framer: Framer::with_limits(limits),
            outgoing: Vec::new(),
            unsent: 0,
            next_id: 0,
            is_calling: false,
            notifications: VecDeque::new(),
            notified: 0,
            kept_methods: None,
            limits,
        }
    }

    /// The same, which keeps no notifications but those of these methods: a peer may send others
    /// without end, and nothing of them is held.
    pub fn keeping_only(self, methods: &'static [&'static str]) -> Self {
        Self { kept_methods: Some(methods), ..self }
    }

    /// Sends a request, in one write, and waits for its result.
    ///
    /// The result is parsed straight into `T`; take `Box<RawValue>` to parse it later.
    ///
    /// # Errors
    /// [`Error::Remote`] when the peer answers with an error; [`Error::Abandoned`], with nothing
    /// sent, after a call that was dropped; any other [`Error`] when it does not answer as
    /// JSON-RPC 1.0 asks.
    pub async fn call<T, P>(&mut self, method: &str, params: &P) -> Result<T, Error>
    where
        T: DeserializeOwned,
        P: Serialize + ?Sized,
    {
        if self.is_calling {
            return Err(Error::Abandoned);
        }
        self.is_calling = true;
        let answer = self.answer_to(method, params).await;
        // Not reached where this future is dropped: the reply to it is still to come then.
        self.is_calling = false;
        answer
    }

    /// Whether a call was dropped before it had its reply. That may come at any time, and whether
    /// the peer does what was asked for is not known.
    pub fn is_abandoned(&self) -> bool {
        self.is_calling
    }

    /// Whether the last request was not written to its end: the peer cannot have done what was asked for. One that
    /// failed otherwise may have been done, unless the peer answered it.
    pub fn is_unsent(&self) -> bool {
        self.unsent > 0
    }

    async fn answer_to<T, P>(&mut self, method: &str, params: &P) -> Result<T, Error>
    where
        T: DeserializeOwned,
        P: Serialize + ?Sized,
    {
        let id = self.next_id;
        self.next_id += 1;
        self.write(&Request { id, method, params })?;
        self.unsent = self.outgoing.len();
        loop {
            match self.receive().await? {
                Message::Reply { id: answered, outcome } => {
                    return message::result(id, &answered, outcome);
                }
                other => self.set_aside(other)?,
            }
        }
    }

    /// Waits for the next notification, or takes the oldest one that came while a call
    /// was waiting.
    ///
    /// # Errors
    /// Any [`Error`] but `Remote` and `Encode`.
    pub async fn next_notification(&mut self) -> Result<Notification, Error> {
        loop {
            if let Some(notification) = self.notifications.pop_front() {
                self.notified = self.notified.saturating_sub(held(&notification));
                return Ok(notification);
            }
            let message: Message<IgnoredAny> = self.receive().await?;
            self.set_aside(message)?;
        }
    }

    /// Ends the conversation: for a TLS stream this is where `close_notify` is sent.
    ///
    /// # Errors
    /// What shutting down the stream returned.
    pub async fn close(mut self) -> std::io::Result<()> {
        self.stream.shutdown().await
    }

    /// Waits for the next message of any kind; sends first what is to be sent.
    async fn receive<T: DeserializeOwned>(&mut self) -> Result<Message<T>, Error> {
        loop {
            self.send().await?;
            if let Some(bytes) = self.framer.take()? {
                return Message::parse(bytes, self.kept_methods);
            }
            if self.framer.read_from(&mut self.stream).await? == 0 {
                return Err(Error::HungUp { mid_message: self.framer.is_inside_message() });
            }
        }
    }

    async fn send(&mut self) -> Result<(), Error> {
        while !self.outgoing.is_empty() {
            let written = self.stream.write(&self.outgoing).await?;
            if written == 0 {
                return Err(Error::Io(std::io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.drain(..written);
            self.unsent = self.unsent.saturating_sub(written);
        }
        Ok(self.stream.flush().await?)
    }

    fn write(&mut self, message: &impl Serialize) -> Result<(), Error> {
        let before = self.outgoing.len();
        serde_json::to_writer(&mut self.outgoing, message).map_err(|error| {
            self.outgoing.truncate(before);
            Error::Encode(error)
        })
    }

    /// Deals with a message that is not the reply being waited for.
    fn set_aside<T>(&mut self, message: Message<T>) -> Result<(), Error> {
        match message {
            Message::Request { id, method, params } => self.answer(&id, &method, params.as_deref()),
            Message::Notification(notification) => self.keep(notification),
            Message::Ignored => Ok(()),
            Message::Reply { id, .. } => {
                Err(Error::WrongId { expected: None, got: excerpt(id.get()) })
            }
        }
    }

    fn answer(
        &mut self,
        id: &RawValue,
        method: &str,
        params: Option<&RawValue>,
    ) -> Result<(), Error> {
        let (result, error) = match method {
            "echo" if params.is_none() => (None, Some("too long")),
            "echo" => (params, None),
            _ => (None, Some("unknown method")),
        };
        self.write(&Response { id, result, error })
    }

    fn keep(&mut self, notification: Notification) -> Result<(), Error> {
        self.notified = self.notified.saturating_add(held(&notification));
        if self.notified > self.limits.message {
            return Err(Error::TooManyNotifications(self.limits.message));
        }
        self.notifications.push_back(notification);
        Ok(())
    }
}
