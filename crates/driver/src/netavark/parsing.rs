//! What netavark writes to stdin, read from any bytes.

use serde_json::Value;

use super::messages::{self, Call};
use super::read;
use crate::network::NetworkRecord;

/// What comes with `setup`.
#[derive(Debug)]
pub struct ReadSetup {
    /// The network.
    pub network: NetworkRecord,
    /// How many ports are published.
    pub published: usize,
    /// The answer, as if it had been carried out.
    pub answer: String,
}

/// Reads `stdin` as that of `create`: the network, as it comes back with a subnet where none was named.
///
/// # Errors
/// Why it is none.
pub fn network_in(stdin: &[u8]) -> Result<(NetworkRecord, String), String> {
    let mut network: Value = read(stdin).map_err(|error| error.to_string())?;
    messages::network(&network).map_err(|error| error.to_string())?;
    // Whether it is fit for a mesh does not change what it is.
    let _ = messages::check_addresses_in_mesh(&network);
    if messages::wants_subnet(&network)
        && let Ok(subnet) = "192.0.2.0/24".parse()
    {
        messages::give_subnet(&mut network, subnet, true);
    }
    let record = messages::network(&network).map_err(|error| error.to_string())?;
    Ok((record, network.to_string()))
}

/// Reads `stdin` as that of `setup`.
///
/// # Errors
/// Why it is none.
pub fn setup_in(stdin: &[u8]) -> Result<ReadSetup, String> {
    let call: Call = read(stdin).map_err(|error| error.to_string())?;
    let network = messages::network(&call.network).map_err(|error| error.to_string())?;
    let endpoint = call.endpoint(&network).map_err(|error| error.to_string())?;
    let mac = model::ids::Mac([2, 0, 0, 0, 0, 7]);
    let dns_servers = messages::dns_servers(&call.network).map_err(|error| error.to_string())?;
    let answer = messages::answer(&endpoint, &network, mac, &dns_servers);
    Ok(ReadSetup { network, published: endpoint.published.len(), answer })
}
