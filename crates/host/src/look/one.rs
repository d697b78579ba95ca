//! The narrow look: what one container needs. Three round trips to the engine, the kernel
//! and the switch, however many containers there are.

use model::snapshot::{Namespace, Scope};
use model::switch::Via;
use model::{Snapshot, Trouble};
use netns::Netns;

use super::{Question, Seen, confirm, pin_all, refute};
use crate::Host;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::kernel;
use crate::switch::Roads;
use crate::switch::ovsdb::Database;

impl Host {
    pub(super) async fn look_at(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
    ) -> Snapshot {
        let seen = match kernel::open_target(wanted) {
            Some(target) => self.look_into(due, wanted, question, target).await,
            None => self.look_up(due, wanted, question).await,
        };
        self.snapshot(Scope::One, seen)
    }

    /// A namespace named directly; the engine has no part in it.
    async fn look_into(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
        target: Result<Netns, Trouble>,
    ) -> Seen {
        let read = target.and_then(|home| self.read_around(&home));
        let kernel = read.map(|mut rows| {
            rows[0].names.push(wanted.to_owned());
            rows
        });
        let database = self.database_for(due, question).await;
        let rows = kernel.as_deref().unwrap_or_default();
        let switch = self.roads_near(due, question, database, rows).await;
        Seen { engine: None, kernel, switch }
    }

    async fn look_up(&self, due: Deadline, wanted: &str, question: &Question) -> Seen {
        let (engine, database) = tokio::join!(
            self.seek(due, wanted, question.tenants),
            self.database_for(due, question)
        );
        let mut found = match engine {
            Ok(found) => found,
            Err(why) => {
                return Seen {
                    engine: Some(Err(why)),
                    kernel: Ok(Vec::new()),
                    switch: Roads::new(),
                };
            }
        };
        let pinned = pin_all(&mut found);
        let kernel = match pinned.first() {
            Some((0, home)) => self.read_around(&home.netns),
            _ => Ok(Vec::new()),
        };
        let doubtful: Vec<_> =
            pinned.iter().filter(|(_, pin)| !pin.proven).map(|(i, _)| *i).collect();
        let rows = kernel.as_deref().unwrap_or_default();
        let (switch, refuted) = tokio::join!(
            self.roads_near(due, question, database, rows),
            self.confirm(due, &found, &doubtful)
        );
        for (i, trouble) in refuted {
            refute(&mut found[i].row, trouble);
        }
        Seen { engine: Some(Ok(found)), kernel, switch }
    }

    /// The container that is asked about comes first, then its co-tenants. Where there is no
    /// such container, all there are, so that near names can be told.
    async fn seek(
        &self,
        due: Deadline,
        wanted: &str,
        tenants: bool,
    ) -> Result<Vec<Found>, Trouble> {
        let docker = self.docker()?;
        let seek = async {
            let Some(found) = docker.inspect(wanted).await? else { return docker.list().await };
            let relatives = if tenants { docker.relatives(&found.row).await? } else { Vec::new() };
            Ok(std::iter::once(found).chain(relatives).collect())
        };
        due.hold(|| docker.what(), seek).await
    }

    async fn confirm(
        &self,
        due: Deadline,
        found: &[Found],
        doubtful: &[usize],
    ) -> Vec<(usize, Trouble)> {
        match self.docker() {
            Ok(docker) => confirm(&docker, due, found, doubtful).await,
            Err(trouble) => doubtful.iter().map(|i| (*i, trouble.clone())).collect(),
        }
    }

    /// The database, opened while the engine is asked.
    async fn database_for(
        &self,
        due: Deadline,
        question: &Question,
    ) -> Option<Result<Database, Trouble>> {
        if question.takes(Via::Ovsdb) { Some(self.database(due).await) } else { None }
    }

    fn read_around(&self, home: &Netns) -> Result<Vec<Namespace>, Trouble> {
        let switch = kernel::switch_namespace(&self.rundir)?;
        let rows = kernel::around(home, &switch);
        if rows.first().is_some_and(kernel::needs_everything) {
            return Ok(kernel::everything(&[(home, Vec::new())], &switch));
        }
        Ok(rows)
    }
}
