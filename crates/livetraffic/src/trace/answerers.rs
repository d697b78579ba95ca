//! Who answers a question for a MAC: those that get it and have the address, or are set to answer for others.

use std::net::IpAddr;

use host::AskedLink;
use model::Snapshot;
use model::ids::{Ifindex, NetnsId};
use model::route::{AnswerSettings, Route, RouteQuestion};
use traffic::{Answering, ByLocal, End, Hearer, Hearers, Holder};

use super::tracer::PacketTracer;

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
    /// Whether a look at the two ends alone does not know who gets a question of `from` for `target`. The bridge's own
    /// link is asked about by itself: most often it is down, or has no address.
    pub(super) fn rests_on_others(&self, heard_by: &Hearers, from: &End, target: IpAddr) -> bool {
        if self.needs_all.is_none() {
            return false;
        }
        let is_silent = || {
            let bridge = from.bridge().map_or("", |bridge| &**bridge);
            self.host.is_silent(&self.look.snapshot, bridge, target)
        };
        heard_by.goes_beside || (heard_by.by_local != ByLocal::Nothing && !is_silent())
    }

    /// Those of `heard_by` that answer a question of `asker` for `target`.
    pub(super) fn answerers(
        &self,
        heard_by: Hearers,
        (asker, target): (Option<IpAddr>, IpAddr),
    ) -> Answerers {
        let Hearers { links, mut has_unseen, by_local, .. } = heard_by;
        // In a look at the two ends alone that link was asked about by itself.
        has_unseen |= by_local == ByLocal::Unseen && self.needs_all.is_none();
        let settings = {
            let wanted = links.iter().map(|hearer| asked_link(hearer, target.is_ipv4()));
            self.answer_settings(&wanted.collect::<Vec<_>>(), target)
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

    /// The settings of links; none of one of which nothing is asked.
    fn answer_settings(
        &self,
        links: &[Option<AskedLink<'_>>],
        target: IpAddr,
    ) -> Vec<Option<AnswerSettings>> {
        let known: Vec<_> = links.iter().flatten().copied().collect();
        let mut told = vec![None; links.len()];
        // Each of two looks knows one of the ends.
        let looks = [Some(self.look), self.far];
        for look in looks.into_iter().flatten() {
            let is_here = |link: &&AskedLink<'_>| look.snapshot.namespace(link.netns).is_some();
            let here: Vec<_> = known.iter().filter(is_here).copied().collect();
            if here.is_empty() {
                continue;
            }
            let read = self.host.answer_settings(&look.snapshot, &here, target);
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

    /// That of the look that knows a namespace.
    pub(super) fn snapshot_with(&self, netns: NetnsId) -> &Snapshot {
        let far = self.far.filter(|far| far.snapshot.namespace(netns).is_some());
        &far.unwrap_or(self.look).snapshot
    }
}

/// What there is to ask of a link's kernel: nothing where it answers a solicitation for an address of its own, whatever
/// is set there.
fn asked_link(hearer: &Hearer, by_ipv4: bool) -> Option<AskedLink<'_>> {
    let has_address = hearer.holder != Holder::Neither;
    let name = hearer.end.link.as_ref().map_or("", |link| &link.name);
    let netns = hearer.end.netns.filter(|_| by_ipv4 || !has_address)?;
    Some(AskedLink { netns, name, has_address })
}
