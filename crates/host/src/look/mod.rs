//! One look: what the sources told becomes a Snapshot, and this a Look. Where what was read of one thing leaves out
//! what decides, everything is read.

mod answer;
mod container;
mod enough;
mod holder;
mod identities;
mod pipeline;
mod tenants;

use std::collections::BTreeSet;

use model::identity::Identities;
use model::ids::NetnsId;
use model::snapshot::{EngineName, Observed, Scope};
use model::switch::SwitchSource;
use model::{Look, Snapshot, SourceError, SourceErrorKind};
use tokio::sync::OnceCell;

pub use holder::{AskedPort, PortHolder};

use enough::{Ways, is_index_doubtful, is_port_missed, lacks_a_port, leads_further, leaves_out};
use identities::{identify_engines, identities, with_engine_ids};
use pipeline::Answers;

use crate::Host;
use crate::clock::now;
use crate::deadline::Deadline;
use crate::engine::{Configured, EngineContainer, others};
use crate::identity::Switch;
use crate::kernel::{self, SocketOwner, SocketsAhead};
use crate::question::Question;
use crate::switch::ovsdb::{self, Database};

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
        Seen { snapshot, opened, has_more, is_left, .. }: Seen,
        everything: &OnceCell<Snapshot>,
    ) -> Look {
        let look = Look::new(snapshot).with_opened(opened);
        let has_more = has_more || is_left && lacks_a_port(&look);
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
        let ahead = one.traffic.then(|| SocketsAhead::read(switch.vswitchd.pid));
        let questions = (one, other);
        let (one, other) = tokio::join!(
            self.read_without_sockets(&engines, one, &switch),
            self.read_without_sockets(&engines, other, &switch),
        );
        let mut both = [one, other];
        let owner = || SocketOwner::of(switch.vswitchd.pid);
        note_packet_sockets(&switch, &ahead.map_or_else(owner, SocketOwner::after), &mut both);
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
        let owner = SocketOwner::of(switch.vswitchd.pid);
        note_packet_sockets(&switch, &owner, std::slice::from_mut(&mut seen));
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
            if let Some(target) = &question.target {
                let read = self.read_target(engines, due, target, question, netns);
                return (Scope::One, Box::pin(read).await);
            }
            if question.own_port.is_some() {
                let read = self.read_own_port(due, question, netns);
                return (Scope::One, Box::pin(read).await);
            }
            let read = self.read_all(engines, due, question, netns);
            (Scope::Everything, Box::pin(read).await)
        };
        let ((scope, mut seen), ids) = with_engine_ids(look, engines, due, question).await;
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
            Scope::One if question.own_port.is_none() => Ways::of(rows, switch_netns, bridges()),
            // No way of another namespace leads to a bridge's own port, or everything would be read.
            Scope::One | Scope::Everything => Ways::default(),
        };
        // Beside an interface that is on a port, which is the answer, no other namespace is looked into: that
        // takes longer than all the rest, and most containers have one on an engine's own bridge as well.
        let known = || rows.rows().iter().map(|row| row.id).collect();
        let known = (!ways.to_port).then(known);
        let is_stood_on = |(netns, here)| kernel::is_stood_on(netns, here, known.as_ref());
        let is_left = scope == Scope::One && here().is_some_and(leads_further);
        let has_more = ways.open && netns.zip(here()).is_some_and(is_stood_on);
        Seen { snapshot, opened, wants_sockets, has_more, is_left }
    }

    pub(crate) async fn database(&self, due: Deadline) -> Result<Database, SourceError> {
        let remote = self.db.as_ref().map_err(Clone::clone)?;
        due.hold(|| ovsdb::what(remote), Database::open(remote, self.tls.as_ref())).await
    }
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

/// What was read for a question.
struct Seen {
    snapshot: Snapshot,
    /// The namespace that the question named directly.
    opened: Option<NetnsId>,
    wants_sockets: bool,
    /// Whether a way may go on by a link that was not read.
    has_more: bool,
    /// Whether a link on the way leads to another namespace that was not read: it counts where an interface is on no
    /// port.
    is_left: bool,
}

/// Reads the packet sockets once for all looks that want them.
fn note_packet_sockets(switch: &Switch, owner: &SocketOwner, looks: &mut [Seen]) {
    let Ok(netns) = &switch.netns else { return };
    let wanting = looks.iter_mut().filter(|seen| seen.wants_sockets);
    let rows: Vec<_> = wanting.flat_map(|seen| seen.snapshot.kernel.rows_mut()).collect();
    if !rows.is_empty() {
        kernel::read_packet_sockets(netns, owner, rows);
    }
}

/// The engines whose absence is an error.
pub(crate) fn named(engines: &[Configured]) -> BTreeSet<EngineName> {
    engines.iter().filter(|engine| engine.named).map(|engine| engine.name.clone()).collect()
}

pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
