//! Rows, and whether they are fresh, old or missing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::source_error::SourceError;

/// Rows, and how they were obtained. Copies share them: a watch publishes them again with
/// each change elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Observed<T> {
    /// Read in this look.
    Fresh {
        /// The rows.
        rows: Arc<[T]>,
    },
    /// Read earlier; the source has been silent since.
    Stale {
        /// The rows as they were.
        rows: Arc<[T]>,
        /// Why there is nothing newer.
        why: SourceError,
    },
    /// Never read.
    Absent {
        /// Why not.
        why: SourceError,
    },
}

impl<T> Observed<T> {
    /// The rows there are; none when absent.
    pub fn rows(&self) -> &[T] {
        match self {
            Self::Fresh { rows } | Self::Stale { rows, .. } => rows,
            Self::Absent { .. } => &[],
        }
    }

    /// The rows, to be changed in place; none when absent.
    pub fn rows_mut(&mut self) -> &mut [T]
    where
        T: Clone,
    {
        match self {
            Self::Fresh { rows } | Self::Stale { rows, .. } => Arc::make_mut(rows),
            Self::Absent { .. } => &mut [],
        }
    }

    /// Whether the rows were read in this look.
    pub fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh { .. })
    }

    /// Why there are no rows at all.
    pub fn absence(&self) -> Option<&SourceError> {
        match self {
            Self::Absent { why } => Some(why),
            Self::Fresh { .. } | Self::Stale { .. } => None,
        }
    }

    /// Why the rows are not fresh.
    pub fn source_error(&self) -> Option<&SourceError> {
        match self {
            Self::Fresh { .. } => None,
            Self::Stale { why, .. } | Self::Absent { why } => Some(why),
        }
    }
}

impl<T> From<Result<Vec<T>, SourceError>> for Observed<T> {
    fn from(read: Result<Vec<T>, SourceError>) -> Self {
        match read {
            Ok(rows) => Self::Fresh { rows: rows.into() },
            Err(why) => Self::Absent { why },
        }
    }
}
