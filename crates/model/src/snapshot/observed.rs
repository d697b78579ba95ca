//! Rows, and whether they are fresh, some of them, old or missing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::source_error::SourceError;

/// Rows, and how they were obtained. Copies share them: a watch publishes them again with
/// each change elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", try_from = "Written<T>")]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub enum Observed<T> {
    /// Read in this look.
    Fresh {
        /// The rows.
        rows: Arc<[T]>,
    },
    /// Read in this look, and not all there are: that one is not among them proves nothing.
    Partial {
        /// The rows.
        rows: Arc<[T]>,
        /// What is missing.
        why: SourceError,
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

/// As it is written. By the tagged enum itself all rows would be read into a tree of values first: twice
/// the time and the memory of a large snapshot.
#[derive(Deserialize)]
struct Written<T> {
    state: State,
    rows: Option<Arc<[T]>>,
    why: Option<SourceError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Fresh,
    Partial,
    Stale,
    Absent,
}

impl<T> TryFrom<Written<T>> for Observed<T> {
    type Error = &'static str;

    fn try_from(written: Written<T>) -> Result<Self, &'static str> {
        let rows = written.rows.ok_or("missing field `rows`");
        let why = written.why.ok_or("missing field `why`");
        match written.state {
            State::Fresh => Ok(Self::Fresh { rows: rows? }),
            State::Partial => Ok(Self::Partial { rows: rows?, why: why? }),
            State::Stale => Ok(Self::Stale { rows: rows?, why: why? }),
            State::Absent => Ok(Self::Absent { why: why? }),
        }
    }
}

impl<T> Observed<T> {
    /// The rows there are; none when absent.
    pub fn rows(&self) -> &[T] {
        match self {
            Self::Fresh { rows } | Self::Partial { rows, .. } | Self::Stale { rows, .. } => rows,
            Self::Absent { .. } => &[],
        }
    }

    /// The rows, to be changed in place; none when absent.
    pub fn rows_mut(&mut self) -> &mut [T]
    where
        T: Clone,
    {
        match self {
            Self::Fresh { rows } | Self::Partial { rows, .. } | Self::Stale { rows, .. } => {
                Arc::make_mut(rows)
            }
            Self::Absent { .. } => &mut [],
        }
    }

    /// Adds a row where none is there that is the same; none when absent.
    pub fn add(&mut self, row: T, is_same: impl Fn(&T) -> bool)
    where
        T: Clone,
    {
        match self {
            Self::Fresh { rows } | Self::Partial { rows, .. } | Self::Stale { rows, .. } => {
                if !rows.iter().any(is_same) {
                    *rows = rows.iter().cloned().chain([row]).collect();
                }
            }
            Self::Absent { .. } => {}
        }
    }

    /// Whether the rows were read in this look, and are all there are.
    pub fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh { .. })
    }

    /// Why there are no rows at all.
    pub fn absence(&self) -> Option<&SourceError> {
        match self {
            Self::Absent { why } => Some(why),
            Self::Fresh { .. } | Self::Partial { .. } | Self::Stale { .. } => None,
        }
    }

    /// Why the rows are old ones.
    pub fn staleness(&self) -> Option<&SourceError> {
        match self {
            Self::Stale { why, .. } => Some(why),
            Self::Fresh { .. } | Self::Partial { .. } | Self::Absent { .. } => None,
        }
    }

    /// Why what is not among the rows may be there all the same: there are none, or these are some of them.
    pub fn incompleteness(&self) -> Option<&SourceError> {
        match self {
            Self::Partial { why, .. } | Self::Absent { why } => Some(why),
            Self::Fresh { .. } | Self::Stale { .. } => None,
        }
    }

    /// Why the rows are not fresh.
    pub fn source_error(&self) -> Option<&SourceError> {
        match self {
            Self::Fresh { .. } => None,
            Self::Partial { why, .. } | Self::Stale { why, .. } | Self::Absent { why } => Some(why),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_error::SourceErrorKind;

    #[test]
    fn what_is_written_is_read_in_any_order() {
        let why = SourceError::new(SourceErrorKind::Unreachable, "it", "gone");
        let rows: Arc<[u8]> = [1, 2].into();
        for observed in [
            Observed::Fresh { rows: rows.clone() },
            Observed::Partial { rows: rows.clone(), why: why.clone() },
            Observed::Stale { rows, why: why.clone() },
            Observed::Absent { why },
        ] {
            let written = serde_json::to_value(&observed).unwrap();
            assert_eq!(serde_json::from_value::<Observed<u8>>(written).unwrap(), observed);
        }
        let turned = r#"{"rows": [3], "more": {}, "state": "fresh"}"#;
        let read: Observed<u8> = serde_json::from_str(turned).unwrap();
        assert_eq!(read.rows(), [3]);
    }

    #[test]
    fn what_lacks_a_part_is_refused() {
        let why = |text: &str| serde_json::from_str::<Observed<u8>>(text).unwrap_err().to_string();
        assert!(why(r#"{"state": "fresh"}"#).contains("missing field `rows`"));
        assert!(why(r#"{"state": "stale", "rows": []}"#).contains("missing field `why`"));
        assert!(why(r#"{"state": "absent", "rows": []}"#).contains("missing field `why`"));
        assert!(why(r#"{"rows": []}"#).contains("missing field `state`"));
        assert!(why(r#"{"state": "old", "rows": []}"#).contains("unknown variant `old`"));
    }
}
