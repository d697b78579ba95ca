//! Networks whose bridge is in a mesh of several hosts.
//!
//! The driver knows nothing of etcd: that a bridge is in a mesh stands in its row, which the daemon reads, and
//! what the daemon knows of meshes and of this host's blocks of addresses stands in the switch's own row,
//! which the driver reads.

use std::net::IpAddr;
use std::time::Duration;

use host::{KnownMeshes, MeshOfBridge, OpenVSwitchIds, Tunnel, TunnelChange};
use model::address_pool::{Holder, Pool};
use model::switch::Bridge;
use tokio::time::sleep;

use super::Driver;
use super::addresses::in_use;
use crate::DriverError;
use crate::network::{self, NetworkRecord};
use crate::options::NetworkOptions;

/// So often, and so many times, it is looked whether the daemon has joined the mesh and has addresses for
/// it. A network is made without, too: what is missing is told when it is needed.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: u32 = 20;

impl Driver {
    /// What makes the bridge of a network a member of its mesh; none where there is no mesh, or the
    /// bridge is in it.
    ///
    /// # Errors
    /// The mesh is not known, the bridge is in another one, another bridge is in it, it carries less than
    /// the network's MTU, or this host's address is not known.
    pub(super) async fn joining(
        &self,
        bridges: &[Bridge],
        options: &NetworkOptions,
    ) -> Result<Option<MeshOfBridge>, DriverError> {
        let Some(mesh) = &options.mesh else { return Ok(None) };
        if let Some(carried) = self.carried(mesh).await? {
            options.mtu_in_mesh(carried)?;
        }
        for bridge in bridges {
            let Some(of) = MeshOfBridge::of(bridge) else { continue };
            let is_here = *bridge.name == *options.bridge;
            if is_here != (of.mesh == *mesh) {
                return Err(in_another(bridge, &of));
            }
            if is_here {
                return same_address(&of, options);
            }
        }
        let local_ip = options.local_ip.map_or_else(own_address, Ok)?;
        let mesh = mesh.clone();
        Ok(Some(MeshOfBridge { mesh, local_ip, allow_uplink: false, by_network: true }))
    }

    /// What a mesh carries; none where that is not known, as where the daemon is stopped or cut off. One
    /// that was made just now is waited for.
    ///
    /// # Errors
    /// There is no such mesh.
    async fn carried(&self, mesh: &str) -> Result<Option<Option<u32>>, DriverError> {
        let mut missing = None;
        for _ in 0..LOOKS {
            let ids = OpenVSwitchIds::of(&self.host).await?.read().await?;
            let Some(known) = KnownMeshes::of(&ids) else { return Ok(None) };
            if let Some(carried) = known.meshes.get(mesh) {
                return Ok(Some(*carried));
            }
            if !known.are_all() {
                return Ok(None);
            }
            missing = Some(no_mesh(mesh, &known));
            sleep(LOOK_AGAIN).await;
        }
        missing.map_or(Ok(None), Err)
    }

    /// Joins a bridge for an engine that does not say when its networks go: it leaves by hand.
    pub(super) async fn join_by_hand(
        &self,
        options: &NetworkOptions,
        joins: Option<MeshOfBridge>,
    ) -> Result<(), DriverError> {
        if let Some(of) = joins {
            let of = MeshOfBridge { by_network: false, ..of };
            self.host.set_mesh(&options.bridge, Some(&of)).await?;
        }
        Ok(())
    }

    /// Has the addresses of a network handed out by blocks, where it is in a mesh and they are the driver's
    /// to give.
    ///
    /// # Errors
    /// The subnet is too small, or an address of the network's own is where another host's containers may
    /// be.
    pub(super) async fn pools_join(
        &self,
        network: &NetworkRecord,
        options: &NetworkOptions,
    ) -> Result<(), DriverError> {
        let Some(mesh) = &options.mesh else { return Ok(()) };
        let pools = in_use(&OpenVSwitchIds::of(&self.host).await?.read().await?);
        for pool in pools.values().filter(|pool| network.is_of_pool(pool)) {
            check_blocks(pool)?;
            let is_new = |pool: &Pool| pool.record.mesh.as_ref() != Some(mesh);
            let change = |pool: &Pool| is_new(pool).then(|| pool.join(mesh));
            let comment = format!("{} is of the mesh {mesh}", pool.record.subnet);
            self.change_pool(&pool.id, &comment, change).await?;
        }
        Ok(())
    }

    /// Waits a moment until the daemon knows what a new member's mesh carries, and has addresses for it.
    pub(super) async fn await_mesh(&self, network: &NetworkRecord, options: &NetworkOptions) {
        let Some(mesh) = &options.mesh else { return };
        for _ in 0..LOOKS {
            let Ok(mut own) = OpenVSwitchIds::of(&self.host).await else { return };
            let Ok(ids) = own.read().await else { return };
            let Some(known) = KnownMeshes::of(&ids) else { return };
            let carries = known.meshes.get(mesh).is_some_and(Option::is_some);
            let pools = in_use(&ids);
            let mut own = pools.values().filter(|pool| network.is_of_pool(pool));
            if carries && own.all(|pool| !pool.blocks.is_empty()) {
                return;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The options, with the MTU that the mesh carries now where that is less, or none is asked for.
    pub(super) async fn with_mtu(
        &self,
        options: NetworkOptions,
    ) -> Result<NetworkOptions, DriverError> {
        let Some(mesh) = &options.mesh else { return Ok(options) };
        let known = KnownMeshes::of(&OpenVSwitchIds::of(&self.host).await?.read().await?);
        let carried = known.and_then(|known| known.meshes.get(mesh).copied().flatten());
        let mtu = options.mtu.into_iter().chain(carried).min();
        Ok(NetworkOptions { mtu, ..options })
    }

    /// Takes tunnels away that are of no use any more; on a bridge that is gone there are none.
    pub(super) async fn remove_tunnels(&self, tunnels: Vec<Tunnel>) -> Result<(), DriverError> {
        if tunnels.is_empty() {
            return Ok(());
        }
        let remove = tunnels.into_iter().map(|tunnel| (tunnel.bridge, tunnel.name)).collect();
        Ok(self.host.change_tunnels(&TunnelChange { add: Vec::new(), remove }).await?)
    }
}

/// The tunnels of a bridge that leaves its mesh with a network; none where it stays in it, or is in none.
pub(super) fn leaving(bridge: &Bridge, record: &NetworkRecord) -> Option<Vec<Tunnel>> {
    let in_mesh =
        |network: &NetworkRecord| network.read_options().is_ok_and(|of| of.mesh.is_some());
    let of = MeshOfBridge::of(bridge).filter(|of| of.by_network && in_mesh(record))?;
    let stays = network::of(bridge).any(|other| other.id != record.id && in_mesh(&other));
    let tunnels = host::tunnels_of(bridge).into_iter().filter(|tunnel| tunnel.mesh == of.mesh);
    (!stays).then(|| tunnels.collect())
}

fn no_mesh(mesh: &str, known: &KnownMeshes) -> DriverError {
    DriverError::new(format!(
        "the fleet {} has no mesh {mesh}: docker ovs mesh create {mesh} makes it",
        known.fleet
    ))
}

fn in_another(bridge: &Bridge, of: &MeshOfBridge) -> DriverError {
    DriverError::new(format!(
        "{} is in the mesh {}: a host has one bridge in a mesh, and a bridge is in one",
        bridge.name, of.mesh
    ))
}

/// The bridge is a member already: with the address that it has.
fn same_address(
    of: &MeshOfBridge,
    options: &NetworkOptions,
) -> Result<Option<MeshOfBridge>, DriverError> {
    match options.local_ip.filter(|ip| *ip != of.local_ip) {
        None => Ok(None),
        Some(ip) => Err(DriverError::new(format!(
            "option local_ip={ip}: the bridge is in the mesh {} with {} already",
            of.mesh, of.local_ip
        ))),
    }
}

/// The address that tunnels lead to where none is named.
///
/// # Errors
/// This host has no default route, or the kernel cannot be asked.
fn own_address() -> Result<IpAddr, DriverError> {
    const NAMED: &str = "option local_ip=IP names the one that tunnels of the mesh lead to";
    match host::own_address() {
        Ok(Some(ip)) => Ok(ip),
        Ok(None) => {
            let why = "this host has no default route, so that its address is not known";
            Err(DriverError::new(format!("{why}: {NAMED}")))
        }
        Err(error) => Err(DriverError::new(format!("this host's address: {error}; {NAMED}"))),
    }
}

/// # Errors
/// The pool cannot be handed out by blocks.
fn check_blocks(pool: &Pool) -> Result<(), DriverError> {
    let subnet = pool.record.subnet;
    if !pool.record.has_blocks() {
        return Err(DriverError::new(format!(
            "--subnet {subnet} is too small for a mesh: it takes 16 addresses or more"
        )));
    }
    let own = pool.addresses.iter().filter(|(_, record)| record.holder == Holder::Network);
    let mut outside = own.map(|(ip, _)| *ip).filter(|ip| !pool.record.is_in_first_block(*ip));
    match (outside.next(), pool.record.block(0)) {
        (Some(ip), Some(first)) => Err(DriverError::new(format!(
            "{ip} (--gateway or --aux-address) may be a container's of another host: in a mesh such \
             addresses are of {first}, which no container gets"
        ))),
        _ => Ok(()),
    }
}

impl NetworkRecord {
    /// Whether its addresses are those of a pool.
    pub(super) fn is_of_pool(&self, pool: &Pool) -> bool {
        let mut subnets = self.subnets.iter();
        subnets.any(|subnet| subnet.own_pool && subnet.pool.trunc() == pool.record.subnet)
    }
}
