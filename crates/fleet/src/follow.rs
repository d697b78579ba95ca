//! Reads what others tell: everything at one revision, then what changes from there on.
//!
//! After anything that went wrong it is read whole again: a compaction, a connection that broke, a
//! cluster that was restored from a copy or made anew all come to the same.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use etcd::{Client, Error, Header, Watcher};
use futures_util::FutureExt;
use futures_util::future::select_all;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::backoff::SpreadBackoff;
use crate::fleet::Fleet;

/// What went well for so long begins with a short pause again.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// Follows the fleet for ever.
pub async fn follow(etcd: Client, fleet: Arc<Fleet>) {
    let (mut backoff, mut told) = (SpreadBackoff::default(), None);
    loop {
        let start = Instant::now();
        let Err(why) = session(&etcd, &fleet, &mut told).await;
        let why = why.to_string();
        fleet.lose(&why);
        if told.as_ref() != Some(&why) {
            warn!("the other hosts of the fleet are not heard of: {why}");
            told = Some(why);
        }
        if start.elapsed() > STABLE_AFTER {
            backoff.reset();
        }
        sleep(backoff.pause()).await;
    }
}

async fn session(
    etcd: &Client,
    fleet: &Fleet,
    told: &mut Option<String>,
) -> Result<Infallible, Error> {
    let keys = fleet.keys();
    let prefixes = if fleet.mirrors() {
        vec![keys.all().to_owned()]
    } else {
        vec![keys.hosts(), keys.alives(), keys.meshes()]
    };
    fleet.begin();
    let mut header = Header::default();
    for prefix in &prefixes {
        let mut pages = etcd.pages(prefix, header.revision);
        while let Some(page) = pages.next().await? {
            if header.revision == 0 {
                header = page.header;
            }
            fleet.take(&page.rows);
            // Requests are answered meanwhile.
            tokio::task::yield_now().await;
        }
    }
    let mut watchers = Vec::new();
    for prefix in &prefixes {
        watchers.push(etcd.watch(prefix, header.revision + 1).await?);
    }
    fleet.finish();
    if told.take().is_some() {
        info!("the other hosts of the fleet are heard of again");
    }
    loop {
        let batch = any(&mut watchers).await?;
        if batch.header.cluster_id != header.cluster_id {
            return Err(Error::Ended("it is another cluster now".to_owned()));
        }
        if !batch.events.is_empty() {
            fleet.apply(&batch.events);
        }
    }
}

/// The next changes of any of them.
async fn any(watchers: &mut [Watcher]) -> Result<etcd::Batch, Error> {
    let next = watchers.iter_mut().map(|watcher| watcher.next().boxed());
    select_all(next).await.0
}
