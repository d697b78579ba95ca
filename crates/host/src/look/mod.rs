//! One look, two sizes. The pipeline is the same: the engines are asked first, the kernel
//! about the namespaces they named, the switch about the links the kernel named.

mod answer;
mod container;
mod enough;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use model::identity::{Identities, SourceIdentity};
use model::ids::NetnsId;
use model::snapshot::{EngineName, Namespace, Observed, Scope};
use model::switch::SwitchSource;
use model::{Look, Snapshot, SourceError, SourceErrorKind, Target};
use netns::Netns;
use tokio::sync::OnceCell;

use answer::containers;
use container::Lookup;
use enough::{Ways, is_index_doubtful, is_port_missed, leaves_out};

use crate::Host;
use crate::clock::now;
use crate::deadline::Deadline;
use crate::engine::netns::Pinned;
use crate::engine::{Configured, EngineContainer, others};
use crate::identity::{self, Switch};
use crate::kernel::{self, OpenNamespaces, SocketOwner};
use crate::question::{Details, Question};
use crate::switch::ovsdb::{self, Database};
use crate::switch::{BySource, SwitchAnswer};

impl Host {
    /// Looks once. Never fails: what could not be had is said in the Snapshot.
    pub async fn look(&self, question: &Question) -> Snapshot {
        let engines = self.engines.now();
        if !question.other_engines {
            return self.read(&engines, question).await.snapshot;
        }
        let due = Deadline::after(self.timeout);
        let (seen, other_engines) =
            tokio::join!(self.read(&engines, question), others::containers(&engines, due));
        Snapshot { other_engines, ..seen.snapshot }
    }

    /// Looks once, and resolves what was seen. The namespace that the question named directly, if
    /// it did, is told beside the Snapshot: its rows are as the kernel has them.
    pub async fn resolved(&self, question: &Question) -> Look {
        let engines = self.engines.now();
        let seen = self.read(&engines, question).await;
        self.resolve_whole(&engines, question, seen, &OnceCell::new()).await
    }

    /// Resolves what was seen; where a look at one thing left out what decides, what a look at
    /// everything sees, which is made once for all that want it.
    async fn resolve_whole(
        &self,
        engines: &[Configured],
        question: &Question,
        Seen { snapshot, opened, has_more, .. }: Seen,
        everything: &OnceCell<Snapshot>,
    ) -> Look {
        let look = Look::new(snapshot).with_opened(opened);
        if question.target.is_none() || !(has_more || leaves_out(&look)) {
            return look;
        }
        let whole = Question { target: None, ..question.clone() };
        let read = async || Box::pin(self.read(engines, &whole)).await.snapshot;
        let mut snapshot = everything.get_or_init(read).await.clone();
        if let Some(named) = opened.and_then(|id| look.namespace(id)) {
            // No engine need lead to it.
            snapshot.kernel.add(named.clone(), |row| row.id == named.id);
        }
        Look::new(snapshot).with_opened(opened)
    }

    /// Looks at two things at once, each as [`Host::resolved`] does: what both need of the switch's
    /// process is read once. The questions differ in nothing but their targets.
    pub async fn resolved_both(&self, one: &Question, other: &Question) -> [Look; 2] {
        let engines = self.engines.now();
        let switch = self.identify_switch(one.takes(SwitchSource::Ovsdb));
        let questions = (one, other);
        let (one, other) = tokio::join!(
            self.read_without_sockets(&engines, one, &switch),
            self.read_without_sockets(&engines, other, &switch),
        );
        let mut both = [one, other];
        note_packet_sockets(&switch, &mut both);
        let [near, far] = both;
        let everything = OnceCell::new();
        let both = tokio::join!(
            self.resolve_whole(&engines, questions.0, near, &everything),
            self.resolve_whole(&engines, questions.1, far, &everything),
        );
        both.into()
    }

    async fn read(&self, engines: &[Configured], question: &Question) -> Seen {
        let switch = self.identify_switch(question.takes(SwitchSource::Ovsdb));
        let mut seen = self.read_without_sockets(engines, question, &switch).await;
        note_packet_sockets(&switch, std::slice::from_mut(&mut seen));
        seen
    }

    /// What can be known without the packet sockets, which are read after the ports.
    async fn read_without_sockets(
        &self,
        engines: &[Configured],
        question: &Question,
        switch: &Switch,
    ) -> Seen {
        let start = std::time::Instant::now();
        let due = Deadline::after(self.timeout);
        let netns = switch.netns.as_ref().ok();
        let look = async {
            match &question.target {
                Some(target) => {
                    (Scope::One, self.read_target(engines, due, target, question, netns).await)
                }
                None => (Scope::Everything, self.read_all(engines, due, question, netns).await),
            }
        };
        let ((scope, mut seen), ids) = tokio::join!(look, engine_ids(engines, due, question));
        // Which links are the switch's was not looked for, so that what was read of them is no answer. Where
        // not even the containers' were read, that is told.
        let mut found = seen.engines.iter().filter_map(|(_, found)| found.as_ref().ok()).flatten();
        if let Err(why) = &switch.netns
            && why.kind == SourceErrorKind::Exhausted
            && found.all(|found| found.row.netns_error.is_none())
        {
            seen.kernel = Err(why.clone());
        }
        tracing::debug!("looked at {scope:?} in {:?}", start.elapsed());
        let opened = seen.opened;
        let identified = identify_engines(engines, question, &seen, ids);
        let identities = identities(switch, &seen, identified);
        let switch_netns = netns.map(kernel::id);
        let mut snapshot = Snapshot { switch_netns, identities, ..snapshot(engines, scope, seen) };
        let Snapshot { kernel: rows, switch: bridges, .. } = &mut snapshot;
        let bridges = || bridges.values().flat_map(Observed::rows);
        kernel::note_paths(rows, bridges());
        let wants_sockets = scope == Scope::Everything
            || question.traffic
            || is_index_doubtful(rows, bridges())
            || is_port_missed(rows, switch_netns, bridges());
        let here = || rows.rows().iter().find(|row| Some(row.id) == switch_netns);
        let ways = match scope {
            Scope::One => Ways::of(rows, switch_netns, bridges()),
            Scope::Everything => Ways::default(),
        };
        // Beside an interface that is on a port, which is the answer, no other namespace is looked into: that
        // takes longer than all the rest, and most containers have one on an engine's own bridge as well.
        let known = || rows.rows().iter().map(|row| row.id).collect();
        let known = (!ways.to_port).then(known);
        let is_stood_on = |(netns, here)| kernel::is_stood_on(netns, here, known.as_ref());
        let has_more = ways.open && netns.zip(here()).is_some_and(is_stood_on);
        Seen { snapshot, opened, wants_sockets, has_more }
    }

    pub(crate) async fn database(&self, due: Deadline) -> Result<Database, SourceError> {
        let remote = self.db.as_ref().map_err(Clone::clone)?;
        due.hold(|| ovsdb::what(remote), Database::open(remote, self.tls.as_ref())).await
    }

    /// The whole look: every container, every namespace they live in, every port.
    async fn read_all(
        &self,
        configured: &[Configured],
        due: Deadline,
        question: &Question,
        switch: Option<&Netns>,
    ) -> Answers {
        let engines = configured.iter().map(|engine| containers(engine, due));
        let (answers, sources) = tokio::join!(join_all(engines), self.sources(due, question));
        let mut engines = Vec::new();
        let mut homes = OpenNamespaces::default();
        for (configured, answer) in configured.iter().zip(answers) {
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
        engines: &[Configured],
        due: Deadline,
        target: &Target,
        question: &Question,
        switch: Option<&Netns>,
    ) -> Answers {
        let opened = match target {
            Target::Container(wanted) => {
                return self.read_container(engines, due, wanted, question, switch).await;
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
        engines: &[Configured],
        due: Deadline,
        wanted: &str,
        question: &Question,
        switch: Option<&Netns>,
    ) -> Answers {
        let inside = async {
            let lookup = Lookup::start(engines, wanted, question.tenants, due).await;
            let rows = read_inside(lookup.home(), switch, question.details());
            (lookup, rows)
        };
        let ((lookup, rows), access) = tokio::join!(inside, self.open_switch(due, question));
        if lookup.has_failed() {
            let engines = lookup.finish().await;
            let switch = SwitchAnswer::default();
            return Answers { engines, kernel: Ok(Vec::new()), switch, opened: None };
        }
        let sources = self.read_switch(access, due, question, &rows);
        let (sources, engines) = tokio::join!(sources, lookup.finish());
        Answers { engines, kernel: Ok(rows), switch: sources, opened: None }
    }

    /// What can be had of the switch while the engine is asked: all of it does not depend on what
    /// that says.
    async fn open_switch(&self, due: Deadline, question: &Question) -> SwitchAccess {
        if question.every_port {
            return SwitchAccess::Taken(self.sources(due, question).await);
        }
        let takes_ovsdb = question.takes(SwitchSource::Ovsdb);
        let database = async { if takes_ovsdb { Some(self.database(due).await) } else { None } };
        let (database, others) = tokio::join!(database, self.other_sources(due, question));
        SwitchAccess::Open(database, others)
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
            SwitchAccess::Open(database, others) => {
                self.sources_near(due, question, database, others, rows).await
            }
        }
    }
}

/// What the engines call themselves, where that is asked.
async fn engine_ids(
    engines: &[Configured],
    due: Deadline,
    question: &Question,
) -> BTreeMap<EngineName, String> {
    let engines = engines.iter().filter(|_| question.identities);
    let asked = engines.map(async |configured| {
        let engine = configured.engine().ok()?;
        let due = configured.due(due);
        let id = due.hold(|| engine.what(), engine.id()).await.ok()??;
        Some((configured.name.clone(), id))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Who answers for each engine that answered; in a narrow look only if it is asked for.
fn identify_engines(
    engines: &[Configured],
    question: &Question,
    seen: &Answers,
    mut ids: BTreeMap<EngineName, String>,
) -> BTreeMap<EngineName, SourceIdentity> {
    if question.target.is_some() && !question.identities {
        return BTreeMap::new();
    }
    let answered = seen.engines.iter().filter_map(|(kind, found)| {
        let found = found.as_deref().ok()?;
        let configured = engines.iter().find(|engine| engine.name == *kind)?;
        let identity = identity::engine::identify(configured.engine().ok()?, found);
        Some((kind.clone(), SourceIdentity { id: ids.remove(kind), ..identity }))
    });
    answered.collect()
}

fn snapshot(configured: &[Configured], scope: Scope, seen: Answers) -> Snapshot {
    let rows = |found: Vec<EngineContainer>| found.into_iter().map(|found| found.row).collect();
    let named_engines = named(configured);
    // What was found where an engine may listen, and is none, is no source.
    let is_none = |found: &Result<_, SourceError>| matches!(found, Err(why) if why.kind == SourceErrorKind::NotServed);
    let engines = seen.engines.into_iter();
    let engines = engines.filter(|(kind, found)| named_engines.contains(kind) || !is_none(found));
    let engines = engines.map(|(kind, found)| (kind, found.map(rows).into())).collect();
    Snapshot {
        version: Snapshot::VERSION,
        host: host_name(),
        taken: now(),
        scope,
        switch_netns: None,
        engines,
        named_engines,
        identities: Identities::default(),
        other_engines: Vec::new(),
        kernel: seen.kernel.into(),
        switch: seen.switch.0,
    }
}

/// Who answered. The database's row was read by the way where its tables were.
fn identities(
    switch: &Switch,
    seen: &Answers,
    engines: BTreeMap<EngineName, SourceIdentity>,
) -> Identities {
    let answerer = seen.switch.1.as_ref();
    let database =
        switch.database.clone().map(|world| identity::database::identity(answerer, world));
    Identities { vswitchd: Some(switch.vswitchd.clone()), database, engines }
}

/// What was read for a question.
struct Seen {
    snapshot: Snapshot,
    /// The namespace that the question named directly.
    opened: Option<NetnsId>,
    wants_sockets: bool,
    /// Whether a way that ends on no port may go on by a link that was not read.
    has_more: bool,
}

/// Reads the packet sockets once for all looks that want them.
fn note_packet_sockets(switch: &Switch, looks: &mut [Seen]) {
    let Ok(netns) = &switch.netns else { return };
    let wanting = looks.iter_mut().filter(|seen| seen.wants_sockets);
    let rows: Vec<_> = wanting.flat_map(|seen| seen.snapshot.kernel.rows_mut()).collect();
    if !rows.is_empty() {
        kernel::read_packet_sockets(netns, &SocketOwner::of(switch.vswitchd.pid), rows);
    }
}

/// What each kind of source told. No engine where none was needed.
struct Answers {
    engines: Vec<(EngineName, Result<Vec<EngineContainer>, SourceError>)>,
    kernel: Result<Vec<Namespace>, SourceError>,
    switch: SwitchAnswer,
    /// The namespace that was named directly.
    opened: Option<NetnsId>,
}

/// The engines whose absence is an error.
pub(crate) fn named(engines: &[Configured]) -> BTreeSet<EngineName> {
    engines.iter().filter(|engine| engine.named).map(|engine| engine.name.clone()).collect()
}

/// What was had of the switch while the engines were asked: all of it, or the database opened and what
/// the other sources say.
#[allow(clippy::large_enum_variant, reason = "a look has one of them")]
enum SwitchAccess {
    Taken(SwitchAnswer),
    Open(Option<Result<Database, SourceError>>, BySource),
}

/// The links of a container's namespace. Where several engines have one of its name, those of the
/// first one's.
fn read_inside(home: Option<&Pinned>, switch: Option<&Netns>, details: Details) -> Vec<Namespace> {
    match home {
        Some(Pinned { netns: home, left: Some((_, left)), .. }) => {
            kernel::read_whole(&[(home, Vec::new()), (left, Vec::new())], switch, details)
        }
        Some(home) => read_around(&home.netns, switch, details),
        None => Vec::new(),
    }
}

fn read_around(home: &Netns, switch: Option<&Netns>, details: Details) -> Vec<Namespace> {
    let rows = kernel::read_narrow(home, switch, details);
    if rows.first().is_some_and(kernel::needs_everything) {
        return kernel::read_whole(&[(home, Vec::new())], switch, details);
    }
    rows
}

/// The containers' namespaces and those with a name, each read once.
fn namespaces(
    mut homes: OpenNamespaces,
    switch: Option<&Netns>,
    details: Details,
) -> Vec<Namespace> {
    homes.add_named_and_own(switch);
    let mut rows = kernel::read_whole(&homes.spaces(), switch, details);
    rows.extend(homes.unopened_rows());
    rows
}

pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
