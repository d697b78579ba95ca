//! `connect` and `disconnect`.

use model::plan::{Connect, Disconnect, Plan, PlanError, connect, disconnect};
use model::query::{QueryError, Subject};
use model::snapshot::Observed;
use model::wiring::AttachmentState;
use model::{Look, Snapshot, SourceError, SourceErrorKind, Target, query, resolve};

use super::executor::PlanExecutor;
use super::questions::proof;
use super::settle::unknown_occupants;
use super::{ActError, Connected};
use crate::generate::generate;
use crate::{Host, Observe, Question};

/// How often a plan is made anew when another program, which takes no lock, changed what it
/// rested on.
pub(super) const TRIES: usize = 5;

impl Host {
    /// Gives a container an interface, and the interface a port.
    ///
    /// # Errors
    /// [`ActError`]; nothing stays that was not there before.
    pub async fn connect(&self, request: &Connect) -> Result<Connected, ActError> {
        let mut executor = PlanExecutor::take(self).await?;
        let mut tries = TRIES;
        let plan = loop {
            let (snapshot, plan) = plan_connect(self, request).await?;
            tries -= 1;
            match executor.run(&snapshot, &plan).await {
                Ok(()) => break plan,
                Err(act_error) if tries > 0 && executor.may_try_again(&act_error) => {}
                Err(act_error) => return Err(act_error),
            }
        };
        let snapshot =
            self.look(&Question { every_port: false, identities: false, ..near(request) }).await;
        match came_true(&snapshot, &plan) {
            Ok(()) => Ok(Connected { plan, snapshot }),
            Err(why) => Err(executor.undo(why).await),
        }
    }

    /// Takes an interface from a container, and its port from the bridge.
    ///
    /// # Errors
    /// [`ActError`].
    pub async fn disconnect(&self, request: &Disconnect) -> Result<Connected, ActError> {
        let mut executor = PlanExecutor::take(self).await?;
        let mut tries = TRIES;
        loop {
            let (snapshot, plan) = plan_disconnect(self, request).await?;
            tries -= 1;
            match executor.run(&snapshot, &plan).await {
                Ok(()) => return Ok(Connected { plan, snapshot }),
                Err(act_error) if tries > 0 && executor.may_try_again(&act_error) => {}
                Err(act_error) => return Err(act_error),
            }
        }
    }
}

/// What [`Host::connect`] would do, and what it would rest on.
///
/// # Errors
/// A [`PlanError`].
pub async fn plan_connect(
    from: &impl Observe,
    request: &Connect,
) -> Result<(Snapshot, Plan), PlanError> {
    let generated = generate();
    // A name that was chosen may be another link's, and a look at one container leaves those out.
    let question = if request.host_interface.is_some() { wide(request) } else { near(request) };
    let snapshot = from.observe(&question).await;
    let wiring = resolve(&snapshot);
    match connect(&snapshot, &wiring, request, &generated) {
        Ok(plan) => return Ok((snapshot, plan)),
        // A source that was silent for as long as is waited is not asked again.
        Err(error) if wiring.timed_out().is_some() && snapshot.containers().next().is_none() => {
            return Err(error);
        }
        Err(PlanError::Query(QueryError::SourceUnavailable(why)))
            if why.kind == SourceErrorKind::TimedOut =>
        {
            return Err(PlanError::Query(QueryError::SourceUnavailable(why)));
        }
        Err(_) => {}
    }
    // A wider look can tell more about who is in the way, once that is not being taken down.
    let doubtful = |look: &Look| unknown_occupants(look, Some(&request.bridge));
    let snapshot = match from.settled(doubtful).await {
        Ok(look) => Snapshot::clone(&look.snapshot),
        // The plan says which source it needs.
        Err(_) => from.observe(&wide(request)).await,
    };
    let plan = connect(&snapshot, &resolve(&snapshot), request, &generated)?;
    Ok((snapshot, plan))
}

/// What [`Host::disconnect`] would do, and what it would rest on.
///
/// # Errors
/// A [`PlanError`].
pub async fn plan_disconnect(
    from: &impl Observe,
    request: &Disconnect,
) -> Result<(Snapshot, Plan), PlanError> {
    let doubtful = |look: &Look| unknown_occupants(look, Some(&request.bridge));
    let look = from.settled(doubtful).await?;
    let plan = disconnect(&look.snapshot, &look.wiring, request)?;
    Ok((Snapshot::clone(&look.snapshot), plan))
}

fn wide(request: &Connect) -> Question {
    Question { bridge: Some(request.bridge.clone()), routes: true, ..proof() }
}

fn near(request: &Connect) -> Question {
    Question {
        target: Some(Target::Container(request.container.clone())),
        bridge: Some(request.bridge.clone()),
        every_port: true,
        routes: true,
        identities: true,
        ..Question::default()
    }
}

/// Whether the interface is on the bridge now, with a number.
pub(super) fn came_true(snapshot: &Snapshot, plan: &Plan) -> Result<(), SourceError> {
    let source_error = |error: query::QueryError| match error {
        query::QueryError::SourceUnavailable(why) => why,
        other => SourceError::new(SourceErrorKind::Gone, "the container", other),
    };
    let missing = || {
        let why = "no engine has it any more";
        SourceError::new(SourceErrorKind::Gone, format!("container {}", plan.container.name), why)
    };
    let Some(target) = snapshot.container_of(&plan.container) else {
        // An engine that is silent now tells nothing of the container.
        let own = snapshot.engines.get(&plan.container.engine).and_then(Observed::absence).cloned();
        return Err(match (own, query::container(snapshot, &plan.container.id.0)) {
            (Some(why), _) | (None, Err(query::QueryError::SourceUnavailable(why))) => why,
            (None, _) => missing(),
        });
    };
    let target = Subject::Container(target);
    let wiring = resolve(snapshot);
    let found = query::attachments(snapshot, &wiring, target).map_err(source_error)?;
    let here = found.iter().find(|found| found.link.name == plan.interface);
    match here.map(|found| &found.port) {
        Some(AttachmentState::On(port)) if port.bridge == plan.bridge => Ok(()),
        _ => {
            let what = format!("{} of {}", plan.interface, plan.container.name);
            let why = format!("it is not on {} after all", plan.bridge);
            Err(SourceError::new(SourceErrorKind::Gone, what, why).hint("ask again"))
        }
    }
}
