//! What the kernel of a namespace does with a packet that is sent there.

use std::io;
use std::net::IpAddr;

use model::ids::{Ifindex, Mac, NetnsId};
use model::route::{Cast, Route, RouteOut, RouteQuestion, RuleKeys, SendSettings};
use model::{Snapshot, SourceError, SourceErrorKind};
use netns::{Error, Netns, RouteSocket, RouteType};
use rustix::io::Errno;

use super::namespaces::{open_named, own_namespace, source_error};
use super::rows::id;
use super::send_settings::sending;
use super::switch_namespace::Handle;
use crate::Host;

/// What the kernel tells a sender whose packet it does not send, and what it means (ip(7), ip-route(8)).
const REFUSALS: [(Errno, &str); 4] = [
    (Errno::NETUNREACH, "no route leads there (ENETUNREACH)"),
    (Errno::HOSTUNREACH, "the route there is of type unreachable (EHOSTUNREACH)"),
    (Errno::ACCESS, "the route there is of type prohibit (EACCES)"),
    (Errno::INVAL, "the route there is of type blackhole (EINVAL)"),
];

impl Host {
    /// Asks the kernel what it does with a packet in a namespace of `snapshot`, and, where it is told what is in the
    /// packet, what rules there look at. Nothing is sent.
    ///
    /// # Errors
    /// The namespace is gone, or may not be entered.
    pub fn route(
        &self,
        snapshot: &Snapshot,
        netns: NetnsId,
        asked: &RouteQuestion,
    ) -> Result<(Route, RuleKeys), SourceError> {
        let what = || format!("the routes of the network namespace {netns}");
        let gone =
            || SourceError::new(SourceErrorKind::Gone, what(), "it is gone").hint("ask again");
        let space = self.namespace_of(snapshot, netns).ok_or_else(gone)?;
        let ask = |socket: &RouteSocket| -> Result<_, Error> {
            let mut told = route(socket, asked)?;
            if let Route::Out(out) = &mut told {
                out.sending = sending(socket, asked, out)?;
            }
            Ok((told, rule_keys(socket, asked)?))
        };
        let told = netns::visit(&[&space], |_, socket| ask(socket)).into_iter().next();
        told.ok_or_else(gone)?.map_err(|error| source_error(what(), &error))
    }

    /// That very namespace, by whatever still leads to it.
    pub(super) fn namespace_of(&self, snapshot: &Snapshot, netns: NetnsId) -> Option<Netns> {
        let is_it = |space: &Netns| id(space) == netns;
        let handles = snapshot.containers().flat_map(Handle::of).filter(|(_, id)| *id == netns);
        let row = snapshot.namespace(netns);
        let process = row.and_then(|row| row.process.as_ref()).map(|process| process.pid);
        let words = row.into_iter().flat_map(|row| row.names.iter().chain(&row.paths));
        handles
            .filter_map(|(handle, _)| handle.open().ok())
            .chain(words.filter_map(|word| open_named(word).ok()))
            .chain(process.and_then(|pid| Netns::of_process(pid).ok()))
            .chain(own_namespace().ok())
            .find(is_it)
            .or_else(|| self.identify_switch(false).netns.ok().filter(is_it))
    }
}

fn rule_keys(socket: &RouteSocket, asked: &RouteQuestion) -> Result<RuleKeys, Error> {
    if asked.transport.is_none() {
        return Ok(RuleKeys::default());
    }
    let netns::RuleKeys { port_src, port_dst, user } = socket.rule_keys(asked.to.is_ipv4())?;
    Ok(RuleKeys { port_src, port_dst, user })
}

pub(super) fn route(socket: &RouteSocket, asked: &RouteQuestion) -> Result<Route, Error> {
    let to = asked.to;
    let from = asked.from;
    let by = asked.by.map(|link| link.0);
    let taken = match asked.transport {
        None => socket.route_taken(to, from, by),
        Some(model::route::Transport { protocol, ports }) => {
            socket.route_taken_by(to, from, by, netns::Transport { protocol, ports })
        }
    };
    let taken = match taken {
        Ok(taken) => taken.ok_or(Error::Malformed("a question for a route has no answer"))?,
        Err(Error::Socket(error)) => {
            let why = refusal(&error).ok_or(Error::Socket(error))?;
            return Ok(refused(why));
        }
        Err(error) => return Err(error),
    };
    let cast = match taken.kind {
        RouteType::Local => return Ok(Route::Local),
        RouteType::Unicast => Cast::Unicast,
        RouteType::Broadcast => Cast::Broadcast,
        RouteType::Multicast => Cast::Multicast,
        // IPv6 tells of such a route instead of refusing.
        RouteType::Blackhole => return Ok(refused("the route there is of type blackhole")),
        RouteType::Unreachable => return Ok(refused("the route there is of type unreachable")),
        RouteType::Prohibit => return Ok(refused("the route there is of type prohibit")),
        RouteType::Other(_) => return Err(Error::Malformed("a route of a type that is not known")),
    };
    let ifindex = taken.ifindex.ok_or(Error::Malformed("a route out by no link"))?;
    let hop: IpAddr = taken.gateway.unwrap_or(asked.to);
    let neighbor = match cast {
        Cast::Unicast => socket.neighbor(hop, ifindex)?.map(Mac),
        Cast::Broadcast | Cast::Multicast => None,
    };
    let (gateway, source) = (taken.gateway, taken.source);
    let sending = SendSettings {
        hops: taken.hops,
        asks_ecn: taken.ecn,
        wraps: taken.encap,
        ..SendSettings::default()
    };
    Ok(Route::Out(RouteOut { ifindex: Ifindex(ifindex), gateway, source, cast, neighbor, sending }))
}

/// What an error says of the packet; none where it says something of the question.
fn refusal(error: &io::Error) -> Option<&'static str> {
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    REFUSALS.iter().find(|(errno, _)| is(*errno)).map(|(_, why)| *why)
}

fn refused(why: &str) -> Route {
    Route::Refused { why: why.to_owned() }
}
