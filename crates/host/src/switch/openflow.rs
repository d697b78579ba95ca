//! The OpenFlow source: what `ovs-ofctl show` prints, asked of each bridge's own socket
//! (`<rundir>/<bridge>.mgmt`, ovs-vswitchd(8)) or of a TCP listener.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use model::ids::{DatapathId, Mac, OfPort};
use model::snapshot::Observed;
use model::switch::{Bridge, OfPortState, Port};
use model::{SourceError, SourceErrorKind};
use openflow::{Client, Error, PortRoom, Remote, Version};

use crate::Host;
use crate::deadline::Deadline;
use crate::failure;

/// Where a bridge's OpenFlow listener is, if not at its usual socket.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) bridge: String,
    pub(crate) remote: Remote,
}

/// The most ports that are held of all bridges together: more than a datapath has numbers for.
const MAX_PORTS: usize = 100_000;

/// What [`super::sources`] calls.
pub(super) fn read<'a>(
    host: &'a Host,
    due: Deadline,
    bridge: Option<&'a str>,
) -> BoxFuture<'a, Observed<Bridge>> {
    all(due, &host.rundir, &host.openflow, bridge)
        .map(|read| read.unwrap_or_else(|why| Observed::Absent { why }))
        .boxed()
}

/// Every bridge that has a socket. One that does not answer fails the source, since its ports would be
/// missed; beside `bridge`, if that is asked about, they are all that is missing. One whose socket has gone
/// meanwhile is none any more, as long as another one shows that vswitchd is still there, unless its place was named.
async fn all(
    due: Deadline,
    rundir: &Path,
    listeners: &[Listener],
    bridge: Option<&str>,
) -> Result<Observed<Bridge>, SourceError> {
    let mut places = sockets(rundir)?;
    for listener in listeners {
        places.retain(|(name, _)| *name != listener.bridge);
        places.push((listener.bridge.clone(), listener.remote.clone()));
    }
    let room = port_room();
    let asked = places.into_iter().map(|(name, remote)| {
        let room = Arc::clone(&room);
        async move {
            let answer = due.hold(|| what(&remote), ask(name.clone(), &remote, &room)).await;
            (name, remote, answer)
        }
    });
    let mut answers = join_all(asked).await;
    // Where none is called so it may be a fake bridge, and any of them its parent.
    let is_beside = |name: &str| bridge.is_some_and(|wanted| wanted != name);
    // vswitchd ends a bridge's conversations a moment before it removes the socket.
    if answers.iter().any(|(_, _, answer)| answer.is_ok()) {
        let is_named = |name: &str| listeners.iter().any(|listener| listener.bridge == name);
        answers.retain(|(name, remote, answer)| {
            answer.is_ok() || is_at(remote) || is_named(name) || bridge == Some(name.as_str())
        });
    }
    let mut missing = None;
    let read = answers.into_iter().map(|(name, _, answer)| match answer {
        Err(why) if is_beside(&name) => {
            missing.get_or_insert(why);
            // Its name is kept, so that a wrong name can be told from a silent bridge.
            Ok(unread(name))
        }
        answer => answer,
    });
    let rows = read.collect::<Result<Arc<[_]>, _>>()?;
    Ok(match missing {
        Some(why) => Observed::Partial { rows, why },
        None => Observed::Fresh { rows },
    })
}

/// Whether a socket is there still; of a network address that cannot be told.
fn is_at(remote: &Remote) -> bool {
    match remote {
        Remote::Unix(path) => path.exists(),
        Remote::Tcp(_) => true,
    }
}

/// A bridge that is there, of which nothing is known.
fn unread(name: String) -> Bridge {
    Bridge { name: name.into(), ..Bridge::default() }
}

fn what(remote: &Remote) -> String {
    format!("OpenFlow at {remote}")
}

fn sockets(rundir: &Path) -> Result<Vec<(String, Remote)>, SourceError> {
    let folder = std::fs::read_dir(rundir).map_err(|error| {
        failure::of_io(format!("the folder {}", rundir.display()), &error, "root may read it")
    })?;
    let paths = folder.flatten().map(|entry| entry.path());
    Ok(paths.filter_map(|path| Some((bridge_of(&path)?, Remote::Unix(path)))).collect())
}

fn bridge_of(path: &Path) -> Option<String> {
    path.file_name()?.to_str()?.strip_suffix(".mgmt").map(str::to_owned)
}

fn not_asked(remote: &Remote, error: &Error) -> SourceError {
    let path = match remote {
        Remote::Unix(path) => Some(path.as_path()),
        Remote::Tcp(_) => None,
    };
    failure::of_switch(what(remote), error, path, "root may use it")
}

async fn ask(name: String, remote: &Remote, room: &Arc<PortRoom>) -> Result<Bridge, SourceError> {
    let ask = async {
        let mut client = Client::connect(remote, &Version::ALL).await?.sharing(room);
        let (features, ports) = client.show().await?;
        Ok((features.datapath_id, ports))
    };
    let answer: Result<_, Error> = ask.await;
    let (id, ports) = answer.map_err(|error| not_asked(remote, &error))?;
    let ports = ports.iter().filter_map(port).map(Arc::new).collect();
    Ok(Bridge { name: name.into(), datapath_id: Some(DatapathId(id)), ports, ..Bridge::default() })
}

/// What a port of a bridge has counted since it was made; a counter that is not kept is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCounters {
    /// Packets received.
    pub rx_packets: Option<u64>,
    /// Bytes received.
    pub rx_bytes: Option<u64>,
    /// Packets dropped on receipt.
    pub rx_dropped: Option<u64>,
    /// Errors on receipt.
    pub rx_errors: Option<u64>,
    /// Packets sent.
    pub tx_packets: Option<u64>,
    /// Bytes sent.
    pub tx_bytes: Option<u64>,
    /// Packets dropped instead of being sent.
    pub tx_dropped: Option<u64>,
    /// Errors when sending.
    pub tx_errors: Option<u64>,
}

/// Room for the ports of all bridges, which those share that are asked together.
pub fn port_room() -> Arc<PortRoom> {
    Arc::new(PortRoom::of(MAX_PORTS))
}

impl Host {
    /// What the ports of `bridge` have counted, by OpenFlow port: as of now, where the database has
    /// counters of some seconds ago. The ports are counted with those of all that share `room`.
    ///
    /// # Errors
    /// The bridge cannot be asked, or there is no room left for its ports.
    pub async fn port_counters(
        &self,
        bridge: &str,
        room: &Arc<PortRoom>,
    ) -> Result<BTreeMap<OfPort, PortCounters>, SourceError> {
        let listener = self.openflow.iter().find(|listener| listener.bridge == bridge);
        let usual = || Remote::mgmt(&self.rundir, bridge);
        let remote = listener.map_or_else(usual, |listener| listener.remote.clone());
        let ask = async {
            let asked: Result<_, Error> = async {
                Client::connect(&remote, &Version::ALL).await?.sharing(room).port_stats().await
            }
            .await;
            asked.map_err(|error| not_asked(&remote, &error))
        };
        let rows = Deadline::after(self.timeout).hold(|| what(&remote), ask).await?;
        Ok(rows.iter().filter_map(|row| Some((OfPort(row.ofport()?), counters(row)))).collect())
    }
}

fn counters(row: &openflow::PortStats) -> PortCounters {
    PortCounters {
        rx_packets: row.rx_packets,
        rx_bytes: row.rx_bytes,
        rx_dropped: row.rx_dropped,
        rx_errors: row.rx_errors,
        tx_packets: row.tx_packets,
        tx_bytes: row.tx_bytes,
        tx_dropped: row.tx_dropped,
        tx_errors: row.tx_errors,
    }
}

/// OpenFlow says nothing of a port's kind; the model takes none as untold.
fn port(row: &openflow::Port) -> Option<Port> {
    let ofport = OfPortState::Assigned(OfPort(row.ofport()?));
    Some(Port {
        iface: row.name.as_str().into(),
        ofport,
        mac: Some(Mac(row.mac)),
        ..Port::default()
    })
}

/// Reads `BRIDGE=tcp:IP[:PORT]` or `BRIDGE=unix:FILE`.
pub(crate) fn listener(text: &str) -> Result<Listener, SourceError> {
    let wrong = |why: String| {
        SourceError::new(SourceErrorKind::Unusable, format!("--openflow {text}"), why)
            .hint("write BRIDGE=tcp:IP[:PORT] or BRIDGE=unix:FILE")
    };
    let named = text.split_once('=').filter(|(bridge, _)| !bridge.is_empty());
    let (bridge, remote) = named.ok_or_else(|| wrong("no bridge is named".into()))?;
    let remote =
        remote.parse().map_err(|error: openflow::InvalidRemote| wrong(error.to_string()))?;
    Ok(Listener { bridge: bridge.to_owned(), remote })
}
