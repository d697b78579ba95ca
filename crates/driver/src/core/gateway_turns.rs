//! Whose turn it is at the gateways of a switch's networks, and what of them this process has put in place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use host::{Endpoints, GatewayTurn};

use super::Driver;
use super::gateway::Owned;
use crate::DriverError;

/// What stands in the kernel, as far as this process has put it there. That nothing else stands is known
/// only once it has put all in place itself: a process before it, or one beside it, may have been killed
/// between the database and the kernel.
#[derive(Debug, Default)]
pub(super) struct InstalledGateways {
    links: Mutex<Vec<Owned>>,
    /// Whether the database has told of any when it was last read, also of one that no container is on.
    pub(super) are_recorded: AtomicBool,
    /// Whose turn it is within this process: [`GatewayTurn`] is for one process at a time.
    turns: Arc<tokio::sync::Mutex<()>>,
    /// Whether all that was begun came to its end.
    is_whole: AtomicBool,
}

/// One that puts everything in place, from before the database is read. Where it does not come to its end
/// nothing is known afterwards.
pub(super) struct Attempt<'a> {
    installed: &'a InstalledGateways,
    /// Whether all was in place when it began.
    pub(super) was_whole: bool,
    has_ended: bool,
}

/// Whose turn it is, among processes and within this one.
pub(super) type Turn = (GatewayTurn, tokio::sync::OwnedMutexGuard<()>);

impl InstalledGateways {
    fn now(&self) -> Vec<Owned> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn are(&self, links: Vec<Owned>) {
        *self.links.lock().unwrap_or_else(PoisonError::into_inner) = links;
    }

    pub(super) fn begin(&self) -> Attempt<'_> {
        // Before the database is read: what is cut off from now on says so by itself.
        let was_whole = self.is_whole.swap(true, Ordering::SeqCst);
        Attempt { installed: self, was_whole, has_ended: false }
    }

    /// Whether there is any gateway.
    pub(super) fn is_any(&self) -> bool {
        !self.now().is_empty()
    }

    /// The same with those that are to stand once a container is on their network: another process may have
    /// started one.
    pub(super) fn may_be_any(&self) -> bool {
        self.is_any() || self.are_recorded.load(Ordering::SeqCst)
    }

    /// Whether something may not be in place: it was not put there to its end, or a link of a gateway is not
    /// there, or has lost its addresses, as vswitchd has made it anew.
    pub(super) fn has_fallen(&self) -> bool {
        let is_whole = self.is_whole.load(Ordering::SeqCst);
        !is_whole || self.now().iter().any(|owned| !owned.link.is_set_up().unwrap_or(true))
    }
}

impl Attempt<'_> {
    pub(super) fn end(mut self) {
        self.has_ended = true;
    }
}

/// Also where its caller does not wait any longer.
impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.installed.is_whole.store(false, Ordering::SeqCst);
        }
    }
}

impl Driver {
    /// A turn at the gateways: none is put back by what another driver has read before they were taken away.
    /// [`Self::stand`] has one of its own.
    ///
    /// # Errors
    /// The database does not answer, or the driver that has the turn is stopped.
    pub(super) async fn gateway_turn(&self) -> Result<Turn, DriverError> {
        // However many calls of this process wait, each is patient with the other processes alone.
        let own = self.standing.turns.clone().lock_owned().await;
        Ok((GatewayTurn::wait(&self.host).await?, own))
    }

    /// The same for an endpoint that is to be made, where it `needs` one: from before the database is read until
    /// the endpoint is in it, no other one that has a turn is given the same port of this host, and no driver
    /// forgets its network for having no endpoint. vswitchd is not waited for in a turn: what it is behind with is waited for first.
    ///
    /// # Errors
    /// As above, or vswitchd does not keep up.
    pub(super) async fn endpoint_turn(&self, needs: bool) -> Result<Option<Turn>, DriverError> {
        if !needs {
            return Ok(None);
        }
        Endpoints::of(&self.host).await?.await_configured().await?;
        self.gateway_turn().await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_place_is_known_only_of_what_came_to_its_end() {
        let installed = InstalledGateways::default();
        assert!(installed.has_fallen(), "what a process before it has left is not known");
        let first = installed.begin();
        assert!(!first.was_whole);
        first.end();
        assert!(!installed.has_fallen());
        let second = installed.begin();
        assert!(second.was_whole);
        drop(second);
        assert!(installed.has_fallen(), "it was cut off");
        // One that is cut off while another one is under way is not made up for by that.
        let (cut_off, other) = (installed.begin(), installed.begin());
        drop(cut_off);
        other.end();
        assert!(installed.has_fallen());
        installed.begin().end();
        assert!(!installed.has_fallen());
    }
}
