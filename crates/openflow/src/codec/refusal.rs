//! ERROR: a request that the switch refused (1.3.5 section 7.4.4).

use std::fmt;

use super::fields::{Fields, Malformed};

/// `OFPET_HELLO_FAILED`: the only error whose data is a text.
const HELLO_FAILED: u16 = 0;

/// What an ERROR says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The type: `enum ofp_error_type`.
    pub kind: u16,
    /// The code; what it means depends on the type.
    pub code: u16,
    /// The explanation that may come with a refused HELLO, as sent.
    pub text: String,
}

impl Refusal {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(body, "ERROR");
        let (kind, code) = (fields.u16()?, fields.u16()?);
        // The data of any other error is the beginning of the message that was refused.
        let text = if kind == HELLO_FAILED { fields.rest() } else { &[] };
        Ok(Self { kind, code, text: String::from_utf8_lossy(text).trim_end_matches('\0').into() })
    }

    /// The name that the specifications give; those of `OFPBRC_` up to 1.5.1.
    fn name(&self) -> Option<&'static str> {
        Some(match (self.kind, self.code) {
            (HELLO_FAILED, 0) => "no compatible version",
            (HELLO_FAILED, 1) | (1, 5) => "permission denied",
            (1, 0) => "version not supported",
            (1, 1) => "message type not supported",
            (1, 2) => "multipart type not supported",
            (1, 6) => "wrong length",
            (1, 13) => "too many multipart requests",
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "error type {}, code {}", self.kind, self.code)?,
        }
        match self.text.trim() {
            "" => Ok(()),
            text => write!(f, " ({text:.200?})"),
        }
    }
}
