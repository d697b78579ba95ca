//! What members of a cluster answer, read from any bytes: for fuzzing and its corpora.

use futures_util::{FutureExt, StreamExt, stream};
use prost::Message;
use prost::bytes::Bytes;

use crate::messages::{
    Done, GrantResponse, KeepAliveResponse, LeaseById, StatusResponse, TxnResponse,
};
use crate::watch::Watcher;
use crate::{Event, KeyValue, range};

/// The keys of an answer that may have `most` of them.
pub fn keys_in(answer: &[u8], most: usize) -> Vec<KeyValue> {
    let read = range::read(&Bytes::copy_from_slice(answer), most);
    read.map(|(_, rows)| rows).unwrap_or_default()
}

/// The changes of a watch whose only message this is, as they are told together.
pub fn changes_in(message: &[u8]) -> Vec<Vec<Event>> {
    let message = Ok(Bytes::copy_from_slice(message));
    let mut watcher = Watcher::of(stream::iter([message]).boxed());
    let mut told = Vec::new();
    while let Some(Ok(batch)) = watcher.next().now_or_never() {
        told.push(batch.events);
    }
    told
}

/// How many kinds of other answers these bytes can be.
pub fn others_in(answer: &[u8]) -> usize {
    let read = [
        Done::decode(answer).is_ok(),
        TxnResponse::decode(answer).is_ok(),
        GrantResponse::decode(answer).is_ok(),
        LeaseById::decode(answer).is_ok(),
        KeepAliveResponse::decode(answer).is_ok(),
        StatusResponse::decode(answer).is_ok(),
    ];
    read.into_iter().filter(|read| *read).count()
}
