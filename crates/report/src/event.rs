//! `events` for a person: one line each, as `docker events` has them.

use crate::cell::printable;
use crate::v1::{Attachment, Event, Field, State};

/// When, what, and which container it is about.
pub fn event_line(event: &Event) -> String {
    let line = match (&event.attachment, &event.port) {
        (Some(now), _) => about_attachment(event, now),
        (None, Some(port)) => {
            format!(
                "{}: {} on {}",
                port.who,
                port.port,
                place(event.bridge.as_deref(), event.ofport)
            )
        }
        (None, None) => String::new(),
    };
    printable(&format!("{} {} {line}", event.time, event.action))
}

fn about_attachment(event: &Event, now: &Attachment) -> String {
    let whose = format!("{} {}", event.container, event.interface);
    let Some(before) = event.before.as_ref() else {
        return format!("{whose}: {}", state(now));
    };
    let changes = event.changed.iter().map(|field| change(*field, before, now));
    format!("{whose}: {}", changes.collect::<Vec<_>>().join(", "))
}

fn state(row: &Attachment) -> String {
    let addresses = row.addresses.iter();
    let more: Vec<_> = row.mac.iter().chain(addresses).map(String::as_str).collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    match row.state {
        State::On => format!("{}{more}", place(row.bridge.as_deref(), row.ofport)),
        State::None => format!("on no bridge{more}"),
        state => format!("{state}{more}"),
    }
}

fn place(bridge: Option<&str>, ofport: Option<u16>) -> String {
    let bridge = bridge.unwrap_or("no bridge");
    ofport.map_or_else(|| bridge.to_owned(), |port| format!("{bridge} port {port}"))
}

fn change(field: Field, before: &Attachment, now: &Attachment) -> String {
    format!("{field} {} -> {}", shown(field, before), shown(field, now))
}

fn shown(field: Field, row: &Attachment) -> String {
    let text = match field {
        Field::Container => row.container.clone(),
        Field::Interface => row.interface.clone(),
        Field::Mac => row.mac.clone().unwrap_or_default(),
        Field::Addresses => row.addresses.join(","),
        Field::Bridge => row.bridge.clone().unwrap_or_default(),
        Field::OfPort => row.ofport.map(|port| port.to_string()).unwrap_or_default(),
        Field::Vlan => crate::views::vlans(row),
        Field::State => row.state.to_string(),
        Field::Mtu => row.mtu.map(|mtu| mtu.to_string()).unwrap_or_default(),
        Field::Port => row.port.clone().or_else(|| row.reason.clone()).unwrap_or_default(),
        Field::HostInterface => row.host_interface.clone().unwrap_or_default(),
        Field::Notes => row.notes.join("; "),
    };
    if text.is_empty() { "-".to_owned() } else { text }
}
