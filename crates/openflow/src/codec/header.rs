//! The header of every message (1.0.0 section 5.1, 1.5.1 section 7.1.1).

use super::fields::{Fields, Malformed};

/// `OFPT_HELLO`.
pub(crate) const HELLO: u8 = 0;
/// `OFPT_ERROR`.
pub(crate) const ERROR: u8 = 1;
/// `OFPT_ECHO_REQUEST`.
pub(super) const ECHO_REQUEST: u8 = 2;
/// `OFPT_ECHO_REPLY`.
pub(super) const ECHO_REPLY: u8 = 3;
/// `OFPT_FEATURES_REQUEST`.
pub(super) const FEATURES_REQUEST: u8 = 5;
/// `OFPT_FEATURES_REPLY`.
pub(super) const FEATURES_REPLY: u8 = 6;

/// `struct ofp_header`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// As on the wire: the peer's may be one we do not know.
    pub(crate) version: u8,
    /// The message type: `enum ofp_type`.
    pub(crate) kind: u8,
    /// Of the whole message, header included, in bytes; at least 8.
    pub(crate) length: usize,
    /// Which request a message belongs to: a reply has that of its request.
    pub(crate) xid: u32,
}

impl Header {
    /// In bytes.
    pub(crate) const LENGTH: usize = 8;

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(bytes, "header");
        let version = fields.u8()?;
        let kind = fields.u8()?;
        let length = fields.u16()?.into();
        let xid = fields.u32()?;
        if length < Self::LENGTH {
            return Err(Malformed::Length(length));
        }
        Ok(Self { version, kind, length, xid })
    }
}
