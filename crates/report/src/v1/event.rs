//! Something that is different now.

use std::time::{Duration, UNIX_EPOCH};

use model::timeline::{self, Change, Field};
use serde::Serialize;

use super::{Attachment, Port};

/// What happened to an interface of a container, or to a port that one left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// When it was noticed: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// `appeared`, `changed`, `vanished`, `left-behind` or `cleared`.
    pub action: &'static str,
    /// Name of the container; empty where none is known.
    pub container: String,
    /// Name of the interface inside.
    pub interface: String,
    /// The bridge it is on, or was when it vanished.
    pub bridge: Option<String>,
    /// Its OpenFlow port there.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// What changed: names of fields of an attachment.
    pub changed: Vec<&'static str>,
    /// The attachment as it is now, or was last when it vanished.
    pub attachment: Option<Attachment>,
    /// The attachment as it was before a change.
    pub before: Option<Attachment>,
    /// The port that was left behind, or no longer is.
    pub port: Option<Port>,
}

impl From<&timeline::Event> for Event {
    fn from(event: &timeline::Event) -> Self {
        let told = match &event.change {
            Change::Appeared(now) => Self::about("appeared", row(now)),
            Change::Vanished(last) => Self::about("vanished", row(last)),
            Change::Changed { before, now, fields } => Self {
                changed: fields.iter().map(|field| name(*field)).collect(),
                before: Some(row(before)),
                ..Self::about("changed", row(now))
            },
            Change::LeftBehind(port) => Self::about_port("left-behind", Port::from(&**port)),
            Change::Cleared(port) => Self::about_port("cleared", Port::from(&**port)),
        };
        let at = UNIX_EPOCH + Duration::from_millis(event.at);
        Self { time: humantime::format_rfc3339_millis(at).to_string(), ..told }
    }
}

impl Event {
    fn about(action: &'static str, attachment: Attachment) -> Self {
        let it = &attachment;
        Self {
            action,
            container: if it.container.is_empty() {
                it.netns.clone()
            } else {
                it.container.clone()
            },
            interface: it.interface.clone(),
            bridge: it.bridge.clone(),
            ofport: it.ofport,
            attachment: Some(attachment),
            ..Self::default()
        }
    }

    fn about_port(action: &'static str, port: Port) -> Self {
        Self {
            action,
            bridge: Some(port.bridge.clone()),
            ofport: port.ofport,
            port: Some(port),
            ..Self::default()
        }
    }
}

fn row(attachment: &model::wiring::Attachment) -> Attachment {
    Attachment::new(attachment, attachment.tenants.first())
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Container => "Container",
        Field::Interface => "Interface",
        Field::Mac => "MAC",
        Field::Addresses => "Addresses",
        Field::State => "State",
        Field::Bridge => "Bridge",
        Field::OfPort => "OFPort",
        Field::Vlan => "VLAN",
    }
}
