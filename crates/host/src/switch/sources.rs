//! Which roads are taken in a look, and what each brings.

use std::collections::BTreeMap;

use model::Trouble;
use model::snapshot::Namespace;
use model::switch::{Bridge, Via};

use super::{appctl, openflow};
use crate::Host;
use crate::deadline::Deadline;
use crate::kernel;
use crate::question::Question;
use crate::switch::ovsdb::Database;

/// With more interfaces than this, reading the whole table costs less than asking for each.
const MANY: usize = 32;

/// What each road brought.
pub(crate) type Roads = BTreeMap<Via, Result<Vec<Bridge>, Trouble>>;

impl Host {
    /// What the roads of `question` say of everything.
    pub(crate) async fn roads(&self, due: Deadline, question: &Question) -> Roads {
        let ovsdb = async {
            let mut database = self.database(due).await?;
            let what = database.what().to_owned();
            due.hold(|| what.clone(), database.all()).await
        };
        let wants = |via| question.takes(via);
        let (ovsdb, openflow, dpif) = tokio::join!(
            when(wants(Via::Ovsdb), ovsdb),
            when(wants(Via::OpenFlow), self.by_openflow(due, question.bridge.as_deref())),
            when(wants(Via::Dpif), self.by_dpif(due)),
        );
        collect(ovsdb, openflow, dpif)
    }

    /// The same of the ports that the links in `rows` may be; `rows` begins with the namespace
    /// that was asked about, and goes on with the switch's.
    pub(crate) async fn roads_near(
        &self,
        due: Deadline,
        question: &Question,
        database: Option<Result<Database, Trouble>>,
        rows: &[Namespace],
    ) -> Roads {
        let ovsdb = async {
            match database {
                Some(database) => Some(near(due, database, question, rows).await),
                None => None,
            }
        };
        let wants = |via| question.takes(via);
        let (ovsdb, openflow, dpif) = tokio::join!(
            ovsdb,
            when(wants(Via::OpenFlow), self.by_openflow(due, question.bridge.as_deref())),
            when(wants(Via::Dpif), self.by_dpif(due)),
        );
        collect(ovsdb, openflow, dpif)
    }

    async fn by_dpif(&self, due: Deadline) -> Result<Vec<Bridge>, Trouble> {
        due.hold(|| appctl::what(&self.rundir), appctl::all(&self.rundir)).await
    }

    async fn by_openflow(
        &self,
        due: Deadline,
        bridge: Option<&str>,
    ) -> Result<Vec<Bridge>, Trouble> {
        openflow::all(due, &self.rundir, &self.openflow, bridge).await
    }
}

async fn when<T>(wanted: bool, road: impl Future<Output = T>) -> Option<T> {
    if wanted { Some(road.await) } else { None }
}

type Road = Option<Result<Vec<Bridge>, Trouble>>;

fn collect(ovsdb: Road, openflow: Road, dpif: Road) -> Roads {
    let roads = [(Via::Ovsdb, ovsdb), (Via::OpenFlow, openflow), (Via::Dpif, dpif)];
    roads.into_iter().filter_map(|(via, road)| Some((via, road?))).collect()
}

async fn near(
    due: Deadline,
    database: Result<Database, Trouble>,
    question: &Question,
    rows: &[Namespace],
) -> Result<Vec<Bridge>, Trouble> {
    let mut database = database?;
    let what = database.what().to_owned();
    let here = rows.get(1..).unwrap_or_default();
    let names: Vec<_> =
        here.iter().flat_map(|ns| &ns.links).map(|link| link.name.to_string()).collect();
    let whole = names.len() > MANY || rows.first().is_some_and(kernel::needs_everything);
    let bridge = question.bridge.as_deref();
    let ask = async {
        if whole {
            return database.all().await;
        }
        let found = database.named(&names, bridge).await?;
        let missing = bridge.is_some_and(|name| found.iter().all(|bridge| *bridge.name != *name));
        if !missing {
            return Ok(found);
        }
        // So that the error can tell which bridges there are.
        Ok(found.into_iter().chain(database.bridges().await?).collect())
    };
    due.hold(|| what.clone(), ask).await
}
