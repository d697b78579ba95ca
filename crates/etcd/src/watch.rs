//! What changes.

use futures_util::{FutureExt, StreamExt};
use grpc::Items;
use prost::bytes::Bytes;
use prost::{DecodeError, Message};

use crate::client::HEADERS;
use crate::messages::{WATCH_EVENTS, WatchCreate, WatchEvent, WatchRequest, WatchResponse, method};
use crate::range::after_prefix;
use crate::{Client, Error, Header, KeyValue};

/// So many changes are told together: one message may have many more.
const MAX_CHANGES: usize = 1_000;

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
pub struct Watcher {
    messages: grpc::Messages,
    /// The message that is being read: where the cluster was then, and the changes that are left of it.
    header: Header,
    left: Option<Items>,
}

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
        self.at_a_member(asked).await.map(Watcher::of)
    }
}

impl Watcher {
    pub(crate) fn of(messages: grpc::Messages) -> Self {
        Self { messages, header: Header::default(), left: None }
    }

    /// The next changes, at most a thousand at once. Cancel safe.
    ///
    /// # Errors
    /// [`Error`]; there is nothing more after one.
    pub async fn next(&mut self) -> Result<Batch, Error> {
        let mut left = match self.left.take() {
            Some(left) => left,
            None => self.message().await?,
        };
        let events = left.by_ref().take(MAX_CHANGES).filter_map(|event| read(event).transpose());
        let events: Vec<_> = events.collect::<Result<_, _>>()?;
        self.left = Some(left).filter(|left| !left.is_empty());
        Ok(Batch { header: self.header, events })
    }

    /// The changes of the next message.
    async fn message(&mut self) -> Result<Items, Error> {
        let Some(message) = self.messages.next().await else {
            return Err(Error::Ended("without a word".to_owned()));
        };
        let message = message?;
        let told = WatchResponse::decode(message.clone())?;
        if told.compact_revision != 0 {
            return Err(Error::Compacted);
        }
        if told.canceled {
            return Err(match told.cancel_reason {
                // etcd says so by these words alone.
                why if why.contains("permission denied") => {
                    Error::refused(grpc::Error::PERMISSION_DENIED, &why)
                }
                why => Error::ended(&why),
            });
        }
        self.header = told.header.into();
        Ok(Items::of(message, WATCH_EVENTS))
    }
}

/// One change; none where it is of no key.
fn read(event: Result<Bytes, DecodeError>) -> Result<Option<Event>, DecodeError> {
    let event = WatchEvent::decode(event?)?;
    let row = event.kv.map(KeyValue::from);
    Ok(row.map(|row| match event.kind {
        0 => Event::Put(row),
        _ => Event::Deleted { key: row.key, revision: row.mod_revision },
    }))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::messages;

    /// A message with `count` changes of which each is `event`.
    fn message(event: &[u8], count: usize) -> Bytes {
        // The key of the field 11 with a length, and the length.
        let event = [&[0x5a, u8::try_from(event.len()).unwrap()], event].concat();
        event.repeat(count).into()
    }

    fn watcher(messages: Vec<Bytes>) -> Watcher {
        Watcher::of(stream::iter(messages.into_iter().map(Ok)).boxed())
    }

    #[tokio::test]
    async fn many_changes_of_one_message_come_in_order_and_some_at_a_time() {
        let change = |n: usize| {
            let key = Bytes::from(format!("{n}"));
            let kv = messages::KeyValue { key, ..messages::KeyValue::default() };
            WatchEvent { kind: 0, kv: Some(kv) }.encode_to_vec()
        };
        let all: Vec<_> = (0..2_500).flat_map(|n| message(&change(n), 1)).collect();
        let mut watcher = watcher(vec![all.into(), message(&change(2_500), 1)]);
        let (mut keys, mut longest) = (Vec::new(), 0);
        let ended = loop {
            match watcher.next().await {
                Ok(batch) => {
                    longest = longest.max(batch.events.len());
                    keys.extend(batch.events.into_iter().map(|event| match event {
                        Event::Put(row) => String::from_utf8(row.key.to_vec()).unwrap(),
                        Event::Deleted { .. } => panic!("it was put"),
                    }));
                }
                Err(ended) => break ended,
            }
        };
        assert!(matches!(ended, Error::Ended(_)), "{ended:?}");
        assert_eq!(keys, (0..=2_500).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(longest, MAX_CHANGES);
    }

    #[tokio::test]
    async fn a_message_of_empty_changes_takes_up_no_more_than_itself() {
        let mut watcher = watcher(vec![message(b"", 1_000_000)]);
        for _ in 0..1_000 {
            assert!(watcher.next().await.unwrap().events.capacity() <= MAX_CHANGES);
        }
        assert!(watcher.next().await.is_err());
    }

    #[tokio::test]
    async fn of_what_etcd_says_as_it_ends_a_watch_the_beginning_is_told() {
        let why = |text: &str| format!("{text} {}", "x".repeat(15 << 20));
        for (cancel_reason, denied) in
            [(why("permission denied"), true), (why("no"), false), (why("no leader"), false)]
        {
            let told = WatchResponse { canceled: true, cancel_reason, ..WatchResponse::default() };
            let mut watcher = watcher(vec![told.encode_to_vec().into()]);
            let ended = watcher.next().await.unwrap_err();
            assert_eq!(ended.is_denied(), denied, "{}", ended.to_string().len());
            assert!(ended.to_string().len() < 1_100, "{}", ended.to_string().len());
        }
    }

    #[tokio::test]
    async fn what_is_no_change_is_an_error() {
        let mut watcher = watcher(vec![message(b"\xff", 1)]);
        assert!(matches!(watcher.next().await, Err(Error::Garbled(_))));
    }
}
