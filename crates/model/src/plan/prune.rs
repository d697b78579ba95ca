//! What is orphaned and may go.
//!
//! Never internal ports, which may live in any namespace; patches, tunnels; what has a link; or a
//! port that can be restored when its container starts. Nothing goes that is not proven to be
//! gone: its link, and its container in every engine that could have it.

use std::sync::Arc;

use crate::NamedBridge;
use crate::endpoint_record::EndpointRecord;
use crate::ids::Name;
use crate::one_container::{Run, may_be_of};
use crate::port_record::{Alias, PortRecord};
use crate::query;
use crate::resolve::Clashes;
use crate::snapshot::{Container, Link, Snapshot};
use crate::switch::Port;
use crate::whereabouts::{Whereabouts, whereabouts};
use crate::wiring::{LastTenant, Occupant, SwitchPort, Wiring};

use super::disconnect::forgotten;
use super::orphaned_veths::{VethState, judge, may_be_end_of, renamed_link};
use super::planner::delete;
use super::prunable::{Prunable, Undecided};
use super::remembered::{only_remembered, without_record};
use super::world::written_here;
use super::{ReplacePort, Step, SwitchStep};

/// `docker ovs prune`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prune {
    /// Only on this bridge, or fake bridge: links that are no port yet, or no port any more, are those of the
    /// bridge that it stands on.
    pub bridge: Option<String>,
    /// Only what was made before, in seconds since the Unix epoch.
    pub until: Option<u64>,
    /// Also what others than docker-ovs and ovs-docker made.
    pub all: bool,
    /// Also what belongs to stopped containers.
    pub stopped: bool,
}

/// What may be removed. Takes a whole look in which every source answered.
pub fn prune(snapshot: &Snapshot, wiring: &Wiring, request: &Prune) -> Vec<Prunable> {
    judged(snapshot, wiring, request).into_iter().filter_map(Result::ok).collect()
}

/// What would be removed if it were known to be gone.
pub fn undecided(snapshot: &Snapshot, wiring: &Wiring, request: &Prune) -> Vec<Undecided> {
    judged(snapshot, wiring, request).into_iter().filter_map(Result::err).collect()
}

fn judged(
    snapshot: &Snapshot,
    wiring: &Wiring,
    request: &Prune,
) -> Vec<Result<Prunable, Undecided>> {
    // Of a bridge that is not there nothing is remembered.
    let named = request.bridge.as_deref().map(|wanted| NamedBridge::find(snapshot, wanted));
    let on = |bridge: &str, port: &Port| {
        named.is_none_or(|named| named.is_some_and(|named| named.has_remembered(bridge, port)))
    };
    let clashes = &Clashes::of(snapshot);
    let wanted = request.bridge.as_deref();
    // A link bears the name of the bridge that has its port, which a fake bridge stands on.
    let real = named.flatten().map(|named| &*named.bridge.name);
    let planner = PrunePlanner { snapshot, wiring, request, bridge: real.or(wanted), clashes };
    let ports = wiring.ports.iter().filter(|row| wanted.is_none_or(|wanted| row.is_on(wanted)));
    let ports = ports.filter_map(|row| planner.port(row));
    let kept =
        only_remembered(snapshot, wiring).into_iter().filter(|(bridge, port)| on(bridge, port));
    let kept = kept.filter_map(|(bridge, port)| planner.memory(bridge, port));
    let links = snapshot.switch_namespace().into_iter().flat_map(|here| &here.links);
    // Links bear no time.
    let links = links.filter(|_| request.until.is_none());
    let links = links.filter_map(|link| planner.link(link));
    ports.chain(kept).chain(links).collect()
}

/// What each port, link and memory is judged by.
#[derive(Clone, Copy)]
struct PrunePlanner<'a> {
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    request: &'a Prune,
    /// The bridge that was named, or that the fake one that was named stands on.
    bridge: Option<&'a str>,
    clashes: &'a Clashes<'a>,
}

/// A port, as its row has it or a bridge remembers it, and its record.
type Recorded<'a> = (&'a Port, &'a PortRecord);

/// Whether something may go as far as its container is concerned.
enum MayGo {
    Yes,
    No,
    /// It is not known, for this reason.
    Unknown(String),
}

fn not_known(why: &str) -> MayGo {
    MayGo::Unknown(format!("whether its container is gone is not known: {why}"))
}

impl PrunePlanner<'_> {
    fn port(self, row: &SwitchPort) -> Option<Result<Prunable, Undecided>> {
        let record = PortRecord::of(&row.port);
        let endpoint = EndpointRecord::made_for(&row.port);
        let (last, doubt) = match &row.occupant {
            Occupant::Orphaned { last } => (last.as_ref(), None),
            Occupant::Unknown { why } => (None, Some(why)),
            _ => return None,
        };
        let asked = self.request.all || record.is_some() || endpoint.is_some();
        let created = record.as_ref().and_then(|record| record.created);
        let created = created.or(endpoint.as_ref().and_then(|endpoint| endpoint.created));
        // What is orphaned had a link of the host, whatever reads that; of the others a system port alone is looked for.
        let is_looked_for = doubt.is_none() || row.port.kind == "system";
        if !is_looked_for || !asked || !self.is_old(created) {
            return None;
        }
        // Of what bears no record, a living link is nothing to talk about.
        let of_interest = doubt.is_none() || record.is_some() || endpoint.is_some();
        let undecided = |why: String, may_settle| {
            let bridge = Some(row.bridge.clone());
            let what = row.port.iface.clone();
            Some(Err(Undecided { bridge, what, why, may_settle }))
        };
        let may_go = endpoint.as_ref().filter(|_| record.is_none()).map_or_else(
            || self.may_go(record.as_ref().map(|record| (&*row.port, record)), last),
            |endpoint| self.may_endpoint_go(endpoint),
        );
        match (may_go, doubt) {
            (MayGo::No, _) => None,
            _ if !of_interest => None,
            (MayGo::Yes, Some(why)) => {
                undecided(format!("whether its link is gone is not known: {why}"), true)
            }
            (MayGo::Unknown(why), _) => undecided(why, false),
            (MayGo::Yes, None) => match renamed_link(self.snapshot, self.wiring, row) {
                Some(link) => undecided(format!("{} bears the mark of its link", link.name), true),
                None => Some(Ok(self.orphan(row, record.as_ref(), last)?)),
            },
        }
    }

    /// An endpoint whose link is gone is of no more use to any network: its engine makes another one
    /// when the container starts, and the number is kept for that.
    fn may_endpoint_go(self, endpoint: &EndpointRecord) -> MayGo {
        match written_here(self.snapshot, endpoint.system.as_deref()) {
            Err(why) if !self.request.all => not_known(&why),
            _ => MayGo::Yes,
        }
    }

    fn is_old(self, created: Option<u64>) -> bool {
        self.request.until.is_none_or(|until| created.is_some_and(|created| created < until))
    }

    fn may_go(self, port: Option<Recorded<'_>>, last: Option<&LastTenant>) -> MayGo {
        let Some((_, record)) = port else { return self.may_go_by_words(last) };
        let written = written_here(self.snapshot, record.system.as_deref());
        if let (Err(why), false) = (written, self.request.all) {
            return not_known(&why);
        }
        let found = whereabouts(self.snapshot, record);
        match (found.doubt(), found.container()) {
            (Some(why), _) => not_known(&why),
            (None, None) => MayGo::Yes,
            (None, Some(row)) => self.may_go_with(row, port),
        }
    }

    /// Of a port whose `external_ids` are another program's: the container that they name.
    fn may_go_by_words(self, last: Option<&LastTenant>) -> MayGo {
        let Some(last) = last else { return MayGo::Yes };
        let known = last.container.as_ref().and_then(|who| self.snapshot.container_of(who));
        if let Some(row) = known {
            return self.may_go_with(row, None);
        }
        let container = last.words.clone();
        let record = PortRecord { container, ..PortRecord::default() };
        // Other programs write names of any engine's containers down, and not of Docker's alone.
        let is_named = |run: Run<'_>| record.names(run.1) && may_be_of(self.snapshot, &record, run);
        let mut all = self.snapshot.containers_by_engine();
        match whereabouts(self.snapshot, &record) {
            Whereabouts::Gone if all.any(is_named) => {
                not_known(&format!("several containers may be meant by {}", record.container))
            }
            Whereabouts::Gone => MayGo::Yes,
            Whereabouts::Known(row) | Whereabouts::Replaced(row) => self.may_go_with(row, None),
            doubt => not_known(&doubt.doubt().unwrap_or_default()),
        }
    }

    /// A container that runs may be given its interface again, if we know how; one that is
    /// stopped may start again. Between the two, as where it restarts by its policy, it has no process and is
    /// about to have one.
    fn may_go_with(self, row: &Container, port: Option<Recorded<'_>>) -> MayGo {
        if row.is_alive() {
            let is_useless = port.is_none_or(|port| self.has_another(row, port));
            return if is_useless { MayGo::Yes } else { MayGo::No };
        }
        match self.request.stopped {
            true if row.is_stopped() => MayGo::Yes,
            true => MayGo::Unknown(format!("its container is {}, not stopped", row.state)),
            false => MayGo::No,
        }
    }

    /// Whether the container has got such an interface otherwise.
    fn has_another(self, row: &Container, port: Recorded<'_>) -> bool {
        let Some(home) = row.netns else { return false };
        let (_, record) = port;
        let mut inside = self.wiring.attachments.iter().filter(|found| found.netns == home);
        // What is on no port may be the very link: another program has taken its port, or has moved its other
        // end out of the switch's namespace.
        inside.any(|found| {
            let is_other = || !may_be_end_of(self.snapshot, home, &found.link, port);
            let is_on = found.port.port().is_some()
                || ((!record.ours || self.is_orphaned(record)) && is_other());
            is_on && *found.link.name == *record.interface
        })
    }

    /// Whether a row has the record, and its link is gone.
    fn is_orphaned(self, record: &PortRecord) -> bool {
        let mut orphans = self.wiring.ports.iter().filter(|row| row.occupant.is_orphaned());
        orphans.any(|row| PortRecord::of(&row.port).as_ref() == Some(record))
    }

    fn orphan(
        self,
        row: &SwitchPort,
        record: Option<&PortRecord>,
        last: Option<&LastTenant>,
    ) -> Option<Prunable> {
        let bridge = query::bridge(self.snapshot, &row.bridge).ok()?.bridge;
        let port = Arc::clone(&row.port);
        let at = bridge.name.clone();
        let step = match &row.port.bond {
            Some(bond) => {
                let bridge = at.clone();
                let bond = bond.clone();
                Step::from(SwitchStep::RemoveMember { bridge, bond, port: Arc::clone(&port) })
            }
            None => ReplacePort {
                bridge: at.clone(),
                remove: Some(Arc::clone(&port)),
                link_is_gone: true,
                memory: forgotten(bridge, &port),
                ..ReplacePort::default()
            }
            .into(),
        };
        let endpoint = EndpointRecord::of(&port).map(|endpoint| endpoint.to_string());
        let last = endpoint.or_else(|| self.words(record, last));
        Some(Prunable::Port { port, bridge: at, step, last })
    }

    fn memory(self, at: Name, port: Arc<Port>) -> Option<Result<Prunable, Undecided>> {
        let record = PortRecord::of(&port)?;
        // What a living container has on this very port is no other interface in its place.
        let is_its = without_record(self.wiring, &at, &port).is_some();
        let found = whereabouts(self.snapshot, &record);
        if is_its && found.container().is_some_and(Container::is_alive) {
            return None;
        }
        if !self.is_old(record.created) {
            return None;
        }
        match self.may_go(Some((&*port, &record)), None) {
            MayGo::No => None,
            MayGo::Unknown(why) => {
                let bridge = Some(at);
                let what = port.iface.clone();
                Some(Err(Undecided { bridge, what, why, may_settle: false }))
            }
            MayGo::Yes => {
                let bridge = query::bridge(self.snapshot, &at).ok()?.bridge;
                let memory = forgotten(bridge, &port);
                let step = ReplacePort { bridge: at.clone(), memory, ..ReplacePort::default() };
                let last = self.words(Some(&record), None);
                Some(Ok(Prunable::Memory { port, bridge: at, step: step.into(), last }))
            }
        }
    }

    fn link(self, link: &Link) -> Option<Result<Prunable, Undecided>> {
        let said = link.alias.as_deref().and_then(Alias::read);
        let bridge = said.as_ref().map(|said| Name::from(said.bridge));
        if self.bridge.is_some_and(|wanted| bridge.as_deref() != Some(wanted)) {
            return None;
        }
        let last = said.as_ref().map(|said| {
            let record =
                PortRecord { container: said.container.to_owned(), ..PortRecord::default() };
            format!("{}:{}", self.called(&record), said.interface)
        });
        match judge(self.snapshot, self.wiring, link) {
            VethState::Kept => None,
            VethState::Orphaned => Some(Ok(Prunable::Link {
                name: link.name.clone(),
                step: delete(link),
                bridge,
                last,
            })),
            VethState::Undecided(why) => {
                Some(Err(Undecided { bridge, what: link.name.clone(), why, may_settle: true }))
            }
        }
    }

    fn words(self, record: Option<&PortRecord>, last: Option<&LastTenant>) -> Option<String> {
        let marked = record.map(|record| format!("{}:{}", self.called(record), record.interface));
        marked.or_else(|| last.map(ToString::to_string))
    }

    /// How the container of a record is called.
    fn called(self, record: &PortRecord) -> Name {
        let mut all = self.snapshot.containers_by_engine();
        let is_its = |run: &Run<'_>| {
            *run.1.id.0 == *record.container && may_be_of(self.snapshot, record, *run)
        };
        let known = all.find(is_its).map(|(_, row)| row);
        self.clashes.recorded(record, known)
    }
}
