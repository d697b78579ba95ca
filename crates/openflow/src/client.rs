//! The client.

use std::io;
use std::sync::Arc;

use address::unix;
use tokio::net::TcpStream;

use crate::codec::{Features, Message, OfError, Port, PortStats, Request, most_in_features};
use crate::connection::{Connection, Stream};
use crate::error::Error;
use crate::port_room::PortRoom;
use crate::remote::Remote;
use crate::version::Version;

/// More ports than any bridge has: OpenFlow 1.0 numbers them with 16 bits.
const MAX_PORTS: usize = 65_536;

/// A connection to a bridge.
///
/// No method has a time-out of its own. A future that is dropped half-way leaves a
/// connection that is of no further use: drop it too.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    /// What it shares with clients of other bridges.
    room: Option<Arc<PortRoom>>,
}

impl Client {
    /// Connects to `remote` and agrees on the highest version among those `offered` that
    /// the switch speaks too. [`Version::ALL`] offers all there are.
    ///
    /// # Errors
    /// [`Error::Connect`], whose [`kind`](Error::kind) tells why;
    /// [`Error::NoCommonVersion`] or [`Error::HelloRefused`] when the switch speaks none of
    /// the versions, though it may refuse only later, so that any other method fails with
    /// [`Error::HelloRefused`]; as the conversation fails.
    pub async fn connect(remote: &Remote, offered: &[Version]) -> Result<Self, Error> {
        let offered = offered.iter().copied().collect();
        let stream = open(remote)
            .await
            .map_err(|source| Error::Connect { remote: remote.clone(), source })?;
        Ok(Self { connection: Connection::handshake(stream, offered).await?, room: None })
    }

    /// Has the ports that it lists counted with those of all clients that share `room`.
    #[must_use]
    pub fn sharing(self, room: &Arc<PortRoom>) -> Self {
        Self { room: Some(Arc::clone(room)), ..self }
    }

    /// The version agreed on.
    pub fn version(&self) -> Version {
        self.connection.version
    }

    /// What the bridge is (1.0.0 section 5.3.1).
    ///
    /// # Errors
    /// [`Error::Refused`] when the switch does not say; as the conversation fails.
    pub async fn features(&mut self) -> Result<Features, Error> {
        let xid = self.connection.queue(Request::Features);
        Ok(self.features_reply(xid).await?.0)
    }

    /// All ports of the bridge, [`LOCAL`](crate::LOCAL) too, in no particular order.
    ///
    /// Asked for by PORT_DESC in every version. A switch of OpenFlow 1.0 to 1.2 that
    /// refuses that is asked for FEATURES_REPLY, as those versions prescribe.
    ///
    /// # Errors
    /// [`Error::TooManyPorts`] when the list does not end, or is more than there is room for
    /// ([`sharing`](Self::sharing)); [`Error::Incomplete`] when a message had no room for all ports; [`Error::Refused`] when the switch does not list them;
    /// as the conversation fails.
    pub async fn ports(&mut self) -> Result<Vec<Port>, Error> {
        let xid = self.connection.queue(Request::Ports);
        if let Some(ports) = self.described_ports(xid).await? {
            return Ok(ports);
        }
        let xid = self.connection.queue(Request::Features);
        let (_, ports) = self.features_reply(xid).await?;
        self.complete(ports)
    }

    /// Both [`features`](Self::features) and [`ports`](Self::ports), in one round trip.
    ///
    /// # Errors
    /// Those of both.
    pub async fn show(&mut self) -> Result<(Features, Vec<Port>), Error> {
        let features = self.connection.queue(Request::Features);
        let ports = self.connection.queue(Request::Ports);
        self.connection.keep_reply_to(features);
        let described = self.described_ports(ports).await?;
        let (features, listed) = self.features_reply(features).await?;
        match described {
            Some(ports) => Ok((features, ports)),
            None => Ok((features, self.complete(listed)?)),
        }
    }

    /// The counters of all ports, in no particular order.
    ///
    /// # Errors
    /// [`Error::TooManyPorts`] when the list does not end, or is more than there is room for
    /// ([`sharing`](Self::sharing)); [`Error::Refused`] when the switch does not count; as the
    /// conversation fails.
    pub async fn port_stats(&mut self) -> Result<Vec<PortStats>, Error> {
        let xid = self.connection.queue(Request::PortStats);
        let mut all = Vec::new();
        let mut messages = 0;
        while all.len().max(messages) <= MAX_PORTS {
            match self.connection.reply(xid).await? {
                Message::PortStats { stats, more } => {
                    self.count(stats.len())?;
                    all.extend(stats);
                    messages += 1;
                    if !more {
                        return Ok(all);
                    }
                }
                Message::Error(of_error) => return Err(refused(Request::PortStats, of_error)),
                _ => {}
            }
        }
        Err(Error::TooManyPorts(MAX_PORTS))
    }

    async fn features_reply(&mut self, xid: u32) -> Result<(Features, Vec<Port>), Error> {
        loop {
            match self.connection.reply(xid).await? {
                Message::Features(features, ports) => return Ok((features, ports)),
                Message::Error(of_error) => return Err(refused(Request::Features, of_error)),
                _ => {}
            }
        }
    }

    /// The ports that PORT_DESC describes, from all its parts; `None` when the switch refuses instead of a first one,
    /// and is to be asked for FEATURES_REPLY.
    async fn described_ports(&mut self, xid: u32) -> Result<Option<Vec<Port>>, Error> {
        let mut ports = Vec::new();
        let mut messages = 0;
        while ports.len().max(messages) <= MAX_PORTS {
            match self.connection.reply(xid).await? {
                Message::Ports { ports: part, more } => {
                    self.count(part.len())?;
                    ports.extend(part);
                    messages += 1;
                    if !more {
                        return Ok(Some(ports));
                    }
                }
                // What was described already has its room, and would be counted once more.
                Message::Error(_)
                    if messages == 0 && most_in_features(self.version()).is_some() =>
                {
                    return Ok(None);
                }
                Message::Error(of_error) => return Err(refused(Request::Ports, of_error)),
                _ => {}
            }
        }
        Err(Error::TooManyPorts(MAX_PORTS))
    }

    /// The ports of a FEATURES_REPLY, if these are certainly all there are.
    fn complete(&self, ports: Vec<Port>) -> Result<Vec<Port>, Error> {
        match most_in_features(self.version()) {
            Some(most) if ports.len() >= most => Err(Error::Incomplete(ports.len())),
            _ => self.count(ports.len()).map(|()| ports),
        }
    }

    fn count(&self, ports: usize) -> Result<(), Error> {
        self.room.as_ref().map_or(Ok(()), |room| room.take(ports))
    }
}

fn refused(request: Request, of_error: OfError) -> Error {
    Error::Refused { request: request.name(), of_error }
}

async fn open(remote: &Remote) -> io::Result<Box<dyn Stream>> {
    match remote {
        Remote::Unix(path) => Ok(Box::new(unix::connect(path).await?)),
        Remote::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // A request is complete when it is written: nothing is gained by waiting.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
    }
}
