//! What may stand there: verbs, options, and names that the sources tell.

use std::sync::Arc;

use clap::{Arg, ArgAction, Command};
use model::filter::{KEYS, STATES};
use model::ids::OfPort;
use model::snapshot::Observed;
use model::wiring::{ContainerRef, SwitchPort};
use model::{Snapshot, query, resolve};
use report::v1::{FleetHost, Liveness, Mesh};

use super::Candidate;
use super::line::{Line, Slot};

/// Names on the host.
#[derive(Debug, Default)]
pub(super) struct Sources {
    containers: Vec<Candidate>,
    bridges: Vec<Candidate>,
    ports: Vec<Candidate>,
    vlans: Vec<Candidate>,
    labels: Vec<Candidate>,
    /// Each behind the words by which its container is named.
    interfaces: Vec<([String; 2], Candidate)>,
}

impl Sources {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let containers = query::called(snapshot).into_iter();
        let bridges = || snapshot.switch.values().flat_map(Observed::rows);
        let fakes = bridges().flat_map(|row| {
            let about = format!("fake bridge on {}", row.name);
            row.fake_bridges.iter().map(move |fake| candidate(&fake.name, &about))
        });
        let wiring = resolve(snapshot);
        let ports = wiring.ports.iter().filter_map(|row| {
            let number = match row.port.ofport.assigned()? {
                OfPort::LOCAL => "LOCAL".to_owned(),
                number => number.to_string(),
            };
            let about = row.occupant.to_string();
            let names = [Some(&row.bridge), row.fake_bridge.as_ref()].into_iter().flatten();
            Some(names.map(move |name| candidate(&format!("{name}:{number}"), &about)))
        });
        let vlans = wiring.ports.iter().filter_map(SwitchPort::vlans);
        let tags = vlans.flat_map(|vlans| vlans.tag.into_iter().chain(vlans.trunks));
        let labels = snapshot.containers().flat_map(|row| &row.labels);
        let interfaces = wiring.attachments.iter().flat_map(|row| {
            let place = row
                .port
                .ports()
                .first()
                .map_or_else(String::new, |port| format!("on {}", port.bridge));
            let one = candidate(&row.link.name, &place);
            let named = move |who: &Arc<ContainerRef>| {
                ([who.name.to_string(), who.called().to_owned()], one.clone())
            };
            row.tenants.iter().map(named)
        });
        Self {
            interfaces: interfaces.collect(),
            labels: sorted(labels.map(|(key, value)| candidate(&format!("{key}={value}"), ""))),
            containers: sorted(containers.map(|(name, row)| candidate(&name, &row.state))),
            bridges: sorted(bridges().map(|row| candidate(&row.name, "")).chain(fakes)),
            ports: ports.flatten().collect(),
            vlans: sorted(tags.map(|tag| candidate(&tag.to_string(), ""))),
        }
    }

    /// The interfaces of the container that is called so.
    fn interfaces_of(&self, container: &str) -> Vec<Candidate> {
        let name = query::without_slash(container);
        let is_its = |names: &[String; 2]| names.iter().any(|own| own == name);
        let own = self.interfaces.iter().filter(|(names, _)| is_its(names));
        sorted(own.map(|(_, interface)| interface.clone()))
    }

    fn running(&self) -> Vec<Candidate> {
        let alive = |one: &&Candidate| !matches!(one.about.as_str(), "exited" | "dead" | "created");
        self.containers.iter().filter(alive).cloned().collect()
    }
}

/// Which names a fleet is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FleetNames {
    /// Those of its hosts.
    Hosts,
    /// Those of its meshes.
    Meshes,
}

/// How names are asked for, each only where they are wanted.
pub(super) struct Asks<'a> {
    /// This host, or what is named instead.
    pub(super) host: &'a dyn Fn() -> Sources,
    /// The fleet.
    pub(super) fleet: &'a dyn Fn(FleetNames) -> Vec<Candidate>,
    /// Docker's contexts.
    pub(super) contexts: &'a dyn Fn() -> Vec<Candidate>,
}

/// The hosts of a fleet, each with whether it is heard of.
pub(super) fn hosts(all: &[FleetHost]) -> Vec<Candidate> {
    let word = |host: &FleetHost| match host.from.liveness {
        Liveness::Live => "live",
        Liveness::Stale => "stale",
    };
    sorted(all.iter().map(|host| candidate(&host.from.host, word(host))))
}

/// The meshes of a fleet, each with what its tunnels are.
pub(super) fn meshes(all: &[Mesh]) -> Vec<Candidate> {
    sorted(all.iter().map(|mesh| candidate(&mesh.mesh, &mesh.kind)))
}

/// Everything that may stand there.
pub(super) fn of(line: &Line, asks: &Asks<'_>) -> Vec<Candidate> {
    match &line.slot {
        Slot::Verb => verbs(&line.command),
        Slot::Option => options(&line.command),
        Slot::Value { id, lead } => {
            let found = values(line, id, asks).into_iter();
            let led = |one: Candidate| Candidate { word: format!("{lead}{}", one.word), ..one };
            found.map(led).collect()
        }
        Slot::File | Slot::Nothing => Vec::new(),
    }
}

fn verbs(tool: &Command) -> Vec<Candidate> {
    let shown = tool.get_subcommands().filter(|verb| !verb.is_hide_set());
    shown.map(|verb| candidate(verb.get_name(), &about(verb.get_about()))).collect()
}

fn options(command: &Command) -> Vec<Candidate> {
    let shown = command.get_arguments().filter(|option| !option.is_hide_set());
    let long = |option: &Arg| {
        Some(candidate(&format!("--{}", option.get_long()?), &about(option.get_help())))
    };
    shown.filter_map(long).collect()
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

fn values(line: &Line, id: &str, asks: &Asks<'_>) -> Vec<Candidate> {
    let sources = asks.host;
    match id {
        "context" => (asks.contexts)(),
        "remove" | "released_host" => (asks.fleet)(FleetNames::Hosts),
        // create makes it.
        "mesh" if line.is("create") => Vec::new(),
        "mesh" => (asks.fleet)(FleetNames::Meshes),
        "bridge" => sources().bridges,
        // What is waited for may not run yet.
        "container" if ["disconnect", "restore", "wait"].into_iter().any(|verb| line.is(verb)) => {
            sources().containers
        }
        "container" => sources().running(),
        // connect makes it.
        "interface" if line.is("connect") => Vec::new(),
        "interface" => match line.argument("container") {
            Some(container) => sources().interfaces_of(container),
            None => Vec::new(),
        },
        "what" if line.is("history") => {
            let sources = sources();
            sources.containers.into_iter().chain(sources.ports).collect()
        }
        "what" => sources().ports,
        "vlan_mode" => plain(&["access", "trunk", "native-tagged", "native-untagged"]),
        "source" | "destination" if line.is("trace") => {
            let sources = sources();
            sources.running().into_iter().chain(sources.ports).collect()
        }
        "engines" => engines(),
        "filter" if line.is("prune") => vec![candidate("until=", "what was made before")],
        "filter" => filters(&line.prefix, sources),
        "format" if line.is("explain") => plain(&["table", "json"]),
        "format" if !has_own_values(line, id) => plain(&["table", "csv", "json"]),
        _ => own_values(line, id),
    }
}

/// Each kind, and none.
fn engines() -> Vec<Candidate> {
    let kinds = host::engine::kinds().map(|kind| candidate(kind, ""));
    kinds.chain([candidate("none", "no engine is asked")]).collect()
}

/// `KEY=`, and behind it the values that are known.
fn filters(prefix: &str, sources: &dyn Fn() -> Sources) -> Vec<Candidate> {
    let typed = prefix.strip_prefix("--filter=").unwrap_or(prefix);
    let Some((key, _)) = typed.split_once('=') else {
        return KEYS.iter().map(|key| candidate(&format!("{key}="), "")).collect();
    };
    let values = match key {
        "container" => sources().containers,
        "bridge" => sources().bridges,
        "vlan" => sources().vlans,
        "status" => plain(&STATES),
        "label" => sources().labels,
        _ => Vec::new(),
    };
    let pair = |one: Candidate| Candidate { word: format!("{key}={}", one.word), ..one };
    values.into_iter().map(pair).collect()
}

fn has_own_values(line: &Line, id: &str) -> bool {
    !own_values(line, id).is_empty()
}

/// The values that an option lists in its help.
fn own_values(line: &Line, id: &str) -> Vec<Candidate> {
    let mut all = line.command.get_arguments();
    let Some(option) = all.find(|option| option.get_id() == id) else { return Vec::new() };
    let set = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
    let values = if set { option.get_possible_values() } else { Vec::new() };
    values.iter().map(|value| candidate(value.get_name(), &about(value.get_help()))).collect()
}

pub(super) fn plain(words: &[impl AsRef<str>]) -> Vec<Candidate> {
    words.iter().map(|word| candidate(word.as_ref(), "")).collect()
}

fn candidate(word: &str, about: &str) -> Candidate {
    // A tab or a line break would be taken for the protocol's own.
    let word = word.chars().filter(|c| !c.is_control()).collect();
    Candidate { word, about: report::printable(about.lines().next().unwrap_or_default()) }
}

fn sorted(all: impl Iterator<Item = Candidate>) -> Vec<Candidate> {
    let mut all: Vec<_> = all.collect();
    all.sort_by(|a, b| a.word.cmp(&b.word));
    all.dedup_by(|a, b| a.word == b.word);
    all
}
