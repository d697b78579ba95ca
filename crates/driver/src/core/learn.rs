//! Who the containers are: asked of the engine once a call was answered, never within one.
//!
//! An engine names no container when it asks for an endpoint. Once the name is known the endpoint gets
//! the number that this container had before ([`own_numbers`](super::own_numbers)).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use host::{EngineEndpoint, EngineNetwork};
use model::backoff::Backoff;
use model::endpoint_record::EndpointRecord;
use model::plan::endpoint::{note, own_number};
use tokio::time::{sleep, timeout};
use tracing::{debug, info};

use super::new_endpoints::EndpointKey;
use super::own_numbers::{Misnumbered, misnumbered, owner};
use super::rounds::{ROUND, Rounds};
use super::{Driver, TRIES, View};
use crate::DriverError;

/// So soon after a call the engine is asked, and at most so much later each time that it does not
/// know yet.
const SOON: Duration = Duration::from_millis(5);
const LATER: Duration = Duration::from_secs(2);

/// What is not known yet, and what of the rest need not be read again.
#[derive(Default)]
struct Learning {
    /// Endpoints whose container is not known yet.
    unknown: BTreeSet<EndpointKey>,
    /// What networks are called, as it was written down already.
    names: BTreeMap<String, String>,
}

impl Driver {
    /// Learns names, and takes away what is stray, for as long as it is polled.
    ///
    /// Everything is read when it begins, after a network was made, and each [`ROUND`]. In between a call
    /// says what it has made, and the engine alone is asked about that: with hundreds of ports a look at
    /// all of them keeps the database from the very calls that a container is started by.
    pub async fn keep_learning(&self) {
        let mut strays = BTreeMap::new();
        let mut stray_addresses = BTreeMap::new();
        let mut stray_networks = BTreeMap::new();
        let mut learning = Learning::default();
        let mut rounds = Rounds::default();
        let mut backoff = Backoff::new(SOON, LATER);
        let mut has_stood = false;
        let mut is_whole = true;
        loop {
            let is_due = rounds.is_due();
            is_whole |= is_due;
            match self.look(&mut learning, is_whole).await {
                Ok(()) => is_whole = false,
                // An engine that starts answers only when its containers run.
                Err(error) => debug!("names of containers are not learnt: {error}"),
            }
            if is_due {
                self.sweep(&mut strays).await;
                self.sweep_addresses(&mut stray_addresses).await;
                self.sweep_networks(&mut stray_networks).await;
                rounds.end();
            }
            // What other programs have done to the database, or to the table, is told by nothing.
            let is_looked_through = is_due && self.standing.may_be_any();
            if is_looked_through || !has_stood || self.standing.has_fallen() {
                has_stood = self.stand(None).await.unwrap_or(false);
            }
            let is_open = is_whole || !learning.unknown.is_empty();
            // Gateways, where there are any, are looked after more often.
            let watched = if has_stood && !self.standing.is_any() { ROUND } else { LATER };
            let pause = if is_open { backoff.pause() } else { ROUND };
            let pause = pause.min(watched).min(rounds.left());
            let is_news = timeout(pause, self.news.told()).await.is_ok();
            if is_news || !is_open {
                backoff.reset();
            }
            if is_news {
                sleep(SOON).await;
                let (made, has_network) = self.news.take();
                learning.unknown.extend(made);
                is_whole |= has_network;
            }
        }
    }

    /// Learns what can be learnt now: of everything, or of what is not known yet.
    async fn look(&self, learning: &mut Learning, is_whole: bool) -> Result<(), DriverError> {
        if is_whole {
            let view = self.open().await?;
            let nameless = endpoints(&view).filter(|record| record.container.is_none());
            learning.unknown = nameless
                .map(|record| EndpointKey::new(&record.network, &record.endpoint))
                .collect();
        }
        let others_wait = self.learn(learning).await;
        if is_whole && let Err(error) = self.learn_engines().await {
            debug!("whose networks are is not learnt: {error}");
        }
        let may_wait = !matches!(others_wait, Ok(false));
        if (is_whole || may_wait)
            && let Err(error) = self.give_numbers_back().await
        {
            debug!("numbers are not given back: {error}");
        }
        others_wait.map(drop)
    }

    /// Asks who has the endpoints whose container is not known yet; true where a name was learnt, and
    /// others wait for numbers that are their own.
    async fn learn(&self, learning: &mut Learning) -> Result<bool, DriverError> {
        let networks: BTreeSet<_> =
            learning.unknown.iter().map(|made| made.network.clone()).collect();
        let mut others_wait = false;
        for id in networks {
            let Some(known) = self.host.engine_network(&id).await? else { continue };
            if learning.names.get(&id) != Some(&known.name) {
                self.name_network(&id, &known).await?;
                learning.names.insert(id.clone(), known.name.clone());
            }
            let of_network: Vec<_> =
                learning.unknown.iter().filter(|made| made.network == id).cloned().collect();
            for made in of_network {
                // One that is missing was made a moment ago, and the engine has not noted it yet; or it
                // is stray.
                let Some(who) = known.endpoints.get(&made.endpoint) else { continue };
                others_wait |= self.name_endpoint(&made, &known, who).await?;
                if who.container.is_some() {
                    learning.unknown.remove(&made);
                }
            }
        }
        Ok(others_wait)
    }

    /// Writes down what a network is called.
    async fn name_network(&self, id: &str, known: &EngineNetwork) -> Result<(), DriverError> {
        if known.name.is_empty() {
            return Ok(());
        }
        self.note_network(id, |record| record.name = Some(known.name.clone())).await.map(drop)
    }

    /// Writes down whose an endpoint is, and gives it the number that this container had; true where its
    /// name is new, and others wait for numbers that are their own.
    async fn name_endpoint(
        &self,
        made: &EndpointKey,
        known: &EngineNetwork,
        who: &EngineEndpoint,
    ) -> Result<bool, DriverError> {
        let named = |record: &EndpointRecord| EndpointRecord {
            name: Some(who.name.clone()).filter(|name| !name.is_empty()),
            container: who.container.clone(),
            network_name: Some(known.name.clone()).filter(|name| !name.is_empty()),
            ..record.clone()
        };
        let view = self.open_endpoint(&made.network, &made.endpoint).await?;
        let Some((_, _, record)) = view.endpoint(&made.network, &made.endpoint) else {
            return Ok(false);
        };
        let is_settled = named(&record).name == record.name;
        self.note_endpoint(made, is_settled, &named).await
    }

    /// Writes an endpoint's record anew. Unless its number `is_settled`, all ports are looked at, and it
    /// gets its own; true where others wait for theirs, which may be the one that it leaves.
    pub(super) async fn note_endpoint(
        &self,
        made: &EndpointKey,
        is_settled: bool,
        renew: &(dyn Fn(&EndpointRecord) -> EndpointRecord + Sync),
    ) -> Result<bool, DriverError> {
        let _turn = self.in_flight.turn(&made.endpoint).await;
        for _ in 0..TRIES {
            let mut view = if is_settled {
                self.open_endpoint(&made.network, &made.endpoint).await?
            } else {
                self.open().await?
            };
            let Some((bridge, port, record)) = view.endpoint(&made.network, &made.endpoint) else {
                return Ok(false);
            };
            let named = renew(&record);
            let owner = owner(&named, port);
            let reserved = self.in_flight.numbers(&bridge.name);
            let is_free = !is_settled && !named.is_number_asked_for && named.name.is_some();
            let wanted = is_free.then(|| own_number(bridge, port, &owner, &reserved)).flatten();
            let is_other = |one: &Misnumbered<'_>| one.record.endpoint != made.endpoint;
            let others_wait = !is_settled && misnumbered(&view).iter().any(is_other);
            if named == record && wanted.is_none() {
                return Ok(others_wait);
            }
            if let Some(ofport) = wanted {
                info!("{}: {named} has its OpenFlow port {ofport} again", bridge.name);
            }
            let plan = note(&view.bridges, bridge, port, &named, &owner, wanted);
            match view.carry_out(&plan).await {
                Ok(()) => return Ok(others_wait),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

/// The endpoints of engines that a driver serves by calls, and so have to be asked.
fn endpoints(view: &View) -> impl Iterator<Item = EndpointRecord> {
    let all = view.endpoint_ports().map(|(_, _, record)| record);
    all.filter(|record| record.engine == crate::DOCKER)
}
