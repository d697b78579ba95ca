//! What can go wrong in a conversation.

use std::io;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::excerpt::excerpt;
use crate::scanner::FrameError;

/// Why a call got no result.
///
/// Except after [`Error::Remote`] and [`Error::Encode`] the connection is of no
/// further use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading or writing failed.
    #[error("connection failed: {0}")]
    Io(#[from] io::Error),
    /// The peer closed the connection while an answer was awaited.
    #[error("the peer closed the connection {}", if *.mid_message { "in the middle of a message" } else { "without an answer" })]
    HungUp {
        /// Whether part of a message had come.
        mid_message: bool,
    },
    /// The bytes are no sequence of JSON objects, or exceed the limits.
    #[error("the peer does not speak JSON-RPC: {0}")]
    Frame(#[from] FrameError),
    /// A message is not JSON, not JSON-RPC 1.0, or its result is not of the shape asked for.
    #[error("the peer sent a message that cannot be read: {}", excerpt(&.0.to_string()))]
    Malformed(#[source] serde_json::Error),
    /// A reply answers a request that is not outstanding.
    #[error("the peer answered request {got}, {}", expectation(*.expected))]
    WrongId {
        /// The id of the request that is outstanding, if one is.
        expected: Option<u64>,
        /// The id in the reply, as JSON, shortened.
        got: String,
    },
    /// An earlier call was dropped before it had its reply, which would be taken for that of this
    /// one: nothing was sent.
    #[error("an earlier request on this connection was given up before its answer came")]
    Abandoned,
    /// The peer sent more notifications than are kept for [`next_notification`].
    ///
    /// [`next_notification`]: crate::Connection::next_notification
    #[error("the peer sent more than {0} bytes of unread notifications")]
    TooManyNotifications(usize),
    /// The peer answered with an error.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The parameters cannot be written as JSON.
    #[error("the request cannot be written as JSON: {0}")]
    Encode(#[source] serde_json::Error),
}

impl Error {
    /// The kind of the I/O error below, where there is one.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io(error) => Some(error.kind()),
            Self::HungUp { .. } => Some(io::ErrorKind::UnexpectedEof),
            _ => None,
        }
    }
}

fn expectation(expected: Option<u64>) -> String {
    expected.map_or("and none was asked".into(), |id| format!("not request {id}"))
}

/// The `error` member of a reply: a string, or an object as RFC 7047 section 3.1
/// (`<error>`) gives it. Displayed shortened and escaped; the fields are as sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", excerpt(.error), detailed(.details.as_deref()))]
pub struct RemoteError {
    /// The short word, or the whole of an error that is neither string nor object.
    pub error: String,
    /// What the peer says about it.
    pub details: Option<String>,
}

impl RemoteError {
    /// Reads the `error` member, whatever its type.
    pub(crate) fn from_json(raw: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Object {
            error: String,
            details: Option<String>,
        }
        if let Ok(error) = serde_json::from_str(raw.get()) {
            return Self { error, details: None };
        }
        match serde_json::from_str(raw.get()) {
            Ok(Object { error, details }) => Self { error, details },
            Err(_) => Self { error: raw.get().to_owned(), details: None },
        }
    }
}

fn detailed(details: Option<&str>) -> String {
    details.map_or_else(String::new, |details| format!(": {}", excerpt(details)))
}
