//! Networks that are taken away because their engine has them no more: Docker only notes in its log that a
//! driver could not be told of the end of a network, and the network is gone there.
//!
//! That a network is gone is known by the very engine that had it: its lasting id is written down beside
//! the network once that engine has been seen to have it. Another engine, or one whose data was removed, says
//! nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use model::identity::UNKNOWN_STORE;
use model::ids::short_id;
use model::plan::{ReplacePort, Step};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::removal::left_on;
use super::rounds::ROUND;
use super::stray_endpoints::loose;
use super::{Driver, TRIES, View, network as plans};
use crate::DriverError;
use crate::network::{self, NetworkRecord};

/// Networks of each engine that answers, by its lasting id.
type KnownNetworks = BTreeMap<String, BTreeSet<String>>;

impl Driver {
    /// Writes down whose each network is, and takes away what has been stray for a whole round.
    pub(super) async fn sweep_networks(&self, seen: &mut BTreeMap<String, Instant>) {
        if let Err(error) = self.try_sweep_networks(seen).await {
            debug!("stray networks are not looked for: {error}");
        }
    }

    async fn try_sweep_networks(
        &self,
        seen: &mut BTreeMap<String, Instant>,
    ) -> Result<(), DriverError> {
        // First what is recorded, then what there is: a network that is made meanwhile is in neither.
        let view = self.open().await?;
        let recorded: Vec<_> = of_docker(&view).collect();
        if recorded.is_empty() {
            seen.clear();
            return Ok(());
        }
        let known = self.host.networks_by_engine().await;
        self.note_engines(&recorded, &known).await?;
        let loose: BTreeSet<_> = loose(&view).map(|record| record.endpoint).collect();
        let mut strays = BTreeMap::new();
        for id in strays_of(&view, &known, &loose) {
            let since = seen.get(&id).copied().unwrap_or_else(Instant::now);
            if since.elapsed() < ROUND {
                strays.insert(id, since);
                continue;
            }
            match self.delete_network(&id).await {
                Ok(()) => info!("the network {} was stray, and is gone", short_id(&id)),
                Err(error) => {
                    warn!("the network {} is stray: {error}", short_id(&id));
                    strays.insert(id, since);
                }
            }
        }
        *seen = strays;
        Ok(())
    }

    /// Writes down which engine has the networks of which that is not known yet.
    pub(super) async fn learn_engines(&self) -> Result<(), DriverError> {
        let recorded: Vec<_> = of_docker(&self.open().await?).collect();
        if recorded.iter().all(|record| record.engine_id.is_some()) {
            return Ok(());
        }
        let known = self.host.networks_by_engine().await;
        self.note_engines(&recorded, &known).await
    }

    async fn note_engines(
        &self,
        recorded: &[NetworkRecord],
        known: &KnownNetworks,
    ) -> Result<(), DriverError> {
        for record in recorded {
            let mut engines = known.iter().filter(|(_, networks)| networks.contains(&record.id));
            let Some((engine, _)) = engines.next() else { continue };
            if record.engine_id.as_ref() != Some(engine) {
                self.note_network(&record.id, |record| record.engine_id = Some(engine.clone()))
                    .await?;
            }
        }
        Ok(())
    }

    /// Changes what is recorded of a network; does nothing where it is so already, or the network is gone. What
    /// another one has written meanwhile is read again.
    pub(super) async fn note_network(
        &self,
        id: &str,
        renew: impl Fn(&mut NetworkRecord) + Send + Sync,
    ) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(id).await;
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            let Some((bridge, was)) = network::find(&view.bridges, id) else { return Ok(()) };
            let mut record = was.clone();
            renew(&mut record);
            if record == was {
                return Ok(());
            }
            let name = bridge.name.clone();
            let memory = record.kept_on(Some(bridge));
            let expected_ids = memory.forget.clone();
            let bridge = name.clone();
            let step = ReplacePort { bridge, memory, expected_ids, ..ReplacePort::default() };
            match view.carry_out(&plans::plan(&name, vec![Step::from(step)])).await {
                Ok(()) => return Ok(()),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn of_docker(view: &View) -> impl Iterator<Item = NetworkRecord> {
    view.bridges.iter().flat_map(network::of).filter(|record| record.engine == super::DOCKER)
}

/// The networks that the engine which had them has no more, and that no container is on.
fn strays_of(view: &View, known: &KnownNetworks, loose: &BTreeSet<String>) -> Vec<String> {
    let all =
        view.bridges.iter().flat_map(|bridge| network::of(bridge).map(move |of| (bridge, of)));
    let strays = all.filter(|(bridge, record)| {
        // Of what cannot be told apart from another engine, that one may have it.
        let engine = record.engine_id.as_ref().filter(|engine| !engine.ends_with(UNKNOWN_STORE));
        let networks = engine.and_then(|engine| known.get(engine));
        let is_gone = networks.is_some_and(|networks| !networks.contains(&record.id));
        is_gone && left_on(bridge, &record.id).iter().all(|(_, endpoint)| loose.contains(endpoint))
    });
    strays.map(|(_, record)| record.id).collect()
}
