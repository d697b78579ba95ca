//! The whole look: every container, every namespace they live in, every port.

use std::collections::BTreeMap;

use model::ids::NetnsId;
use model::snapshot::{Namespace, Scope};
use model::{Snapshot, Trouble};
use netns::Netns;

use super::{Question, Seen, confirm, pin_all, refute};
use crate::Host;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::kernel;

impl Host {
    pub(super) async fn look_around(&self, due: Deadline, question: &Question) -> Snapshot {
        let (engine, switch) = tokio::join!(self.containers(due), self.roads(due, question));
        let (engine, homes) = match engine {
            Ok((found, homes)) => (Ok(found), homes),
            Err(trouble) => (Err(trouble), BTreeMap::new()),
        };
        let kernel = self.namespaces(homes);
        self.snapshot(Scope::Everything, Seen { engine: Some(engine), kernel, switch })
    }

    async fn containers(&self, due: Deadline) -> Result<(Vec<Found>, Homes), Trouble> {
        let docker = self.docker()?;
        let mut found = due.hold(|| docker.what(), docker.all()).await?;
        let pinned = pin_all(&mut found);
        let doubtful: Vec<_> =
            pinned.iter().filter(|(_, pin)| !pin.proven).map(|(i, _)| *i).collect();
        for (i, trouble) in confirm(&docker, due, &found, &doubtful).await {
            refute(&mut found[i].row, trouble);
        }
        let homes = pinned.into_iter().map(|(_, pin)| (pin.id, (pin.netns, Vec::new())));
        Ok((found, homes.collect()))
    }

    /// The containers' namespaces and those with a name, each read once.
    fn namespaces(&self, mut homes: Homes) -> Result<Vec<Namespace>, Trouble> {
        let switch = kernel::switch_namespace(&self.rundir)?;
        for (name, space) in kernel::named() {
            let home = homes.entry(kernel::id(&space)).or_insert((space, Vec::new()));
            home.1.push(name);
        }
        let homes: Vec<_> = homes.values().map(|(space, names)| (space, names.clone())).collect();
        Ok(kernel::everything(&homes, &switch))
    }
}

type Homes = BTreeMap<NetnsId, (Netns, Vec<String>)>;
