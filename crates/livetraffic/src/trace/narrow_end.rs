//! One end of a trace as one container, or as this host at a bridge's own port, so that nothing but that has to be
//! looked at.

use std::net::IpAddr;

use host::{AskedPort, Host, PortHolder, Question};
use model::{SourceError, Target};
use traffic::{End, PacketKind};

/// What is looked at for one end.
pub(super) struct NarrowEnd {
    /// The container; none where that is this host.
    target: Option<Target>,
    /// Where a port was named: that, and what is there.
    at: Option<(AskedPort, PortHolder)>,
}

/// What the words of a user name, as far as they tell it by themselves.
enum Named {
    Container(Target),
    Port(AskedPort),
}

impl Named {
    /// A container by name or id alone, or a port of a bridge; none where it is an address. What stands before a colon
    /// is a bridge where there is one: else it may be a container, or an engine.
    fn of(word: &str) -> Option<Self> {
        if let Some((bridge, port)) = End::port_in(word) {
            return Some(Self::Port(AskedPort { bridge: bridge.to_owned(), port }));
        }
        let is_other = word.contains(':') || word.parse::<IpAddr>().is_ok();
        (!is_other).then(|| Self::Container(word.into()))
    }

    fn port(&self) -> Option<&AskedPort> {
        match self {
            Self::Port(port) => Some(port),
            Self::Container(_) => None,
        }
    }
}

impl NarrowEnd {
    /// Both ends; none where one of these words may mean something other than one container, or than a port that one
    /// container is at. Of a packet in the user's words, for which no kernel is asked, also a bridge's own port.
    ///
    /// # Errors
    /// The database was silent for as long as is waited.
    pub(super) async fn both(
        host: &Host,
        [source, destination]: [&str; 2],
        kind: &PacketKind,
    ) -> Result<Option<[Self; 2]>, SourceError> {
        let Some((from, to)) = Named::of(source).zip(Named::of(destination)) else {
            return Ok(None);
        };
        let ports: Vec<_> = [&from, &to].into_iter().filter_map(Named::port).cloned().collect();
        // The kernel of this host answers for all its links, which a look at one end does not follow.
        if !matches!(kind, PacketKind::Raw(_)) && ports.iter().any(AskedPort::is_own) {
            return Ok(None);
        }
        let holders = if ports.is_empty() {
            Vec::new()
        } else {
            let Some(holders) = host.port_holders(&ports).await? else { return Ok(None) };
            holders
        };
        let mut holders = holders.into_iter();
        let mut end = |named: Named| match named {
            Named::Container(target) => Some(Self { target: Some(target), at: None }),
            Named::Port(port) => holders.next().map(|holder| Self::of_port(port, holder)),
        };
        Ok(end(from).zip(end(to)).map(|(from, to)| [from, to]))
    }

    fn of_port(port: AskedPort, holder: PortHolder) -> Self {
        let target = match &holder {
            PortHolder::Container { id, .. } => Some(Target::Container(id.clone())),
            PortHolder::Host => None,
        };
        Self { target, at: Some((port, holder)) }
    }

    /// What is asked about it, in the place of everything that `question` asks about.
    pub(super) fn narrowed(&self, question: Question) -> Question {
        let own_port = self.at.as_ref().filter(|_| self.target.is_none());
        let own_port = own_port.map(|(asked, _)| asked.bridge.clone());
        Question { target: self.target.clone(), own_port, ..question }
    }

    /// Whether what was found is the end that was meant: where a port was named, at that port, in the namespace whose
    /// only container was looked at, or by the bridge's own link. What is not was connected anew meanwhile.
    fn is_met_by(&self, end: &End) -> bool {
        let Some((asked, holder)) = &self.at else { return true };
        let is_it = end
            .port
            .as_ref()
            .is_some_and(|at| *at.bridge == *asked.bridge && asked.port.is(&at.port));
        let is_there = match holder {
            PortHolder::Container { netns, .. } => end.netns == Some(*netns),
            PortHolder::Host => end.link.is_some(),
        };
        is_it && is_there
    }
}

/// Whether each of these ends is the one that was meant.
pub(super) fn are_met(ends: &[NarrowEnd; 2], found: [&End; 2]) -> bool {
    ends.iter().zip(found).all(|(meant, found)| meant.is_met_by(found))
}

#[cfg(test)]
mod tests {
    use model::ids::OfPort;
    use model::switch::PortKey;

    use super::Named;

    #[test]
    fn a_word_names_a_container_or_a_port_and_an_address_neither() {
        let port = |bridge: &str, port| Some((bridge.to_owned(), port));
        let number = |number| PortKey::Number(OfPort(number));
        for (word, meant) in [
            ("br0:3", port("br0", number(3))),
            ("br0:LOCAL", port("br0", number(65_534))),
            ("br0:veth1", port("br0", PortKey::Interface("veth1".to_owned()))),
            ("a:b:3", port("a:b", number(3))),
            ("web", None),
        ] {
            let named = Named::of(word).unwrap();
            let asked = named.port().map(|asked| (asked.bridge.clone(), asked.port.clone()));
            assert_eq!(asked, meant, "{word}");
        }
        for word in ["192.0.2.7", "2001:db8::7", "br0:99999999"] {
            assert!(Named::of(word).is_none(), "{word}");
        }
    }
}
