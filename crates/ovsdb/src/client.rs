//! The client: connecting, and the methods of RFC 7047 section 4.1.

use std::io;

use address::unix;
use jsonrpc::{Connection, Limits};
use serde::Deserialize;
use serde::Serialize;
use serde::de::IgnoredAny;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::error::Error;
use crate::monitor::{Columns, Requests, Tables};
use crate::remote::Remote;
use crate::schema::Schema;
use crate::tls::{Tls, TlsError, handshake};
use crate::transact::{Outcome, Params, Results};

/// The database of ovs-vswitchd.conf.db(5).
pub const VSWITCH: &str = "Open_vSwitch";

/// The longest message: the rows of some thirty thousand ports.
const LIMITS: Limits = Limits { message: 32 << 20, depth: 128 };

/// The notifications that are waited for (sections 4.1.6 and 4.1.9).
const KEPT_NOTIFICATIONS: &[&str] = &["update", "locked"];

/// The name under which `monitor_once` asks.
const ONCE: &str = "once";

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection to a database server.
///
/// No method has a time-out of its own. A future that is dropped half-way leaves a
/// connection that is of no further use ([`is_abandoned`](Self::is_abandoned)): drop it too.
pub struct Client {
    connection: Connection<Box<dyn Stream>>,
    peer: Option<u32>,
    /// Whether the server still holds the monitor of an earlier `monitor_once`.
    monitored: bool,
}

impl Client {
    /// Connects to `remote`; `tls` is needed for `ssl:` and not looked at otherwise.
    ///
    /// # Errors
    /// [`Error::Connect`], whose [`kind`](Error::kind) tells why; [`Error::Tls`] when the
    /// key or the certificates are missing or of no use.
    pub async fn connect(remote: &Remote, tls: Option<&Tls>) -> Result<Self, Error> {
        let connector = match remote {
            Remote::Ssl(_) => Some(tls.ok_or(TlsError::NotConfigured)?.connector()?),
            Remote::Unix(_) | Remote::Tcp(_) => None,
        };
        let (stream, peer) = open(remote, connector.as_ref())
            .await
            .map_err(|source| Error::Connect { remote: remote.clone(), source })?;
        Ok(Self {
            connection: Connection::with_limits(stream, LIMITS).keeping_only(KEPT_NOTIFICATIONS),
            peer,
            monitored: false,
        })
    }

    /// The process that listens at the other end of a unix socket (`SO_PEERCRED` of unix(7)): 0
    /// for one in a PID namespace that this program does not see; none by TCP.
    pub fn peer(&self) -> Option<u32> {
        self.peer
    }

    /// Whether a method was dropped before it had its answer, and no other one can be called any more.
    /// What it asked for may still come true, until the server has noticed that this connection has ended.
    pub fn is_abandoned(&self) -> bool {
        self.connection.is_abandoned()
    }

    /// Whether the last method was not sent whole, as where the server had ended the connection before: it did nothing.
    /// One without an answer that was sent may have come true.
    pub fn is_unsent(&self) -> bool {
        self.connection.is_unsent()
    }

    /// Carries out `operations`, each a [`Select`](crate::Select) or an
    /// [`Operation`](crate::Operation), in one transaction and one round trip (section 4.1.3):
    /// all of them or none.
    ///
    /// # Errors
    /// [`Error::Operation`] when one of them fails, and so nothing was changed.
    pub async fn transact<O: Serialize + Sync>(
        &mut self,
        database: &str,
        operations: &[O],
    ) -> Result<Results, Error> {
        let params = Params { database, operations };
        let outcomes: Vec<Option<Outcome>> = self.connection.call("transact", &params).await?;
        Results::new(outcomes, operations.len())
    }

    /// Waits for the lock `name`, a letter or `_` and then letters, digits or `_`, in the
    /// order of those who ask (section 4.1.8). It ends with [`Client::unlock`] or the
    /// connection, however that ends.
    ///
    /// # Errors
    /// As the conversation fails; a second lock of that name is refused.
    pub async fn lock(&mut self, name: &str) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Answer {
            locked: bool,
        }
        let Answer { locked } = self.connection.call("lock", &[name]).await?;
        if locked {
            return Ok(());
        }
        loop {
            let told = self.connection.next_notification().await?;
            let lock: Result<[String; 1], _> = serde_json::from_str(told.params.get());
            if told.method == "locked" && lock.is_ok_and(|[lock]| lock == name) {
                return Ok(());
            }
        }
    }

    /// Gives a lock back.
    ///
    /// # Errors
    /// As the conversation fails; a lock that was not asked for is refused.
    pub async fn unlock(&mut self, name: &str) -> Result<(), Error> {
        let _: IgnoredAny = self.connection.call("unlock", &[name]).await?;
        Ok(())
    }

    /// Reads whole columns of several tables, consistently and in one round trip
    /// (section 4.1.5): cheaper than selects where most rows are wanted.
    ///
    /// No updates follow. The server keeps the monitor until the next call, which costs
    /// one more round trip, or the end of the connection.
    ///
    /// # Errors
    /// As the conversation fails; an unknown table or column is refused as a whole.
    pub async fn monitor_once(
        &mut self,
        database: &str,
        tables: &[Columns<'_>],
    ) -> Result<Tables, Error> {
        if self.monitored {
            let _: IgnoredAny = self.connection.call("monitor_cancel", &[ONCE]).await?;
            self.monitored = false;
        }
        let params = (database, ONCE, Requests { tables, updates: false });
        let contents = self.connection.call("monitor", &params).await?;
        self.monitored = true;
        Ok(contents)
    }

    /// The names of the databases (section 4.1.1).
    ///
    /// # Errors
    /// As the conversation fails.
    pub async fn list_dbs(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.connection.call("list_dbs", &[(); 0]).await?)
    }

    /// The schema of `database` (section 4.1.2).
    ///
    /// # Errors
    /// As the conversation fails; an unknown database is refused.
    pub async fn schema(&mut self, database: &str) -> Result<Schema, Error> {
        Ok(self.connection.call("get_schema", &[database]).await?)
    }

    pub(crate) fn connection(&mut self) -> &mut Connection<Box<dyn Stream>> {
        &mut self.connection
    }

    /// Ends the connection politely; with TLS a server that is only dropped logs a warning.
    ///
    /// # Errors
    /// What the stream returned.
    pub async fn close(self) -> io::Result<()> {
        self.connection.close().await
    }
}

/// The stream, and the process at its other end where that can be told.
async fn open(
    remote: &Remote,
    connector: Option<&tokio_rustls::TlsConnector>,
) -> io::Result<(Box<dyn Stream>, Option<u32>)> {
    let address = match remote {
        Remote::Unix(path) => {
            let stream = unix::connect(path).await?;
            let peer = stream.peer_cred()?.pid().and_then(|pid| u32::try_from(pid).ok());
            return Ok((Box::new(stream), peer));
        }
        Remote::Tcp(address) | Remote::Ssl(address) => address,
    };
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(match connector {
        None => (Box::new(stream), None),
        Some(connector) => (Box::new(handshake(connector, address.ip(), stream).await?), None),
    })
}
