//! Why a recording has a part of something, or nothing of it.

use model::{SourceError, SourceErrorKind};

/// What a recording has some of.
pub(crate) fn partial(what: &str, why: impl std::fmt::Display) -> SourceError {
    SourceError::new(SourceErrorKind::Unreachable, what, why)
}

pub(crate) fn missing(what: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Unreachable, what, "the recording has nothing of it")
}
