//! What happens to pods and their containers: whenever something does, they are listed, which costs a
//! runtime a millisecond, and what differs has changed.
//!
//! That something happens is told by containerd from 1.7 on, and by CRI-O where `enable_pod_events`
//! is set. Both drop events for a slow client and do not say so, and an event is about one
//! sandbox while another one takes its name; so what they tell is but a hint. Others are listed
//! once a second.

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
use crate::engine::listed::Listed;
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
    let listed = Listed::new(cri.listed(Which::All).await?);
    let followed = Followed { cri: cri.clone(), messages, listed };
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
    /// Sandboxes and containers.
    listed: Listed,
}

impl Followed {
    /// The next event.
    async fn next(&mut self) -> Result<Event, SourceError> {
        if self.listed.is_told() {
            let told = self.wait().await?;
            self.listed.take(self.cri.listed(Which::All).await?);
            if let Some(id) = told {
                self.listed.note(id);
            }
        }
        Ok(self.listed.next())
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
