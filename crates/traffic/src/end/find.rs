//! Which end a word or an address means.

use std::net::IpAddr;
use std::sync::Arc;

use model::ids::Name;
use model::query::{QueryError, Subject};
use model::snapshot::Link;
use model::switch::PortKey;
use model::told::{TOLD, joined};
use model::wiring::{Attachment, PortRef, SwitchPort};
use model::{Look, NamedBridge, PortLinks};

use super::{End, number};
use crate::port_word::PortWord;

/// Why a word names no end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EndError {
    /// It names no container, bridge or address.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// There is no such thing, or it is on no port.
    #[error("{0}")]
    Other(String),
}

impl End {
    /// What `word` names: an address, `BRIDGE:PORT`, or a container, maybe with `:INTERFACE`.
    /// `near` is the other end, which decides where a container has several interfaces.
    ///
    /// # Errors
    /// It names nothing, or several interfaces.
    pub fn find(look: &Look, word: &str, near: Option<&End>) -> Result<Self, EndError> {
        if let Ok(ip) = word.parse::<IpAddr>() {
            return Ok(Self::of_address(look, ip, near));
        }
        if let Some((bridge, port)) = word.rsplit_once(':')
            && let Ok(named) = look.bridge(bridge)
            && let Some(port) = port_of(look, named, port)
        {
            return Ok(Self::of_port(look, port, word));
        }
        let error = match look.named(word) {
            Ok((subject, interface)) => return one_of(look, word, subject, interface, near),
            Err(error) => error,
        };
        if let Some((bridge, port)) = word.rsplit_once(':')
            && let Ok(named) = look.bridge(bridge)
        {
            return Err(no_such_port(look, named.name(), port));
        }
        Err(error.into())
    }

    /// The bridge and the port that `word` names, where there is such a bridge with such a port: as
    /// [`End::find`] reads it before it looks for a container.
    pub fn port_in(word: &str) -> Option<(&str, PortKey)> {
        if word.parse::<IpAddr>().is_ok() {
            return None;
        }
        let (bridge, port) = word.rsplit_once(':')?;
        Some((bridge, PortWord::of_openflow(port).key()?))
    }

    /// The end that has this address: of several the one that `near` is, or is on one bridge with. What is on several
    /// ports comes after what is on one.
    pub fn of_address(look: &Look, ip: IpAddr, near: Option<&End>) -> Self {
        let has = |link: &Link| link.addresses.iter().any(|address| address.ip == ip);
        let mut all: Vec<_> = look
            .wiring
            .attachments
            .iter()
            .filter(|found| has(&found.link) && !found.port.ports().is_empty())
            .collect();
        all.sort_by_key(|found| found.port.port().is_none());
        if let Some(near) = near {
            let bridge = near.bridge();
            // What the sender has itself comes first: that gets it.
            all.sort_by_key(|found| {
                let is_beside =
                    bridge.is_some() && found.port.port().map(|at| &at.bridge) == bridge;
                (near.netns != Some(found.netns), !is_beside, found.port.port().is_none())
            });
        }
        let end = match all.as_slice() {
            [first, rest @ ..] => {
                let mut end = Self::of_attachment(look, first);
                if !rest.is_empty() {
                    let others: Vec<_> = rest.iter().map(|other| other.label()).collect();
                    end.doubts.push(format!("{} has {ip} too", others.join(", ")));
                }
                end
            }
            [] => local_with(look, ip).unwrap_or_else(|| Self::nowhere(&ip.to_string())),
        };
        end.with_address(ip)
    }

    /// The end at a port: the link that is on it, where there is one.
    fn of_port(look: &Look, port: &SwitchPort, word: &str) -> Self {
        let at = |found: &PortRef| found.bridge == port.bridge && found.iface == port.port.iface;
        let attachments = look.wiring.attachments.iter();
        let on: Vec<_> = attachments.filter(|found| found.port.port().is_some_and(at)).collect();
        // VLAN links, macvlans and their like stand on the far end, or on the port's own link.
        let is_far_end =
            |found: &&Attachment| found.link.vlan.is_none() && !found.link.has_parent();
        let far: Vec<_> = on.iter().copied().filter(is_far_end).collect();
        let meant = if far.is_empty() { &on } else { &far };
        let Some((first, others)) = meant.split_first() else {
            return Self { called: word.to_owned(), is_bound: true, ..Self::bare(look, port) };
        };
        // Who is there says more than the port, which a verdict tells as well.
        let mut end = Self { is_bound: true, ..Self::of_attachment(look, first) };
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(|other| other.label()).collect();
            end.doubts.push(format!("{} is on port {} too", few(&others), number(port)));
        }
        end
    }
}

/// The one interface that is meant. It is called by the container that was named, even where others are there.
fn one_of(
    look: &Look,
    word: &str,
    subject: Subject<'_>,
    interface: Option<&str>,
    near: Option<&End>,
) -> Result<End, EndError> {
    let found = look.attachments_of(subject)?;
    let end = |found: &Attachment| {
        let end = End { is_bound: interface.is_some(), ..End::of_attachment(look, found) };
        match subject {
            Subject::Container(row) => End { called: found.label_of(&row.id), ..end },
            Subject::Namespace(_) => end,
        }
    };
    let is_it = |found: &&&Attachment| interface.is_none_or(|name| *found.link.name == *name);
    let named: Vec<_> = found.iter().filter(is_it).copied().collect();
    let on: Vec<_> = named.iter().filter(|found| found.port.port().is_some()).copied().collect();
    let bridge = near.and_then(End::bridge);
    let beside: Vec<_> = on
        .iter()
        .filter(|found| bridge.is_some() && found.port.port().map(|port| &port.bridge) == bridge)
        .copied()
        .collect();
    // A VLAN link is on the port of the link beneath: without a name that one is meant.
    let plain = |all: &[&'_ Attachment]| -> Vec<usize> {
        (0..all.len())
            .filter(|at| all.get(*at).is_some_and(|one| one.link.vlan.is_none()))
            .collect()
    };
    for all in [&beside, &on] {
        if let [only] = all.as_slice() {
            return Ok(end(only));
        }
        if let [only] = plain(all).as_slice()
            && let Some(only) = all.get(*only)
        {
            return Ok(end(only));
        }
    }
    // By which of several ports it sends and gets is not known, and a verdict says so.
    if let ([], [only]) = (on.as_slice(), named.as_slice())
        && only.port.several().is_some()
    {
        return Ok(end(only));
    }
    let interfaces: Vec<_> = on.iter().map(|found| &*found.link.name).collect();
    let doubts: Vec<_> = named.iter().flat_map(|found| found.doubts()).collect();
    Err(EndError::Other(match (interface, on.len(), doubts.first()) {
        (Some(name), _, _) if named.is_empty() => {
            let there: Vec<_> = found.iter().map(|found| &*found.link.name).collect();
            format!("{word}: there is no interface {name:?}; there are {}", few(&there))
        }
        (_, 0, Some(why)) => format!("{word} is on no port that is known: {why}"),
        (_, 0, None) => format!("{word} is on no port of a bridge"),
        _ => format!(
            "{word} has several interfaces on ports: {word}:INTERFACE with {}",
            interfaces.join(", ")
        ),
    }))
}

/// That a bridge has no port of that number or name, and which it has.
fn no_such_port(look: &Look, bridge: &Name, word: &str) -> EndError {
    let ports = look.wiring.ports.iter().filter(|row| row.is_on(bridge));
    let ports: Vec<_> = ports.map(number).collect();
    EndError::Other(format!("{bridge} has no port {word:?}; there are {}", few(&ports)))
}

/// The first few of all names.
fn few<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() { "none".to_owned() } else { joined(names, ", ", TOLD) }
}

/// The port of a bridge by number or name. The local one of a fake bridge is the port of its name.
fn port_of<'a>(look: &'a Look, named: NamedBridge<'_>, word: &str) -> Option<&'a SwitchPort> {
    let word = match named.fake {
        Some(fake) if word.eq_ignore_ascii_case("local") => PortWord::Name(fake.name.to_string()),
        _ => PortWord::of_openflow(word),
    };
    let mut ports = look.wiring.ports.iter().filter(|row| row.is_on(named.name()));
    ports.find(|row| word.is(&row.port))
}

/// The port of the host that has this address: a bridge's own, mostly.
fn local_with(look: &Look, ip: IpAddr) -> Option<End> {
    let links = PortLinks::new(&look.snapshot);
    let has = |link: &Arc<Link>| link.addresses.iter().any(|address| address.ip == ip);
    let port = look.wiring.ports.iter().find(|row| links.of(row).is_some_and(has))?;
    Some(End { called: ip.to_string(), ..End::bare(look, port) })
}
