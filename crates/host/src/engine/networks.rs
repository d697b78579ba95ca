//! The networks of engines, which network drivers ask for once they have answered.
//!
//! A driver's networks are those of the host's engines: what a user's engine says of them, or does not say, is for
//! that user alone to know.

use std::collections::{BTreeMap, BTreeSet};

use model::SourceError;

use super::discovery::is_of_user;
use super::others::{self, Others};
use super::{Configured, EngineNetwork};
use crate::Host;
use crate::deadline::Deadline;

impl Host {
    /// The engines that are asked, without those of users that were not named.
    fn host_engines(&self) -> Vec<Configured> {
        let mut engines = self.engines.now();
        engines.retain(|engine| engine.named || engine.name.user().is_none());
        engines
    }

    /// A network by its full id, of whichever engine of the host has it; none where all that could be asked have
    /// not.
    ///
    /// # Errors
    /// An engine that may have it does not answer.
    pub async fn engine_network(&self, id: &str) -> Result<Option<EngineNetwork>, SourceError> {
        let due = Deadline::after(self.timeout);
        let mut failed = None;
        for engine in self.host_engines() {
            let engine = match engine.engine {
                Ok(engine) => engine,
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            match due.hold(|| engine.what(), engine.network(id)).await {
                Ok(Some(network)) => return Ok(Some(network)),
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// All networks of all engines of this host: of those that are asked, and of those that are found.
    ///
    /// # Errors
    /// One of them does not answer, so that it may have any.
    pub async fn engine_networks(&self) -> Result<Vec<EngineNetwork>, SourceError> {
        let due = Deadline::after(self.timeout);
        let Others { found, unseen } = others::engines(&self.engines.now())?;
        let of_host = found.into_iter().filter(|engine| !is_of_user(engine.as_ref()));
        let mut engines: Vec<_> = of_host.chain(unseen).collect();
        for engine in self.host_engines() {
            engines.push(engine.engine?);
        }
        let mut networks = Vec::new();
        for engine in engines {
            networks.extend(due.hold(|| engine.what(), engine.networks()).await?);
        }
        Ok(networks)
    }

    /// The ids of the networks of each engine of the host that is asked, by the lasting id of the engine; of
    /// those that answer and have one. What has one id has the networks of all that have it.
    pub async fn networks_by_engine(&self) -> BTreeMap<String, BTreeSet<String>> {
        let due = Deadline::after(self.timeout);
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for engine in self.host_engines().into_iter().filter_map(|engine| engine.engine.ok()) {
            let ask = async {
                let Some(id) = engine.id().await? else { return Ok(None) };
                let networks = engine.networks().await?.into_iter().map(|network| network.id);
                let networks: BTreeSet<_> = networks.collect();
                // Every engine has networks of its own: a list without any, or of what has no id, is none.
                let is_list = !networks.is_empty() && !networks.contains("");
                Ok(is_list.then_some((id, networks)))
            };
            if let Ok(Some((id, networks))) = due.hold(|| engine.what(), ask).await {
                all.entry(id).or_default().extend(networks);
            }
        }
        all
    }
}
