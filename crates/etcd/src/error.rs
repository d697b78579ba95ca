//! Why there is no answer.

use std::fmt;
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
        /// etcd's own words, or the beginning of them.
        message: String,
    },
    /// There is no such lease any more.
    #[error("the lease has ended")]
    LeaseGone,
    /// What is asked for was compacted away: only a new list tells what there is.
    #[error("etcd has compacted what was not read yet")]
    Compacted,
    /// The watch was ended by etcd, in its own words or the beginning of them.
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
    /// A refusal in etcd's words.
    pub(crate) fn refused(code: i32, why: &str) -> Self {
        Self::Refused { code, message: grpc::excerpt(why) }
    }

    /// The end of a watch in etcd's words.
    pub(crate) fn ended(why: &str) -> Self {
        Self::Ended(grpc::excerpt(why))
    }

    /// A member that does not answer, in its words or the system's.
    pub(crate) fn unreachable(member: Endpoint, why: &dyn fmt::Display) -> Self {
        Self::Unreachable(vec![(member, grpc::excerpt(&why.to_string()))])
    }

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
            grpc::Error::Refused { code, message } => Self::refused(code, &message),
            grpc::Error::Garbled(why) => Self::Garbled(why.to_string()),
            error @ (grpc::Error::Connect(_) | grpc::Error::Broken(_)) => {
                Self::ended(&error.to_string())
            }
        }
    }
}

impl From<prost::DecodeError> for Error {
    fn from(why: prost::DecodeError) -> Self {
        Self::Garbled(why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_told_as_far_as_people_read() {
        let long = "x".repeat(16 << 20);
        let refusal = grpc::Error::Refused { code: 2, message: long.clone() };
        let member = "http://192.0.2.1:2379".parse().unwrap();
        for told in [
            Error::from(refusal),
            Error::from(grpc::Error::Broken(long.clone().into())),
            Error::unreachable(member, &long),
            Error::ended(&long),
        ] {
            let told = told.to_string();
            assert!(told.ends_with('…') && told.len() < 1_100, "{}", told.len());
        }
        // What is known by its words stays known by them.
        let full =
            grpc::Error::Refused { code: 8, message: "mvcc: database space exceeded".into() };
        assert!(Error::from(full).is_no_space());
    }
}
