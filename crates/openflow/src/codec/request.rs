//! What we send.

use super::header::{ECHO_REPLY, ERROR, FEATURES_REQUEST, HELLO, Header};
use super::{hello, multipart};
use crate::version::{Version, Versions};

/// A message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    /// Offers versions.
    Hello(Versions),
    /// Tells that none of the peer's versions will do: `OFPHFC_INCOMPATIBLE`
    /// (1.3.5 section 6.3.1).
    HelloFailed,
    /// Returns what an ECHO_REQUEST brought (1.3.5 section 7.5.3).
    EchoReply(&'a [u8]),
    /// Asks what the bridge is (1.3.5 section 7.3.1).
    Features,
    /// Asks for the description of all ports (1.3.5 section 7.3.5.7).
    ///
    /// The specifications have it since 1.3. Open vSwitch answers it in every version,
    /// where FEATURES_REPLY has room for 1,364 ports only.
    Ports,
}

impl Request<'_> {
    /// What the specifications call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hello(_) => "HELLO",
            Self::HelloFailed => "ERROR",
            Self::EchoReply(_) => "ECHO_REPLY",
            Self::Features => "FEATURES_REQUEST",
            Self::Ports => "the request for PORT_DESC",
        }
    }

    /// Appends the message to `out`.
    pub(crate) fn put(self, out: &mut Vec<u8>, version: Version, xid: u32) {
        match self {
            Self::Hello(versions) => put(out, version, HELLO, xid, &hello::body(versions)),
            Self::HelloFailed => put(out, version, ERROR, xid, &[0; 4]),
            Self::EchoReply(payload) => put(out, version, ECHO_REPLY, xid, payload),
            Self::Features => put(out, version, FEATURES_REQUEST, xid, &[]),
            Self::Ports => {
                let body = multipart::ports_request(version);
                put(out, version, multipart::request_kind(version), xid, body);
            }
        }
    }
}

/// No body of ours is longer than that of the echo it answers: the length fits.
fn put(out: &mut Vec<u8>, version: Version, kind: u8, xid: u32, body: &[u8]) {
    let length = u16::try_from(Header::LENGTH + body.len()).unwrap_or(u16::MAX);
    out.extend([version as u8, kind]);
    out.extend(length.to_be_bytes());
    out.extend(xid.to_be_bytes());
    out.extend(body);
}
