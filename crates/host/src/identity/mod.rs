//! Whose world each source speaks of: which process answers, and whether its processes, namespaces
//! and links are those that this program sees.
//!
//! A number in a file, a name that a process gave itself and an answer that is repeated prove
//! nothing. What proves is the kernel's word: who holds a lock, who listens at a socket, which
//! file two names lead to, which cgroup a process is in.

pub(crate) mod cgroup;
pub(crate) mod database;
pub(crate) mod engine;
pub(crate) mod parsing;
pub(crate) mod peer;
pub(crate) mod process;
pub(crate) mod remembered;
mod rooted_path;
pub(crate) mod sockets;
pub(crate) mod store;
pub(crate) mod vswitchd;

use model::identity::{SourceIdentity, World};
use model::{SourceError, SourceErrorKind};
use netns::Netns;

use crate::{Host, failure};
use vswitchd::{Unidentified, Vswitchd};

/// The switch that a look is about.
pub(crate) struct Switch {
    /// The network namespace of its vswitchd, or why that is not known: then no missing link proves
    /// anything.
    pub(crate) netns: Result<Netns, SourceError>,
    /// Its vswitchd; `Here` if and only if `netns` is known.
    pub(crate) vswitchd: SourceIdentity,
    /// Whose its database is; none where that is not asked.
    pub(crate) database: Option<World>,
}

impl Host {
    /// Which process the switch is; and whether that is the one of the database, if `by_database`
    /// tells that its rows count. To be called in a tokio runtime; waits for nothing.
    pub(crate) fn identify_switch(&self, by_database: bool) -> Switch {
        let vswitchd = vswitchd::identify(&self.rundir);
        let (vswitchd, database) =
            match by_database.then(|| self.identify_database(vswitchd.as_ref())) {
                Some(Err(why)) => {
                    let pid = vswitchd.ok().map(|vswitchd| vswitchd.process.pid());
                    let world = World::Unknown { why: why.to_string() };
                    (Err(Unidentified { pid, why }), Some(world))
                }
                world => (vswitchd, world.and_then(Result::ok)),
            };
        let other = database.as_ref().and_then(serves_another);
        let other = other.filter(|_| self.database_answers());
        let found = match (vswitchd, other) {
            (Ok(vswitchd), Some(why)) => {
                let what = format!("ovs-vswitchd (process {})", vswitchd.process.pid());
                let why = SourceError::new(SourceErrorKind::Unusable, what, why)
                    .hint("--db or OVS_RUNDIR names the folder of the database's own ovs-vswitchd");
                Err(Unidentified { pid: Some(vswitchd.process.pid()), why })
            }
            (found, _) => found,
        };
        match found {
            Ok(vswitchd) => {
                let identity = vswitchd.identity();
                Switch { netns: Ok(vswitchd.netns), vswitchd: identity, database }
            }
            Err(Unidentified { pid, why }) => {
                let vswitchd = unknown(pid, &why);
                Switch { netns: Err(why), vswitchd, database }
            }
        }
    }

    /// Whose the database is.
    ///
    /// # Errors
    /// As [`database::judge`].
    pub(crate) fn identify_database(
        &self,
        vswitchd: Result<&Vswitchd, &Unidentified>,
    ) -> Result<World, SourceError> {
        Ok(match (&self.db, vswitchd) {
            (Err(why), _) => World::Unknown { why: why.to_string() },
            (Ok(remote), Ok(vswitchd)) => {
                let judged = database::judge(remote, vswitchd, &self.rundir);
                let what = || "the database of ovs-vswitchd".to_owned();
                judged.map_err(|error| failure::of_io(what(), &error, "run as root"))?
            }
            (Ok(ovsdb::Remote::Unix(_)), Err(no)) => World::Unknown { why: no.why.to_string() },
            (Ok(remote), Err(no)) => {
                World::Elsewhere { why: format!("it is asked at {remote}, and {}", no.why) }
            }
        })
    }

    /// A database that does not answer has no rows that could be another switch's.
    fn database_answers(&self) -> bool {
        match &self.db {
            Ok(ovsdb::Remote::Unix(path)) => peer::listener(path).is_ok(),
            Ok(_) => true,
            Err(_) => false,
        }
    }
}

/// Why vswitchd is not the one of a database of this world.
pub(crate) fn serves_another(database: &World) -> Option<String> {
    match database {
        World::Here { .. } => None,
        World::Elsewhere { why } | World::Unknown { why } => {
            Some(format!("it is not proven to have the database that is asked: {why}"))
        }
    }
}

impl Vswitchd {
    /// Who it is, in words.
    pub(crate) fn identity(&self) -> SourceIdentity {
        let evidence = self.evidence.clone();
        SourceIdentity::new(Some(self.process.pid()), World::Here { evidence })
    }
}

/// Something that could not be told.
pub(crate) fn unknown(pid: Option<u32>, why: &SourceError) -> SourceIdentity {
    SourceIdentity::new(pid, World::Unknown { why: why.to_string() })
}
