//! systemd-nspawn, whose containers are processes and files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Deed, Engine, Told};

/// Containers by name, which are registered as systemd-machined does it, so that no other test's are seen.
/// What does not run is not known: one that has ended is removed.
pub(super) struct Nspawn {
    folder: PathBuf,
    made: BTreeMap<String, lab::Nspawn>,
}

impl Nspawn {
    pub(super) fn start(folder: &Path) -> Self {
        std::fs::create_dir(folder.join("machines")).unwrap();
        Self { folder: folder.to_owned(), made: BTreeMap::new() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join("machines").join(name)
    }

    /// Writes its file, which is there as a whole or not at all.
    fn register(&self, name: &str) {
        let text = format!("NAME={name}\nCLASS=container\nLEADER={}\n", self.made[name].pid());
        let new = self.folder.join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.file(name)).unwrap();
    }
}

impl Engine for Nspawn {
    fn kind(&self) -> &'static str {
        "nspawn"
    }

    fn words(&self) -> Vec<String> {
        vec!["--engine".to_owned(), format!("nspawn={}/machines", self.folder.display())]
    }

    fn deeds(&self) -> &'static [Deed] {
        &[Deed::Restart, Deed::Restart, Deed::Restart, Deed::Remove]
    }

    fn make(&mut self, name: &str) -> String {
        self.made.insert(name.to_owned(), lab::Nspawn::start_named(&self.folder, name));
        self.register(name);
        format!("{name}@nspawn")
    }

    fn does(&mut self, deed: Deed, _: &str, name: &str) -> Result<String, String> {
        match deed {
            Deed::Restart => {
                self.made.get_mut(name).unwrap().restart();
                self.register(name);
            }
            Deed::Remove => {
                self.made.remove(name).unwrap().remove();
                std::fs::remove_file(self.file(name)).unwrap();
            }
            _ => return Err("there is no such thing".to_owned()),
        }
        Ok(String::new())
    }

    fn told(&self) -> Vec<Told> {
        let told = self.made.iter().map(|(name, one)| Told {
            id: format!("{name}@nspawn"),
            name: name.clone(),
            pid: Some(one.pid()),
        });
        told.collect()
    }
}
