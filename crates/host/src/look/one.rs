//! The narrow look: what one container needs. Three round trips to the engine, the kernel
//! and the switch, however many containers there are.

use model::Trouble;
use model::snapshot::Namespace;
use model::switch::Via;
use netns::Netns;

use super::Seen;
use crate::Host;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::engine::docker::Docker;
use crate::engine::netns::{Pinned, confirm, pin_all, refute};
use crate::kernel;
use crate::question::Question;
use crate::switch::Roads;
use crate::switch::ovsdb::Database;

impl Host {
    pub(super) async fn read_target(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
        switch: &Result<Netns, Trouble>,
    ) -> Seen {
        match kernel::open_target(wanted) {
            Some(Ok(target)) => {
                let kernel = read_around(&target, switch, question.heard);
                self.read_namespace(due, wanted, question, kernel).await
            }
            Some(Err(trouble)) => self.read_namespace(due, wanted, question, Err(trouble)).await,
            None => self.read_container(due, wanted, question, switch).await,
        }
    }

    /// A namespace named directly; the engine has no part in it.
    async fn read_namespace(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
        mut kernel: Result<Vec<Namespace>, Trouble>,
    ) -> Seen {
        if let Some(home) = kernel.as_mut().ok().and_then(|rows| rows.first_mut()) {
            home.names.push(wanted.to_owned());
        }
        let road = self.road_for(due, question).await;
        let rows = kernel.as_deref().unwrap_or_default();
        let switch = self.take(road, due, question, rows).await;
        Seen { engine: None, kernel, switch }
    }

    async fn read_container(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
        switch: &Result<Netns, Trouble>,
    ) -> Seen {
        let inside = self.read_inside(due, wanted, question, switch);
        let (inside, road) = tokio::join!(inside, self.road_for(due, question));
        let ContainerView { docker, mut found, pinned, kernel } = match inside {
            Ok(inside) => inside,
            Err(why) => {
                let nothing = (Ok(Vec::new()), Roads::new());
                return Seen { engine: Some(Err(why)), kernel: nothing.0, switch: nothing.1 };
            }
        };
        let rows = kernel.as_deref().unwrap_or_default();
        let (roads, refuted) = tokio::join!(
            self.take(road, due, question, rows),
            confirm(&docker, due, &found, &pinned)
        );
        refute(&mut found, refuted);
        Seen { engine: Some(Ok(found)), kernel, switch: roads }
    }

    /// The container that is asked about comes first, then its co-tenants. Where there is no
    /// such container, all there are, so that near names can be told.
    async fn find_container(
        &self,
        due: Deadline,
        wanted: &str,
        tenants: bool,
    ) -> Result<(Docker, Vec<Found>), Trouble> {
        let docker = self.docker()?;
        let seek = async {
            let Some(found) = docker.inspect(wanted).await? else { return docker.list().await };
            let relatives = if tenants { docker.relatives(&found.row).await? } else { Vec::new() };
            Ok(std::iter::once(found).chain(relatives).collect())
        };
        let found = due.hold(|| docker.what(), seek).await?;
        Ok((docker, found))
    }

    /// The container and its co-tenants, and the links of their namespace.
    async fn read_inside(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
        switch: &Result<Netns, Trouble>,
    ) -> Result<ContainerView, Trouble> {
        let (docker, mut found) = self.find_container(due, wanted, question.tenants).await?;
        let pinned = pin_all(&mut found);
        let kernel = match pinned.first() {
            Some((0, home)) => read_around(&home.netns, switch, question.heard),
            _ => Ok(Vec::new()),
        };
        Ok(ContainerView { docker, found, pinned, kernel })
    }

    /// What can be had of the switch while the engine is asked: all of it does not depend on what
    /// that says.
    async fn road_for(&self, due: Deadline, question: &Question) -> Road {
        if question.every_port {
            return Road::Taken(self.roads(due, question).await);
        }
        let ovsdb = question.takes(Via::Ovsdb);
        Road::Open(if ovsdb { Some(self.database(due).await) } else { None })
    }

    async fn take(
        &self,
        road: Road,
        due: Deadline,
        question: &Question,
        rows: &[Namespace],
    ) -> Roads {
        match road {
            Road::Taken(roads) => roads,
            Road::Open(database) => self.roads_near(due, question, database, rows).await,
        }
    }
}

/// What was seen of one container.
struct ContainerView {
    docker: Docker,
    found: Vec<Found>,
    pinned: Vec<(usize, Pinned)>,
    kernel: Result<Vec<Namespace>, Trouble>,
}

/// A way to the switch.
enum Road {
    Taken(Roads),
    Open(Option<Result<Database, Trouble>>),
}

fn read_around(
    home: &Netns,
    switch: &Result<Netns, Trouble>,
    heard: bool,
) -> Result<Vec<Namespace>, Trouble> {
    let switch = switch.as_ref().map_err(Clone::clone)?;
    let rows = kernel::around(home, switch, heard);
    if rows.first().is_some_and(kernel::needs_everything) {
        return Ok(kernel::everything(&[(home, Vec::new())], switch));
    }
    Ok(rows)
}
