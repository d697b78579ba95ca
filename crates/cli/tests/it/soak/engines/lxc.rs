//! LXC: a folder of containers, without a daemon.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lab::try_run;

use super::{ALL_BUT_RENAME, Deed, Engine, Told};

/// A folder of containers, which has its guards by name.
pub(super) struct Lxc {
    folder: PathBuf,
    made: BTreeMap<String, lab::Lxc>,
}

impl Lxc {
    pub(super) fn start(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), made: BTreeMap::new() }
    }

    /// The name, with a digest of the folder (FNV-1a).
    fn id(&self, name: &str) -> String {
        let path = self.folder.to_str().unwrap().bytes();
        let digest = path.fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{name}@lxc-{digest:016x}")
    }
}

impl Engine for Lxc {
    fn kind(&self) -> &'static str {
        "lxc"
    }

    fn words(&self) -> Vec<String> {
        vec!["--engine".to_owned(), format!("lxc={}", self.folder.display())]
    }

    fn deeds(&self) -> &'static [Deed] {
        &ALL_BUT_RENAME
    }

    fn make(&mut self, name: &str) -> String {
        self.made.insert(name.to_owned(), lab::Lxc::start_named(&self.folder, name));
        self.id(name)
    }

    fn does(&mut self, deed: Deed, _: &str, name: &str) -> Result<String, String> {
        let container = &self.made[name];
        let stop = || container.try_lxc("lxc-stop", &["--kill"]);
        let start = || container.try_lxc("lxc-start", &["--logfile", "/dev/null"]);
        match deed {
            Deed::Restart => {
                // It need not run.
                let _ = stop();
                start()
            }
            Deed::Stop => stop(),
            Deed::Start => start(),
            Deed::Rename => Err("another name is another container".to_owned()),
            Deed::Pause => container.try_lxc("lxc-freeze", &[]),
            Deed::Unpause => container.try_lxc("lxc-unfreeze", &[]),
            Deed::Remove => {
                let _ = stop();
                container.remove();
                self.made.remove(name);
                Ok(String::new())
            }
        }
    }

    fn told(&self) -> Vec<Told> {
        let folder = self.folder.to_str().unwrap();
        let names = lab::run("lxc-ls", &["--lxcpath", folder, "-1"]);
        let told = names.lines().map(|name| {
            let name = name.trim();
            let words = ["--lxcpath", folder, "--name", name, "--pid", "--no-humanize"];
            let pid = try_run("lxc-info", &words).ok();
            let pid = pid.filter(|pid| pid.parse::<u32>().is_ok());
            Told { id: self.id(name), name: name.to_owned(), pid }
        });
        told.collect()
    }
}
