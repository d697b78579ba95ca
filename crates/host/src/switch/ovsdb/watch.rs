//! The database source, followed: its rows are kept, and changed as the server tells.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::SourceError;
use model::identity::{SourceIdentity, World};
use model::switch::{Bridge, FakeBridge, Port};
use ovsdb::{Changes, Uuid};
use serde::de::DeserializeOwned;
use tokio::sync::watch::Sender;
use tokio::time::timeout;

use super::read::{Answerer, Database};
use super::rows::{BridgeRow, DatabaseRow, InterfaceRow, OpenVSwitchRow, PortRow};
use crate::Host;
use crate::deadline::Deadline;
use crate::identity;
use crate::source::{Answered, PROBE_AFTER, await_liveness};

/// Tells all bridges, and again after each change, until the database fails.
pub(crate) async fn run(host: &Host, latest: &Sender<Answered<Bridge>>) -> SourceError {
    let Err(source_error) = follow(host, latest).await;
    source_error
}

async fn follow(
    host: &Host,
    latest: &Sender<Answered<Bridge>>,
) -> Result<std::convert::Infallible, SourceError> {
    let due = || Deadline::after(host.timeout);
    let start = due();
    let database = host.database(start).await?;
    let what = database.what().to_owned();
    let what = || what.clone();
    let mut followed = start.hold(what, Followed::start(database)).await?;
    loop {
        let bridges = followed.bridges();
        let identity = followed.identity(host);
        latest.send_modify(|latest| {
            *latest.about_mut() = Some(identity.clone());
            latest.set_fresh(bridges);
        });
        loop {
            match timeout(PROBE_AFTER, followed.change()).await {
                Ok(changed) => break changed?,
                Err(_) => await_liveness(latest, what, due().hold(what, followed.life())).await?,
            }
            // vswitchd may come or go and leave the database as it was.
            if followed.identity(host) != identity {
                break;
            }
        }
    }
}

/// The tables as they are now.
struct Followed {
    database: Database,
    interfaces: HashMap<Uuid, InterfaceRow>,
    ports: HashMap<Uuid, PortRow>,
    bridges: HashMap<Uuid, BridgeRow>,
    settings: HashMap<Uuid, OpenVSwitchRow>,
    /// What was made of the rows of each Port, as long as they are the same.
    made: HashMap<Uuid, Made>,
}

/// What a row of Port is to its bridge.
struct Made {
    ports: Vec<Arc<Port>>,
    fake: Option<FakeBridge>,
}

impl Followed {
    /// Reads the tables, and has their changes told from then on.
    async fn start(mut database: Database) -> Result<Self, SourceError> {
        let tables = database.follow().await?;
        let read = || -> Result<_, ovsdb::Error> {
            let rows = (tables.rows("Interface")?, tables.rows("Port")?, tables.rows("Bridge")?);
            Ok((rows, tables.rows("Open_vSwitch")?))
        };
        let ((interfaces, ports, bridges), settings) =
            read().map_err(|error| database.source_error(&error))?;
        Ok(Self {
            database,
            interfaces: interfaces.into_iter().collect(),
            ports: ports.into_iter().collect(),
            bridges: bridges.into_iter().collect(),
            settings: settings.into_iter().collect(),
            made: HashMap::new(),
        })
    }

    /// Who answers for the database, and whose it is now.
    fn identity(&self, host: &Host) -> SourceIdentity {
        let world = host.identify_database(identity::vswitchd::identify(&host.rundir).as_ref());
        let world = world.unwrap_or_else(|why| World::Unknown { why: why.to_string() });
        let row = self.settings.iter().next().map(|(id, row)| DatabaseRow::of(*id, row));
        let answerer = Answerer { row, ..self.database.answerer() };
        identity::database::identity(Some(&answerer), world)
    }

    /// Every bridge with every port.
    fn bridges(&mut self) -> Vec<Bridge> {
        for (id, port) in &self.ports {
            self.made.entry(*id).or_insert_with(|| {
                let rows = port.interfaces.iter().filter_map(|id| self.interfaces.get(id));
                Made { ports: port.members(rows.cloned()).collect(), fake: port.fake_bridge() }
            });
        }
        let userspace_tso = self.settings.values().next().map(OpenVSwitchRow::userspace_tso);
        let with_ports = |row: &BridgeRow| {
            let made = || row.ports.iter().filter_map(|id| self.made.get(id));
            let ports = made().flat_map(|made| &made.ports).cloned().collect();
            let fakes = made().filter_map(|made| made.fake.clone()).collect();
            row.with(ports, fakes, userspace_tso)
        };
        self.bridges.values().map(with_ports).collect()
    }

    /// Waits until something changed. Cancel safe.
    async fn change(&mut self) -> Result<(), SourceError> {
        let changes = self.database.client.next_change().await;
        let taken = changes.and_then(|changes| self.take(&changes));
        taken.map_err(|error| self.database.source_error(&error))
    }

    /// Waits until the server has said that it lives.
    async fn life(&mut self) -> Result<(), SourceError> {
        let answer = self.database.client.echo().await;
        answer.map_err(|error| self.database.source_error(&error))
    }

    fn take(&mut self, changes: &Changes) -> Result<(), ovsdb::Error> {
        let interfaces = merge(&mut self.interfaces, changes, "Interface")?;
        let ports = merge(&mut self.ports, changes, "Port")?;
        merge(&mut self.bridges, changes, "Bridge")?;
        merge(&mut self.settings, changes, "Open_vSwitch")?;
        let Self { ports: rows, made, .. } = self;
        let has_changed = |id: &Uuid| match rows.get(id) {
            Some(row) => row.interfaces.iter().any(|id| interfaces.contains(id)),
            None => true,
        };
        made.retain(|id, _| !ports.contains(id) && !has_changed(id));
        Ok(())
    }
}

/// The rows that changed.
fn merge<T: DeserializeOwned>(
    rows: &mut HashMap<Uuid, T>,
    changes: &Changes,
    table: &str,
) -> Result<HashSet<Uuid>, ovsdb::Error> {
    let updated = changes.rows(table)?;
    let ids = updated.iter().map(|(id, _)| *id).collect();
    for (id, row) in updated {
        match row {
            Some(row) => rows.insert(id, row),
            None => rows.remove(&id),
        };
    }
    Ok(ids)
}
