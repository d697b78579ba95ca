//! Something that is different now.

use std::sync::Arc;

use model::timeline::{self, Change};
use model::wiring::{self, ContainerRef, SwitchPort};
use serde::Serialize;

use super::{Action, Attachment, Field, Port};

/// What happened to an interface of a container, or to a port that lost its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// When it was noticed: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// What happened.
    pub action: Action,
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
    pub changed: Vec<Field>,
    /// The attachment as it is now, or was last when it vanished.
    pub attachment: Option<Attachment>,
    /// The attachment as it was before a change.
    pub before: Option<Attachment>,
    /// The port that is orphaned, or no longer is.
    pub port: Option<Port>,
}

impl From<&timeline::Event> for Event {
    fn from(event: &timeline::Event) -> Self {
        Self::told(event, |_, _| true)
    }
}

impl Event {
    /// The event as it is told to who asked for some containers: of those that share an interface it names the
    /// first that `is_meant`, as it is or as it was, and the first of all where none is. What was before a
    /// change names the first that was meant then.
    pub fn told(
        event: &timeline::Event,
        is_meant: impl Fn(&wiring::Attachment, &ContainerRef) -> bool,
    ) -> Self {
        let time = model::moment::rfc3339(event.at);
        let meant = |of: &wiring::Attachment| {
            of.tenants.iter().find(|who| is_meant(of, who)).map(|who| who.id.clone())
        };
        let row = |of: &wiring::Attachment, other: &wiring::Attachment| {
            let id = meant(of).or_else(|| meant(other));
            let is_it = |who: &&Arc<ContainerRef>| Some(&who.id) == id.as_ref();
            Attachment::new(of, of.tenants.iter().find(is_it).or(of.tenants.first()))
        };
        match &event.change {
            Change::Appeared(now) => Self::about(time, Action::Appeared, row(now, now)),
            Change::Vanished(last) => Self::about(time, Action::Vanished, row(last, last)),
            Change::Changed { before, now, fields } => Self {
                changed: fields.iter().map(|field| Field::from(*field)).collect(),
                before: Some(row(before, now)),
                ..Self::about(time, Action::Changed, row(now, before))
            },
            Change::Orphaned(port) => Self::about_port(time, Action::Orphaned, Port::from(&**port)),
            Change::Cleared(port) => Self::about_port(time, Action::Cleared, Port::from(&**port)),
        }
    }

    fn about(time: String, action: Action, attachment: Attachment) -> Self {
        let it = &attachment;
        Self {
            time,
            action,
            container: if it.container.is_empty() {
                it.netns.clone()
            } else {
                it.container.clone()
            },
            interface: it.interface.clone(),
            bridge: it.bridge.clone(),
            ofport: it.ofport,
            changed: Vec::new(),
            attachment: Some(attachment),
            before: None,
            port: None,
        }
    }

    /// What became of a port, by a source that tells ports alone: none before where it came, none now
    /// where it went.
    pub fn of_port(at: u64, before: Option<&SwitchPort>, now: Option<&SwitchPort>) -> Option<Self> {
        let time = model::moment::rfc3339(at);
        let told = Port::from(now.or(before)?);
        let action = match (before, now) {
            (None, _) => Action::Appeared,
            (_, None) => Action::Vanished,
            _ => Action::Changed,
        };
        let fields = match (before, now) {
            (Some(before), Some(now)) => differences(&before.port, &now.port),
            _ => Vec::new(),
        };
        Some(Self { changed: fields, ..Self::about_port(time, action, told) })
    }

    fn about_port(time: String, action: Action, port: Port) -> Self {
        Self {
            time,
            action,
            container: String::new(),
            interface: String::new(),
            bridge: Some(port.bridge.clone()),
            ofport: port.ofport,
            changed: Vec::new(),
            attachment: None,
            before: None,
            port: Some(port),
        }
    }
}

fn differences(before: &model::switch::Port, now: &model::switch::Port) -> Vec<Field> {
    let differ = [
        (Field::OfPort, before.ofport != now.ofport),
        (Field::Vlan, before.vlans() != now.vlans()),
        (Field::Mac, before.mac != now.mac),
    ];
    let fields: Vec<_> = differ.into_iter().filter(|(_, is)| *is).map(|(field, _)| field).collect();
    if fields.is_empty() { vec![Field::Port] } else { fields }
}

impl From<timeline::Field> for Field {
    fn from(field: timeline::Field) -> Self {
        match field {
            timeline::Field::Container => Self::Container,
            timeline::Field::Interface => Self::Interface,
            timeline::Field::Mac => Self::Mac,
            timeline::Field::Addresses => Self::Addresses,
            timeline::Field::State => Self::State,
            timeline::Field::Bridge => Self::Bridge,
            timeline::Field::OfPort => Self::OfPort,
            timeline::Field::Vlan => Self::Vlan,
            timeline::Field::Mtu => Self::Mtu,
            timeline::Field::Port => Self::Port,
            timeline::Field::HostInterface => Self::HostInterface,
            timeline::Field::Notes => Self::Notes,
        }
    }
}
