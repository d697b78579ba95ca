//! Which mesh a bridge is in, as its own row says: joining and leaving need no more than the database.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::SourceError;
use model::switch::Bridge;
use ovsdb::{Mutator, Operation, Value, Which};

use super::port_rows::guard;
use super::read::Database;
use super::transaction::map;
use crate::Host;
use crate::deadline::Deadline;

/// On a bridge: the mesh that it is in.
const MESH: &str = "docker-ovs.mesh";
/// On a bridge: the address that tunnels to it lead to.
const LOCAL_IP: &str = "docker-ovs.mesh-ip";
/// On a bridge: its uplinks are no reason to keep it out.
const ALLOW_UPLINK: &str = "docker-ovs.mesh-uplink";

/// What a bridge's row says of its mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshOfBridge {
    /// The mesh.
    pub mesh: String,
    /// The address that tunnels to it lead to.
    pub local_ip: IpAddr,
    /// Its uplinks are no reason to keep it out.
    pub allow_uplink: bool,
}

impl MeshOfBridge {
    /// What the row says; none where it is in none.
    pub fn of(bridge: &Bridge) -> Option<Self> {
        let mesh = bridge.external_ids.get(MESH)?.clone();
        let local_ip = bridge.external_ids.get(LOCAL_IP)?.parse().ok()?;
        let allow_uplink = bridge.external_ids.contains_key(ALLOW_UPLINK);
        Some(Self { mesh, local_ip, allow_uplink })
    }

    fn ids(&self) -> BTreeMap<String, String> {
        let uplink = self.allow_uplink.then(|| (ALLOW_UPLINK.to_owned(), "allowed".to_owned()));
        let ids = [(MESH, self.mesh.clone()), (LOCAL_IP, self.local_ip.to_string())];
        ids.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(uplink).collect()
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
        let which = || Which::all("Bridge").equal("name", bridge);
        let ids = mesh.map(MeshOfBridge::ids).unwrap_or_default();
        let keys = [MESH, LOCAL_IP, ALLOW_UPLINK];
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
