//! Networks that are taken away because their engine has them no more: Docker only notes in its log that a
//! driver could not be told of the end of a network, and the network is gone there.
//!
//! That a network is gone is known by the very engine that had it: its lasting id is written down beside
//! the network once that engine has been seen to have it. Another engine, or one whose data was removed, says
//! nothing of it. Of one whose making did not come to its end, as the driver was killed, no engine was told that it
//! is made.

use std::collections::{BTreeMap, BTreeSet};

use model::identity::UNKNOWN_STORE;
use model::ids::short_id;
use model::plan::{ReplacePort, Step};
use model::switch::Bridge;
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
        for record in strays_of(&view.bridges, &known, &loose) {
            let id = record.id.clone();
            let since = seen.get(&id).copied().unwrap_or_else(Instant::now);
            if since.elapsed() < ROUND {
                strays.insert(id, since);
                continue;
            }
            // A call that comes for it meanwhile may finish it.
            let is_unfinished = record.is_unfinished();
            let is_stray = |now: &NetworkRecord| now.is_unfinished() == is_unfinished;
            match self.delete_network_where(&id, &is_stray).await {
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

    /// Changes what is recorded of a network, and tells whether it is so then; does nothing where it is so already,
    /// or the network is gone. What another one has written meanwhile is read again.
    pub(super) async fn note_network(
        &self,
        id: &str,
        renew: impl Fn(&mut NetworkRecord) + Send + Sync,
    ) -> Result<bool, DriverError> {
        let _turn = self.in_flight.turn(id).await;
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            let Some((bridge, was)) = network::find(&view.bridges, id) else {
                return Ok(false);
            };
            let mut record = was.clone();
            renew(&mut record);
            if record == was {
                return Ok(true);
            }
            let name = bridge.name.clone();
            let memory = record.kept_on(Some(bridge));
            let expected_ids = memory.forget.clone();
            let bridge = name.clone();
            let step = ReplacePort { bridge, memory, expected_ids, ..ReplacePort::default() };
            match view.carry_out(&plans::plan(&name, vec![Step::from(step)])).await {
                Ok(()) => return Ok(true),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }
}

fn of_docker(view: &View) -> impl Iterator<Item = NetworkRecord> {
    view.bridges.iter().flat_map(network::of).filter(|record| record.engine == crate::DOCKER)
}

/// The networks that the engine which had them has no more, or that none was told of, and that no container is on.
fn strays_of(
    bridges: &[Bridge],
    known: &KnownNetworks,
    loose: &BTreeSet<String>,
) -> Vec<NetworkRecord> {
    let all = bridges.iter().flat_map(|bridge| network::of(bridge).map(move |of| (bridge, of)));
    let strays = all.filter(|(bridge, record)| {
        // Of what cannot be told apart from another engine, that one may have it.
        let engine = record.engine_id.as_ref().filter(|engine| !engine.ends_with(UNKNOWN_STORE));
        let networks = engine.and_then(|engine| known.get(engine));
        let is_gone = networks.is_some_and(|networks| !networks.contains(&record.id));
        let has_it = || known.values().any(|networks| networks.contains(&record.id));
        let is_stray = is_gone || (record.is_unfinished() && !has_it());
        is_stray && left_on(bridge, &record.id).iter().all(|(_, endpoint)| loose.contains(endpoint))
    });
    strays.map(|(_, record)| record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, engine_id: Option<&str>, is_begun: bool) -> NetworkRecord {
        NetworkRecord {
            id: id.to_owned(),
            engine: "docker".into(),
            engine_id: engine_id.map(str::to_owned),
            is_begun,
            ..NetworkRecord::default()
        }
    }

    /// A driver that was killed has answered none; of what was made its engine alone can tell.
    #[test]
    fn a_network_is_stray_that_its_engine_has_no_more_or_was_never_told_of() {
        let mut bridge = Bridge { name: "br0".into(), ..Bridge::default() };
        for record in [
            record("cut-off", None, true),
            record("made", None, false),
            record("listed", None, true),
            record("kept", Some("e1"), true),
            record("gone", Some("e1"), false),
            record("of-another", Some("e2"), true),
        ] {
            record.kept_on(None).apply(&mut bridge.external_ids);
        }
        let listed = ["listed", "kept"].map(str::to_owned);
        let known = KnownNetworks::from([("e1".to_owned(), listed.into())]);
        let strays = strays_of(&[bridge], &known, &BTreeSet::new());
        let strays: Vec<_> = strays.iter().map(|record| record.id.as_str()).collect();
        assert_eq!(strays, ["cut-off", "gone"]);
    }

    #[test]
    fn what_was_begun_is_written_down_until_it_is_made() {
        let written = |record: &NetworkRecord| {
            let memory = record.kept_on(None);
            memory.remember.into_values().next().unwrap()
        };
        let begun = record("n", None, true);
        assert!(written(&begun).contains(r#""begun":true"#));
        let made = record("n", None, false);
        assert!(!written(&made).contains("begun"));
        assert!(begun.is_unfinished() && !made.is_unfinished() && begun.is_same(&made));
    }
}
