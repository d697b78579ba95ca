//! Which columns are asked for: those of today's schema, and of an older or newer one those of
//! them that it has.
//!
//! A server refuses a request as a whole for one column or table that it does not know (RFC 7047
//! section 5.2.2). It is asked for its schema only then, and once for a connection.

use ovsdb::{Client, Columns, Error, Schema, VSWITCH};

/// Without these there is nothing to tell.
const NEEDED: [(&str, &[&str]); 3] = [
    ("Interface", &["name", "ofport"]),
    ("Port", &["name", "interfaces"]),
    ("Bridge", &["name", "ports"]),
];

/// Columns of Bridge that a look at a few ports leaves out: the list of all ports, and what is
/// remembered of attachments.
const LONG: [&str; 2] = ["ports", "external_ids"];

/// What of Interface and Port a network driver has no use for: addresses, options, errors and VLANs of
/// customers are a third of all that is told of a port.
const DETAILS: [&str; 7] = ["mac_in_use", "mac", "options", "error", "cvlans", "protected", "bfd"];

/// The columns of each table, of which every list begins with the row's id or what is as long as a
/// table.
#[derive(Clone, Debug)]
pub(super) struct RequestedColumns {
    /// Of Interface; `_uuid` comes first.
    pub(super) interface: Vec<&'static str>,
    /// Of Port; `_uuid` comes first.
    pub(super) port: Vec<&'static str>,
    /// Of Bridge; what is [`LONG`] comes first.
    pub(super) bridge: Vec<&'static str>,
    /// Of Open_vSwitch, which has one row; `_uuid` comes first. None where there is no such table.
    pub(super) open_vswitch: Vec<&'static str>,
    /// Whether fake bridges can be looked for.
    pub(super) fake_bridges: bool,
}

impl Default for RequestedColumns {
    /// All that is of use, in the schema of Open vSwitch 4.0.
    fn default() -> Self {
        let interface = ["_uuid", "name", "ofport", "ofport_request", "ifindex", "mac_in_use"];
        let more = ["mac", "type", "options", "external_ids", "error", "bfd"];
        let port = ["_uuid", "name", "interfaces", "tag", "trunks", "vlan_mode", "cvlans"];
        Self {
            interface: interface.into_iter().chain(more).collect(),
            port: port.into_iter().chain(["fake_bridge", "external_ids", "protected"]).collect(),
            bridge: vec![
                "ports",
                "external_ids",
                "name",
                "datapath_id",
                "datapath_type",
                "fail_mode",
            ],
            open_vswitch: vec!["_uuid", "other_config", "external_ids"],
            fake_bridges: true,
        }
    }
}

impl RequestedColumns {
    /// What a whole look reads. Here the id comes as the row's key, and may not be asked for.
    pub(super) fn tables(&self) -> Vec<Columns<'_>> {
        let all = [
            ("Interface", self.interface.get(1..).unwrap_or_default()),
            ("Port", self.port.get(1..).unwrap_or_default()),
            ("Bridge", self.bridge.as_slice()),
            ("Open_vSwitch", self.open_vswitch.get(1..).unwrap_or_default()),
        ];
        let there = all.into_iter().filter(|(_, columns)| !columns.is_empty());
        there.map(|(table, columns)| Columns { table, columns }).collect()
    }

    /// The same without [`DETAILS`].
    pub(super) fn without_details(&self) -> Self {
        let kept = |columns: &[&'static str]| {
            columns.iter().filter(|column| !DETAILS.contains(column)).copied().collect()
        };
        let interface = kept(&self.interface);
        let port = kept(&self.port);
        Self { interface, port, ..self.clone() }
    }

    /// The columns of Bridge that a look at a few ports reads.
    pub(super) fn bridge_alone(&self) -> &[&'static str] {
        let long = self.bridge.iter().take_while(|column| LONG.contains(column)).count();
        self.bridge.get(long..).unwrap_or_default()
    }

    /// What of it the schema has; none if that is all of it, or too little.
    fn known_to(&self, schema: &Schema) -> Option<Self> {
        let known = |table, columns: &[&'static str]| -> Vec<&'static str> {
            columns.iter().filter(|column| schema.has_column(table, column)).copied().collect()
        };
        let fewer = Self {
            interface: known("Interface", &self.interface),
            port: known("Port", &self.port),
            bridge: known("Bridge", &self.bridge),
            open_vswitch: known("Open_vSwitch", &self.open_vswitch),
            fake_bridges: schema.has_column("Port", "fake_bridge"),
        };
        let has = |(table, columns): &(&str, &[&str])| {
            columns.iter().all(|column| schema.has_column(table, column))
        };
        (fewer.count() < self.count() && NEEDED.iter().all(has)).then_some(fewer)
    }

    /// Those of `wanted` columns of Interface that are asked for.
    pub(super) fn of_interface(&self, wanted: &[&'static str]) -> Vec<&'static str> {
        wanted.iter().filter(|column| self.interface.contains(column)).copied().collect()
    }

    fn count(&self) -> usize {
        self.interface.len() + self.port.len() + self.bridge.len() + self.open_vswitch.len()
    }
}

/// What is asked for in one conversation.
#[derive(Debug, Default)]
pub(super) struct ColumnNegotiation {
    /// The columns.
    pub(super) requested: RequestedColumns,
    /// Whether they were compared with the schema.
    compared: bool,
}

impl ColumnNegotiation {
    /// Whether `read` was refused for columns that are not there, and is worth another try with
    /// those that are. If they make no difference the refusal stands.
    pub(super) async fn drops_unknown<T: Sync>(
        &mut self,
        client: &mut Client,
        read: &Result<T, Error>,
    ) -> bool {
        let refused = read.as_ref().is_err_and(Error::is_refusal);
        if !refused || self.compared {
            return false;
        }
        let Ok(schema) = client.schema(VSWITCH).await else { return false };
        self.compared = true;
        let fewer = self.requested.known_to(&schema);
        let differs = fewer.is_some();
        self.requested = fewer.unwrap_or_else(|| self.requested.clone());
        differs
    }
}
