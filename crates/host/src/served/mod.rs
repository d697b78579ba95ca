//! A Host that a daemon looks at: for those who may ask it, but not the host itself.

mod door;
mod failure;

use std::time::Duration;

use model::Trouble;
use model::switch::Via;
use serde_json::value::RawValue;

use crate::Host;
use crate::deadline::Deadline;

pub use door::Server;

impl Host {
    /// The host as the daemon at `server` sees it now.
    ///
    /// # Errors
    /// There is no daemon, it is not whom it should be or does not let us in, it has not looked
    /// yet, or it is silent for longer than `timeout`.
    pub async fn served(
        server: &Server,
        roads: &[Via],
        timeout: Duration,
    ) -> Result<Self, Trouble> {
        let door = server.door(|name| std::env::var(name).ok())?;
        let what = format!("the daemon at {}", server.url);
        let http = door.client()?;
        let path = path(roads);
        let ask = async {
            let asked = http.get::<Box<RawValue>>(&path).await;
            asked.map_err(|error| failure::trouble(&what, &error, &door))
        };
        let snapshot = Deadline::after(timeout).hold(|| what.clone(), ask).await?;
        Self::replay_json(&what, snapshot.get().as_bytes())
    }
}

/// The roads are named only if there is more than what the daemon follows anyway.
fn path(roads: &[Via]) -> String {
    let asked: Vec<_> = roads.iter().map(|via| format!("source={via}")).collect();
    format!("/v1/snapshot?{}", asked.join("&"))
}
