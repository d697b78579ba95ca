//! What the journal of the daemon knows of moments that the test has noted.

use lab::comes_true;

use crate::tool::docker_ovs;
use crate::tool::picture::parsed;

use super::scene::{Rows, Scene, told};

/// What was there at a moment, in milliseconds since the Unix epoch.
#[derive(Debug)]
pub(super) struct Noted {
    at: u64,
    rows: Rows,
}

impl Scene {
    /// Notes what there is, which the daemon has seen, and which its journal has from then on.
    ///
    /// # Panics
    /// When the journal knows something else.
    pub(super) fn note(&mut self, rows: Rows) {
        let daemon = self.daemon.as_ref().unwrap();
        let is_written = "docker_ovs_history_pending_looks 0\n";
        let is_kept = comes_true(|| daemon.get("/metrics").body.contains(is_written));
        assert!(is_kept, "what was seen is on the disk");
        let noted = Noted { at: host::now(), rows };
        assert_eq!(self.was(noted.at).as_ref(), Some(&noted.rows), "at {}", noted.at);
        self.noted.push(noted);
    }

    /// The journal tells of each moment what was noted, or that it does not know: a daemon that was killed
    /// has not said that nothing changed since its last look.
    ///
    /// # Panics
    /// When it tells something else.
    pub(super) fn remembers(&self) {
        let mut unknown = 0;
        for noted in &self.noted {
            match self.was(noted.at) {
                Some(rows) => assert_eq!(rows, noted.rows, "at {}", noted.at),
                None => unknown += 1,
            }
        }
        println!("{unknown} of {} moments are not known", self.noted.len());
        let folder = self.history.path().to_str().unwrap();
        let words = ["history", "--history-dir", folder, "--format", "json"];
        let ran = docker_ovs(&[&words[..], &["--timeout", "2m"]].concat());
        // It says so where nothing has changed yet.
        let has_changed = self.noted.windows(2).any(|two| two[0].rows != two[1].rows);
        let is_told = ran.code == 0 || (!has_changed && ran.code == 1 && ran.stdout.is_empty());
        assert!(is_told, "{ran:?}");
        let times: Vec<_> = parsed(&ran.stdout).iter().map(|row| row["Time"].to_string()).collect();
        assert!(times.is_sorted(), "{times:?}");
    }

    /// What was there at a moment; none where that is not known.
    fn was(&self, at: u64) -> Option<Rows> {
        let (folder, at) =
            (self.history.path().to_str().unwrap(), format!("{}.{:03}", at / 1000, at % 1000));
        let words = ["ls", "--at", &at, "--history-dir", folder, "--format", "json"];
        let ran = docker_ovs(&[&words[..], &["--timeout", "2m"]].concat());
        // The log of this machine's own database is another switch's.
        if ran.stderr.contains(" is not known: ") || ran.stderr.contains("conf.db") {
            return None;
        }
        assert_eq!(ran.code, 0, "{ran:?}");
        Some(told(&parsed(&ran.stdout)))
    }
}
