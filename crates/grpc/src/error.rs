//! Why there is no answer.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use tonic::{Code, Status};

/// The most that is kept of what a peer says, in bytes.
const LONGEST: usize = 1000;

/// What a peer says, as far as people read; of a longer text the beginning. A message may be of many
/// MiB, and what goes wrong is told in logs and to each client.
pub fn excerpt(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}…", text.get(..end).unwrap_or_default())
}

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
        /// The service's own words, or the beginning of them ([`excerpt`]).
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
            None => {
                Self::Refused { code: i32::from(status.code()), message: excerpt(status.message()) }
            }
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
                // What a peer says as it hangs up may be in it.
                write!(f, "the connection broke: {}", excerpt(&deepest.to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_peer_says_the_beginning_is_kept() {
        for long in ["x".repeat(1 << 20), "é".repeat(501), "…".repeat(1 << 20)] {
            let refused = Error::from(Status::unavailable(long.clone()));
            let Error::Refused { message, .. } = &refused else { panic!("{refused:?}") };
            assert!(message.len() <= LONGEST + '…'.len_utf8(), "{}", message.len());
            assert!(long.starts_with(message.trim_end_matches('…')) && message.ends_with('…'));
            let broken = Error::Broken(long.into());
            assert!(broken.to_string().len() < LONGEST + 100, "{}", broken.to_string().len());
        }
        assert_eq!(excerpt(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }
}
