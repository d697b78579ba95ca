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
pub(crate) struct Answer<'a> {
    pub(crate) id: &'a RawValue,
    pub(crate) result: Option<&'a RawValue>,
    pub(crate) error: Option<&'a str>,
}

/// A message that came, its result read as `T`.
#[derive(Debug)]
pub(crate) enum Message<T> {
    Reply { id: Box<RawValue>, outcome: Result<Option<T>, RemoteError> },
    Request { id: Box<RawValue>, method: String, params: Box<RawValue> },
    Notification(Notification),
}

/// Every member any kind of message may have; `null` and absent are the same.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Envelope<T> {
    id: Option<Box<RawValue>>,
    method: Option<String>,
    params: Option<Box<RawValue>>,
    result: Option<T>,
    error: Option<Box<RawValue>>,
}

impl<T: DeserializeOwned> Message<T> {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let envelope: Envelope<T> = serde_json::from_slice(bytes).map_err(Error::Malformed)?;
        let params = || envelope.params.unwrap_or_else(|| RawValue::NULL.to_owned());
        match (envelope.method, envelope.id) {
            (Some(method), Some(id)) => Ok(Self::Request { id, method, params: params() }),
            (Some(method), None) => {
                Ok(Self::Notification(Notification { method, params: params() }))
            }
            (None, Some(id)) => {
                let failure = envelope.error.map(|raw| RemoteError::from_json(&raw));
                Ok(Self::Reply { id, outcome: failure.map_or(Ok(envelope.result), Err) })
            }
            (None, None) => Err(Error::Malformed(serde_json::Error::custom(
                "it has neither a method nor an id",
            ))),
        }
    }
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
