//! One look, two sizes. The pipeline is the same: the engines are asked first, the kernel
//! about the namespaces they named, the switch about the links the kernel named.

mod answer;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use model::identity::{Identities, SourceIdentity};
use model::ids::NetnsId;
use model::snapshot::{Engine as Kind, Namespace, Observed, Scope};
use model::switch::{Bridge, Port, SwitchSource};
use model::{Look, Snapshot, SourceError, Target, query};
use netns::Netns;

use answer::{EngineAnswer, containers, inspect, list};

use crate::Host;
use crate::clock::now;
use crate::deadline::Deadline;
use crate::engine::netns::Pinned;
use crate::engine::{Configured, Found, others};
use crate::identity::{self, Switch};
use crate::kernel::{self, Homes};
use crate::question::{Details, Question};
use crate::switch::SwitchAnswer;
use crate::switch::ovsdb::{self, Database};

impl Host {
    /// Looks once. Never fails: what could not be had is said in the Snapshot.
    pub async fn look(&self, question: &Question) -> Snapshot {
        if !question.other_engines {
            return self.read(question).await.0;
        }
        let due = Deadline::after(self.timeout);
        let ((snapshot, _), other_engines) =
            tokio::join!(self.read(question), others::containers(&self.engines, due));
        Snapshot { other_engines, ..snapshot }
    }

    /// Looks once, and resolves what was seen. The namespace that the question named directly, if
    /// it did, is told beside the Snapshot: its rows are as the kernel has them.
    pub(crate) async fn resolved(&self, question: &Question) -> Look {
        let (snapshot, opened) = self.read(question).await;
        Look::new(snapshot).with_opened(opened)
    }

    async fn read(&self, question: &Question) -> (Snapshot, Option<NetnsId>) {
        let start = std::time::Instant::now();
        let due = Deadline::after(self.timeout);
        let switch = self.identify_switch(question.takes(SwitchSource::Ovsdb));
        let netns = switch.netns.as_ref().ok();
        let look = async {
            match &question.target {
                Some(target) => (Scope::One, self.read_target(due, target, question, netns).await),
                None => (Scope::Everything, self.read_all(due, question, netns).await),
            }
        };
        let ((scope, seen), ids) = tokio::join!(look, self.engine_ids(due, question));
        tracing::debug!("looked at {scope:?} in {:?}", start.elapsed());
        let opened = seen.opened;
        let engines = self.identify_engines(question, &seen, ids);
        let identities = identities(&switch, &seen, engines);
        let switch_netns = netns.map(kernel::id);
        let mut snapshot = Snapshot { switch_netns, identities, ..self.snapshot(scope, seen) };
        let Snapshot { kernel: rows, switch: bridges, .. } = &mut snapshot;
        let bridges = || bridges.values().flat_map(Observed::rows);
        kernel::note_paths(rows, bridges());
        if let Some(switch) = netns.filter(|_| needs_packet_sockets(rows, bridges())) {
            kernel::read_packet_sockets(switch, rows.rows_mut());
        }
        (snapshot, opened)
    }

    /// What the engines call themselves, where that is asked.
    async fn engine_ids(&self, due: Deadline, question: &Question) -> BTreeMap<Kind, String> {
        let engines = self.engines.iter().filter(|_| question.identities);
        let asked = engines.map(async |configured| {
            let engine = configured.engine().ok()?;
            let id = due.hold(|| engine.what(), engine.id()).await.ok()??;
            Some((configured.name.clone(), id))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Who answers for each engine that answered; in a narrow look only if it is asked for.
    fn identify_engines(
        &self,
        question: &Question,
        seen: &Answers,
        mut ids: BTreeMap<Kind, String>,
    ) -> BTreeMap<Kind, SourceIdentity> {
        if question.target.is_some() && !question.identities {
            return BTreeMap::new();
        }
        let answered = seen.engines.iter().filter_map(|(kind, found)| {
            let found = found.as_deref().ok()?;
            let configured = self.engines.iter().find(|engine| engine.name == *kind)?;
            let identity = identity::engine::identify(configured.engine().ok()?, found);
            Some((kind.clone(), SourceIdentity { id: ids.remove(kind), ..identity }))
        });
        answered.collect()
    }

    pub(crate) async fn database(&self, due: Deadline) -> Result<Database, SourceError> {
        let remote = self.db.as_ref().map_err(Clone::clone)?;
        due.hold(|| ovsdb::what(remote), Database::open(remote, self.tls.as_ref())).await
    }

    fn snapshot(&self, scope: Scope, seen: Answers) -> Snapshot {
        let rows = |found: Vec<Found>| found.into_iter().map(|found| found.row).collect();
        let engines = seen.engines.into_iter();
        Snapshot {
            version: Snapshot::VERSION,
            host: host_name(),
            taken: now(),
            scope,
            switch_netns: None,
            engines: engines.map(|(kind, found)| (kind, found.map(rows).into())).collect(),
            named_engines: named(&self.engines),
            identities: Identities::default(),
            other_engines: Vec::new(),
            kernel: seen.kernel.into(),
            switch: seen.switch.0.into_iter().map(|(source, rows)| (source, rows.into())).collect(),
        }
    }

    /// The whole look: every container, every namespace they live in, every port.
    async fn read_all(
        &self,
        due: Deadline,
        question: &Question,
        switch: Option<&Netns>,
    ) -> Answers {
        let engines = self.engines.iter().map(|engine| containers(engine, due));
        let (answers, sources) = tokio::join!(join_all(engines), self.sources(due, question));
        let mut engines = Vec::new();
        let mut homes = Homes::default();
        for (configured, answer) in self.engines.iter().zip(answers) {
            let found = answer.map(|(found, pinned)| {
                for Pinned { netns, left, .. } in pinned {
                    if let Some((_, netns)) = left {
                        homes.insert(netns);
                    }
                    homes.insert(netns);
                }
                found
            });
            engines.push((configured.name.clone(), found));
        }
        let kernel = Ok(namespaces(homes, switch, question.details()));
        Answers { engines, kernel, switch: sources, opened: None }
    }

    /// The narrow look: what one container needs. Three round trips to the engine, the kernel
    /// and the switch, however many containers there are.
    async fn read_target(
        &self,
        due: Deadline,
        target: &Target,
        question: &Question,
        switch: Option<&Netns>,
    ) -> Answers {
        let opened = match target {
            Target::Container(wanted) => {
                return self.read_container(due, wanted, question, switch).await;
            }
            Target::Process(pid) => Netns::of_process(*pid),
            Target::Netns(name) => kernel::open_named(name),
        };
        let opened = opened.map_err(|error| kernel::not_opened(target, &error));
        let kernel = opened.map(|home| read_around(&home, switch, question.details()));
        self.read_namespace(due, question, kernel).await
    }

    /// A namespace named directly; engines have no part in it.
    async fn read_namespace(
        &self,
        due: Deadline,
        question: &Question,
        kernel: Result<Vec<Namespace>, SourceError>,
    ) -> Answers {
        let access = self.open_switch(due, question).await;
        let rows = kernel.as_deref().unwrap_or_default();
        let opened = rows.first().map(|row| row.id);
        let switch = self.read_switch(access, due, question, rows).await;
        Answers { engines: Vec::new(), kernel, switch, opened }
    }

    async fn read_container(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
        switch: Option<&Netns>,
    ) -> Answers {
        let inside = self.read_inside(due, wanted, question, switch);
        let (ContainerView { answers, kernel }, access) =
            tokio::join!(inside, self.open_switch(due, question));
        if answers.iter().all(|answer| answer.found.is_err()) {
            let engines = answers.into_iter().map(EngineAnswer::into_rows).collect();
            return Answers {
                engines,
                kernel: Ok(Vec::new()),
                switch: SwitchAnswer::default(),
                opened: None,
            };
        }
        let rows = kernel.as_deref().unwrap_or_default();
        let confirmed = join_all(answers.into_iter().map(|answer| answer.confirmed(due)));
        let (sources, answers) =
            tokio::join!(self.read_switch(access, due, question, rows), confirmed);
        let engines = answers.into_iter().map(EngineAnswer::into_rows).collect();
        Answers { engines, kernel, switch: sources, opened: None }
    }

    /// The container and its co-tenants, and the links of their namespace. Where several engines
    /// have one of that name, the links of the first one's.
    async fn read_inside(
        &self,
        due: Deadline,
        wanted: &str,
        question: &Question,
        switch: Option<&Netns>,
    ) -> ContainerView<'_> {
        let answers = self.find_container(due, wanted, question.tenants).await;
        let kernel = match answers.iter().find_map(EngineAnswer::home) {
            Some(Pinned { netns: home, left: Some((_, left)), .. }) => {
                let both = [(home, Vec::new()), (left, Vec::new())];
                kernel::read_whole(&both, switch, question.details())
            }
            Some(home) => read_around(&home.netns, switch, question.details()),
            None => Vec::new(),
        };
        ContainerView { answers, kernel: Ok(kernel) }
    }

    /// What each engine says of the container that is asked about. It comes first, then its
    /// co-tenants. Where no engine has it, all there are, so that near names can be told.
    async fn find_container(
        &self,
        due: Deadline,
        wanted: &str,
        tenants: bool,
    ) -> Vec<EngineAnswer<'_>> {
        let (engines, name) =
            query::engines_of(self.engines.iter().map(|known| &known.name), wanted);
        let asked = self.engines.iter().filter(|known| engines.contains(&&known.name));
        let asked: Vec<_> = asked.collect();
        let found = asked.iter().map(|engine| inspect(engine, due, name, tenants));
        let found = join_all(found).await;
        let nowhere = !found.iter().flatten().any(|rows| !rows.is_empty());
        let answers = asked.into_iter().zip(found).map(|(configured, found)| async move {
            let found = match found {
                Ok(_) if nowhere => list(configured, due).await,
                found => found,
            };
            EngineAnswer::new(configured, found)
        });
        join_all(answers).await
    }

    /// What can be had of the switch while the engine is asked: all of it does not depend on what
    /// that says.
    async fn open_switch(&self, due: Deadline, question: &Question) -> SwitchAccess {
        if question.every_port {
            return SwitchAccess::Taken(self.sources(due, question).await);
        }
        let ovsdb = question.takes(SwitchSource::Ovsdb);
        SwitchAccess::Open(if ovsdb { Some(self.database(due).await) } else { None })
    }

    async fn read_switch(
        &self,
        access: SwitchAccess,
        due: Deadline,
        question: &Question,
        rows: &[Namespace],
    ) -> SwitchAnswer {
        match access {
            SwitchAccess::Taken(sources) => sources,
            SwitchAccess::Open(database) => self.sources_near(due, question, database, rows).await,
        }
    }
}

/// Who answered. The database's row was read by the way where its tables were.
fn identities(
    switch: &Switch,
    seen: &Answers,
    engines: BTreeMap<Kind, SourceIdentity>,
) -> Identities {
    let answerer = seen.switch.1.as_ref();
    let database =
        switch.database.clone().map(|world| identity::database::identity(answerer, world));
    Identities { vswitchd: Some(switch.vswitchd.clone()), database, engines }
}

/// What each kind of source told. No engine where none was needed.
struct Answers {
    engines: Vec<(Kind, Result<Vec<Found>, SourceError>)>,
    kernel: Result<Vec<Namespace>, SourceError>,
    switch: SwitchAnswer,
    /// The namespace that was named directly.
    opened: Option<NetnsId>,
}

/// The engines whose absence is an error.
pub(crate) fn named(engines: &[Configured]) -> BTreeSet<Kind> {
    engines.iter().filter(|engine| engine.named).map(|engine| engine.name.clone()).collect()
}

/// What was seen of one container.
struct ContainerView<'h> {
    answers: Vec<EngineAnswer<'h>>,
    kernel: Result<Vec<Namespace>, SourceError>,
}

/// What was had of the switch while the engines were asked: all of it, or the database opened.
#[allow(clippy::large_enum_variant, reason = "a look has one of them")]
enum SwitchAccess {
    Taken(SwitchAnswer),
    Open(Option<Result<Database, SourceError>>),
}

fn read_around(home: &Netns, switch: Option<&Netns>, details: Details) -> Vec<Namespace> {
    let rows = kernel::read_narrow(home, switch, details);
    if rows.first().is_some_and(kernel::needs_everything) {
        return kernel::read_whole(&[(home, Vec::new())], switch, details);
    }
    rows
}

/// Whether a port seems to have a link of another name: only what vswitchd listens to tells that it
/// is not just an old index.
fn needs_packet_sockets<'b>(
    kernel: &Observed<Namespace>,
    mut bridges: impl Iterator<Item = &'b Bridge>,
) -> bool {
    let read = || kernel.rows().iter().any(|row| row.packet_sockets.is_some());
    let links = || kernel.rows().iter().flat_map(|row| &row.links);
    let other_name = |port: &Port| {
        let held =
            || links().any(|link| Some(link.ifindex) == port.ifindex && link.name != port.iface);
        port.kind == "system" && port.ifindex.is_some() && held()
    };
    !read() && bridges.any(|bridge| bridge.ports.iter().any(|port| other_name(port)))
}

/// The containers' namespaces and those with a name, each read once.
fn namespaces(mut homes: Homes, switch: Option<&Netns>, details: Details) -> Vec<Namespace> {
    homes.add_named_and_own(switch);
    let mut rows = kernel::read_whole(&homes.spaces(), switch, details);
    rows.extend(homes.unopened_rows());
    rows
}

pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
