//! What keeps a look back until links, or packet sockets, were read again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use model::ids::{Name, NetnsId};
use model::snapshot::{Namespace, Observed};
use model::switch::{Bridge, Port};
use tokio::sync::watch::Sender;
use tokio::time::Instant;

use super::Published;
use crate::deadline::until;
use crate::kernel::watch::{LinkReading, LinkRequest};
use crate::source::{Answered, Latest};

/// How long after a look in which a link is only taken to be listened to that is read. At once, the
/// reading would take a processor from what tells of the look.
const CONFIRM_AFTER: Duration = Duration::from_millis(10);

/// No port is shown as orphaned, or deaf, before links were read again.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    /// The reading that was asked for last, or will be; the first one is not asked for. One of all
    /// links is awaited.
    asked: LinkRequest,
    /// When it is to be asked for, where it was put off.
    due: Option<Instant>,
    /// Names of ports that no link had when the version `checked` of the ports came.
    unknown: BTreeSet<Name>,
    checked: u64,
    /// The ports of the userspace datapath then.
    open: HashMap<Name, Arc<Port>>,
    /// Those that vswitchd has opened, or opened anew, since packet sockets were read.
    unconfirmed: BTreeSet<Name>,
    /// Whether a look was given in which one of these was only assumed to be listened to.
    is_assumed: bool,
    /// How often such a reading has come since, which may say otherwise.
    pub(super) disproved: u64,
}

impl Barrier {
    /// Asks for a reading where a port has a name that none had before and that is not known as a
    /// link's, or may have another packet socket; whether the last one that is to be awaited has come.
    pub(super) fn is_passed(&mut self, latest: &Published, requests: &Sender<LinkRequest>) -> bool {
        let Published { switch: ports, kernel: links, .. } = latest;
        if ports.version() != self.checked && links.has_answered() {
            let is_first = std::mem::replace(&mut self.checked, ports.version()) == 0;
            let unknown = unknown(ports, links);
            let opened = self.opened(ports);
            let is_awaited = !unknown.is_subset(&self.unknown);
            let is_unconfirmed = !opened.is_empty() && !is_first;
            if is_awaited || is_unconfirmed {
                self.put_off();
            }
            if is_awaited {
                self.asked.whole = self.asked.number;
                self.ask(requests);
            }
            self.unconfirmed.extend(opened.into_iter().filter(|_| is_unconfirmed));
            self.unknown = unknown;
        }
        let read = links.about().number;
        if read >= self.asked.number {
            self.unconfirmed.clear();
            self.disproved += u64::from(std::mem::take(&mut self.is_assumed));
        }
        // A kernel that cannot be read keeps nothing back.
        read >= self.asked.whole || links.source_error().is_some()
    }

    /// Asks for a reading, which is the one that was put off if there is such.
    pub(super) fn ask(&mut self, requests: &Sender<LinkRequest>) {
        self.put_off();
        self.due = None;
        requests.send_replace(self.asked);
    }

    /// Has a reading asked for when [`Barrier::is_due`].
    fn put_off(&mut self) {
        if self.due.is_none() {
            self.asked.number += 1;
            self.due = Some(Instant::now() + CONFIRM_AFTER);
        }
    }

    /// Waits until a reading that was put off is to be asked for. Cancel safe.
    pub(super) async fn is_due(&self) {
        until(self.due).await;
    }

    /// The ports of the userspace datapath that are new or not what they were.
    fn opened(&mut self, ports: &Answered<Bridge>) -> Vec<Name> {
        let system = ports.rows().iter().flat_map(Bridge::ports_by_packet_socket);
        let now: HashMap<_, _> =
            system.map(|port| (port.iface.clone(), Arc::clone(port))).collect();
        let before = std::mem::replace(&mut self.open, now);
        let is_same = |port: &Arc<Port>, known: &Arc<Port>| {
            Arc::ptr_eq(port, known) || (port.ofport, port.ifindex) == (known.ofport, known.ifindex)
        };
        let opened = self
            .open
            .iter()
            .filter(|(name, port)| !before.get(*name).is_some_and(|known| is_same(port, known)));
        opened.map(|(name, _)| name.clone()).collect()
    }

    /// What vswitchd has just opened it listens to, as far as is known.
    pub(super) fn assume_packet_sockets(
        &mut self,
        kernel: &mut Observed<Namespace>,
        switch: Option<NetnsId>,
    ) {
        let here = |row: &Namespace| Some(row.id) == switch;
        let is_unconfirmed = |row: &Namespace| {
            let mut links = row.links.iter().filter(|link| self.unconfirmed.contains(&link.name));
            links.any(|link| row.is_listened_to(link.ifindex) == Some(false))
        };
        if self.unconfirmed.is_empty()
            || !kernel.rows().iter().any(|row| here(row) && is_unconfirmed(row))
        {
            return;
        }
        self.is_assumed = true;
        for row in kernel.rows_mut().iter_mut().filter(|row| here(row)) {
            let links = row.links.iter().filter(|link| self.unconfirmed.contains(&link.name));
            let links: Vec<_> = links.map(|link| link.ifindex).collect();
            row.listened_to_mut().for_each(|sockets| sockets.extend(&links));
        }
    }
}

/// The names of system ports that no link in the switch's namespace has.
fn unknown(ports: &Answered<Bridge>, links: &Latest<Namespace, LinkReading>) -> BTreeSet<Name> {
    let here = links.rows().iter().filter(|row| Some(row.id) == links.about().switch);
    let known: HashSet<_> = here.flat_map(|row| &row.links).map(|link| &link.name).collect();
    let ports = ports.rows().iter().flat_map(|bridge| &bridge.ports);
    let system = ports.filter(|port| port.kind == "system");
    system.map(|port| &port.iface).filter(|name| !known.contains(name)).cloned().collect()
}
