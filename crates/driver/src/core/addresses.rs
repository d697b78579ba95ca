//! Pools of addresses, and who gets which: what `--ipam-driver ovs` calls.
//!
//! All of it is in the switch's database, where each transaction fails if another call was faster. No
//! call asks an engine: that an address is not in use any more is proven by the boot that it was handed out
//! in, or by the link of the port that has it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use host::{ExternalIdsGuard, OpenVSwitchIds};
use ipnet::IpNet;
use model::address_pool::{
    self, AddressRecord, Holder, MAX_ADDRESSES, MAX_POOLS, Pool, PoolRecord,
};
use model::endpoint_record::EndpointRecord;
use model::ids::short_id;
use model::snapshot::Cidr;

use super::{BOUND, Driver, TRIES, View};
use crate::network::{self, NetworkRecord};
use crate::{DriverError, subnet};

/// Calls about which pools there are take turns.
const ALL_POOLS: &str = "pools";
/// What options begin with that engines say by themselves.
const OF_DOCKER: &str = "com.docker.";
/// Which boot of this host this is (random(4)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A pool that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolRequest {
    /// Its subnet; a free one is chosen if none.
    pub subnet: Option<IpNet>,
    /// The part of it that is handed out; all if none.
    pub range: Option<IpNet>,
    /// Whether it is to be of IPv6.
    pub is_v6: bool,
    /// The user's options.
    pub options: BTreeMap<String, String>,
}

/// An address that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRequest {
    /// The pool.
    pub pool: String,
    /// The address; the next free one if none.
    pub address: Option<IpAddr>,
    /// Whether it is for the network's gateway.
    pub is_gateway: bool,
    /// Name of the container, where the engine says it.
    pub name: Option<String>,
}

impl Driver {
    /// Makes a pool, and gives its id and its subnet.
    ///
    /// # Errors
    /// A range that is another pool's, that is none, or a database that does not answer; nothing is made
    /// then.
    pub async fn request_pool(
        &self,
        request: &PoolRequest,
    ) -> Result<(String, IpNet), DriverError> {
        check(request)?;
        let _turn = self.in_flight.turn(ALL_POOLS).await;
        in_time(self.try_request_pool(request)).await
    }

    async fn try_request_pool(
        &self,
        request: &PoolRequest,
    ) -> Result<(String, IpNet), DriverError> {
        let mut own = OpenVSwitchIds::of(&self.host).await?;
        for _ in 0..TRIES {
            let ids = own.read().await?;
            let pools = in_use(&ids);
            if pools.len() >= MAX_POOLS {
                return Err(DriverError::new(format!("there are {MAX_POOLS} pools already")));
            }
            let id = format!("{:016x}", host::random());
            let subnet = match request.subnet {
                Some(subnet) => free_of(subnet, &pools)?,
                None => self.choose(&id, &pools).await?,
            };
            let record = PoolRecord::new(subnet, request.range, host::now() / 1000);
            let comment = format!("a pool of addresses, {subnet}");
            if own.change(&record.written_as(&id), &ExternalIdsGuard::Equals(ids), &comment).await?
            {
                return Ok((id, subnet));
            }
        }
        Err(busy())
    }

    /// A range that neither a pool nor a network of ours has.
    async fn choose(&self, id: &str, pools: &BTreeMap<String, Pool>) -> Result<IpNet, DriverError> {
        let mut taken = self.subnets().await?;
        taken.extend(pools.values().map(|pool| pool.record.subnet));
        subnet::free(id, &taken).ok_or_else(|| DriverError::new(subnet::NONE_FREE))
    }

    /// Forgets a pool and all its addresses; an unknown one is gone already.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn release_pool(&self, id: &str) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(id).await;
        in_time(self.change_pool(id, "no pool of addresses", |pool| Some(pool.release()))).await
    }

    /// Hands out an address.
    ///
    /// # Errors
    /// There is no such pool, the address is in use or cannot be used, none is free, or the database does
    /// not answer.
    pub async fn request_address(&self, request: &AddressRequest) -> Result<Cidr, DriverError> {
        let _turn = self.in_flight.turn(&request.pool).await;
        in_time(self.try_request_address(request)).await
    }

    async fn try_request_address(&self, request: &AddressRequest) -> Result<Cidr, DriverError> {
        let boot = boot()?;
        let mut own = OpenVSwitchIds::of(&self.host).await?;
        for _ in 0..TRIES {
            let pools = in_use(&own.read().await?);
            let pool = pools.get(&request.pool).ok_or_else(|| unknown(&request.pool))?;
            let about = |error: DriverError| error.about(&pool.record.subnet.to_string());
            if pools.values().map(|pool| pool.addresses.len()).sum::<usize>() >= MAX_ADDRESSES {
                let why = format!("{MAX_ADDRESSES} addresses are in use, and more are not kept");
                return Err(about(DriverError::new(why)));
            }
            let in_use = InUse::of(&self.open().await?, pool, &boot);
            let ip = match request.address {
                Some(ip) => in_use.asked_for(pool, ip).map_err(about)?,
                None => in_use.next(pool).map_err(about)?,
            };
            // What is asked for by itself before there is a network is that network's own.
            let is_auxiliary = request.address.is_some() && in_use.networks.is_empty();
            let is_own = request.is_gateway || is_auxiliary;
            let record = AddressRecord {
                holder: if is_own { Holder::Network } else { Holder::Container },
                since: host::now() / 1000,
                boot: boot.clone(),
                name: request.name.clone(),
            };
            let change = pool.take(ip, &record, request.address.is_none());
            let comment = format!("the address {ip}");
            if own.change(&change, &ExternalIdsGuard::Includes(pool.rests_on()), &comment).await? {
                return Ok(Cidr { ip, prefix: pool.record.subnet.prefix_len() });
            }
        }
        Err(busy())
    }

    /// Gives an address back; one that is not in use is so already.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn release_address(&self, id: &str, ip: IpAddr) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(id).await;
        let comment = format!("the address {ip} is free");
        let change = |pool: &Pool| pool.addresses.contains_key(&ip).then(|| pool.give_back(&[ip]));
        in_time(self.change_pool(id, &comment, change)).await
    }

    /// The name of the container that is to have one of these addresses, where the engine said it when it
    /// asked for it.
    pub(super) async fn name_said(
        &self,
        network: &NetworkRecord,
        addresses: &[Cidr],
    ) -> Result<Option<String>, DriverError> {
        if !network.subnets.iter().any(|subnet| subnet.own_pool) {
            return Ok(None);
        }
        let pools = in_use(&OpenVSwitchIds::of(&self.host).await?.read().await?);
        let own: Vec<_> = pools.values().filter(|pool| network.is_of_pool(pool)).collect();
        Ok(addresses.iter().find_map(|cidr| {
            own.iter().find_map(|pool| pool.addresses.get(&cidr.ip)?.name.clone())
        }))
    }

    /// Changes a pool until nothing else was faster; does nothing where there is none.
    pub(super) async fn change_pool(
        &self,
        id: &str,
        comment: &str,
        change: impl Fn(&Pool) -> Option<model::memory::MemoryChange>,
    ) -> Result<(), DriverError> {
        let mut own = OpenVSwitchIds::of(&self.host).await?;
        for _ in 0..TRIES {
            let pools = in_use(&own.read().await?);
            let Some(pool) = pools.get(id) else { return Ok(()) };
            let Some(change) = change(pool) else { return Ok(()) };
            if own.change(&change, &ExternalIdsGuard::Includes(pool.rests_on()), comment).await? {
                return Ok(());
            }
        }
        Err(busy())
    }
}

/// The pools that are handed out of.
pub(super) fn in_use(ids: &BTreeMap<String, String>) -> BTreeMap<String, Pool> {
    let mut pools = address_pool::of(ids);
    pools.retain(|_, pool| !pool.record.released);
    pools
}

/// Which addresses of a pool are in use, and which of those that are written down no more.
struct InUse {
    /// The networks that have its addresses.
    networks: BTreeSet<String>,
    /// What the ports of these networks have that lead somewhere.
    on_ports: BTreeMap<IpAddr, EndpointRecord>,
    /// What is written down, and proven to be in use no more.
    ended: BTreeSet<IpAddr>,
}

impl InUse {
    fn of(view: &View, pool: &Pool, boot: &str) -> Self {
        let networks: BTreeSet<_> = networks_of(view, pool).map(|network| network.id).collect();
        let (mut on_ports, mut ended) = (BTreeMap::new(), BTreeSet::new());
        for (_, port, record) in view.endpoint_ports() {
            if !networks.contains(&record.network) {
                continue;
            }
            // It was in a container, whose namespace has taken it along.
            let has_ended = record.container.is_some() && view.endpoints.is_link_gone(port);
            for cidr in &record.addresses {
                if has_ended {
                    ended.insert(cidr.ip);
                } else {
                    on_ports.insert(cidr.ip, record.clone());
                }
            }
        }
        // No container has outlived a boot.
        let earlier = pool.addresses.iter().filter(|(_, record)| record.boot != boot);
        ended.extend(earlier.map(|(ip, _)| *ip));
        let is_used = |ip: &IpAddr| {
            let record = pool.addresses.get(ip);
            on_ports.contains_key(ip)
                || record.is_some_and(|record| record.holder == Holder::Network)
        };
        ended.retain(|ip| !is_used(ip));
        Self { networks, on_ports, ended }
    }

    /// # Errors
    /// The address is in use, or cannot be used.
    fn asked_for(&self, pool: &Pool, ip: IpAddr) -> Result<IpAddr, DriverError> {
        if !pool.record.is_usable(ip) {
            return Err(DriverError::new(format!("{ip} is none of its addresses for containers")));
        }
        if !pool.is_own(ip) {
            return Err(DriverError::new(format!(
                "{ip} is in none of this host's blocks: {}; docker ovs mesh blocks shows whose it is",
                blocks(pool)
            )));
        }
        let holder = match (self.on_ports.get(&ip), pool.addresses.get(&ip)) {
            (Some(endpoint), _) => endpoint.to_string(),
            (None, Some(_)) if self.ended.contains(&ip) => return Ok(ip),
            (None, Some(record)) => holder(record),
            (None, None) => return Ok(ip),
        };
        Err(DriverError::new(format!(
            "the address {ip} is in use by {holder}; without --ip a free one is chosen"
        )))
    }

    /// # Errors
    /// All are in use.
    fn next(&self, pool: &Pool) -> Result<IpAddr, DriverError> {
        let taken: BTreeSet<IpAddr> = self.on_ports.keys().copied().collect();
        let without_ended = || {
            let mut pool = pool.clone();
            pool.addresses.retain(|ip, _| !self.ended.contains(ip));
            pool.next_free(&taken)
        };
        pool.next_free(&taken).or_else(without_ended).ok_or_else(|| match &pool.record.mesh {
            None => DriverError::new(
                "all its addresses are in use; a larger --subnet or --ip-range has more",
            ),
            Some(mesh) => DriverError::new(format!(
                "all addresses of this host's blocks are in use ({}); docker ovs serve --etcd claims more in \
                 the mesh {mesh} if it runs and reaches etcd, and docker ovs mesh blocks shows whose they are",
                blocks(pool)
            )),
        })
    }
}

/// The blocks of this host, for messages.
fn blocks(pool: &Pool) -> String {
    let all = pool.blocks.iter().filter_map(|place| pool.record.block(*place));
    let all: Vec<_> = all.map(|net| net.to_string()).collect();
    if all.is_empty() { "it has none yet".to_owned() } else { all.join(", ") }
}

/// Who has an address that is on no port.
fn holder(record: &AddressRecord) -> String {
    match (record.holder, &record.name) {
        (Holder::Network, _) => "the network itself (a gateway, or --aux-address)".to_owned(),
        (Holder::Container, Some(name)) => format!("the container {name}"),
        (Holder::Container, None) => {
            "a container that is being started, or that dockerd has lost: then it is free again within a \
             minute or two"
                .to_owned()
        }
    }
}

/// The networks whose addresses are those of a pool.
pub(super) fn networks_of<'a>(
    view: &'a View,
    pool: &'a Pool,
) -> impl Iterator<Item = NetworkRecord> + 'a {
    let all = view.bridges.iter().flat_map(network::of);
    all.filter(|network| network.is_of_pool(pool))
}

/// # Errors
/// A range of another pool is in the way.
fn free_of(subnet: IpNet, pools: &BTreeMap<String, Pool>) -> Result<IpNet, DriverError> {
    let overlaps = |pool: &&Pool| subnet::overlap(&pool.record.subnet, &subnet);
    match pools.values().find(overlaps) {
        None => Ok(subnet),
        Some(pool) => Err(DriverError::new(format!(
            "--subnet {subnet}: it overlaps {}, of another network with this IPAM driver; one that Docker \
             knows no more is gone within a minute or two",
            pool.record.subnet
        ))),
    }
}

/// # Errors
/// What is asked for makes no sense.
fn check(request: &PoolRequest) -> Result<(), DriverError> {
    let unknown = request.options.keys().find(|name| !name.starts_with(OF_DOCKER));
    if let Some(name) = unknown {
        return Err(DriverError::new(format!("no option {name} (--ipam-opt); there are none")));
    }
    match (request.subnet, request.range) {
        (None, Some(range)) => {
            Err(DriverError::new(format!("--ip-range {range} needs a --subnet that it is part of")))
        }
        (Some(subnet), Some(range)) if !subnet.contains(&range) => {
            Err(DriverError::new(format!("--ip-range {range} is no part of --subnet {subnet}")))
        }
        (None, None) if request.is_v6 => {
            Err(DriverError::new("--ipv6 needs a --subnet of IPv6: none is chosen"))
        }
        _ => Ok(()),
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, DriverError>>) -> Result<T, DriverError> {
    let late = |_| Err(DriverError::new("the switch's database does not answer within 3 seconds"));
    tokio::time::timeout(BOUND, call).await.unwrap_or_else(late)
}

pub(super) fn boot() -> Result<String, DriverError> {
    let failed = |error| DriverError::new(format!("{BOOT_ID}: {error}"));
    Ok(std::fs::read_to_string(BOOT_ID).map_err(failed)?.trim().to_owned())
}

fn unknown(pool: &str) -> DriverError {
    DriverError::new(format!(
        "pool {}: the switch's database has no such pool; docker network rm and create make it again",
        short_id(pool)
    ))
}

fn busy() -> DriverError {
    DriverError::new("the pools of addresses change all the time; try again")
}
