//! What every request can reach.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::http::HeaderMap;
use axum::response::Response;
use fleet::Fleet;
use host::{Counters, Observe, Origin, Question};
use livetraffic::{Trace, TraceError};
use model::switch::SwitchSource;
use model::{Snapshot, SourceError, SourceErrorKind, query};
use report::v1;
use tokio::sync::watch;

use crate::health::HealthTexts;
use crate::history::{History, HistorySettings};
use crate::http::encoding;
use crate::http::error::ApiError;
use crate::look_thread::LookThread;
use crate::places::{Owner, Places};
use crate::pool::Pool;
use crate::rates::Rates;
use crate::requests::Requests;
use crate::restores::Restores;
use crate::settings::Build;
use crate::shared_texts::SharedTexts;
use crate::state::renderings::{Part, Rendered, Renderings};
use crate::state::{Marks, Published, State};
use crate::timings::Timings;
use crate::turns::{CountedText, Turn, Turns};

/// So many looks and traces at once are made for requests, and as often counters are read; for each client
/// one of each.
const MAX_HOST_QUERIES: usize = 2;

/// The rows of a trace, and the turn that they were asked for in; or why there are none.
pub(crate) type Traced = Result<(Turn, Vec<v1::Trace>), TraceError>;

/// The running daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) published: Arc<Published>,
    /// For what goes through the whole host.
    pub(crate) look_thread: LookThread,
    /// For what takes long, and is not of one request alone.
    pub(crate) pool: Pool,
    /// For what one request alone asks for.
    pub(crate) requests: Requests,
    /// What is written once for all.
    pub(crate) shares: SharedTexts,
    /// Events, which wait for no rendering.
    pub(crate) events_shares: SharedTexts,
    /// How the daemon is, which waits for nothing else that a client has not taken.
    pub(crate) health: HealthTexts,
    /// What is owed to containers, and what was made again.
    pub(crate) restores: Restores,
    /// What is kept of the past.
    pub(crate) history: Arc<History>,
    /// True when it is to end.
    pub(crate) stopped: watch::Receiver<bool>,
    pub(crate) timings: Timings,
    /// The places of each listener, by its address.
    pub(crate) listeners: Vec<(String, Arc<Places>)>,
    pub(crate) build: Build,
    /// The fleet that this host is of, if it is of one.
    pub(crate) fleet: Option<Arc<Fleet>>,
    renderings: Renderings,
    rates: Rates,
    /// What came of them: to count takes longer than to write what is known.
    rates_shares: SharedTexts,
    origin: Origin,
    looks: Turns,
    counts: Turns,
}

impl Daemon {
    /// Before the first look; from inside a runtime.
    pub(crate) fn new(
        origin: Origin,
        boot: String,
        listeners: Vec<(String, Arc<Places>)>,
        history: Option<HistorySettings>,
        stopped: watch::Receiver<bool>,
        build: Build,
        fleet: Option<Arc<Fleet>>,
    ) -> Self {
        Self {
            published: Arc::new(Published::new(boot)),
            look_thread: LookThread::start(),
            pool: Pool::default(),
            requests: Requests::default(),
            shares: SharedTexts::default(),
            events_shares: SharedTexts::default(),
            health: HealthTexts::default(),
            restores: Restores::default(),
            history: Arc::new(History::new(history)),
            renderings: Renderings::default(),
            rates: Rates::default(),
            rates_shares: SharedTexts::default(),
            stopped,
            timings: Timings::default(),
            listeners,
            build,
            fleet,
            origin,
            looks: Turns::new(MAX_HOST_QUERIES),
            counts: Turns::new(MAX_HOST_QUERIES),
        }
    }

    /// What is known.
    ///
    /// # Errors
    /// The first look has not ended yet.
    pub(crate) fn state(&self) -> Result<Arc<State>, ApiError> {
        self.published.now().ok_or_else(ApiError::not_ready)
    }

    /// A part of what is known, written once for all that ask.
    ///
    /// # Errors
    /// As [`Daemon::state`].
    pub(crate) async fn rendered(&self, part: Part) -> Result<Rendered, ApiError> {
        self.renderings.get(part, &self.published, &self.pool).await
    }

    /// The answer that `write` makes of a part, which is packed where the client takes it so.
    ///
    /// # Errors
    /// As [`Daemon::rendered`] and [`Pool::run`].
    pub(crate) async fn shared(
        &self,
        part: Part,
        owner: Owner,
        headers: &HeaderMap,
        write: impl FnOnce(CountedText, Marks) -> Response,
    ) -> Result<Response, ApiError> {
        let share = self.shares.turn(owner).await;
        let rendered = self.rendered(part).await?;
        let (text, is_packed) = rendered.body(headers, &self.pool).await?;
        let marks = rendered.marks.clone();
        drop(rendered);
        let mut answer = write(share.hold(text).await, marks);
        encoding::mark(&mut answer, is_packed);
        Ok(answer)
    }

    /// The same, where an answer needs every kind of source.
    pub(crate) fn require_sources(&self) -> Result<Arc<State>, ApiError> {
        let state = self.state()?;
        query::require_sources(&state.snapshot)?;
        Ok(state)
    }

    /// A look for one request, by sources of the switch that are not watched. Of requests that
    /// come at once some wait. The client's next look waits for its turn to be dropped, and no other client does:
    /// the host has answered.
    ///
    /// # Errors
    /// As [`LookThread::run`].
    pub(crate) async fn look(
        &self,
        sources: Vec<SwitchSource>,
        owner: Owner,
    ) -> Result<(Turn, Snapshot), ApiError> {
        let mut turn = self.looks.take(owner).await;
        let start = Instant::now();
        let question = Question { sources, traffic: true, ..Question::default() };
        let origin = self.origin.clone();
        let look = Box::pin(async move { origin.observe(&question).await });
        let snapshot = self.look_thread.run(look).await?;
        self.timings.looked(start.elapsed());
        turn.make_way();
        Ok((turn, snapshot))
    }

    /// Waits for a client's turn to read counters, which ends with its answer.
    pub(crate) async fn counting(&self, owner: Owner) -> Counting<'_> {
        Counting { origin: &self.origin, turn: self.counts.take(owner).await }
    }

    /// JSON of what passes through each port: [`Rates::get`].
    pub(crate) async fn rates(&self, owner: Owner) -> Result<CountedText, ApiError> {
        let share = self.rates_shares.turn(owner).await;
        let text = self.rates.get(&self.origin, &self.published, &self.pool).await?;
        Ok(share.hold(text).await)
    }

    /// What becomes of a packet, or why that cannot be told. Of requests that come at once some wait; the client's
    /// next one waits for its turn to be dropped.
    ///
    /// # Errors
    /// As [`LookThread::run`].
    pub(crate) async fn trace(&self, trace: Trace, owner: Owner) -> Result<Traced, ApiError> {
        let Origin::Live(host) = &self.origin else {
            let why = "it was recorded, and a recording has no flows";
            let error = SourceError::new(SourceErrorKind::Unusable, "this host", why);
            return Ok(Err(error.into()));
        };
        let mut turn = self.looks.take(owner).await;
        let host = host.clone();
        let asked = Box::pin(async move { trace.run(&host).await });
        let traced = self.look_thread.run(asked).await?;
        turn.make_way();
        Ok(traced.map(|traced| (turn, traced.rows)))
    }
}

/// A client's turn to read counters.
#[derive(Debug)]
pub(crate) struct Counting<'d> {
    origin: &'d Origin,
    turn: Turn,
}

impl Counting<'_> {
    /// The counters of one interface, or of all; a recording has none. Other clients wait for no more than
    /// this.
    pub(crate) async fn statistics(
        &mut self,
        iface: Option<&str>,
    ) -> Result<BTreeMap<String, Counters>, SourceError> {
        let counters = match self.origin {
            Origin::Live(host) => host.statistics(iface).await,
            Origin::Recorded(..) => Ok(BTreeMap::new()),
        };
        self.turn.make_way();
        counters
    }

    /// The turn, for as long as the answer is made.
    pub(crate) fn into_turn(self) -> Turn {
        self.turn
    }
}
