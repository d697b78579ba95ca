//! What a word of the user is about: events and ports of one container, namespace, port or address.

use super::{HostLinks, WhoQuery, fits_attachment, fits_port};
use crate::dialects::{NetnsPath, Owner, claims_of};
use crate::endpoint_record::EndpointRecord;
use crate::ids::{begins_id, is_short_id, without_slash};
use crate::port_record::PortRecord;
use crate::target::NamedInterface;
use crate::timeline::{Change, Event};
use crate::wiring::{Attachment, ContainerRef, SwitchPort};

/// Whether an event is about what a query means, or about the container or namespace that `word` names
/// or whose id it begins: as it is, or as it was.
pub fn is_about(event: &Event, word: &str, query: &WhoQuery) -> bool {
    // The links of that moment are not written down.
    let links = HostLinks::default();
    let named = query.as_name();
    let fits = |row: &Attachment| {
        let mut queries = std::iter::once(query).chain(&named);
        queries.any(|query| fits_attachment(query, row, &links).is_some())
    };
    let attachment = |row: &Attachment| has_tenant(row, word) || fits(row);
    match &event.change {
        Change::Appeared(row) | Change::Vanished(row) => attachment(row),
        Change::Changed { before, now, .. } => attachment(before) || attachment(now),
        Change::Orphaned(port) | Change::Cleared(port) => is_port_about(port, word, query),
    }
}

/// Whether `word` names this container of an attachment, or begins its id.
pub fn is_tenant_about(row: &Attachment, who: &ContainerRef, word: &str) -> bool {
    ContainerMention::by(who, Some(&row.link.name)).is_meant(word)
}

/// Whether `word` is the name of this container of an attachment, whatever its id is.
pub(super) fn is_tenant_called(row: &Attachment, who: &ContainerRef, word: &str) -> bool {
    let named = ContainerMention::by(who, Some(&row.link.name));
    ContainerMention { id: None, ..named }.is_meant(word)
}

/// Whether a port is what a query means, or `word` names whose its row says it is: the container by name
/// or id, with its engine before it and the interface behind it, or the namespace.
pub fn is_port_about(port: &SwitchPort, word: &str, query: &WhoQuery) -> bool {
    let known = port.occupant.last_tenant().and_then(|last| {
        Some(ContainerMention::by(last.container.as_ref()?, last.interface.as_deref()))
    });
    let named = query.as_name();
    let mut queries = std::iter::once(query).chain(&named);
    queries.any(|query| fits_port(query, port, &HostLinks::default()).is_some())
        || known.is_some_and(|known| known.is_meant(word))
        || recorded(port, word)
}

/// Whether `word` names one of the containers, or its namespace.
fn has_tenant(row: &Attachment, word: &str) -> bool {
    let interface = Some(&*row.link.name);
    let is_tenant = row.tenants.iter().any(|who| is_tenant_about(row, who, word));
    let is_netns = |word: &str| {
        *word == row.netns.to_string()
            || row.netns_names.iter().any(|name| word.strip_prefix("netns:") == Some(name))
            || (row.tenants.is_empty() && *word == row.netns.called(&row.netns_names))
    };
    is_tenant || readings(word, interface).any(is_netns)
}

/// Whether what programs wrote into the row says that it is what `word` names.
fn recorded(port: &SwitchPort, word: &str) -> bool {
    let row = &*port.port;
    let attachment = PortRecord::of(row);
    let endpoint = EndpointRecord::of(row);
    let attached = attachment.as_ref().map(|record| ContainerMention {
        engine: record.engine.as_ref().map(|engine| engine.kind.as_str()),
        names: [record.name.as_deref(), Some(&record.container)],
        id: Some(&record.container),
        interface: Some(&record.interface),
    });
    let joined = endpoint.as_ref().map(|record| ContainerMention {
        engine: Some(record.engine.as_str()).filter(|engine| !engine.is_empty()),
        names: [record.name.as_deref(), None],
        id: record.container.as_deref(),
        interface: record.interface.as_deref(),
    });
    // Our own records are claims as well, which tell less.
    let told = [attached.as_ref(), joined.as_ref()].into_iter().flatten().find_map(|had| had.id);
    attached.iter().chain(&joined).any(|had| had.is_meant(word))
        || claims_of(row).into_iter().any(|claim| match claim.owner {
            Some(Owner::Container(words)) => {
                told != Some(words)
                    && ContainerMention::in_words(words, claim.interface).is_meant(word)
            }
            Some(Owner::Pid(pid)) => {
                readings(word, claim.interface).any(|word| *word == format!("pid:{pid}"))
            }
            Some(Owner::Netns(path)) => {
                readings(word, claim.interface).any(|word| is_at(word, path))
            }
            None => false,
        })
}

/// Whether `word` names the namespace at `path`.
fn is_at(word: &str, path: &str) -> bool {
    let named = word.strip_prefix("netns:");
    named == Some(path)
        || match NetnsPath::of(path) {
            NetnsPath::Named(name) => named == Some(name),
            NetnsPath::Process(pid) => *word == format!("pid:{pid}"),
            NetnsPath::Inode(_) => *word == *path,
            NetnsPath::Other => false,
        }
}

/// A container as something tells of it that it has, or had, an interface.
struct ContainerMention<'a> {
    /// The engine, or its kind, where that is told.
    engine: Option<&'a str>,
    names: [Option<&'a str>; 2],
    id: Option<&'a str>,
    /// The interface, where that is told.
    interface: Option<&'a str>,
}

impl<'a> ContainerMention<'a> {
    fn by(who: &'a ContainerRef, interface: Option<&'a str>) -> Self {
        let names = [Some(&*who.name), None];
        Self { engine: Some(&who.engine.0), names, id: Some(&who.id.0), interface }
    }

    /// In words that may be a name or an id, of an engine that is not told.
    fn in_words(words: &'a str, interface: Option<&'a str>) -> Self {
        let id = Some(words).filter(|words| is_short_id(words));
        Self { engine: None, names: [Some(words), None], id, interface }
    }

    fn is_meant(&self, word: &str) -> bool {
        readings(word, self.interface).any(|container| {
            let of_engine = container.rsplit_once(':').is_some_and(|(engine, container)| {
                self.engine.is_none_or(|of| is_engine(engine, of)) && self.is_named(container)
            });
            of_engine || self.is_named(container)
        })
    }

    /// As Docker takes a name or an id.
    fn is_named(&self, word: &str) -> bool {
        let name = Some(without_slash(word));
        self.names.contains(&name) || self.id.is_some_and(|id| begins_id(word, id))
    }
}

/// Whether an engine is the one that a word names; a record has its kind alone.
fn is_engine(word: &str, engine: &str) -> bool {
    let kind = word.split_once('@').map_or(word, |(kind, _)| kind);
    word == engine || (kind == engine && !kind.is_empty())
}

/// A word as it stands, and without the interface behind it where that is this one. An interface that is
/// not told may be any.
fn readings<'a>(word: &'a str, interface: Option<&str>) -> impl Iterator<Item = &'a str> {
    let fits = move |named: Option<&str>| match (named, interface) {
        (Some(named), Some(interface)) => named == interface,
        _ => true,
    };
    let all = NamedInterface::from(word).readings();
    all.filter(move |(_, named)| fits(*named)).map(|(before, _)| before)
}

/// Whether `word` is this interface behind the name of one of its containers, or of its namespace.
pub(super) fn is_interface(row: &Attachment, word: &str) -> bool {
    let is_its = |named: &str| row.link.all_names().any(|name| name == named);
    let mut all = NamedInterface::from(word).readings();
    all.any(|(before, named)| named.is_some_and(is_its) && has_tenant(row, before))
}
