//! Replies in parts: statistics, as 1.0 to 1.2 call them (1.0.0 section 5.3.5,
//! 1.3.5 section 7.3.5).

use super::fields::{Fields, Malformed};
use crate::version::Version;

/// `OFPMP_PORT_DESC`: the ports of a bridge.
pub(super) const PORT_DESC: u16 = 13;

/// `OFPMP_PORT_STATS`: the counters of ports.
pub(super) const PORT_STATS: u16 = 4;

/// `OFPMPF_REPLY_MORE`: this is not the last part.
const REPLY_MORE: u16 = 1;

/// One part of a reply.
pub(super) struct Part<'a> {
    /// `enum ofp_multipart_type`.
    pub(super) kind: u16,
    /// Whether another part follows.
    pub(super) more: bool,
    /// The entries, none of which is continued in another part.
    pub(super) entries: &'a [u8],
}

/// The message type of a request; it has moved since 1.0.
pub(super) fn request_kind(version: Version) -> u8 {
    if version == Version::V1_0 { 16 } else { 18 }
}

/// The message type of a reply.
pub(super) fn reply_kind(version: Version) -> u8 {
    request_kind(version) + 1
}

/// The body of a request for all ports: `struct ofp_stats_request` of 1.0,
/// `ofp_multipart_request` later, which has padding; since 1.5 it goes on with
/// `ofp_port_multipart_request` for `OFPP_ANY` (1.5.1 section 7.3.5).
pub(super) fn ports_request(version: Version) -> &'static [u8] {
    const BODY: [u8; 16] = [0, 13, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    match version {
        Version::V1_0 => &BODY[..4],
        Version::V1_1 | Version::V1_2 | Version::V1_3 | Version::V1_4 => &BODY[..8],
        Version::V1_5 => &BODY,
    }
}

/// The body of a request for the counters of all ports: of `OFPP_NONE` in 1.0, `OFPP_ANY` later.
pub(super) fn port_stats_request(version: Version) -> &'static [u8] {
    const V1_0: [u8; 12] = [0, 4, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0];
    const LATER: [u8; 16] = [0, 4, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    if version == Version::V1_0 { &V1_0 } else { &LATER }
}

pub(super) fn parse(version: Version, body: &[u8]) -> Result<Part<'_>, Malformed> {
    let mut fields = Fields::new(body, "multipart reply");
    let kind = fields.u16()?;
    let flags = fields.u16()?;
    if version > Version::V1_0 {
        fields.skip(4)?;
    }
    Ok(Part { kind, more: flags & REPLY_MORE != 0, entries: fields.rest() })
}
