//! The `transact` method (RFC 7047 section 4.1.3): what it is sent and what comes back.

use serde::Deserialize;
use serde::ser::{Serialize, SerializeSeq, Serializer};

use serde_json::value::RawValue;

use crate::HELD;
use crate::error::Error;
use crate::uuid::Uuid;

/// `[db, operation, operation, …]`.
pub(crate) struct Params<'a, O> {
    pub(crate) database: &'a str,
    pub(crate) operations: &'a [O],
}

impl<O: Serialize> Serialize for Params<'_, O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut params = serializer.serialize_seq(Some(1 + self.operations.len()))?;
        params.serialize_element(self.database)?;
        for operation in self.operations {
            params.serialize_element(operation)?;
        }
        params.end()
    }
}

/// What one operation gave: rows or an error.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    rows: Option<Box<RawValue>>,
    count: Option<u64>,
    uuid: Option<Uuid>,
    error: Option<String>,
    details: Option<String>,
}

/// What came of every operation of a transaction. Rows are not yet parsed: each operation may
/// have a row type of its own.
#[derive(Debug)]
pub struct Results(Vec<Outcome>);

impl Results {
    /// Every outcome must be good, and there must be one for each of the operations
    /// `asked`. After a failure, what was not tried is `None`.
    pub(crate) fn new(outcomes: Vec<Option<Outcome>>, asked: usize) -> Result<Self, Error> {
        let mut done = Vec::with_capacity(asked);
        for (operation, outcome) in outcomes.into_iter().flatten().enumerate() {
            if let Some(error) = outcome.error {
                return Err(Error::Operation { operation, error, details: outcome.details });
            }
            done.push(outcome);
        }
        match done.len() {
            got if got == asked => Ok(Self(done)),
            got => Err(Error::WrongCount { asked, got }),
        }
    }

    /// How many rows operation number `operation`, counted from 0, changed or deleted.
    pub fn count(&self, operation: usize) -> u64 {
        self.0.get(operation).and_then(|outcome| outcome.count).unwrap_or(0)
    }

    /// The id of the row that it inserted.
    pub fn uuid(&self, operation: usize) -> Option<Uuid> {
        self.0.get(operation)?.uuid
    }

    /// The rows that it selected.
    ///
    /// # Errors
    /// [`Error::Row`] when they do not fit `T`; [`Error::WrongCount`] when it selected none.
    pub fn rows<'de, T: Deserialize<'de>>(&'de self, operation: usize) -> Result<Vec<T>, Error> {
        let count = Error::WrongCount { asked: operation + 1, got: self.0.len() };
        let rows = self.0.get(operation).and_then(|outcome| outcome.rows.as_ref());
        bounded::from_str(rows.ok_or(count)?.get(), HELD)
            .map_err(|source| Error::Row { place: format!("operation {operation}"), source })
    }
}
