//! One pipeline, of two sizes: the engines are asked first, the kernel about the namespaces they named, the switch
//! about the links the kernel named.

use futures_util::future::join_all;
use model::ids::NetnsId;
use model::snapshot::{EngineName, Namespace};
use model::switch::SwitchSource;
use model::{SourceError, Target};
use netns::Netns;

use super::answer::containers;
use super::container::Lookup;
use super::tenants::{Tenants, add_tenants};
use crate::Host;
use crate::deadline::Deadline;
use crate::engine::netns::Pinned;
use crate::engine::{Configured, EngineContainer};
use crate::kernel::{self, OpenNamespaces};
use crate::question::{Details, Question};
use crate::switch::ovsdb::Database;
use crate::switch::{BySource, SwitchAnswer};

/// What each kind of source told. No engine where none was needed.
pub(super) struct Answers {
    pub(super) engines: Vec<(EngineName, Result<Vec<EngineContainer>, SourceError>)>,
    pub(super) kernel: Result<Vec<Namespace>, SourceError>,
    pub(super) switch: SwitchAnswer,
    /// The namespace that was named directly.
    pub(super) opened: Option<NetnsId>,
}

impl Host {
    /// The whole look: every container, every namespace they live in, every port.
    pub(super) async fn read_all(
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
    pub(super) async fn read_target(
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
        let home = kernel.as_ref().ok().and_then(|rows| rows.first()).map(|row| row.id);
        let tenants = Tenants::of(engines, shared(home, question, switch), None, due);
        let read = self.read_namespace(due, question, kernel, switch);
        let (mut answers, said) = tenants.beside(read, true).await;
        add_tenants(&mut answers.engines, said);
        answers
    }

    /// The narrow look at a bridge's own port: that, and the links of the switch's namespace.
    pub(super) async fn read_own_port(
        &self,
        due: Deadline,
        question: &Question,
        switch: Option<&Netns>,
    ) -> Answers {
        let sources = self.sources(due, question).await;
        let rows = switch.map(|switch| kernel::read_alone(switch, question.details()));
        let kernel = Ok(rows.unwrap_or_default());
        Answers { engines: Vec::new(), kernel, switch: sources, opened: None }
    }

    /// A namespace named directly; no engine leads there.
    async fn read_namespace(
        &self,
        due: Deadline,
        question: &Question,
        kernel: Result<Vec<Namespace>, SourceError>,
        switch: Option<&Netns>,
    ) -> Answers {
        let access = self.open_switch(due, question).await;
        let rows = kernel.as_deref().unwrap_or_default();
        let opened = rows.first().map(|row| row.id);
        let near = (rows, switch.map(kernel::id));
        let switch = self.read_switch(access, due, question, near).await;
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
        let sources = self.read_switch(access, due, question, (&rows, switch.map(kernel::id)));
        let home = shared(lookup.home().map(|home| home.id), question, switch);
        let tenants = Tenants::of(engines, home, lookup.owner(), due);
        let waits = !lookup.is_alone();
        let told = async { tokio::join!(sources, lookup.finish()) };
        let ((sources, mut engines), said) = tenants.beside(told, waits).await;
        add_tenants(&mut engines, said);
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
        near: (&[Namespace], Option<NetnsId>),
    ) -> SwitchAnswer {
        match access {
            SwitchAccess::Taken(sources) => sources,
            SwitchAccess::Open(database, others) => {
                self.sources_near(due, question, database, others, near).await
            }
        }
    }
}

/// What was had of the switch while the engines were asked: all of it, or the database opened and what
/// the other sources say.
#[allow(clippy::large_enum_variant, reason = "a look has one of them")]
enum SwitchAccess {
    Taken(SwitchAnswer),
    Open(Option<Result<Database, SourceError>>, BySource),
}

/// The namespace whose tenants are asked for: that of the switch is told by each container that is on it.
fn shared(home: Option<NetnsId>, question: &Question, switch: Option<&Netns>) -> Option<NetnsId> {
    home.filter(|home| question.tenants && Some(*home) != switch.map(kernel::id))
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
    homes.note_unlisted(&mut rows, switch);
    rows.extend(homes.unopened_rows());
    rows
}
