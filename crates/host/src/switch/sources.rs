//! Which sources are taken in a look, and what each brings.

use std::collections::BTreeMap;

use futures_util::future::{BoxFuture, join_all};
use model::SourceError;
use model::ids::NetnsId;
use model::snapshot::{Namespace, Observed};
use model::switch::{Bridge, SwitchSource};

use super::{appctl, openflow};
use crate::Host;
use crate::deadline::Deadline;
use crate::kernel;
use crate::question::Question;
use crate::switch::ovsdb::{Answerer, Database};

/// With more interfaces than this, reading the whole table costs less than asking for each.
const MANY: usize = 32;

/// What each source brought.
pub(crate) type BySource = BTreeMap<SwitchSource, Observed<Bridge>>;

/// What each source brought, and who answered for the database, if it was asked and did.
pub(crate) type SwitchAnswer = (BySource, Option<Answerer>);

/// The same of the database alone.
type DatabaseAnswer = (Result<Vec<Bridge>, SourceError>, Option<Answerer>);

/// How a source reads every bridge; the one that is asked about, if there is one, must be among
/// them, and others that are not are only missing.
type Read = for<'a> fn(&'a Host, Deadline, Option<&'a str>) -> BoxFuture<'a, Observed<Bridge>>;

/// Every source beside the database, which alone can be asked for a few ports and be followed. A
/// new one is its file, its name in [`SwitchSource`], and a line here.
const SOURCES: [(SwitchSource, Read); 2] =
    [(SwitchSource::OpenFlow, openflow::read), (SwitchSource::Appctl, appctl::read)];

impl Host {
    /// What the sources of `question` say of everything; the database only of a bridge's own port, where that is
    /// asked about.
    pub(crate) async fn sources(&self, due: Deadline, question: &Question) -> SwitchAnswer {
        let ovsdb = async {
            if !question.takes(SwitchSource::Ovsdb) {
                return None;
            }
            let mut database = match self.database(due).await {
                Ok(database) => database,
                Err(why) => return Some((Err(why), None)),
            };
            let what = database.what().to_owned();
            let settings = question.traffic || question.identities;
            let ask = async {
                match &question.own_port {
                    // It is called as its bridge.
                    Some(bridge) => {
                        database.named(std::slice::from_ref(bridge), &[], None, settings).await
                    }
                    None => database.all().await,
                }
            };
            let rows = due.hold(|| what.clone(), Box::pin(ask)).await;
            Some((rows, Some(database.answerer())))
        };
        let (ovsdb, others) = tokio::join!(ovsdb, self.other_sources(due, question));
        collect(ovsdb, others)
    }

    /// Whether the database has a bridge, or a fake bridge, of this name.
    pub(crate) async fn has_bridge(&self, name: &str) -> Result<bool, SourceError> {
        let due = Deadline::after(self.timeout);
        let mut database = self.database(due).await?;
        let what = database.what().to_owned();
        let found = due.hold(|| what.clone(), database.named(&[], &[], Some(name), false)).await?;
        Ok(found.iter().any(|bridge| bridge.is_called(name)))
    }

    /// The same of the ports that the links in `rows` may be; `rows` begins with the namespace
    /// that was asked about, and goes on with others, the one called `switch` among them.
    /// `others` is what the other sources have said.
    pub(crate) async fn sources_near(
        &self,
        due: Deadline,
        question: &Question,
        database: Option<Result<Database, SourceError>>,
        others: BySource,
        (rows, switch): (&[Namespace], Option<NetnsId>),
    ) -> SwitchAnswer {
        let ovsdb = match database {
            Some(database) => Some(near(due, database, question, rows, switch).await),
            None => None,
        };
        collect(ovsdb, others)
    }

    /// What the sources beside the database say: always of everything.
    pub(crate) async fn other_sources(&self, due: Deadline, question: &Question) -> BySource {
        let wanted = SOURCES.iter().filter(|(source, _)| question.takes(*source));
        let asked = wanted.map(async |(source, read)| {
            (*source, read(self, due, question.bridge.as_deref()).await)
        });
        join_all(asked).await.into_iter().collect()
    }
}

fn collect(ovsdb: Option<DatabaseAnswer>, mut sources: BySource) -> SwitchAnswer {
    let (rows, answerer) = ovsdb.unzip();
    sources.extend(rows.map(|rows| (SwitchSource::Ovsdb, rows.into())));
    (sources, answerer.flatten())
}

async fn near(
    due: Deadline,
    database: Result<Database, SourceError>,
    question: &Question,
    rows: &[Namespace],
    switch: Option<NetnsId>,
) -> DatabaseAnswer {
    let mut database = match database {
        Ok(database) => database,
        Err(why) => return (Err(why), None),
    };
    let what = database.what().to_owned();
    let here = rows.get(1..).unwrap_or_default();
    let links = || here.iter().flat_map(|ns| &ns.links);
    let names = links().flat_map(|link| std::iter::once(&link.name).chain(&link.altnames));
    let names: Vec<_> = names.map(ToString::to_string).collect();
    let held: Vec<_> = links().map(|link| (link.ifindex.0, &*link.name)).collect();
    // Without the switch's namespace a link leads to no name, and only claims lead to a port.
    let unnamed = here.is_empty() && rows.first().is_some_and(|home| !home.links.is_empty());
    // What is on the way in other namespaces may be a port as what is inside may be.
    let mut away = rows.iter().filter(|row| Some(row.id) != switch);
    let whole = unnamed || names.len() > MANY || away.any(kernel::needs_everything);
    let bridge = question.bridge.as_deref();
    let ask = async {
        if whole {
            return database.all().await;
        }
        let settings = question.traffic || question.identities;
        let found = database.named(&names, &held, bridge, settings).await?;
        let is_there = |name| found.iter().any(|bridge| bridge.is_called(name));
        let missing = bridge.is_some_and(|name| !is_there(name));
        if !missing {
            return Ok(found);
        }
        // So that the error can tell which bridges there are.
        Ok(found.into_iter().chain(database.bridges().await?).collect())
    };
    let rows = due.hold(|| what.clone(), ask).await;
    (rows, Some(database.answerer()))
}
