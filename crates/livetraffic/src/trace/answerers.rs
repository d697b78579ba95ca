//! Who answers a question for a MAC: those that get it and have the address, or are set to answer for others.

use std::net::IpAddr;

use model::Snapshot;
use model::ids::{Ifindex, NetnsId};
use model::route::{Route, RouteQuestion};
use traffic::{Answering, End, Hearers};

use super::PacketTracer;

/// A link whose kernel answers.
#[derive(Clone, Debug)]
pub(super) struct Answerer {
    pub(super) end: End,
    /// Whether it is the one that was thought of.
    pub(super) is_asked: bool,
    /// Whether it does so for certain.
    pub(super) is_sure: bool,
}

/// Who answers a question.
#[derive(Clone, Debug, Default)]
pub(super) struct Answerers {
    /// The one that was thought of comes first, where it does.
    pub(super) links: Vec<Answerer>,
    /// Whether others may, of which nothing is known.
    pub(super) has_unseen: bool,
}

impl Answerers {
    /// Whether another one than the one that was thought of may answer.
    pub(super) fn has_others(&self) -> bool {
        self.has_unseen || self.links.iter().any(|one| !one.is_asked)
    }
}

impl PacketTracer<'_> {
    /// Those of `heard_by` that answer a question of `asker` for `target`.
    pub(super) fn answerers(
        &self,
        heard_by: Hearers,
        (asker, target): (Option<IpAddr>, IpAddr),
    ) -> Answerers {
        let Hearers { links, has_unseen, .. } = heard_by;
        let settings = {
            let places = links.iter().map(|hearer| {
                let link = hearer.end.link.as_ref().map_or("", |link| &link.name);
                hearer.end.netns.map(|netns| (netns, link))
            });
            self.answer_settings(&places.collect::<Vec<_>>(), target.is_ipv4())
        };
        let mut all = Answerers { links: Vec::new(), has_unseen };
        for (hearer, settings) in links.into_iter().zip(settings) {
            let netns = hearer.end.netns;
            let out_by = |to: IpAddr, from: Option<IpAddr>| self.out_by(netns?, to, from);
            match hearer.answering(settings, (asker, target), out_by) {
                Answering::No => {}
                Answering::Unknown => all.has_unseen = true,
                told @ (Answering::May | Answering::Surely) => {
                    let is_sure = told == Answering::Surely;
                    let is_asked = hearer.is_asked;
                    all.links.push(Answerer { end: hearer.end, is_asked, is_sure });
                }
            }
        }
        all.links.sort_by_key(|one| !one.is_asked);
        all
    }

    /// The settings of links, each in a namespace that may not be known.
    fn answer_settings(
        &self,
        links: &[Option<(NetnsId, &str)>],
        by_ipv4: bool,
    ) -> Vec<Option<model::route::AnswerSettings>> {
        let known: Vec<_> = links.iter().flatten().copied().collect();
        let mut told = vec![None; links.len()];
        // Each of two looks knows one of the ends.
        let looks = [Some(self.look), self.far];
        for look in looks.into_iter().flatten() {
            let is_here = |(netns, _): &(NetnsId, &str)| look.snapshot.namespace(*netns).is_some();
            let here: Vec<_> = known.iter().filter(|link| is_here(link)).copied().collect();
            if here.is_empty() {
                continue;
            }
            let read = self.host.answer_settings(&look.snapshot, &here, by_ipv4);
            for (link, settings) in here.iter().zip(read) {
                let mut places = links.iter().zip(&mut told);
                if let Some((_, place)) = places.find(|(asked, _)| asked.as_ref() == Some(link)) {
                    *place = place.or(settings);
                }
            }
        }
        told
    }

    /// The link by which a namespace sends to an address; none where it does not, or that is not known.
    fn out_by(&self, netns: NetnsId, to: IpAddr, from: Option<IpAddr>) -> Option<Ifindex> {
        let asked = RouteQuestion { to, from, by: None, transport: None };
        let (route, _) = self.host.route(self.snapshot_with(netns), netns, &asked).ok()?;
        match route {
            Route::Out(out) => Some(out.ifindex),
            Route::Local | Route::Refused { .. } => None,
        }
    }

    fn snapshot_with(&self, netns: NetnsId) -> &Snapshot {
        let far = self.far.filter(|far| far.snapshot.namespace(netns).is_some());
        &far.unwrap_or(self.look).snapshot
    }
}
