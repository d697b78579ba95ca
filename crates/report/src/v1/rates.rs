//! Traffic of a port.

use serde::Serialize;

/// How much passes a port, and what it has lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct PortRates {
    /// The OVS bridge.
    pub bridge: String,
    /// The OpenFlow port; 65534 is LOCAL.
    #[serde(rename = "OFPort")]
    pub ofport: u16,
    /// Name of the interface.
    pub port: String,
    /// Who is on it.
    pub who: String,
    /// Name of the container, if one is on it.
    pub container: Option<String>,
    /// Packets a second that it received; null until it was counted twice.
    pub rx_packets_per_second: Option<f64>,
    /// Bytes a second that it received.
    pub rx_bytes_per_second: Option<f64>,
    /// Packets a second that it sent.
    pub tx_packets_per_second: Option<f64>,
    /// Bytes a second that it sent.
    pub tx_bytes_per_second: Option<f64>,
    /// Packets dropped since it was made, both ways; null where that is not counted.
    pub dropped: Option<u64>,
    /// Errors since it was made, both ways.
    pub errors: Option<u64>,
    /// Packets a second that were dropped.
    pub dropped_per_second: Option<f64>,
}
