//! Why there is no answer.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use tonic::{Code, Status};

/// Why there is no answer.
#[derive(Debug)]
pub enum Error {
    /// No connection.
    Connect(io::Error),
    /// The connection broke, or the peer speaks something else than gRPC.
    Broken(Box<dyn StdError + Send + Sync>),
    /// The service refused. It has no such method, or no such service, where `code` is
    /// [`Error::UNIMPLEMENTED`].
    Refused {
        /// The status code (<https://grpc.io/docs/guides/status-codes/>).
        code: i32,
        /// The service's own words.
        message: String,
    },
    /// Not the message that was expected.
    Garbled(prost::DecodeError),
}

impl Error {
    /// The service has no such method.
    pub const UNIMPLEMENTED: i32 = Code::Unimplemented as i32;
    /// What is asked about does not exist.
    pub const NOT_FOUND: i32 = Code::NotFound as i32;
    /// The caller may not ask that.
    pub const PERMISSION_DENIED: i32 = Code::PermissionDenied as i32;
    /// A message is longer than is read, or the service has not got what is asked for that far.
    pub const OUT_OF_RANGE: i32 = Code::OutOfRange as i32;

    /// Whether the service refused with this status code.
    pub fn is_refusal(&self, wanted: i32) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }
}

/// A status that has a source was made on this side: a broken connection, no HTTP/2, a message that
/// is too long.
impl From<Status> for Error {
    fn from(status: Status) -> Self {
        match StdError::source(&status) {
            Some(_) => Self::Broken(Box::new(status)),
            None => Self::Refused {
                code: i32::from(status.code()),
                message: status.message().to_owned(),
            },
        }
    }
}

impl From<prost::DecodeError> for Error {
    fn from(error: prost::DecodeError) -> Self {
        Self::Garbled(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "no connection: {error}"),
            Self::Broken(error) => {
                // A status says but that something broke; what broke is at the bottom.
                let mut deepest: &(dyn StdError + 'static) = error.as_ref();
                while let Some(source) = deepest.source() {
                    deepest = source;
                }
                write!(f, "the connection broke: {deepest}")
            }
            Self::Refused { code, message } => {
                write!(f, "{message} ({:?})", Code::from_i32(*code))
            }
            Self::Garbled(error) => write!(f, "not the message that was expected: {error}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Connect(error) => Some(error),
            Self::Broken(error) => Some(error.as_ref()),
            Self::Garbled(error) => Some(error),
            Self::Refused { .. } => None,
        }
    }
}
