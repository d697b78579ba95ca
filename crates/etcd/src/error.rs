//! Why there is no answer.

use std::time::Duration;

use crate::Endpoint;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the caller was told to use is of no use.
    #[error("{what}: {why}")]
    Unusable {
        /// A file, or an address.
        what: String,
        /// Why.
        why: String,
    },
    /// No member answers.
    #[error("no member of etcd answers: {}", listed(.0))]
    Unreachable(Vec<(Endpoint, String)>),
    /// The time that the caller has is up.
    #[error("etcd: no answer within {0:?}")]
    Late(Duration),
    /// etcd refused.
    #[error("etcd refuses: {message}")]
    Refused {
        /// The status code (<https://grpc.io/docs/guides/status-codes/>).
        code: i32,
        /// etcd's own words.
        message: String,
    },
    /// There is no such lease any more.
    #[error("the lease has ended")]
    LeaseGone,
    /// What is asked for was compacted away: only a new list tells what there is.
    #[error("etcd has compacted what was not read yet")]
    Compacted,
    /// The watch was ended by etcd.
    #[error("etcd ended the watch: {0}")]
    Ended(String),
    /// A list has more than is kept.
    #[error("etcd has more than {0} keys of what is asked for")]
    TooMany(usize),
    /// Something else than the message that was expected.
    #[error("not the message that was expected: {0}")]
    Garbled(String),
}

fn listed(tried: &[(Endpoint, String)]) -> String {
    let each = tried.iter().map(|(endpoint, why)| format!("{endpoint}: {why}"));
    each.collect::<Vec<_>>().join("; ")
}

const UNAVAILABLE: i32 = 14;
const DEADLINE_EXCEEDED: i32 = 4;

impl Error {
    /// Whether the caller's role does not allow it, or it is not known who calls.
    pub fn is_denied(&self) -> bool {
        let Self::Refused { code, message } = self else { return false };
        // An empty user name is an invalid argument to etcd.
        *code == grpc::Error::PERMISSION_DENIED
            || *code == 16
            || message.contains("user name is empty")
    }

    /// Whether the answer may be one that is longer than is read.
    pub(crate) fn is_out_of_range(&self) -> bool {
        matches!(self, Self::Refused { code: grpc::Error::OUT_OF_RANGE, .. })
    }

    /// Whether etcd takes nothing more: its quota is used up (`NOSPACE`).
    pub fn is_no_space(&self) -> bool {
        matches!(self, Self::Refused { code: 8, message } if message.contains("space exceeded"))
    }
}

/// Whether another member may do better.
pub(crate) fn is_about_the_member(error: &grpc::Error) -> bool {
    match error {
        grpc::Error::Connect(_) | grpc::Error::Broken(_) => true,
        grpc::Error::Refused { code, .. } => [UNAVAILABLE, DEADLINE_EXCEEDED].contains(code),
        grpc::Error::Garbled(_) => false,
    }
}

impl From<grpc::Error> for Error {
    fn from(error: grpc::Error) -> Self {
        match error {
            grpc::Error::Refused { code, message } if message.contains("lease not found") => {
                let _ = (code, message);
                Self::LeaseGone
            }
            grpc::Error::Refused { code: grpc::Error::OUT_OF_RANGE, message }
                if message.contains("has been compacted") =>
            {
                let _ = message;
                Self::Compacted
            }
            grpc::Error::Refused { code, message } => Self::Refused { code, message },
            grpc::Error::Garbled(why) => Self::Garbled(why.to_string()),
            error @ (grpc::Error::Connect(_) | grpc::Error::Broken(_)) => {
                Self::Ended(error.to_string())
            }
        }
    }
}

impl From<prost::DecodeError> for Error {
    fn from(why: prost::DecodeError) -> Self {
        Self::Garbled(why.to_string())
    }
}
