//! The database source, followed: its rows are kept, and changed as the server tells.

use model::SourceError;
use model::identity::{SourceIdentity, World};
use model::switch::Bridge;
use tokio::sync::watch::Sender;
use tokio::time::timeout;

use super::followed::FollowedTables;
use super::read::{Answerer, Database};
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
        let bridges = followed.bridges()?;
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

/// A database, and its tables as they are now.
struct Followed {
    database: Database,
    tables: FollowedTables,
}

impl Followed {
    /// Reads the tables, and has their changes told from then on.
    async fn start(mut database: Database) -> Result<Self, SourceError> {
        let tables = database.follow().await?;
        let tables =
            FollowedTables::read(&tables).map_err(|error| database.source_error(&error))?;
        Ok(Self { database, tables })
    }

    /// Who answers for the database, and whose it is now.
    fn identity(&self, host: &Host) -> SourceIdentity {
        let world = host.identify_database(identity::vswitchd::identify(&host.rundir).as_ref());
        let world = world.unwrap_or_else(|why| World::Unknown { why: why.to_string() });
        let answerer = Answerer { row: self.tables.database(), ..self.database.answerer() };
        identity::database::identity(Some(&answerer), world)
    }

    /// Every bridge with every port.
    fn bridges(&mut self) -> Result<Vec<Bridge>, SourceError> {
        self.tables.bridges().map_err(|error| self.database.source_error(&error))
    }

    /// Waits until something changed. Cancel safe.
    async fn change(&mut self) -> Result<(), SourceError> {
        let changes = self.database.client.next_change().await;
        let changes = changes.map_err(|error| self.database.source_error(&error))?;
        self.tables.take(&changes).map_err(|error| self.database.source_error(&error))
    }

    /// Waits until the server has said that it lives.
    async fn life(&mut self) -> Result<(), SourceError> {
        let answer = self.database.client.echo().await;
        answer.map_err(|error| self.database.source_error(&error))
    }
}
