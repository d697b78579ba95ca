//! One look, two sizes. The pipeline is the same: the engine is asked first, the kernel
//! about the namespaces it named, the switch about the links the kernel named.

mod everything;
mod one;

use model::ids::NetnsId;
use model::snapshot::{Engine, Namespace, Scope};
use model::{Snapshot, Trouble};

use crate::Host;
use crate::clock::now;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::engine::docker::Docker;
use crate::kernel;
use crate::question::Question;
use crate::switch::Roads;
use crate::switch::ovsdb::{self, Database};

impl Host {
    /// Looks once. Never fails: what could not be had is said in the Snapshot.
    pub async fn look(&self, question: &Question) -> Snapshot {
        let due = Deadline::after(self.timeout);
        let switch = kernel::switch_namespace(&self.rundir);
        let (scope, seen) = match &question.container {
            Some(wanted) => (Scope::One, self.read_target(due, wanted, question, &switch).await),
            None => (Scope::Everything, self.read_all(due, question, &switch).await),
        };
        snapshot(scope, switch.ok().map(|space| kernel::id(&space)), seen)
    }

    pub(crate) fn docker(&self) -> Result<Docker, Trouble> {
        Ok(Docker::at(self.engine.as_ref().map_err(Clone::clone)?))
    }

    pub(crate) async fn database(&self, due: Deadline) -> Result<Database, Trouble> {
        let remote = self.db.as_ref().map_err(Clone::clone)?;
        due.hold(|| ovsdb::what(remote), Database::open(remote, self.tls.as_ref())).await
    }
}

fn snapshot(scope: Scope, switch_netns: Option<NetnsId>, seen: Seen) -> Snapshot {
    let rows = |found: Vec<Found>| found.into_iter().map(|found| found.row).collect();
    Snapshot {
        version: Snapshot::VERSION,
        host: host_name(),
        taken: now(),
        scope,
        switch_netns,
        engines: seen
            .engine
            .map(|engine| (Engine("docker".into()), engine.map(rows).into()))
            .into_iter()
            .collect(),
        kernel: seen.kernel.into(),
        switch: seen.switch.into_iter().map(|(via, rows)| (via, rows.into())).collect(),
    }
}

/// What each kind of source told. No engine where none was needed.
struct Seen {
    engine: Option<Result<Vec<Found>, Trouble>>,
    kernel: Result<Vec<Namespace>, Trouble>,
    switch: Roads,
}

pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
