//! Asks the cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use grpc::Items;
use prost::Message;
use prost::bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use crate::dial::dial;
use crate::error::is_about_the_member;
use crate::messages::{
    DeleteRequest, Done, GrantRequest, GrantResponse, KeepAliveResponse, LeaseById, PutRequest,
    STATUS_ERRORS, StatusResponse, method,
};
use crate::range::after_prefix;
use crate::{Endpoint, Error, TlsFiles};

/// A member that cannot be connected to in this time is passed over.
const DIAL_TIMEOUT: Duration = Duration::from_secs(3);
/// A member that has not answered a call in this time is passed over: one that has lost the others
/// takes connections and waits.
const CALL_TIMEOUT: Duration = Duration::from_secs(7);
/// So many of the things that a member says are wrong are kept.
const MAX_ERRORS: usize = 100;
/// What goes with each call: a member that knows of no leader refuses at once, instead of waiting.
pub(crate) const HEADERS: grpc::Headers<'static> = &[("hasleader", "true")];

/// Which members there are, and how the caller is known to them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The members, at least one.
    pub endpoints: Vec<Endpoint>,
    /// What `https:` needs.
    pub tls: Option<TlsFiles>,
}

/// A client of one cluster. Making one does no I/O. Copies share one connection.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    /// When the last answer is due, and how long that was from the start on.
    due: Option<(Instant, Duration)>,
    /// The connection in use; held while another one is made, so that there are not several.
    connection: Mutex<Option<Member>>,
    /// Which member is tried next.
    next: AtomicUsize,
}

/// A member that is connected to.
#[derive(Clone, Debug)]
struct Member {
    endpoint: Endpoint,
    connection: grpc::Connection,
}

/// How a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The release.
    pub version: String,
    /// The size of its file in bytes.
    pub size: i64,
    /// How much of that is in use.
    pub size_in_use: i64,
    /// Whether it knows of a leader.
    pub has_leader: bool,
    /// What it says is wrong, such as `NOSPACE`.
    pub errors: Vec<String>,
}

impl Client {
    /// A client of the cluster that has these members.
    pub fn new(settings: Settings) -> Self {
        Self::due(settings, None)
    }

    /// One whose calls end within `allowed` from now on, all together, whatever the members do.
    pub fn within(allowed: Duration, settings: Settings) -> Self {
        Self::due(settings, Some((Instant::now() + allowed, allowed)))
    }

    fn due(settings: Settings, due: Option<(Instant, Duration)>) -> Self {
        let (connection, next) = (Mutex::new(None), AtomicUsize::new(0));
        Self(Arc::new(Inner { settings, due, connection, next }))
    }

    /// The members.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.0.settings.endpoints
    }

    /// Sets `key`, with `lease` unless that is 0; the revision that has it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put(
        &self,
        key: impl Into<Bytes>,
        value: impl Into<Bytes>,
        lease: i64,
    ) -> Result<i64, Error> {
        let request = PutRequest { key: key.into(), value: value.into(), lease };
        let done: Done = self.ask(method::PUT, &request).await?;
        Ok(done.header.unwrap_or_default().revision)
    }

    /// Deletes `key`, whether or not it is there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete(&self, key: impl Into<Bytes>) -> Result<(), Error> {
        let request = DeleteRequest { key: key.into(), range_end: Bytes::new() };
        self.ask::<Done>(method::DELETE, &request).await.map(|_| ())
    }

    /// Deletes all that begins with `prefix`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_all(&self, prefix: &str) -> Result<(), Error> {
        let key = Bytes::copy_from_slice(prefix.as_bytes());
        let request = DeleteRequest { key, range_end: after_prefix(prefix) };
        self.ask::<Done>(method::DELETE, &request).await.map(|_| ())
    }

    /// A lease of `ttl` seconds; its id. One of a call that broke off ends by itself.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn grant(&self, ttl: i64) -> Result<i64, Error> {
        lease_of(&self.ask(method::GRANT, &GrantRequest { ttl }).await?)
    }

    /// Ends a lease, and with it all its keys.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn revoke(&self, lease: i64) -> Result<(), Error> {
        self.ask::<Done>(method::REVOKE, &LeaseById { id: lease }).await.map(|_| ())
    }

    /// Begins the time of a lease anew.
    ///
    /// # Errors
    /// [`Error::LeaseGone`] where it has ended.
    pub async fn keep_alive(&self, lease: i64) -> Result<(), Error> {
        let request = LeaseById { id: lease };
        let asked = move |member: grpc::Connection| {
            async move { member.ask_once(method::KEEP_ALIVE, &request, HEADERS).await }.boxed()
        };
        let kept: Option<KeepAliveResponse> = self.at_a_member(asked).await?;
        let ttl = kept.unwrap_or_default().ttl;
        if ttl > 0 { Ok(()) } else { Err(Error::LeaseGone) }
    }

    /// How the member is that answers.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn status(&self) -> Result<Status, Error> {
        let message = self.bytes(method::STATUS, &()).await?;
        let told = StatusResponse::decode(message.clone())?;
        let errors = Items::of(message, STATUS_ERRORS).take(MAX_ERRORS);
        let words = |error: Bytes| grpc::excerpt(&String::from_utf8_lossy(&error));
        let errors = errors.map(|error| error.map(words));
        Ok(Status {
            version: grpc::excerpt(&told.version),
            size: told.db_size,
            size_in_use: told.db_size_in_use,
            has_leader: told.leader != 0,
            errors: errors.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) async fn ask<A: Message + Default>(
        &self,
        path: &str,
        question: &impl Message,
    ) -> Result<A, Error> {
        Ok(A::decode(self.bytes(path, question).await?)?)
    }

    /// The bytes of the message that answers.
    pub(crate) async fn bytes(&self, path: &str, question: &impl Message) -> Result<Bytes, Error> {
        let asked = |member: grpc::Connection| {
            async move { member.bytes(path, question, HEADERS).await }.boxed()
        };
        self.at_a_member(asked).await
    }

    /// Asks each member in turn, at most once each, until one answers or the time is up.
    pub(crate) async fn at_a_member<'q, A>(
        &self,
        ask: impl Fn(grpc::Connection) -> BoxFuture<'q, Result<A, grpc::Error>>,
    ) -> Result<A, Error> {
        let asked = self.at_any_member(ask);
        let Some((due, allowed)) = self.0.due else { return asked.await };
        timeout_at(due, asked).await.unwrap_or(Err(Error::Late(allowed)))
    }

    async fn at_any_member<'q, A>(
        &self,
        ask: impl Fn(grpc::Connection) -> BoxFuture<'q, Result<A, grpc::Error>>,
    ) -> Result<A, Error> {
        let mut tried = Vec::new();
        // The connection that is kept may have broken unseen: that is no try.
        for _ in 0..=self.endpoints().len() {
            let member = match self.member().await {
                Ok(member) => member,
                Err(Error::Unreachable(more)) => {
                    return Err(Error::Unreachable([tried, more].concat()));
                }
                Err(error) => return Err(error),
            };
            let why = match timeout(CALL_TIMEOUT, ask(member.connection.clone())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if !is_about_the_member(&error) => return Err(error.into()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer in {} s", CALL_TIMEOUT.as_secs()),
            };
            tried.push((member.endpoint, why));
            self.leave(&member).await;
        }
        Err(Error::Unreachable(tried))
    }

    /// The member that is connected to, or else the next one that can be.
    async fn member(&self) -> Result<Member, Error> {
        let mut kept = self.0.connection.lock().await;
        if let Some(member) = kept.as_ref().filter(|member| !member.connection.is_closed()) {
            return Ok(member.clone());
        }
        *kept = None;
        let mut tried = Vec::new();
        let first = self.0.next.load(Ordering::Relaxed);
        let turn = self.endpoints().iter().cycle().skip(first).take(self.endpoints().len());
        for endpoint in turn.copied() {
            match timeout(DIAL_TIMEOUT, dial(endpoint, self.0.settings.tls.as_ref())).await {
                Ok(Ok(connection)) => {
                    let member = Member { endpoint, connection };
                    *kept = Some(member.clone());
                    return Ok(member);
                }
                Ok(Err(Error::Unreachable(why))) => tried.extend(why),
                Ok(Err(error)) => return Err(error),
                Err(_) => tried.push((endpoint, "no connection in 3 s".to_owned())),
            }
            self.turn_to_next();
        }
        Err(Error::Unreachable(tried))
    }

    /// Turns away from a member that did not answer, unless another call did so already.
    async fn leave(&self, member: &Member) {
        let mut kept = self.0.connection.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.endpoint == member.endpoint) {
            *kept = None;
            self.turn_to_next();
        }
    }

    fn turn_to_next(&self) {
        let count = self.endpoints().len().max(1);
        let next = (self.0.next.load(Ordering::Relaxed) + 1) % count;
        self.0.next.store(next, Ordering::Relaxed);
    }
}

/// The lease that was granted.
fn lease_of(granted: &GrantResponse) -> Result<i64, Error> {
    match granted.error.as_str() {
        "" => Ok(granted.id),
        why => Err(Error::refused(2, why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_why_no_lease_is_granted_the_beginning_is_told() {
        let granted = |error: String| GrantResponse { id: 7, error };
        assert_eq!(lease_of(&granted(String::new())).unwrap(), 7);
        let why = lease_of(&granted("x".repeat(15 << 20))).unwrap_err().to_string();
        assert!(why.ends_with('…') && why.len() < 1_100, "{}", why.len());
    }
}
