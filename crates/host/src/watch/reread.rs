//! A vswitchd that starts: its ports are open some time after they are in the database, and nothing tells
//! when.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::Snapshot;
use model::backoff::Backoff;
use model::switch::{Bridge, Port};
use tokio::time::Instant;

use crate::deadline::until;

/// How soon the packet sockets of a vswitchd that starts are read again, and how often at least.
const FIRST_REREAD: Duration = Duration::from_millis(250);
const LAST_REREAD: Duration = Duration::from_secs(8);

/// When the packet sockets are to be read again though nothing was told: nothing tells that vswitchd
/// has opened the ports that it found in its database when it started.
#[derive(Debug)]
pub(super) struct Reread {
    due: Option<Instant>,
    /// After so long.
    backoff: Backoff,
}

impl Default for Reread {
    fn default() -> Self {
        Self { due: None, backoff: Backoff::new(FIRST_REREAD, LAST_REREAD) }
    }
}

impl Reread {
    pub(super) fn plan(&mut self, is_opening: bool) {
        if !is_opening {
            *self = Self::default();
        } else if self.due.is_none() {
            self.postpone();
        }
    }

    /// The next one, if that is not called off by then.
    pub(super) fn postpone(&mut self) {
        self.due = Some(Instant::now() + self.backoff.pause());
    }

    /// Cancel safe.
    pub(super) async fn is_due(&self) {
        until(self.due).await;
    }
}

/// Whether vswitchd seems to have ports of the userspace datapath that it has not opened: more than have
/// lost their link since it did.
pub(super) fn is_opening(snapshot: &Snapshot) -> bool {
    let Some(here) = snapshot.switch_namespace() else { return false };
    let links: HashMap<_, _> = here.links.iter().map(|link| (&link.name, link.ifindex)).collect();
    let is_unheard = |port: &&Arc<Port>| {
        let link = links.get(&port.iface);
        link.is_some_and(|link| here.is_listened_to(*link) == Some(false))
    };
    let unheard =
        snapshot.bridges().flat_map(Bridge::ports_by_packet_socket).filter(is_unheard).count();
    unheard > here.vswitchd_sockets.as_ref().map_or(0, |own| own.lost)
}
