//! Several changes at once, if something still holds.

use prost::bytes::Bytes;

use crate::messages::{
    self, CompareTo, DeleteRequest, PutRequest, Request, RequestOp, TxnRequest, TxnResponse, method,
};
use crate::range::after_prefix;
use crate::{Client, Error};

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// There is no such key.
    Missing(String),
    /// The key was changed last by this revision.
    Unchanged(String, i64),
    /// No key that begins so was made or changed after this revision.
    NoneSince(String, i64),
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Sets a key, with a lease unless that is 0.
    Put {
        /// The key.
        key: String,
        /// Its value.
        value: Bytes,
        /// Its lease.
        lease: i64,
    },
    /// Deletes a key.
    Delete(String),
}

/// Changes that take place together, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// What must hold.
    pub compare: Vec<Compare>,
    /// The changes: etcd takes 128 at once, and each key once.
    pub ops: Vec<Op>,
}

impl Client {
    /// The revision of the changes; none where what must hold did not. After a call that broke off that
    /// may be the answer, though they took place.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn txn(&self, txn: Txn) -> Result<Option<i64>, Error> {
        let compare = txn.compare.into_iter().map(messages::Compare::from).collect();
        let success = txn.ops.into_iter().map(RequestOp::from).collect();
        let request = TxnRequest { compare, success };
        let told: TxnResponse = self.ask(method::TXN, &request).await?;
        let revision = told.header.unwrap_or_default().revision;
        Ok(told.succeeded.then_some(revision))
    }
}

/// Results and targets of a comparison, as [`messages::Compare`] has them.
const EQUAL: i32 = 0;
const LESS: i32 = 2;
const CREATE: i32 = 1;
const MOD: i32 = 2;

impl From<Compare> for messages::Compare {
    fn from(compare: Compare) -> Self {
        let one = |key: String, target, to| Self {
            result: EQUAL,
            target,
            key: key.into(),
            to: Some(to),
            range_end: Bytes::new(),
        };
        match compare {
            Compare::Missing(key) => one(key, CREATE, CompareTo::CreateRevision(0)),
            Compare::Unchanged(key, revision) => one(key, MOD, CompareTo::ModRevision(revision)),
            Compare::NoneSince(prefix, revision) => Self {
                result: LESS,
                target: MOD,
                range_end: after_prefix(&prefix),
                key: prefix.into(),
                to: Some(CompareTo::ModRevision(revision.saturating_add(1))),
            },
        }
    }
}

impl From<Op> for RequestOp {
    fn from(op: Op) -> Self {
        let request = match op {
            Op::Put { key, value, lease } => {
                Request::Put(PutRequest { key: key.into(), value, lease })
            }
            Op::Delete(key) => {
                Request::Delete(DeleteRequest { key: key.into(), range_end: Bytes::new() })
            }
        };
        Self { request: Some(request) }
    }
}
