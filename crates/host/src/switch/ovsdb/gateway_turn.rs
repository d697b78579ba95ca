//! Turns of drivers at the gateways of a switch's networks.

use model::SourceError;

use super::read::Database;
use crate::Host;
use crate::deadline::Deadline;

/// The lock of who puts gateways in place or takes them away.
const LOCK: &str = "docker_ovs_gateways";

/// The gateways of a switch's networks, for one process at a time, as long as this lives: what one has read
/// of the database is not what the kernel is to have once another one has changed both. The server gives the
/// turn to the next when its holder is gone (RFC 7047 section 4.1.8).
///
/// It is another lock than that of plans, whose holder may wait for vswitchd: what is done in a turn is a
/// matter of milliseconds.
#[must_use = "the turn ends with the value"]
pub struct GatewayTurn(#[expect(dead_code, reason = "it is held, not read")] Database);

impl GatewayTurn {
    /// Waits until no other process has it.
    ///
    /// # Errors
    /// The database does not answer, or a process that has the turn is stopped.
    pub async fn wait(host: &Host) -> Result<Self, SourceError> {
        let due = Deadline::after(host.timeout);
        let mut database = host.database(due).await?;
        let busy = "another docker-ovs, which is at the gateways of this switch, or its database";
        due.hold(|| busy.to_owned(), database.lock(LOCK)).await?;
        Ok(Self(database))
    }
}
