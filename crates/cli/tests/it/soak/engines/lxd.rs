//! Incus, or LXD where that is what there is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ALL_DEEDS, Deed, Engine, Told};
use crate::tool::picture::text;

/// A server, and the names of its containers by id.
pub(super) struct Lxd {
    server: lab::Lxd,
    names: BTreeMap<String, String>,
}

impl Lxd {
    pub(super) fn start() -> Self {
        Self { server: lab::Lxd::start(), names: BTreeMap::new() }
    }

    /// Ends it, whether it runs or is frozen.
    fn stop(&self, name: &str) -> Result<String, String> {
        // What is frozen goes on by being started.
        let _ = self.start_again(name);
        self.server.try_own(&["stop", "--force", name])
    }

    fn start_again(&self, name: &str) -> Result<String, String> {
        self.server.try_own(&["start", name])
    }
}

impl Engine for Lxd {
    fn kind(&self) -> &'static str {
        self.server.kind()
    }

    fn words(&self) -> Vec<String> {
        ["--engine", &self.server.engine()].map(str::to_owned).into()
    }

    fn deeds(&self) -> &'static [Deed] {
        &ALL_DEEDS
    }

    fn make(&mut self, name: &str) -> String {
        let id = self.server.run_named(name);
        self.names.insert(id.clone(), name.to_owned());
        id
    }

    fn does(&mut self, deed: Deed, id: &str, name: &str) -> Result<String, String> {
        let own = &self.names[id];
        match deed {
            Deed::Restart => {
                // It need not run.
                let _ = self.stop(own);
                self.start_again(own)
            }
            Deed::Stop => self.stop(own),
            Deed::Start if self.runs(id) => Ok(String::new()),
            Deed::Start | Deed::Unpause => self.start_again(own),
            // Of one that runs it is refused.
            Deed::Rename => {
                let said = self.server.try_own(&["rename", own, name])?;
                self.names.insert(id.to_owned(), name.to_owned());
                Ok(said)
            }
            Deed::Pause => self.server.try_own(&["pause", own]),
            Deed::Remove => self.server.try_own(&["delete", "--force", own]),
        }
    }

    fn told(&self) -> Vec<Told> {
        let listed = self.server.try_own(&["list", "--format", "json"]).unwrap();
        let all: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let told = all.iter().map(|one| Told {
            id: text(&one["config"], "volatile.uuid").to_owned(),
            name: text(one, "name").to_owned(),
            pid: one["state"]["pid"].as_u64().filter(|pid| *pid > 0).map(|pid| pid.to_string()),
        });
        told.collect()
    }
}
