//! What a client knows that only listens: events folded into rows, to be compared with a look.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::lists;

/// What is told of interfaces and of ports that were left behind.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Picture {
    /// By namespace and index, for a container that was restarted appears before it vanishes.
    rows: BTreeMap<(String, String), Value>,
    left: BTreeSet<(String, String)>,
}

impl Picture {
    /// By the lines of `docker ovs events --format json`, of these containers and this bridge.
    pub(crate) fn told(lines: &[String], names: &[&str], bridge: &str) -> Self {
        let mut picture = Self::default();
        for line in lines {
            picture.take(&serde_json::from_str(line).unwrap(), names, bridge);
        }
        picture
    }

    fn take(&mut self, event: &Value, names: &[&str], bridge: &str) {
        let (port, now) = (&event["Port"], &event["Attachment"]);
        let known = names.contains(&text(event, "Container"));
        let here = event["Bridge"] == bridge;
        match text(event, "Action") {
            "appeared" | "changed" if known => self.rows.insert(place(now), row(now)).map(|_| ()),
            "vanished" => self.rows.remove(&place(now)).map(|_| ()),
            "orphaned" if here => self.left.insert(seat(port)).then_some(()),
            "cleared" if here => self.left.remove(&seat(port)).then_some(()),
            _ => None,
        };
    }

    /// By a look of one's own: `docker ovs ls` and `docker ovs ports`.
    pub(crate) fn seen(names: &[&str], bridge: &str) -> Self {
        let rows = parsed(&lists(&["ls", "--format", "json"]));
        let rows = rows.iter().filter(|row| names.contains(&text(row, "Container")));
        let ports = parsed(&lists(&["ports", bridge, "--format", "json"]));
        let left = ports.iter().filter(|port| port["Occupant"] == "orphaned");
        Self {
            rows: rows.map(|found| (place(found), row(found))).collect(),
            left: left.map(seat).collect(),
        }
    }
}

/// Text of one JSON object a line.
pub(crate) fn parsed(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

fn place(row: &Value) -> (String, String) {
    (text(row, "Netns").to_owned(), row["Ifindex"].to_string())
}

fn seat(port: &Value) -> (String, String) {
    (text(port, "Bridge").to_owned(), text(port, "Port").to_owned())
}

/// The columns of `docker ovs ls`.
fn row(found: &Value) -> Value {
    let shown = ["ID", "Container", "Interface", "Bridge", "OFPort", "MAC", "VLAN", "Addresses"];
    json!([shown.map(|column| found[column].clone()), found["HostInterface"], found["State"]])
}
