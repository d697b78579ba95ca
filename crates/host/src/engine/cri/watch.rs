//! What happens to pods and their containers: whenever something does, they are listed, which costs a
//! runtime a millisecond, and what differs has changed.
//!
//! That something happens is told by containerd from 1.7 on, and by CRI-O where `enable_pod_events`
//! is set. Both drop events for a slow client and do not say so, and an event is about one
//! sandbox while another one takes its name; so what they tell is but a hint. Others are listed
//! once a second.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use grpc::{Error, Messages};
use model::ids::ContainerId;
use model::{SourceError, SourceErrorKind};
use prost::Message;
use tokio::time::sleep;

use super::messages::{ContainerEventResponse, method};
use super::read::{Cri, Which};
use crate::engine::{Event, Events};

/// How often a runtime is asked that tells no events, and one that does.
const WITHOUT_EVENTS: Duration = Duration::from_secs(1);
const WITH_EVENTS: Duration = Duration::from_secs(30);

/// What happens from now on.
pub(super) async fn events(cri: &Cri) -> Result<Events, SourceError> {
    let messages = match cri.client.stream(method::EVENTS, &()).await {
        Ok(messages) => Some(messages),
        Err(error) if tells_none(&error) => None,
        Err(error) => return Err(cri.source_error(&error)),
    };
    let states = states(cri).await?;
    let followed = Followed { cri: cri.clone(), messages, states, changed: VecDeque::new() };
    Ok(stream::try_unfold(followed, async |mut followed| {
        let event = followed.next().await?;
        Ok(Some((event, followed)))
    })
    .boxed())
}

struct Followed {
    cri: Cri,
    /// What it tells; none of one that tells nothing.
    messages: Option<Messages>,
    states: States,
    /// What is known to have changed, and was not given on yet.
    changed: VecDeque<ContainerId>,
}

/// The state of each sandbox and container.
type States = BTreeMap<ContainerId, String>;

impl Followed {
    /// The next event.
    async fn next(&mut self) -> Result<Event, SourceError> {
        if self.changed.is_empty() {
            let told = self.wait().await?;
            let now = states(&self.cri).await?;
            self.changed.extend(difference(&self.states, &now));
            self.changed.extend(told.filter(|id| now.contains_key(id)));
            self.states = now;
        }
        Ok(self.changed.pop_front().map_or(Event::Idle, Event::Changed))
    }

    /// Waits until something may have happened, and tells what to, if that is told.
    async fn wait(&mut self) -> Result<Option<ContainerId>, SourceError> {
        let period = if self.messages.is_some() { WITH_EVENTS } else { WITHOUT_EVENTS };
        let message = async {
            match &mut self.messages {
                Some(messages) => messages.next().await,
                None => pending().await,
            }
        };
        let message = tokio::select! {
            message = message => message,
            () = sleep(period) => return Ok(None),
        };
        match message {
            Some(Ok(message)) => {
                let event = ContainerEventResponse::decode(message);
                let event = event.map_err(|error| self.cri.source_error(&Error::Garbled(error)))?;
                Ok(Some(ContainerId(event.container_id.into())))
            }
            // Some say only with the first message that there will be none.
            Some(Err(error)) if tells_none(&error) => {
                self.messages = None;
                Ok(None)
            }
            Some(Err(error)) => Err(self.cri.source_error(&error)),
            None => {
                let why = "its stream of events ended";
                Err(SourceError::new(SourceErrorKind::Gone, self.cri.what(), why))
            }
        }
    }
}

/// Whether a runtime has no events to tell.
fn tells_none(error: &Error) -> bool {
    error.is_refusal(Error::UNIMPLEMENTED)
}

async fn states(cri: &Cri) -> Result<States, SourceError> {
    let listed = cri.listed(Which::All).await?;
    Ok(listed.into_iter().map(|found| (found.row.id, found.row.state)).collect())
}

/// Those that came, went, or have another state.
fn difference(before: &States, now: &States) -> Vec<ContainerId> {
    let gone = before.keys().filter(|id| !now.contains_key(id));
    let other = now.iter().filter(|(id, state)| before.get(id) != Some(state)).map(|(id, _)| id);
    gone.chain(other).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_or_ended_has_changed() {
        let states = |all: &[(&str, &str)]| -> States {
            all.iter().map(|(id, state)| (ContainerId((*id).into()), (*state).to_owned())).collect()
        };
        let before = states(&[("gone", "running"), ("ended", "running"), ("same", "running")]);
        let now = states(&[("came", "created"), ("ended", "exited"), ("same", "running")]);
        let ids: Vec<_> =
            difference(&before, &now).into_iter().map(|id| id.0.to_string()).collect();
        assert_eq!(ids, ["gone", "came", "ended"]);
        assert!(difference(&now, &now).is_empty());
    }
}
