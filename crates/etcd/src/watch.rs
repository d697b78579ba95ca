//! What changes.

use futures_util::{FutureExt, StreamExt};
use prost::Message;
use prost::bytes::Bytes;

use crate::client::HEADERS;
use crate::messages::{WatchCreate, WatchRequest, WatchResponse, method};
use crate::range::after_prefix;
use crate::{Client, Error, Header, KeyValue};

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was made, or has another value.
    Put(KeyValue),
    /// It is gone.
    Deleted {
        /// The key.
        key: Bytes,
        /// The revision that deleted it.
        revision: i64,
    },
}

/// Changes that are told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where the cluster was.
    pub header: Header,
    /// The changes in order; none where etcd only says how far it is.
    pub events: Vec<Event>,
}

/// A stream of changes. It ends with an error: with the connection, when etcd has compacted what was
/// not read yet, when the member has lost the others.
pub struct Watcher(grpc::Messages);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

impl Client {
    /// Changes of all keys that begin with `prefix`, from `revision` on.
    ///
    /// # Errors
    /// No member takes the watch.
    pub async fn watch(&self, prefix: &str, revision: i64) -> Result<Watcher, Error> {
        let create = WatchCreate {
            key: Bytes::copy_from_slice(prefix.as_bytes()),
            range_end: after_prefix(prefix),
            start_revision: revision,
            progress_notify: true,
            fragment: true,
        };
        let request = WatchRequest { create: Some(create) };
        let request = &request;
        let asked = |member: grpc::Connection| {
            async move { member.watch(method::WATCH, request, HEADERS).await }.boxed()
        };
        self.at_a_member(asked).await.map(Watcher)
    }
}

impl Watcher {
    /// The next changes. Cancel safe.
    ///
    /// # Errors
    /// [`Error`]; there is nothing more after one.
    pub async fn next(&mut self) -> Result<Batch, Error> {
        let Some(message) = self.0.next().await else {
            return Err(Error::Ended("without a word".to_owned()));
        };
        let told =
            WatchResponse::decode(message?).map_err(|why| Error::Garbled(why.to_string()))?;
        if told.compact_revision != 0 {
            return Err(Error::Compacted);
        }
        if told.canceled {
            return Err(match told.cancel_reason {
                // etcd says so by these words alone.
                why if why.contains("permission denied") => {
                    Error::Refused { code: grpc::Error::PERMISSION_DENIED, message: why }
                }
                why => Error::Ended(why),
            });
        }
        let events = told.events.into_iter().filter_map(|event| {
            let row = KeyValue::from(event.kv?);
            Some(if event.kind == 0 {
                Event::Put(row)
            } else {
                Event::Deleted { key: row.key, revision: row.mod_revision }
            })
        });
        Ok(Batch { header: told.header.into(), events: events.collect() })
    }
}
