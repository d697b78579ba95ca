//! `events` for a person: one line each, as `docker events` has them.

use crate::cell::printable;
use crate::v1::vlan::vlans;
use crate::v1::{Attachment, Event, Field, Port, State};

/// When, what, and which container it is about.
pub fn event_line(event: &Event) -> String {
    let line = match (&event.attachment, &event.port) {
        (Some(now), _) => about_attachment(event, now),
        (None, Some(port)) => {
            let place = place(event.bridge.as_deref(), event.ofport);
            let set: String = event.changed.iter().map(|field| set_at(*field, port)).collect();
            format!("{}: {} on {place}{set}", port.who, port.port)
        }
        (None, None) => String::new(),
    };
    printable(&format!("{} {} {line}", event.time, event.action))
}

/// How a field of a port is that has changed, of which only that is told; its number is told by the place.
fn set_at(field: Field, port: &Port) -> String {
    match field {
        Field::OfPort => String::new(),
        Field::Vlan => format!(", {field} {}", vlans(port)),
        Field::Mac => format!(", {field} {}", port.mac.as_deref().unwrap_or("-")),
        _ => ", other settings".to_owned(),
    }
}

fn about_attachment(event: &Event, now: &Attachment) -> String {
    let whose = format!("{} {}", crate::views::event::container(event), event.interface);
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
    let was = shown(field, before);
    let is = shown(field, now);
    match field {
        Field::Port if was == is => format!("{field} {is}: {}", settings(before, now)),
        _ => format!("{field} {was} -> {is}"),
    }
}

/// What is set otherwise at a port that is the same one.
fn settings(before: &Attachment, now: &Attachment) -> String {
    let all = |row: &Attachment| {
        [
            ("FakeBridge", row.fake_bridge.clone()),
            ("Bond", row.bond.clone()),
            ("OFPortRequest", row.ofport_request.map(|port| port.to_string())),
            ("DPPort", row.dp_port.map(|port| port.to_string())),
            ("DatapathID", row.datapath_id.clone()),
            ("Network", row.network.clone()),
            ("EndpointID", row.endpoint.clone()),
            ("Reason", row.reason.clone()),
        ]
    };
    let both = all(before).into_iter().zip(all(now)).filter(|(was, is)| was != is);
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let named = both.map(|((name, was), (_, is))| format!("{name} {} -> {}", text(was), text(is)));
    let named: Vec<_> = named.collect();
    // Of several ports, and of what is an error, a row has no columns.
    if named.is_empty() { "other settings".to_owned() } else { named.join(", ") }
}

fn shown(field: Field, row: &Attachment) -> String {
    let text = match field {
        Field::Container => containers(row),
        Field::Interface => row.interface.clone(),
        Field::Mac => row.mac.clone().unwrap_or_default(),
        Field::Addresses => row.addresses.join(","),
        Field::Bridge => row.bridge.clone().unwrap_or_default(),
        Field::OfPort => row.ofport.map(|port| port.to_string()).unwrap_or_default(),
        Field::Vlan => vlans(row),
        Field::State => row.state.to_string(),
        Field::Mtu => row.mtu.map(|mtu| mtu.to_string()).unwrap_or_default(),
        Field::Port => row.port.clone().or_else(|| row.reason.clone()).unwrap_or_default(),
        Field::HostInterface => row.host_interface.clone().unwrap_or_default(),
        Field::Notes => row.notes.join("; "),
    };
    if text.is_empty() { "-".to_owned() } else { text }
}

/// All that have the interface: a second one may come and go while the first stays.
fn containers(row: &Attachment) -> String {
    let names: Vec<_> = row.tenants.iter().map(|tenant| tenant.container.as_str()).collect();
    if names.is_empty() { row.container.clone() } else { names.join(",") }
}
