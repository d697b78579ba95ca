//! The rows of the database as they are, for a capture: without counters, which are others each time,
//! and without what may be secret.

use std::collections::BTreeMap;

use model::SourceError;
use ovsdb::{Opaque, Select, VSWITCH};

use super::read::Database;
use crate::Host;
use crate::deadline::Deadline;

/// Rows of a table, each by its columns.
pub(super) type RawRows = Vec<BTreeMap<String, Opaque>>;

/// Of `options` and `other_config` a tunnel's key or a password may be a part, of SSL a path.
const TABLES: [(&str, &[&str]); 6] = [
    (
        "Bridge",
        &[
            "_uuid",
            "name",
            "ports",
            "controller",
            "datapath_id",
            "datapath_type",
            "datapath_version",
            "external_ids",
            "fail_mode",
            "flood_vlans",
            "mcast_snooping_enable",
            "mirrors",
            "protocols",
            "rstp_enable",
            "stp_enable",
        ],
    ),
    ("Controller", &["_uuid", "target", "is_connected", "connection_mode", "role"]),
    (
        "Interface",
        &[
            "_uuid",
            "name",
            "type",
            "ofport",
            "ofport_request",
            "ifindex",
            "mac",
            "mac_in_use",
            "mtu",
            "mtu_request",
            "admin_state",
            "link_state",
            "duplex",
            "error",
            "external_ids",
        ],
    ),
    (
        "Mirror",
        &[
            "_uuid",
            "name",
            "output_port",
            "output_vlan",
            "select_all",
            "select_dst_port",
            "select_src_port",
            "select_vlan",
            "snaplen",
        ],
    ),
    (
        "Open_vSwitch",
        &[
            "_uuid",
            "bridges",
            "datapath_types",
            "db_version",
            "dpdk_initialized",
            "external_ids",
            "iface_types",
            "ovs_version",
            "system_type",
            "system_version",
        ],
    ),
    (
        "Port",
        &[
            "_uuid",
            "name",
            "interfaces",
            "tag",
            "trunks",
            "vlan_mode",
            "cvlans",
            "bond_mode",
            "lacp",
            "fake_bridge",
            "mac",
            "external_ids",
            "protected",
        ],
    ),
];

impl Host {
    /// The rows of the tables that tell how the switch is set up, by table, in the order of their ids.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn database_tables(&self) -> Result<BTreeMap<&'static str, RawRows>, SourceError> {
        let due = Deadline::after(self.timeout);
        let mut database = self.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.tables()).await
    }
}

impl Database {
    async fn tables(&mut self) -> Result<BTreeMap<&'static str, RawRows>, SourceError> {
        let schema =
            self.client.schema(VSWITCH).await.map_err(|error| self.source_error(&error))?;
        let known = TABLES.iter().map(|(table, columns)| {
            let there = columns.iter().copied().filter(|column| schema.has_column(table, column));
            (*table, there.collect::<Vec<_>>())
        });
        let known: Vec<_> = known.filter(|(table, _)| schema.has_table(table)).collect();
        let selects: Vec<_> =
            known.iter().map(|(table, columns)| Select::new(table, columns)).collect();
        let answer = self.client.transact(VSWITCH, &selects).await;
        let answer = answer.map_err(|error| self.source_error(&error))?;
        let mut tables = BTreeMap::new();
        for (operation, (table, _)) in known.iter().enumerate() {
            let rows = answer.rows::<BTreeMap<String, Opaque>>(operation);
            let mut rows = rows.map_err(|error| self.source_error(&error))?;
            rows.sort_by_cached_key(|row| {
                serde_json::to_string(&row.get("_uuid")).unwrap_or_default()
            });
            tables.insert(*table, rows);
        }
        Ok(tables)
    }
}
