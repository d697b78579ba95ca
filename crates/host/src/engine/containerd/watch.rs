//! What happens to containers: whenever containerd tells that something does, they are listed, and
//! what differs has changed. It drops no events, and which of them say what differs between versions.

use std::collections::{BTreeMap, VecDeque};

use futures_util::{StreamExt, stream};
use grpc::Messages;
use model::ids::ContainerId;
use model::{SourceError, SourceErrorKind};

use super::messages::{SubscribeRequest, method};
use super::read::Containerd;
use crate::engine::{Event, Events};

/// What may change a row; others, as of health checks, come all the time.
const TOPICS: [&str; 8] = [
    "/containers/create",
    "/containers/update",
    "/containers/delete",
    "/tasks/create",
    "/tasks/start",
    "/tasks/delete",
    "/tasks/paused",
    "/tasks/resumed",
];

/// What happens from now on.
pub(super) async fn events(containerd: &Containerd) -> Result<Events, SourceError> {
    let filters = TOPICS.map(|topic| format!("topic==\"{topic}\"")).into();
    let messages = containerd.client.stream(method::EVENTS, &SubscribeRequest { filters }).await;
    let messages = messages.map_err(|error| containerd.source_error(&error))?;
    let known = states(containerd).await?;
    let containerd = containerd.clone();
    let followed = Followed { containerd, messages, known, changed: VecDeque::new() };
    Ok(stream::try_unfold(followed, async |mut followed| {
        let event = followed.next().await?;
        Ok(Some((event, followed)))
    })
    .boxed())
}

struct Followed {
    containerd: Containerd,
    messages: Messages,
    known: States,
    changed: VecDeque<ContainerId>,
}

/// State and first process of each container.
type States = BTreeMap<ContainerId, (String, Option<u32>)>;

impl Followed {
    async fn next(&mut self) -> Result<Event, SourceError> {
        if self.changed.is_empty() {
            match self.messages.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(self.containerd.source_error(&error)),
                None => {
                    let why = "its stream of events ended";
                    let what = self.containerd.what();
                    return Err(SourceError::new(SourceErrorKind::Gone, what, why));
                }
            }
            let now = states(&self.containerd).await?;
            let gone = self.known.keys().filter(|id| !now.contains_key(id));
            let other = now.iter().filter(|(id, state)| self.known.get(id) != Some(state));
            self.changed.extend(gone.chain(other.map(|(id, _)| id)).cloned());
            self.known = now;
        }
        Ok(self.changed.pop_front().map_or(Event::Idle, Event::Changed))
    }
}

async fn states(containerd: &Containerd) -> Result<States, SourceError> {
    let all = containerd.all().await?.into_iter();
    Ok(all.map(|found| (found.row.id, (found.row.state, found.row.pid))).collect())
}
