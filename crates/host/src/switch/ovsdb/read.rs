//! The database source: what `ovs-vsctl list Interface` and `iface-to-br` answer.

use std::error::Error;
use std::path::Path;

use model::ids::OfPort;
use model::switch::Bridge;
use model::{SourceError, SourceErrorKind};
use ovsdb::{Client, Remote, Select, Tables, Tls, VSWITCH};
use serde::Deserialize;

use super::columns::{ColumnNegotiation, RequestedColumns};
use super::rows::{self, DatabaseRow, Ids, OpenVSwitchRow, TableRows};
use super::select::{Wanted, select_bridges, select_named, select_numbered};
use crate::failure;
pub(crate) use crate::identity::database::Answerer;

/// What the kernel keeps of a name that is too long for it, in bytes (`IFNAMSIZ` of linux/if.h less the NUL).
const KERNEL_NAME: usize = 15;

/// A connection to the switch's database.
pub(crate) struct Database {
    pub(super) client: Client,
    pub(super) columns: Box<ColumnNegotiation>,
    what: String,
    /// What it calls itself, where that was read.
    row: Option<DatabaseRow>,
    /// Whether a transaction that changes something was sent, and its answer has not come.
    pub(super) is_committing: bool,
}

impl Database {
    pub(crate) async fn open(remote: &Remote, tls: Option<&Tls>) -> Result<Self, SourceError> {
        let what = what(remote);
        match Client::connect(remote, tls).await {
            Ok(client) => {
                let columns = Box::default();
                Ok(Self { client, columns, what, row: None, is_committing: false })
            }
            Err(error) => Err(source_error(what, remote, &error)),
        }
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Whether a call was dropped, as by a deadline, before its answer came, or the connection ended before that of a
    /// change: this is not spoken on any more, and what was asked for may have come true, or still come.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.client.is_abandoned() || self.is_committing
    }

    /// Who has answered so far.
    pub(crate) fn answerer(&self) -> Answerer {
        Answerer { peer: self.client.peer(), row: self.row.clone() }
    }

    /// The database server's schema, for a health check.
    pub(crate) async fn version(&mut self) -> Result<String, SourceError> {
        let schema = self.client.schema(VSWITCH).await;
        Ok(format!("schema {}", schema.map_err(|error| self.source_error(&error))?.version))
    }

    /// Every bridge with every port.
    pub(crate) async fn all(&mut self) -> Result<Vec<Bridge>, SourceError> {
        loop {
            let read = read_all(&mut self.client, &self.columns.requested).await;
            if !self.columns.drops_unknown(&mut self.client, &read).await {
                return self.rows(read);
            }
        }
    }

    /// The same without what a network driver has no use for ([`RequestedColumns::without_details`]).
    pub(crate) async fn all_without_details(&mut self) -> Result<Vec<Bridge>, SourceError> {
        loop {
            let requested = self.columns.requested.without_details();
            let read = read_all(&mut self.client, &requested).await;
            if !self.columns.drops_unknown(&mut self.client, &read).await {
                return self.rows(read);
            }
        }
    }

    /// Has every table told, and its changes from then on.
    pub(super) async fn follow(&mut self) -> Result<Tables, SourceError> {
        loop {
            let followed = self.client.follow(VSWITCH, &self.columns.requested.tables()).await;
            if !self.columns.drops_unknown(&mut self.client, &followed).await {
                return followed.map_err(|error| self.unread(&error));
            }
        }
    }

    /// The ports of the interfaces with these names, and of those whose link has one of the indexes
    /// `held` although it is not called so, on their bridges, and the bridge called `bridge`, ports
    /// or not; with the switch's settings if they matter. Two round trips, whatever the size of the
    /// database; more with bonds, with links that were renamed, and on fake bridges. The whole of it where a
    /// link may have a cut name and the schema has no indexes.
    pub(crate) async fn named(
        &mut self,
        names: &[String],
        held: &[(u32, &str)],
        bridge: Option<&str>,
        settings: bool,
    ) -> Result<Vec<Bridge>, SourceError> {
        let wanted = Wanted { names, held, bridge, settings };
        loop {
            let read = select_named(&mut self.client, &self.columns.requested, wanted).await;
            if self.columns.drops_unknown(&mut self.client, &read).await {
                continue;
            }
            // The port of a link whose name the kernel cut has another name, and nothing but the index tells which.
            let has_index = self.columns.requested.interface.contains(&"ifindex");
            if !has_index && held.iter().any(|(_, name)| name.len() >= KERNEL_NAME) {
                return self.all().await;
            }
            return self.rows(read);
        }
    }

    /// The names of the interfaces that have one of these OpenFlow numbers, on whichever bridge. One round trip.
    pub(crate) async fn numbered(
        &mut self,
        numbers: &[OfPort],
    ) -> Result<Vec<String>, SourceError> {
        let read = select_numbered(&mut self.client, numbers).await;
        read.map_err(|error| self.unread(&error))
    }

    /// The port whose interface has this name, on its bridge, with what that remembers.
    pub(crate) async fn remembered(&mut self, interface: &str) -> Result<Vec<Bridge>, SourceError> {
        let mut bridges = self.named(&[interface.to_owned()], &[], None, false).await?;
        let selects: Vec<_> = bridges
            .iter()
            .map(|bridge| Select::new("Bridge", &["external_ids"]).equal("name", &*bridge.name))
            .collect();
        if selects.is_empty() {
            return Ok(bridges);
        }
        let read = self.client.transact(VSWITCH, &selects).await;
        let memories: Result<Vec<_>, _> = read.and_then(|answer| {
            (0..selects.len()).map(|operation| answer.rows::<MemoryRow>(operation)).collect()
        });
        let memories = memories.map_err(|error| self.unread(&error))?;
        for (bridge, memory) in bridges.iter_mut().zip(memories) {
            bridge.external_ids =
                memory.iter().flat_map(|row| rows::remembered(&row.external_ids)).collect();
        }
        Ok(bridges)
    }

    /// The names of all bridges, without ports.
    pub(crate) async fn bridges(&mut self) -> Result<Vec<Bridge>, SourceError> {
        loop {
            let read = select_bridges(&mut self.client, &self.columns.requested).await;
            if !self.columns.drops_unknown(&mut self.client, &read).await {
                return self.rows(read);
            }
        }
    }

    /// The bridges; what the database calls itself is kept.
    fn rows(&mut self, read: Result<TableRows, ovsdb::Error>) -> Result<Vec<Bridge>, SourceError> {
        let mut rows = read.map_err(|error| self.unread(&error))?;
        self.row = rows.database.take().or(self.row.take());
        rows.into_bridges().map_err(|error| self.source_error(&error))
    }

    /// Why its tables cannot be read. One that has other tables than ours is no use, but vswitchd
    /// may still be asked.
    fn unread(&self, error: &ovsdb::Error) -> SourceError {
        let source_error = self.source_error(error);
        if error.is_refusal() { source_error.hint(OTHER_SOURCES) } else { source_error }
    }

    pub(super) fn source_error(&self, error: &(dyn Error + 'static)) -> SourceError {
        failure::of_chain(self.what.clone(), error, ACCESS)
    }
}

#[derive(Deserialize)]
struct MemoryRow {
    external_ids: Ids,
}

async fn read_all(
    client: &mut Client,
    requested: &RequestedColumns,
) -> Result<TableRows, ovsdb::Error> {
    let tables = client.monitor_once(VSWITCH, &requested.tables()).await?;
    let interfaces = tables.rows("Interface")?.into_iter().collect();
    let ports = tables.rows("Port")?.into_iter().collect();
    let bridges = tables.rows("Bridge")?.into_iter().map(|(_, row)| row).collect();
    let settings: Vec<(_, OpenVSwitchRow)> = tables.rows("Open_vSwitch")?;
    let userspace_tso = settings.first().map(|(_, row)| row.userspace_tso());
    let database = settings.first().map(|(id, row)| DatabaseRow::of(*id, row));
    Ok(TableRows { userspace_tso, database, interfaces, ports, bridges, ..TableRows::default() })
}

/// How this remote is called in messages.
pub(crate) fn what(remote: &Remote) -> String {
    format!("OVSDB at {remote}")
}

fn source_error(what: String, remote: &Remote, error: &ovsdb::Error) -> SourceError {
    // What is wrong with a file of the caller's says nothing about the server.
    if let ovsdb::Error::Tls(error) = error {
        return SourceError::new(SourceErrorKind::Unusable, what, error).hint(
            "--private-key, --certificate and --ca-cert take PEM files, as ovs-pki makes them",
        );
    }
    let path = match remote {
        Remote::Unix(path) => Some(path.as_path()),
        _ => None,
    };
    let source_error = failure::of_switch(what, error, path, ACCESS);
    match path {
        // What is in a folder that may not be searched does not seem to be there either.
        Some(path) if source_error.kind != SourceErrorKind::Denied && !path.exists() => {
            source_error.hint(no_socket(path))
        }
        _ => source_error,
    }
}

fn no_socket(path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    format!(
        "is Open vSwitch running, with its sockets in {folder}? --db or OVS_RUNDIR names another place"
    )
}

const OTHER_SOURCES: &str = "--source appctl or --source openflow asks ovs-vswitchd itself";
const ACCESS: &str = "root may use it; to let a group, chgrp it and its folder";
