//! The switch, watched: its tables once, then every change of them.

use model::Trouble;
use model::switch::Bridge;
use tokio::sync::watch::Sender;

use super::keep::Told;
use crate::Host;
use crate::deadline::Deadline;
use crate::switch::follow::Followed;

/// Tells all bridges, and again after each change, until the database fails.
pub(super) async fn talk(host: &Host, told: &Sender<Told<Bridge>>) -> Trouble {
    match follow(host, told).await {
        Ok(never) => match never {},
        Err(trouble) => trouble,
    }
}

async fn follow(
    host: &Host,
    told: &Sender<Told<Bridge>>,
) -> Result<std::convert::Infallible, Trouble> {
    let due = Deadline::after(host.timeout);
    let database = host.database(due).await?;
    let what = database.what().to_owned();
    let mut followed = due.hold(|| what.clone(), Followed::start(database)).await?;
    loop {
        told.send_replace(Told::fresh(followed.bridges()));
        followed.change(host.timeout).await?;
    }
}
