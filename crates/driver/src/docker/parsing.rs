//! Bodies of Docker's calls, read from any bytes.

use super::calls::{CallError, read};
use super::ipam::{AddressRequestBody, ReleasedPool, RequestPool};
use super::messages::{
    CreateEndpoint, CreateNetwork, EndpointIdRequest, GwAllocCheck, NetworkIdRequest, generic,
};
use crate::DriverError;
use crate::network::NetworkRecord;
use crate::options::NetworkOptions;

/// What a body says, as whichever call it is read.
#[derive(Debug, Default)]
pub struct ReadCall {
    /// The network of a `CreateNetwork`.
    pub network: Option<NetworkRecord>,
    /// How many ports are published by a `CreateEndpoint`.
    pub published: usize,
    /// How many kinds of body it can be.
    pub kinds: usize,
    /// Why it is none of the other kinds.
    pub refusals: Vec<String>,
}

/// Reads `body` as that of every method.
pub fn calls_in(body: &[u8]) -> ReadCall {
    let mut said = ReadCall::default();
    let network = call(body, CreateNetwork::request);
    said.network = said.noted(network);
    let endpoint = call(body, CreateEndpoint::request);
    said.published = said.noted(endpoint).map_or(0, |endpoint| endpoint.published.len());
    let others = [
        call(body, NetworkIdRequest::id).map(drop),
        call(body, EndpointIdRequest::ids).map(drop),
        call(body, RequestPool::request).map(drop),
        call(body, ReleasedPool::id).map(drop),
        call(body, AddressRequestBody::request).map(drop),
        call(body, |check: GwAllocCheck| generic(&check.options.unwrap_or_default())).and_then(
            |options| NetworkOptions::read(&options).map(drop).map_err(|error| error.to_string()),
        ),
    ];
    for other in others {
        said.noted(other);
    }
    said
}

impl ReadCall {
    fn noted<T>(&mut self, read: Result<T, String>) -> Option<T> {
        match read {
            Ok(said) => {
                self.kinds += 1;
                Some(said)
            }
            Err(why) => {
                self.refusals.push(why);
                None
            }
        }
    }
}

fn call<B, T>(body: &[u8], said: impl FnOnce(B) -> Result<T, DriverError>) -> Result<T, String>
where
    B: serde::de::DeserializeOwned,
{
    match read(body) {
        Ok(body) => said(body).map_err(|error| error.to_string()),
        Err(CallError::Body(why)) => Err(why),
        Err(CallError::Call(error)) => Err(error.to_string()),
        Err(CallError::Method) => Err(String::new()),
    }
}
