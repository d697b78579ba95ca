//! Counters of ports, in their four layouts.

use super::fields::{Fields, Malformed};
use super::port::of_open_vswitch;
use crate::version::Version;

/// What a port has counted since it was made. A counter that the switch does not keep is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortStats {
    /// The number, 32 bits wide as since OpenFlow 1.1; [`ofport`](Self::ofport) is the one that
    /// Open vSwitch shows.
    pub number: u32,
    /// Packets received.
    pub rx_packets: Option<u64>,
    /// Packets sent.
    pub tx_packets: Option<u64>,
    /// Bytes received.
    pub rx_bytes: Option<u64>,
    /// Bytes sent.
    pub tx_bytes: Option<u64>,
    /// Packets dropped on receipt.
    pub rx_dropped: Option<u64>,
    /// Packets dropped instead of being sent.
    pub tx_dropped: Option<u64>,
    /// Errors on receipt.
    pub rx_errors: Option<u64>,
    /// Errors when sending.
    pub tx_errors: Option<u64>,
}

impl PortStats {
    /// The OpenFlow port in the 16 bits that Open vSwitch uses everywhere, as
    /// [`Port::ofport`](crate::Port::ofport).
    pub fn ofport(&self) -> Option<u16> {
        of_open_vswitch(self.number)
    }

    /// `struct ofp_port_stats` (1.0.0 section 5.3.5; 1.3.5 section 7.3.5.6, whose last eight bytes
    /// tell how long the port has been there).
    fn fixed(fields: &mut Fields, version: Version) -> Result<Self, Malformed> {
        let number = if version == Version::V1_0 {
            let number = fields.u16()?;
            fields.skip(6)?;
            super::port::widened(number)
        } else {
            let number = fields.u32()?;
            fields.skip(4)?;
            number
        };
        let stats = Self { number, ..Self::default() }.counters(fields)?;
        // Frame, overrun and CRC errors and collisions.
        fields.skip(if version == Version::V1_3 { 32 + 8 } else { 32 })?;
        Ok(stats)
    }

    /// `struct ofp_port_stats` since 1.4 (1.5.1 section 7.3.5.8), whose properties tell nothing
    /// that is kept here.
    fn with_properties(fields: &mut Fields) -> Result<Self, Malformed> {
        let length = fields.u16()?;
        fields.skip(2)?;
        let number = fields.u32()?;
        fields.skip(8)?;
        let stats = Self { number, ..Self::default() }.counters(fields)?;
        let properties = length.checked_sub(80).ok_or(Malformed::PortLength(length))?;
        fields.skip(properties.into()).map_err(|_| Malformed::PortLength(length))?;
        Ok(stats)
    }

    fn counters(self, fields: &mut Fields) -> Result<Self, Malformed> {
        // All ones are of a counter that is not kept.
        let mut counter = || fields.u64().map(|count| Some(count).filter(|n| *n != u64::MAX));
        Ok(Self {
            rx_packets: counter()?,
            tx_packets: counter()?,
            rx_bytes: counter()?,
            tx_bytes: counter()?,
            rx_dropped: counter()?,
            tx_dropped: counter()?,
            rx_errors: counter()?,
            tx_errors: counter()?,
            ..self
        })
    }
}

/// Reads counters up to the end of `bytes`.
pub(super) fn parse(version: Version, bytes: &[u8]) -> Result<Vec<PortStats>, Malformed> {
    let mut fields = Fields::new(bytes, "row of port counters");
    let mut all = Vec::new();
    while !fields.rest().is_empty() {
        all.push(match version {
            Version::V1_0 | Version::V1_1 | Version::V1_2 | Version::V1_3 => {
                PortStats::fixed(&mut fields, version)?
            }
            Version::V1_4 | Version::V1_5 => PortStats::with_properties(&mut fields)?,
        });
    }
    Ok(all)
}
