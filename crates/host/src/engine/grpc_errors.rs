//! What went wrong between this program and an engine that speaks gRPC, in words.

use grpc::Error;
use model::{SourceError, SourceErrorKind};

use crate::failure;

/// The error of `what`; `other` says what it means that the service has no such method.
pub(super) fn source_error(what: String, error: &Error, other: &str) -> SourceError {
    match error {
        Error::Connect(error) if error.kind() == std::io::ErrorKind::NotFound => {
            SourceError::new(SourceErrorKind::Unreachable, what, "there is no such socket")
                .hint("is it running? --engine KIND=unix://PATH names another socket")
        }
        Error::Refused { code: Error::UNIMPLEMENTED, .. } => {
            SourceError::new(SourceErrorKind::NotServed, what, other)
        }
        Error::Refused { code: Error::PERMISSION_DENIED, message } => {
            SourceError::new(SourceErrorKind::Denied, what, message).hint("run as root")
        }
        Error::Refused { .. } => SourceError::new(SourceErrorKind::Unusable, what, error),
        Error::Connect(_) | Error::Broken(_) | Error::Garbled(_) => {
            failure::of_chain(what, error, "run as root")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_is_refused_is_told_apart_by_its_code() {
        use SourceErrorKind::{Denied, NotServed, Unreachable, Unusable};
        let told = |error: &Error| source_error("it".to_owned(), error, "it is another one");
        let refused = |code| Error::Refused { code, message: "no".to_owned() };
        assert_eq!(told(&refused(Error::UNIMPLEMENTED)).kind, NotServed);
        assert_eq!(told(&refused(Error::PERMISSION_DENIED)).kind, Denied);
        assert_eq!(told(&refused(Error::OUT_OF_RANGE)).kind, Unusable);
        for (kind, expected) in [
            (io::ErrorKind::NotFound, Unreachable),
            (io::ErrorKind::ConnectionRefused, Unreachable),
            (io::ErrorKind::PermissionDenied, Denied),
        ] {
            assert_eq!(told(&Error::Connect(kind.into())).kind, expected, "{kind:?}");
        }
    }
}
