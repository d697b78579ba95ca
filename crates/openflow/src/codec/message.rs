//! What a switch sends.

use super::error_message::OfError;
use super::features::{self, Features};
use super::fields::Malformed;
use super::header::{ECHO_REQUEST, ERROR, FEATURES_REPLY, HELLO, Header};
use super::port::{self, Port};
use super::port_stats::{self, PortStats};
use super::{hello, multipart};
use crate::version::{Version, Versions};

/// A message, as far as it concerns us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// HELLO: the versions that the peer speaks.
    Hello(Versions),
    /// ERROR: a request was refused.
    Error(OfError),
    /// ECHO_REQUEST, with what the reply is to return.
    EchoRequest(Vec<u8>),
    /// FEATURES_REPLY, which also lists ports up to OpenFlow 1.2.
    Features(Features, Vec<Port>),
    /// Descriptions of ports.
    Ports {
        /// The ports.
        ports: Vec<Port>,
        /// Whether more follow in another message.
        more: bool,
    },
    /// Counters of ports.
    PortStats {
        /// The counters, a row for each port.
        stats: Vec<PortStats>,
        /// Whether more follow in another message.
        more: bool,
    },
    /// Any other message, by its type.
    Other(u8),
}

impl Message {
    /// Reads one whole message, its header included. HELLO and ERROR are read in any
    /// version, the others in those of [`Version::ALL`].
    ///
    /// # Errors
    /// [`Malformed`] when the message is not what its type and version prescribe.
    pub fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let header = Header::parse(message)?;
        if header.length != message.len() {
            return Err(Malformed::Length(header.length));
        }
        let body = message.get(Header::LENGTH..).unwrap_or_default();
        match header.kind {
            HELLO => Ok(Self::Hello(hello::versions(header.version, body))),
            ERROR => Ok(Self::Error(OfError::parse(body)?)),
            kind => {
                let version = Version::from_wire(header.version);
                Self::body(version.ok_or(Malformed::Version(header.version))?, kind, body)
            }
        }
    }

    fn body(version: Version, kind: u8, body: &[u8]) -> Result<Self, Malformed> {
        match kind {
            ECHO_REQUEST => Ok(Self::EchoRequest(body.to_owned())),
            FEATURES_REPLY => features::parse(version, body)
                .map(|(features, ports)| Self::Features(features, ports)),
            kind if kind == multipart::reply_kind(version) => Self::part(version, kind, body),
            other => Ok(Self::Other(other)),
        }
    }

    fn part(version: Version, kind: u8, body: &[u8]) -> Result<Self, Malformed> {
        let part = multipart::parse(version, body)?;
        let (entries, more) = (part.entries, part.more);
        match part.kind {
            multipart::PORT_DESC => Ok(Self::Ports { ports: port::parse(version, entries)?, more }),
            multipart::PORT_STATS => {
                Ok(Self::PortStats { stats: port_stats::parse(version, entries)?, more })
            }
            _ => Ok(Self::Other(kind)),
        }
    }
}
