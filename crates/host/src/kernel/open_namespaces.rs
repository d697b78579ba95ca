//! The namespaces that are to be read, each once and with its names, and those that could not be
//! opened.

use std::collections::BTreeMap;

use model::SourceError;
use model::ids::NetnsId;
use model::snapshot::Namespace;
use netns::Netns;

use super::namespaces::{named, own_namespace, source_error};
use super::rows::id;

/// Namespaces that are held open to be read.
#[derive(Default)]
pub(crate) struct OpenNamespaces {
    open: BTreeMap<NetnsId, (Netns, Vec<String>)>,
    unopened: BTreeMap<NetnsId, Namespace>,
    /// Why it is not known which have a name.
    unlisted: Option<SourceError>,
}

impl OpenNamespaces {
    /// Adds a namespace without a name.
    pub(crate) fn insert(&mut self, netns: Netns) {
        self.open.insert(id(&netns), (netns, Vec::new()));
    }

    /// Adds one that could not be opened.
    pub(super) fn insert_unopened(&mut self, netns: NetnsId, why: SourceError) {
        self.unopened.insert(netns, unopened(netns, why));
    }

    pub(super) fn is_open(&self, netns: NetnsId) -> bool {
        self.open.contains_key(&netns)
    }

    /// Adds the namespaces that have a name, and this program's own where vswitchd has another one:
    /// Linux bridges of it may be on the way.
    pub(crate) fn add_named_and_own(&mut self, switch: Option<&Netns>) {
        let all = named().unwrap_or_else(|error| {
            let what = "the names of network namespaces".to_owned();
            self.unlisted = Some(source_error(what, &error));
            Vec::new()
        });
        for (name, space) in all {
            match space {
                Ok(space) => {
                    let (_, names) = self.open.entry(id(&space)).or_insert((space, Vec::new()));
                    names.push(name);
                }
                Err((netns, why)) => match self.open.get_mut(&netns) {
                    Some((_, names)) => names.push(name),
                    None => self.unopened_row(netns, why).names.push(name),
                },
            }
        }
        if let Some(switch) = switch
            && let Ok(own) = own_namespace()
            && id(&own) != id(switch)
        {
            self.open.entry(id(&own)).or_insert((own, Vec::new()));
        }
    }

    fn unopened_row(&mut self, netns: NetnsId, why: SourceError) -> &mut Namespace {
        self.unopened.entry(netns).or_insert_with(|| unopened(netns, why))
    }

    /// Why it is not known which have a name, if it is not.
    pub(super) fn unlisted(&self) -> Option<&SourceError> {
        self.unlisted.as_ref()
    }

    /// Notes at the row of the switch's namespace, whose links may lead to any, that some may be missing.
    pub(crate) fn note_unlisted(&self, rows: &mut [Namespace], switch: Option<&Netns>) {
        let Some(why) = self.unlisted() else { return };
        for row in rows.iter_mut().filter(|row| switch.map(id) == Some(row.id)) {
            row.source_error.get_or_insert_with(|| why.clone());
        }
    }

    /// Those that are open, with their names.
    pub(crate) fn spaces(&self) -> Vec<(&Netns, Vec<String>)> {
        self.open.values().map(|(space, names)| (space, names.clone())).collect()
    }

    /// The rows of those that could not be opened in any way.
    pub(crate) fn unopened_rows(&self) -> impl Iterator<Item = Namespace> {
        let unopened = self.unopened.iter().filter(|(netns, _)| !self.is_open(**netns));
        unopened.map(|(_, row)| row.clone())
    }
}

fn unopened(netns: NetnsId, why: SourceError) -> Namespace {
    Namespace { source_error: Some(why), ..Namespace::empty(netns, Vec::new()) }
}
