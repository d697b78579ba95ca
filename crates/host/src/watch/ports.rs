//! The switch, watched: its tables once, then every change of them.

use model::Trouble;
use model::switch::Bridge;
use tokio::sync::watch::Sender;
use tokio::time::timeout;

use super::keep::{SILENCE, Told, stay};
use crate::Host;
use crate::deadline::Deadline;
use crate::switch::follow::Followed;

/// Tells all bridges, and again after each change, until the database fails.
pub(super) async fn talk(host: &Host, told: &Sender<Told<Bridge>>) -> Trouble {
    let Err(trouble) = follow(host, told).await;
    trouble
}

async fn follow(
    host: &Host,
    told: &Sender<Told<Bridge>>,
) -> Result<std::convert::Infallible, Trouble> {
    let due = || Deadline::after(host.timeout);
    let start = due();
    let database = host.database(start).await?;
    let what = database.what().to_owned();
    let what = || what.clone();
    let mut followed = start.hold(what, Followed::start(database)).await?;
    loop {
        told.send_replace(Told::fresh(followed.bridges()));
        loop {
            match timeout(SILENCE, followed.change()).await {
                Ok(changed) => break changed?,
                Err(_) => stay(told, what, due().hold(what, followed.life())).await?,
            }
        }
    }
}
