//! The three kinds of message (JSON-RPC 1.0 section 1.1 to 1.3).

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, RemoteError};
use crate::excerpt::excerpt;

/// A message that asks for no answer, such as OVSDB's `update`.
#[derive(Debug)]
pub struct Notification {
    /// What the peer tells about.
    pub method: String,
    /// The parameters, not yet parsed.
    pub params: Box<RawValue>,
}

/// A message that asks for an answer. `P` is the type of the parameters.
#[derive(Debug, Serialize)]
pub(crate) struct Request<'a, I, P: ?Sized> {
    pub(crate) id: I,
    pub(crate) method: &'a str,
    pub(crate) params: &'a P,
}

/// Our answer to a request of the peer.
#[derive(Debug, Serialize)]
pub(crate) struct Response<'a> {
    pub(crate) id: &'a RawValue,
    pub(crate) result: Option<&'a RawValue>,
    pub(crate) error: Option<&'a str>,
}

/// A message that came, its result read as `T`.
#[derive(Debug)]
pub(crate) enum Message<T> {
    Reply {
        id: Box<RawValue>,
        outcome: Result<Option<T>, RemoteError>,
    },
    /// Without parameters that are too long to be answered.
    Request {
        id: Box<RawValue>,
        method: String,
        params: Option<Box<RawValue>>,
    },
    Notification(Notification),
    /// A notification that is not waited for: nothing of it is kept.
    Ignored,
}

/// What is held of a message beyond its own length, in bytes: of the few types that are read at once.
const ROOM: usize = 1 << 20;

/// The longest method that a message may name, in bytes; RFC 7047 has none of more than 16.
const LONGEST_METHOD: usize = 256;

/// The longest `echo` that is answered, in bytes.
const LONGEST_ECHO: usize = 64 << 10;

/// Every member any kind of message may have; `null` and absent are the same.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<'a, T> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    result: Option<T>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl<T: DeserializeOwned> Message<T> {
    /// Reads a message; of notifications only those of `kept_methods`, or all.
    pub(crate) fn parse(bytes: &[u8], kept_methods: Option<&[&str]>) -> Result<Self, Error> {
        let limit = bytes.len().saturating_add(ROOM);
        let envelope: Envelope<'_, T> =
            bounded::from_slice(bytes, limit).map_err(Error::Malformed)?;
        let params = || envelope.params.unwrap_or(RawValue::NULL);
        let method = envelope.method.filter(|raw| raw.get() != "null").map(method).transpose()?;
        match (method, envelope.id.filter(|raw| raw.get() != "null")) {
            (Some(method), Some(id)) => {
                let params = Some(params()).filter(|params| params.get().len() <= LONGEST_ECHO);
                let params = params.map(ToOwned::to_owned);
                Ok(Self::Request { id: id.to_owned(), method, params })
            }
            (Some(method), None) => {
                if kept_methods.is_some_and(|kept_methods| !kept_methods.contains(&method.as_str()))
                {
                    return Ok(Self::Ignored);
                }
                let params = params().to_owned();
                Ok(Self::Notification(Notification { method, params }))
            }
            (None, Some(id)) => {
                let error = envelope.error.filter(|raw| raw.get() != "null");
                let failure = error.map(RemoteError::from_json);
                let outcome = failure.map_or(Ok(envelope.result), Err);
                Ok(Self::Reply { id: id.to_owned(), outcome })
            }
            (None, None) => Err(Error::Malformed(serde_json::Error::custom(
                "it has neither a method nor an id",
            ))),
        }
    }
}

/// A method by its name; of one that is too long for any, the beginning.
fn method(raw: &RawValue) -> Result<String, Error> {
    if raw.get().len() > LONGEST_METHOD {
        return Ok(excerpt(raw.get()));
    }
    serde_json::from_str(raw.get()).map_err(Error::Malformed)
}

/// The result of the reply to request `expected`.
pub(crate) fn result<T: DeserializeOwned>(
    expected: u64,
    id: &RawValue,
    outcome: Result<Option<T>, RemoteError>,
) -> Result<T, Error> {
    if serde_json::from_str(id.get()).ok() != Some(expected) {
        return Err(Error::WrongId { expected: Some(expected), got: excerpt(id.get()) });
    }
    match outcome? {
        Some(result) => Ok(result),
        None => serde_json::from_str("null").map_err(Error::Malformed),
    }
}
