//! How a value is shown where it may be missing.

use model::ids::OfPort;

use crate::v1::State;

pub(super) fn dash(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "-".to_owned())
}

/// A dash says that there is none, which an unknown place does not.
pub(super) fn unless_unknown(text: Option<String>, state: State) -> String {
    let none = if state == State::Unknown { state.word() } else { "-" };
    text.unwrap_or_else(|| none.to_owned())
}

pub(super) fn some(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

pub(super) fn number(port: Option<u16>) -> String {
    port.map(|port| port.to_string()).unwrap_or_default()
}

/// As `ovs-ofctl` names it.
pub(super) fn name_number(port: u16) -> String {
    if port == OfPort::LOCAL.0 { "LOCAL".to_owned() } else { port.to_string() }
}
