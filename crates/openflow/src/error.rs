//! What can go wrong between us and a switch.

use std::io;

use crate::codec::{Malformed, OfError};
use crate::remote::{InvalidRemote, Remote};
use crate::version::{Version, Versions};

/// Why the switch gave no answer.
///
/// Except after [`Error::Refused`] the connection is of no further use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text that names the switch is wrong.
    #[error(transparent)]
    Remote(#[from] InvalidRemote),
    /// No connection could be made.
    #[error("cannot connect to {remote}: {source}")]
    Connect {
        /// Where to.
        remote: Remote,
        /// Why not.
        source: io::Error,
    },
    /// We offered the switch no version at all.
    #[error("no OpenFlow version was offered")]
    NothingOffered,
    /// The switch speaks OpenFlow, but none of the versions we offered.
    #[error("no common OpenFlow version: we offered {offered}, the switch speaks {supported}")]
    NoCommonVersion {
        /// What we offered.
        offered: Versions,
        /// What the switch's HELLO says it speaks.
        supported: Versions,
    },
    /// The switch refused our HELLO (1.3.5 section 7.4.4), in place of its own or after it.
    #[error("the switch refused OpenFlow {offered}{}: {of_error}", speaking(*.supported))]
    HelloRefused {
        /// What we offered.
        offered: Versions,
        /// What the switch's HELLO says it speaks, if one came.
        supported: Option<Versions>,
        /// What the switch said.
        of_error: OfError,
    },
    /// What came first was neither HELLO nor ERROR.
    #[error("the peer does not speak OpenFlow: its first message is of type {0}, not HELLO")]
    NotOpenFlow(u8),
    /// After the HELLOs a message came in another version than the one agreed on.
    #[error("the switch answered with OpenFlow version number {got:#04x}, agreed was {agreed}")]
    WrongVersion {
        /// What was agreed on.
        agreed: Version,
        /// What the header says; 1.0 is 1.
        got: u8,
    },
    /// The switch refused a request.
    #[error("{request} was refused: {of_error}")]
    Refused {
        /// Which one.
        request: &'static str,
        /// What the switch said.
        of_error: OfError,
    },
    /// A reply in parts does not end.
    #[error("the switch listed more than {0} ports, or sent more parts than that")]
    TooManyPorts(usize),
    /// The switch listed as many ports as fit into a FEATURES_REPLY, so there may be more,
    /// and it knows no other way to ask.
    #[error("the switch listed {0} ports, all that fit, and there may be more")]
    Incomplete(usize),
    /// A message cannot be read.
    #[error("the switch sent a message that cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// Reading or writing failed.
    #[error("connection failed: {0}")]
    Io(#[from] io::Error),
    /// The switch closed the connection while an answer was awaited.
    #[error("the switch closed the connection {}", if *.mid_message { "in the middle of a message" } else { "without an answer" })]
    HungUp {
        /// Whether part of a message had come.
        mid_message: bool,
    },
}

fn speaking(supported: Option<Versions>) -> String {
    supported.map(|versions| format!(", itself speaking {versions}")).unwrap_or_default()
}

impl Error {
    /// The kind of the I/O error below, where there is one: tells permission denied,
    /// not found, connection refused and a switch that hung up apart.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Connect { source, .. } | Self::Io(source) => Some(source.kind()),
            Self::HungUp { .. } => Some(io::ErrorKind::UnexpectedEof),
            _ => None,
        }
    }
}
