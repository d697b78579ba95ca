//! The whole look: every container, every namespace they live in, every port.

use std::collections::BTreeMap;

use model::Trouble;
use model::ids::NetnsId;
use model::snapshot::Namespace;
use netns::Netns;

use super::Seen;
use crate::Host;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::engine::netns::settle;
use crate::kernel;
use crate::question::Question;

impl Host {
    pub(super) async fn read_all(
        &self,
        due: Deadline,
        question: &Question,
        switch: &Result<Netns, Trouble>,
    ) -> Seen {
        let (engine, roads) = tokio::join!(self.containers(due), self.roads(due, question));
        let (engine, homes) = match engine {
            Ok((found, homes)) => (Ok(found), homes),
            Err(trouble) => (Err(trouble), BTreeMap::new()),
        };
        let kernel = switch.as_ref().map(|switch| namespaces(homes, switch));
        Seen { engine: Some(engine), kernel: kernel.map_err(Clone::clone), switch: roads }
    }

    async fn containers(&self, due: Deadline) -> Result<(Vec<Found>, Homes), Trouble> {
        let docker = self.docker()?;
        let mut found = due.hold(|| docker.what(), docker.all()).await?;
        let pinned = settle(&docker, due, &mut found).await;
        let homes = pinned.into_iter().map(|(_, pin)| (pin.id, (pin.netns, Vec::new())));
        Ok((found, homes.collect()))
    }
}

type Homes = BTreeMap<NetnsId, (Netns, Vec<String>)>;

/// The containers' namespaces and those with a name, each read once.
fn namespaces(mut homes: Homes, switch: &Netns) -> Vec<Namespace> {
    for (name, space) in kernel::named() {
        let home = homes.entry(kernel::id(&space)).or_insert((space, Vec::new()));
        home.1.push(name);
    }
    let homes: Vec<_> = homes.values().map(|(space, names)| (space, names.clone())).collect();
    kernel::everything(&homes, switch)
}
