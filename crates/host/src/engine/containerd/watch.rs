//! What happens to containers: whenever containerd tells that something does, they are listed, and
//! what differs has changed. It drops no events, and which of them say what differs between versions.

use futures_util::{StreamExt, stream};
use grpc::Messages;
use model::{SourceError, SourceErrorKind};

use super::messages::{SubscribeRequest, method};
use super::read::{Containerd, OF_OTHERS};
use crate::engine::listed::Listed;
use crate::engine::{Event, Events};

/// What may change a row; others, as of health checks, come all the time.
const TOPICS: [&str; 9] = [
    "/containers/create",
    "/containers/update",
    "/containers/delete",
    "/tasks/create",
    "/tasks/start",
    // A task that has ended is deleted later, or never: nerdctl leaves that to the next start.
    "/tasks/exit",
    "/tasks/delete",
    "/tasks/paused",
    "/tasks/resumed",
];

/// What happens from now on.
pub(super) async fn events(containerd: &Containerd) -> Result<Events, SourceError> {
    // What else runs in containers of others, as their health checks, is none of this one's.
    let own = OF_OTHERS.map(|other| format!(",namespace!=\"{other}\"")).concat();
    let filters = TOPICS.map(|topic| format!("topic==\"{topic}\"{own}")).into();
    let messages = containerd.client.stream(method::EVENTS, &SubscribeRequest { filters }).await;
    let messages = messages.map_err(|error| containerd.source_error(&error))?;
    let listed = Listed::new(containerd.all().await?);
    let followed = Followed { containerd: containerd.clone(), messages, listed };
    Ok(stream::try_unfold(followed, async |mut followed| {
        let event = followed.next().await?;
        Ok(Some((event, followed)))
    })
    .boxed())
}

struct Followed {
    containerd: Containerd,
    messages: Messages,
    listed: Listed,
}

impl Followed {
    async fn next(&mut self) -> Result<Event, SourceError> {
        if self.listed.is_told() {
            match self.messages.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(self.containerd.source_error(&error)),
                None => {
                    let why = "its stream of events ended";
                    let what = self.containerd.what();
                    return Err(SourceError::new(SourceErrorKind::Gone, what, why));
                }
            }
            self.listed.take(self.containerd.all().await?);
        }
        Ok(self.listed.next())
    }
}
