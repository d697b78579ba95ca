//! A containerd of the test's own, with containers as nerdctl makes them.

use std::collections::BTreeMap;
use std::path::Path;

use super::{ALL_BUT_RENAME, Deed, Engine, Told};

/// A containerd, which has its containers' names by id.
pub(super) struct Containerd {
    daemon: lab::Containerd,
    names: BTreeMap<String, String>,
}

impl Containerd {
    pub(super) fn start(folder: &Path) -> Self {
        Self { daemon: lab::Containerd::start(folder), names: BTreeMap::new() }
    }

    fn stop(&self, own: &str) -> Result<String, String> {
        // What is paused does not end.
        let _ = self.daemon.try_own(&["task", "resume", own]);
        self.daemon.try_own(&["task", "delete", "--force", own])
    }

    fn start_again(&self, own: &str) -> Result<String, String> {
        self.daemon.try_own(&["task", "start", "--detach", own])
    }
}

impl Engine for Containerd {
    fn kind(&self) -> &'static str {
        "containerd"
    }

    fn words(&self) -> Vec<String> {
        ["--engine", &self.daemon.own_engine()].map(str::to_owned).into()
    }

    fn deeds(&self) -> &'static [Deed] {
        &ALL_BUT_RENAME
    }

    fn make(&mut self, name: &str) -> String {
        let id = format!("{}@default", self.daemon.run(name));
        self.names.insert(id.clone(), name.to_owned());
        id
    }

    fn does(&mut self, deed: Deed, id: &str, _: &str) -> Result<String, String> {
        let (own, _) = id.rsplit_once('@').unwrap();
        match deed {
            Deed::Restart => {
                // It need not run.
                let _ = self.stop(own);
                self.start_again(own)
            }
            Deed::Stop => self.stop(own),
            Deed::Start if self.runs(id) => Ok(String::new()),
            Deed::Start => self.start_again(own),
            Deed::Rename => Err("its name is a label of nerdctl's".to_owned()),
            Deed::Pause => self.daemon.try_own(&["task", "pause", own]),
            Deed::Unpause => self.daemon.try_own(&["task", "resume", own]),
            Deed::Remove => {
                let _ = self.stop(own);
                self.daemon.try_own(&["container", "delete", own])
            }
        }
    }

    fn told(&self) -> Vec<Told> {
        let says = |words: &[&str]| self.daemon.try_own(words).unwrap();
        let (containers, tasks) =
            (says(&["container", "list", "--quiet"]), says(&["task", "list"]));
        let pid = |own: &str| {
            let rows = tasks.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
            let mut own = rows.filter(|row| row.len() == 3 && row[0] == own && row[2] != "STOPPED");
            own.next().map(|row| row[1].to_owned())
        };
        let told = containers.lines().map(|own| {
            let id = format!("{own}@default");
            Told { name: self.names[&id].clone(), pid: pid(own), id }
        });
        told.collect()
    }
}
