//! A switch that numbers nothing: a test writes what vswitchd would.

use lab::{Database, IdleVswitchd};

/// A database with a bridge whose vswitchd does nothing.
pub(crate) struct Unserved {
    server: Database,
    _vswitchd: IdleVswitchd,
}

impl std::ops::Deref for Unserved {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.server
    }
}

impl std::ops::DerefMut for Unserved {
    fn deref_mut(&mut self) -> &mut Database {
        &mut self.server
    }
}

/// Such a database, and words for the tool to use it.
pub(crate) fn unserved() -> (Unserved, String) {
    let server = Database::start();
    let vswitchd = server.idle_vswitchd();
    server.vsctl(&["add-br", "br0"]);
    let remote = server.remote();
    (Unserved { server, _vswitchd: vswitchd }, remote)
}
