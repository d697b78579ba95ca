//! ERROR: a request that the switch refused (1.3.5 section 7.4.4).

use std::fmt;

use super::fields::{Fields, Malformed};
use crate::excerpt::quoted;

/// `OFPET_HELLO_FAILED`: the only error whose data is a text.
const HELLO_FAILED: u16 = 0;

/// `OFPET_BAD_REQUEST`.
const BAD_REQUEST: u16 = 1;

/// What an ERROR says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfError {
    /// The type: `enum ofp_error_type`.
    pub kind: u16,
    /// The code; what it means depends on the type.
    pub code: u16,
    /// The explanation that may come with a refused HELLO, as sent.
    pub text: String,
}

impl OfError {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(body, "ERROR");
        let kind = fields.u16()?;
        let code = fields.u16()?;
        // The data of any other error is the beginning of the message that was refused.
        let text = if kind == HELLO_FAILED { fields.rest() } else { &[] };
        Ok(Self { kind, code, text: String::from_utf8_lossy(text).trim_end_matches('\0').into() })
    }

    /// Whether it was our HELLO that was refused.
    pub(crate) fn is_of_hello(&self) -> bool {
        self.kind == HELLO_FAILED
    }

    /// What the specifications call it, for the errors that our messages can meet.
    fn name(&self) -> Option<&'static str> {
        Some(match (self.kind, self.code) {
            (HELLO_FAILED, 0) => "OFPHFC_INCOMPATIBLE",
            (HELLO_FAILED, 1) => "OFPHFC_EPERM",
            (BAD_REQUEST, 0) => "OFPBRC_BAD_VERSION",
            (BAD_REQUEST, 1) => "OFPBRC_BAD_TYPE",
            (BAD_REQUEST, 2) => "OFPBRC_BAD_MULTIPART",
            (BAD_REQUEST, 5) => "OFPBRC_EPERM",
            (BAD_REQUEST, 6) => "OFPBRC_BAD_LEN",
            (BAD_REQUEST, 13) => "OFPBRC_MULTIPART_BUFFER_OVERFLOW",
            _ => return None,
        })
    }
}

impl fmt::Display for OfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "error type {}, code {}", self.kind, self.code)?,
        }
        match self.text.trim() {
            "" => Ok(()),
            text => write!(f, " ({})", quoted(text)),
        }
    }
}
