//! Which mesh a bridge is in, as its own row says: joining and leaving need no more than the database.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::SourceError;
use model::memory::MemoryChange;
use model::switch::Bridge;
use netns::RouteSocket;
use ovsdb::{Mutator, Operation, RowSelector, Value};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::port_rows::guard;
use super::read::Database;
use super::transaction::map;
use crate::Host;
use crate::deadline::Deadline;
use crate::identity::process::Process;

/// On a bridge: the mesh that it is in.
const MESH: &str = "docker-ovs.mesh";
/// On a bridge: the address that tunnels to it lead to.
const LOCAL_IP: &str = "docker-ovs.mesh-ip";
/// On a bridge: its uplinks are no reason to keep it out.
const ALLOW_UPLINK: &str = "docker-ovs.mesh-uplink";
/// On a bridge: it was joined with a network of an engine, and leaves with the last of them.
const BY_NETWORK: &str = "docker-ovs.mesh-by";
/// In the switch's own row: the meshes that the daemon has heard of.
const KNOWN: &str = "docker-ovs.meshes";

/// What a bridge's row says of its mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshOfBridge {
    /// The mesh.
    pub mesh: String,
    /// The address that tunnels to it lead to.
    pub local_ip: IpAddr,
    /// Its uplinks are no reason to keep it out.
    pub allow_uplink: bool,
    /// It was joined with a network of an engine, and leaves with the last of them.
    pub by_network: bool,
}

/// The meshes of this host's fleet, as its daemon has heard of them last. What has no part in the fleet
/// reads them in the switch's own row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownMeshes {
    /// The fleet.
    pub fleet: String,
    /// What each carries: the MTU in bytes of interfaces on it, where that is known.
    pub meshes: BTreeMap<String, Option<u32>>,
    /// The process that wrote it, while it hears of all others.
    #[serde(default)]
    pub by: Option<String>,
}

impl KnownMeshes {
    /// What the row says; none where no daemon has told.
    pub fn of(ids: &BTreeMap<String, String>) -> Option<Self> {
        serde_json::from_str(ids.get(KNOWN)?).ok()
    }

    /// What this process knows, which hears of all others now.
    pub fn all(fleet: &str, meshes: BTreeMap<String, Option<u32>>) -> Self {
        let own = || Process::open(std::process::id()).ok()?.mark();
        Self { fleet: fleet.to_owned(), meshes, by: own() }
    }

    /// Whether these are all that there are: who wrote it lives, and would have heard of another.
    pub fn are_all(&self) -> bool {
        self.by.as_deref().is_some_and(Process::lives)
    }

    /// The change that writes it down.
    pub fn written(&self) -> MemoryChange {
        let value = serde_json::to_string(self).unwrap_or_default();
        let forget = BTreeMap::from([(KNOWN.to_owned(), String::new())]);
        MemoryChange { forget, remember: BTreeMap::from([(KNOWN.to_owned(), value)]) }
    }
}

/// The address that the default route leaves by, as the kernel tells it; none where there is no such route.
/// Nothing is sent, and no socket of IP is needed: units of systemd have none.
///
/// # Errors
/// The kernel cannot be asked.
pub fn own_address() -> Result<Option<IpAddr>, netns::Error> {
    // TEST-NET-1 (RFC 5737): no host has it.
    let away = IpAddr::from([192, 0, 2, 1]);
    match RouteSocket::here()?.route_taken(away, None, None) {
        Ok(route) => Ok(route.and_then(|route| route.source)),
        Err(netns::Error::Socket(error)) if is_no_route(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_no_route(error: &std::io::Error) -> bool {
    let none = [Errno::NETUNREACH, Errno::HOSTUNREACH, Errno::ACCESS, Errno::INVAL];
    none.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

impl MeshOfBridge {
    /// What the row says; none where it is in none.
    pub fn of(bridge: &Bridge) -> Option<Self> {
        let mesh = bridge.external_ids.get(MESH)?.clone();
        let local_ip = bridge.external_ids.get(LOCAL_IP)?.parse().ok()?;
        let allow_uplink = bridge.external_ids.contains_key(ALLOW_UPLINK);
        let by_network = bridge.external_ids.contains_key(BY_NETWORK);
        Some(Self { mesh, local_ip, allow_uplink, by_network })
    }

    /// What makes a bridge's row say so.
    pub fn ids(&self) -> BTreeMap<String, String> {
        let uplink = self.allow_uplink.then(|| (ALLOW_UPLINK, "allowed".to_owned()));
        let network = self.by_network.then(|| (BY_NETWORK, "network".to_owned()));
        let ids = [(MESH, self.mesh.clone()), (LOCAL_IP, self.local_ip.to_string())];
        let all = ids.into_iter().chain(uplink).chain(network);
        all.map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

impl Host {
    /// Writes down that a bridge is in a mesh, or in none.
    ///
    /// # Errors
    /// The database does not answer, or has no such bridge.
    pub async fn set_mesh(
        &self,
        bridge: &str,
        mesh: Option<&MeshOfBridge>,
    ) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout);
        let mut database = self.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.set_mesh(bridge, mesh)).await
    }
}

impl Database {
    async fn set_mesh(
        &mut self,
        bridge: &str,
        mesh: Option<&MeshOfBridge>,
    ) -> Result<(), SourceError> {
        let which = || RowSelector::all("Bridge").equal("name", bridge);
        let ids = mesh.map(MeshOfBridge::ids).unwrap_or_default();
        let keys = [MESH, LOCAL_IP, ALLOW_UPLINK, BY_NETWORK];
        let there = vec![vec![("name", Value::from(bridge))]];
        let comment = match mesh {
            Some(of) => format!("docker-ovs: {bridge} is in the mesh {}", of.mesh),
            None => format!("docker-ovs: {bridge} is in no mesh"),
        };
        let mut operations = vec![
            Operation::Comment(&comment),
            guard(which(), &["name"], there),
            Operation::Mutate {
                which: which(),
                column: "external_ids",
                mutator: Mutator::Delete,
                value: Value::Set(keys.iter().map(|key| Value::from(*key)).collect()),
            },
        ];
        if !ids.is_empty() {
            operations.push(Operation::Mutate {
                which: which(),
                column: "external_ids",
                mutator: Mutator::Insert,
                value: map(&ids),
            });
        }
        self.commit(bridge, None, &operations).await
    }
}
