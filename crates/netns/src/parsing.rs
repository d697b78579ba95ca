//! What the kernel sends and its files say, read from any bytes: for fuzzing and its corpora.

use crate::PacketSocket;
use crate::ethtool::{family_in, features};
use crate::message::messages;
use crate::packet::bound;
use crate::route::routes;
use crate::route_get::{neighbor, taken};
use crate::rows::{address, link, nsid};
use crate::sock_diag::owner;

/// Reads `bytes` as netlink messages, and each of their bodies as every kind of row; how many rows
/// there are.
pub fn rows_in(bytes: &[u8]) -> usize {
    let bodies = messages(bytes).map_while(Result::ok).map(|message| message.body);
    bodies.map(rows).sum()
}

fn rows(body: &[u8]) -> usize {
    let found = [
        link(body).is_some(),
        address(body).is_some(),
        nsid(body).is_some(),
        taken(body).is_some(),
        neighbor(body).is_some(),
        owner(body).is_some(),
        family_in(body).is_some(),
    ];
    let features = features(body).map_or(0, |of| of.changeable.len() + of.active.len());
    let routes = routes(body).map_or(0, |all| all.len());
    found.into_iter().filter(|found| *found).count() + features + routes
}

/// The packet sockets of a table of them.
pub fn packet_sockets_in(text: &str) -> Vec<PacketSocket> {
    bound(text)
}
