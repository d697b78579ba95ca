//! What engines ask of the network driver.

use std::collections::BTreeMap;

use driver::network::NetworkRecord;
use driver::options::{EndpointOptions, NetworkOptions};
use driver::parsing;

use crate::is_bounded;

/// There are no more ports, of all protocols that have any.
const MOST_PUBLISHED: usize = 3 << 16;

/// Reads the body of a call of Docker as that of each method.
///
/// # Panics
/// A network is kept as another one, or a refusal is longer than what is refused.
pub fn docker_calls(bytes: &[u8]) {
    let said = parsing::calls_in(bytes);
    if let Some(network) = said.network {
        is_kept(network);
    }
    assert!(said.published <= bytes.len());
    // One for each kind of body.
    is_bounded(said.refusals.iter().map(String::len).sum(), bytes, 64);
}

/// Reads options, a line `NAME=VALUE` each, of a network and of an endpoint.
///
/// # Panics
/// What is read makes no sense, or a refusal is longer than what is refused.
pub fn driver_options(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let given: BTreeMap<_, _> =
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let refused = |why: String| is_bounded(why.len(), bytes, 16);
    match NetworkOptions::read_new(&given) {
        Ok(options) => {
            assert!(!options.bridge.is_empty());
            assert!(options.vlans.trunks.iter().chain(&options.vlans.tag).all(|tag| *tag <= 4094));
            assert_eq!(NetworkOptions::read(&given), Ok(options), "they are read in two ways");
        }
        Err(error) => refused(error.to_string()),
    }
    match EndpointOptions::read(&given) {
        Ok(options) => assert!(options.ofport.is_none_or(|port| (1..=65_279).contains(&port.0))),
        Err(error) => refused(error.to_string()),
    }
}

/// Reads what netavark writes to stdin.
///
/// # Panics
/// A network is kept as another one, or more is published than there are ports.
pub fn netavark(bytes: &[u8]) {
    match parsing::network_in(bytes) {
        Ok((network, text)) => {
            let again = parsing::network_in(text.as_bytes()).map(|(network, _)| network);
            assert_eq!(again.as_ref(), Ok(&network), "what comes back is another network");
            is_kept(network);
        }
        Err(why) => is_bounded(why.len(), bytes, 16),
    }
    match parsing::setup_in(bytes) {
        Ok(setup) => {
            assert!(setup.published <= MOST_PUBLISHED);
            is_bounded(setup.answer.len(), bytes, 256);
            is_kept(setup.network);
        }
        Err(why) => is_bounded(why.len(), bytes, 16),
    }
}

/// What is recorded of a network is read as it was.
fn is_kept(network: NetworkRecord) {
    let _ = network.read_options();
    let records = [network];
    assert_eq!(parsing::written_and_read(&records), records);
}
