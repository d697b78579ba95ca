//! A database that is asked one thing after the other, each within a limit.
//!
//! A connection of which a call was given up is never spoken on again: its answer may still come, and would be taken for
//! that of the next call. The next call connects anew, and takes the lock anew where it is held. The server gives a lock
//! on once it has noticed that its holder's connection has ended (RFC 7047 section 4.1.8): what was asked on that one
//! has come true by then, or never will. The same goes for one that ended before a change had its answer, as when the
//! server is stopped.

use model::SourceError;

use super::read::Database;
use super::transaction::LOCK;
use crate::Host;
use crate::deadline::Deadline;

/// The connection that there is, and how another one is made.
pub(super) struct Session {
    host: Host,
    /// Whether it is, or is to be, the one that changes something.
    locked: bool,
    /// None after one was given up, until another one is made.
    database: Option<Database>,
}

impl Session {
    /// Connects, and waits until no other docker-ovs changes anything where that matters.
    pub(super) async fn open(
        host: &Host,
        locked: bool,
        due: Deadline,
    ) -> Result<Self, SourceError> {
        let mut session = Self { host: host.clone(), locked, database: None };
        session.database(due).await?;
        Ok(session)
    }

    /// The connection; another one where a call on that was given up.
    pub(super) async fn database(&mut self, due: Deadline) -> Result<&mut Database, SourceError> {
        if self.is_abandoned() {
            // Before another one waits for the lock that this one may have.
            self.database = None;
        }
        let database = match self.database.take() {
            Some(database) => database,
            None => connect(&self.host, self.locked, due).await?,
        };
        Ok(self.database.insert(database))
    }

    /// Whether a call was given up last, or a change had no answer, and may have come true or still come.
    pub(super) fn is_abandoned(&self) -> bool {
        self.database.as_ref().is_some_and(Database::is_abandoned)
    }

    /// The same of a call that changes something, and not of one that reads what that rests on.
    pub(super) fn has_commit_abandoned(&self) -> bool {
        self.database.as_ref().is_some_and(|database| database.is_committing)
    }

    /// Whether other docker-ovs are kept waiting.
    pub(super) fn is_locked(&self) -> bool {
        self.locked
    }

    /// Lets others change something.
    pub(super) async fn unlock(&mut self, due: Deadline) -> Result<(), SourceError> {
        if !std::mem::take(&mut self.locked) {
            return Ok(());
        }
        // One that is made anew has no lock.
        let is_held = self.database.is_some() && !self.is_abandoned();
        let database = self.database(due).await?;
        let what = database.what().to_owned();
        if is_held { due.hold(|| what.clone(), database.unlock()).await } else { Ok(()) }
    }
}

async fn connect(host: &Host, locked: bool, due: Deadline) -> Result<Database, SourceError> {
    let mut database = host.database(due).await?;
    if locked {
        let busy = "docker-ovs, which is changing this switch already, or its database";
        due.hold(|| busy.to_owned(), database.lock(LOCK)).await?;
    }
    Ok(database)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use model::SourceErrorKind;
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::unix::OwnedReadHalf;
    use tokio::net::{UnixListener, UnixStream};
    use tokio::sync::Notify;

    use super::*;
    use crate::settings::Settings;

    /// The next request; none at the end.
    async fn request(from: &mut OwnedReadHalf) -> Option<Value> {
        let mut bytes = Vec::new();
        loop {
            bytes.push(from.read_u8().await.ok()?);
            if let Ok(message) = serde_json::from_slice(&bytes) {
                return Some(message);
            }
        }
    }

    type Asked = Arc<Mutex<Vec<String>>>;

    /// Answers on each connection, with the lock for one at a time; the first one's questions late.
    async fn serve(stream: UnixStream, at: usize, asked: Asked, ended: Arc<Notify>) {
        let (mut from, mut to) = stream.into_split();
        while let Some(message) = request(&mut from).await {
            let method = message["method"].as_str().unwrap().to_owned();
            asked.lock().unwrap().push(format!("{at} {method}"));
            let result = match method.as_str() {
                "lock" if at == 0 => json!({ "locked": true }),
                "lock" => {
                    ended.notified().await;
                    json!({ "locked": true })
                }
                _ => json!({ "name": "Open_vSwitch", "version": format!("{at}.0.0") }),
            };
            if at == 0 && method != "lock" {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
            let reply = json!({ "id": message["id"], "result": result, "error": null });
            let _ = to.write_all(reply.to_string().as_bytes()).await;
        }
        ended.notify_one();
    }

    fn listen(socket: &Path) -> Asked {
        let listener = UnixListener::bind(socket).unwrap();
        let (asked, ended) = (Asked::default(), Arc::new(Notify::new()));
        let shared = Arc::clone(&asked);
        tokio::spawn(async move {
            for at in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, at, Arc::clone(&shared), Arc::clone(&ended)));
            }
        });
        asked
    }

    fn host_at(socket: &Path) -> Host {
        let host = Host::open(&Settings {
            engines: vec!["none".to_owned()],
            db: Some(format!("unix:{}", socket.display())),
            ..Settings::from_env()
        });
        host.unwrap()
    }

    #[tokio::test]
    async fn a_change_that_was_given_up_is_told_from_a_question() {
        for is_change in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let socket = folder.path().join("db.sock");
            let _asked = listen(&socket);
            let long = Deadline::after(Duration::from_secs(10));
            let mut session = Session::open(&host_at(&socket), true, long).await.unwrap();
            let short = Deadline::after(Duration::from_millis(50));
            let database = session.database(short).await.unwrap();
            let late = async {
                if is_change {
                    database.commit("br0", None, &[]).await
                } else {
                    database.version().await.map(drop)
                }
            };
            let late = short.hold(|| "it".to_owned(), late).await.unwrap_err();
            assert_eq!(late.kind, SourceErrorKind::TimedOut);
            assert!(session.is_abandoned());
            assert_eq!(session.has_commit_abandoned(), is_change);
        }
    }

    /// Ends the first connection instead of answering a transaction, as a server that is stopped does.
    async fn end_at_a_transaction(listener: UnixListener) {
        for at in 0_u32.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            let (mut from, mut to) = stream.into_split();
            while let Some(message) = request(&mut from).await {
                let result = match message["method"].as_str() {
                    Some("transact") if at == 0 => break,
                    Some("lock") => json!({ "locked": true }),
                    _ => json!({ "name": "Open_vSwitch", "version": format!("{at}.0.0") }),
                };
                let reply = json!({ "id": message["id"], "result": result, "error": null });
                to.write_all(reply.to_string().as_bytes()).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_change_whose_connection_ends_may_have_come_true_and_another_one_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("db.sock");
        tokio::spawn(end_at_a_transaction(UnixListener::bind(&socket).unwrap()));
        let long = || Deadline::after(Duration::from_secs(10));
        let mut session = Session::open(&host_at(&socket), true, long()).await.unwrap();
        let database = session.database(long()).await.unwrap();
        database.commit("br0", None, &[]).await.unwrap_err();
        assert!(session.has_commit_abandoned(), "it had no answer");
        let database = session.database(long()).await.unwrap();
        assert_eq!(database.version().await.unwrap(), "schema 1.0.0");
        assert!(!session.has_commit_abandoned());
    }

    #[tokio::test]
    async fn what_answers_too_late_is_connected_to_and_locked_anew() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("db.sock");
        let asked = listen(&socket);
        let long = || Deadline::after(Duration::from_secs(10));
        let mut session = Session::open(&host_at(&socket), true, long()).await.unwrap();
        let short = Deadline::after(Duration::from_millis(50));
        let database = session.database(short).await.unwrap();
        let late = short.hold(|| "it".to_owned(), database.version()).await.unwrap_err();
        assert_eq!(late.kind, SourceErrorKind::TimedOut);
        let refused = session.database.as_mut().unwrap().version().await.unwrap_err();
        assert!(refused.why.contains("was given up"), "{refused}");
        assert!(session.is_abandoned());
        // Its answer comes by now, and is taken for no other one's.
        tokio::time::sleep(Duration::from_millis(600)).await;
        for _ in 0..2 {
            let database = session.database(long()).await.unwrap();
            assert_eq!(database.version().await.unwrap(), "schema 1.0.0");
        }
        let expected = ["0 lock", "0 get_schema", "1 lock", "1 get_schema", "1 get_schema"];
        assert_eq!(*asked.lock().unwrap(), expected);
    }
}
