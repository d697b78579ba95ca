//! Ports that vswitchd does not listen to, and why it does not.
//!
//! A vswitchd that starts has numbered ports in its database, and no packet socket for them yet. What shows
//! that it opened a port, and listens to another link than the one that has the name now, is a socket of its
//! own that is no other port's.

use rustc_hash::FxHashMap;

use crate::ids::Ifindex;
use crate::snapshot::{Link, Namespace};
use crate::switch::{Bridge, Port};

/// Why vswitchd does not listen to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotReceiving {
    /// It listens to one that the port had before.
    Deaf,
    /// It has not opened it; or it is not known whether it listens to another one instead.
    NotOpened,
}

impl NotReceiving {
    /// Of a port that has this link, as far as packet sockets were read.
    pub(super) fn of(
        bridge: &Bridge,
        port: &Port,
        link: Option<&Link>,
        switch: Option<&Namespace>,
    ) -> Option<Self> {
        let is_heard = switch?.is_listened_to(link?.ifindex)?;
        (!is_heard && bridge.has_packet_socket(port)).then_some(Self::NotOpened)
    }
}

/// The links that vswitchd, or it is not known who, listens to, and that are no port.
pub(super) fn strangers<T>(
    switch: Option<&Namespace>,
    by_link: &FxHashMap<Ifindex, T>,
) -> Vec<Ifindex> {
    let links = switch.and_then(Namespace::listened_to).into_iter().flatten();
    links.filter(|link| !by_link.contains_key(link)).copied().collect()
}

/// All of these are deaf if vswitchd has a socket of its own instead of each.
pub(super) fn mark_deaf(
    unheard: Vec<&mut NotReceiving>,
    switch: Option<&Namespace>,
    strangers: usize,
) {
    let own = switch.and_then(|row| row.vswitchd_sockets.as_ref());
    if own.is_some_and(|own| own.lost + strangers >= unheard.len()) {
        for why in unheard {
            *why = NotReceiving::Deaf;
        }
    }
}
