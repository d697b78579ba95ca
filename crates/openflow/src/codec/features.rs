//! FEATURES_REPLY: what a bridge is (1.0.0 section 5.3.1, 1.5.1 section 7.3.1).

use super::fields::{Fields, Malformed};
use super::port::{self, Port};
use crate::version::Version;

/// What a bridge says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    /// The datapath id; commonly shown as 16 hex digits.
    pub datapath_id: u64,
    /// How many packets it holds back for a controller.
    pub buffers: u32,
    /// How many flow tables it has.
    pub tables: u8,
    /// What it can do: `enum ofp_capabilities`.
    pub capabilities: u32,
}

/// `struct ofp_switch_features`, without the header.
pub(super) fn parse(version: Version, body: &[u8]) -> Result<(Features, Vec<Port>), Malformed> {
    let mut fields = Fields::new(body, "FEATURES_REPLY");
    let datapath_id = fields.u64()?;
    let buffers = fields.u32()?;
    let tables = fields.u8()?;
    fields.skip(3)?;
    let capabilities = fields.u32()?;
    fields.skip(4)?;
    let ports = match version {
        Version::V1_0 | Version::V1_1 | Version::V1_2 => port::parse(version, fields.rest())?,
        // Whatever follows, it is not ports.
        Version::V1_3 | Version::V1_4 | Version::V1_5 => Vec::new(),
    };
    Ok((Features { datapath_id, buffers, tables, capabilities }, ports))
}
