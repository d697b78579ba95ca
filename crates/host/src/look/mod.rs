//! One look, two sizes. The pipeline is the same: the engine is asked first, the kernel
//! about the namespaces it named, the switch about the links the kernel named.

mod everything;
mod one;

use futures_util::{StreamExt, stream};
use model::ids::NetnsId;
use model::snapshot::{Engine, Namespace, Scope};
use model::switch::Via;
use model::{Snapshot, Trouble};

use crate::Host;
use crate::clock::now;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::engine::docker::{Docker, IN_FLIGHT};
use crate::kernel::{self, Pinned};
use crate::switch::Roads;
use crate::switch::ovsdb::{self, Database};

/// What a look should bring.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The container (or `pid:N`, `netns:NAME|PATH`) that is asked about; everything if none.
    pub container: Option<String>,
    /// A bridge that must be among the rows if it exists.
    pub bridge: Option<String>,
    /// Whether every port is wanted, also of a switch that few are asked about.
    pub every_port: bool,
    /// Whether what keeps packets from passing is read too: which links the switch hears, which a
    /// whole look always reads, and which leave checksums to their hardware.
    pub traffic: bool,
    /// Whether other containers in the same namespace are to be found too.
    pub tenants: bool,
    /// The roads to the switch; the database if none is named.
    pub roads: Vec<Via>,
}

impl Question {
    pub(crate) fn takes(&self, via: Via) -> bool {
        if self.roads.is_empty() { via == Via::Ovsdb } else { self.roads.contains(&via) }
    }
}

impl Host {
    /// Looks once. Never fails: what could not be had is said in the Snapshot.
    pub async fn look(&self, question: &Question) -> Snapshot {
        if let Some(recorded) = &self.recorded {
            return crate::replay::as_asked(recorded, question);
        }
        let start = std::time::Instant::now();
        let due = Deadline::after(self.timeout);
        let switch = kernel::switch_namespace(&self.rundir);
        let (scope, seen) = match &question.container {
            Some(wanted) => (Scope::One, self.look_at(due, wanted, question, &switch).await),
            None => (Scope::Everything, self.look_around(due, question, &switch).await),
        };
        tracing::debug!("looked at {scope:?} in {:?}", start.elapsed());
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

/// Says in each row which namespace its process is in, or why that cannot be known. The
/// namespaces are held open; whoever keeps them keeps them alive.
pub(crate) async fn settle(
    docker: &Docker,
    due: Deadline,
    found: &mut [Found],
) -> Vec<(usize, Pinned)> {
    let pinned = pin_all(found);
    let refuted = confirm(docker, due, found, &pinned).await;
    refute(found, refuted);
    pinned
}

/// Opens the namespace of every container that has a process, and says so in its row. Where it is
/// known already that this cannot be had, what is in the row is old.
fn pin_all(found: &mut [Found]) -> Vec<(usize, Pinned)> {
    let mut pinned = Vec::new();
    let settled = |found: &Found| found.row.netns_trouble.is_some();
    for (i, found) in found.iter_mut().enumerate().filter(|(_, found)| !settled(found)) {
        match kernel::pin(found) {
            None => {}
            Some(Ok(pin)) => {
                found.row.netns = Some(pin.id);
                pinned.push((i, pin));
            }
            Some(Err(trouble)) => found.row.netns_trouble = Some(trouble),
        }
    }
    pinned
}

/// Asks the engine again about those whose namespace could not be proven to be theirs, and
/// takes it from those that have another process now.
async fn confirm(
    docker: &Docker,
    due: Deadline,
    found: &[Found],
    pinned: &[(usize, Pinned)],
) -> Vec<(usize, Trouble)> {
    let doubtful = pinned.iter().filter(|(_, pin)| !pin.proven).map(|(i, _)| *i);
    let doubtful: Vec<_> = doubtful.collect();
    let asked = stream::iter(doubtful).map(|i| async move {
        let again = due.hold(|| docker.what(), docker.inspect(&found[i].row.id.0)).await;
        let verdict = again.and_then(|again| kernel::reconfirm(&found[i], again.as_ref()));
        verdict.err().map(|trouble| (i, trouble))
    });
    asked.buffered(IN_FLIGHT).filter_map(std::future::ready).collect().await
}

fn refute(found: &mut [Found], refuted: Vec<(usize, Trouble)>) {
    for (i, trouble) in refuted {
        found[i].row.netns = None;
        found[i].row.netns_trouble = Some(trouble);
    }
}

pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
