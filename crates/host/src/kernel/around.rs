//! What lies between namespaces: those that are read, and those that are on the way from them to others.

use std::collections::BTreeSet;

use model::ids::{NetnsId, Nsid};
use model::snapshot::Namespace;
use netns::{Netns, RouteSocket};

use super::between::{behind, found_between};
use super::pairs::name_each_other;
use super::read::read_each;
use super::rows::{self as links, id};
use super::unread_ways::unread_ways;
use crate::question::Details;

/// So many namespaces one after the other are followed from one that a source named.
const FURTHEST: usize = 4;

/// Namespaces that are read, a row for each: those that a source named, and those that are on the way from
/// them to others. The latter are held open until it is told what the switch's calls them.
pub(super) struct Around<'h> {
    pub(super) rows: Vec<Namespace>,
    homes: &'h [(&'h Netns, Vec<String>)],
    found: Vec<Netns>,
    switch: Option<&'h Netns>,
    details: Details,
}

impl<'h> Around<'h> {
    pub(super) fn read(
        homes: &'h [(&'h Netns, Vec<String>)],
        switch: Option<&'h Netns>,
        details: Details,
    ) -> Self {
        let rows = read_each(homes, switch, details);
        let mut around = Self { rows, homes, found: Vec::new(), switch, details };
        around.name_each_other();
        around.follow();
        around
    }

    pub(super) fn spaces(&self) -> Vec<&Netns> {
        spaces(self.homes, &self.found)
    }

    fn name_each_other(&mut self) {
        name_each_other(&mut self.rows, &spaces(self.homes, &self.found));
    }

    /// Adds what their links lead to, from one to the next.
    fn follow(&mut self) {
        // Without the switch's namespace nothing is known to lead there.
        for _ in 0..if self.switch.is_some() { FURTHEST } else { 0 } {
            let more = found_between(&mut self.rows, &spaces(self.homes, &self.found));
            if more.is_empty() {
                break;
            }
            self.add(more);
        }
    }

    fn add(&mut self, more: Vec<Netns>) {
        let read: Vec<_> = more.iter().map(|space| (space, Vec::new())).collect();
        self.rows.extend(read_each(&read, self.switch, self.details));
        self.found.extend(more);
        self.name_each_other();
    }

    /// Adds to the row of the switch's namespace what that calls these, and adds what its links lead to.
    pub(super) fn add_to_switch(
        &mut self,
        here: &mut Namespace,
        switch: &Netns,
    ) -> Result<(), netns::Error> {
        name_from(switch, here, &self.spaces(), links::name_others)?;
        self.add_behind(here, switch, None)?;
        if here.exits().next().is_none() {
            return Ok(());
        }
        name_from(switch, here, &self.found(), name)
    }

    pub(super) fn found(&self) -> Vec<&Netns> {
        self.found.iter().collect()
    }

    /// Adds what links of the switch's namespace lead to, whose row is `here`, and what lies between that and
    /// others: all of it, or what is called by one of the words in `wanted`.
    pub(super) fn add_behind(
        &mut self,
        here: &mut Namespace,
        switch: &Netns,
        wanted: Option<&BTreeSet<Nsid>>,
    ) -> Result<(), netns::Error> {
        let known: Vec<NetnsId> = self.rows.iter().map(|row| row.id).collect();
        let behind = behind(here, switch, &known, wanted)?;
        if behind.is_empty() {
            return Ok(());
        }
        here.nsids.extend(behind.iter().map(|found| (found.nsid, id(&found.space))));
        let first = self.rows.len();
        let (more, who): (Vec<_>, Vec<_>) =
            behind.into_iter().map(|found| (found.space, (found.process, found.paths))).unzip();
        self.add(more);
        for (row, (process, paths)) in self.rows.iter_mut().skip(first).zip(who) {
            (row.process, row.paths) = (process, paths);
        }
        self.follow();
        Ok(())
    }
}

fn name_from(
    switch: &Netns,
    here: &mut Namespace,
    spaces: &[&Netns],
    name: fn(&RouteSocket, &mut Namespace, &[&Netns]) -> Result<(), netns::Error>,
) -> Result<(), netns::Error> {
    let named = netns::visit(&[switch], |_, socket| name(socket, here, spaces));
    named.into_iter().next().unwrap_or(Ok(()))
}

/// Adds to the row of the socket's namespace what that calls these, and what the kernel says of those that its links
/// lead to and that are not known.
pub(super) fn name(
    socket: &RouteSocket,
    here: &mut Namespace,
    spaces: &[&Netns],
) -> Result<(), netns::Error> {
    links::name_others(socket, here, spaces)?;
    here.unread_ways = unread_ways(socket, here);
    Ok(())
}

pub(super) fn spaces<'s>(homes: &[(&'s Netns, Vec<String>)], found: &'s [Netns]) -> Vec<&'s Netns> {
    homes.iter().map(|(home, _)| *home).chain(found).collect()
}
