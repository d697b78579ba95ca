//! Rows as observed: what each source saw, before they are related to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::identity::{Identities, SourceIdentity, World};
use crate::ids::{ContainerId, Ifindex, Mac, Name, NetnsId, Nsid};
use crate::source_error::SourceError;
use crate::switch::{Bridge, SwitchSource};

pub use crate::cidr::{Cidr, NotACidr};

/// Everything the three kinds of source told, at one moment.
///
/// This is the whole input of [`crate::resolve`]; saved as JSON it is a bug
/// report and a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Version of this format, [`Snapshot::VERSION`]; it comes first in a saved one.
    #[serde(rename = "docker-ovs-snapshot")]
    pub version: u32,
    /// Host name of the machine that was looked at.
    pub host: String,
    /// When the look ended, in milliseconds since the Unix epoch.
    pub taken: u64,
    /// How much was asked for.
    pub scope: Scope,
    /// The namespace ovs-vswitchd lives in: port names are link names *there*.
    pub switch_netns: Option<NetnsId>,
    /// Containers, by engine.
    pub engines: BTreeMap<Engine, Observed<Container>>,
    /// The engines that the caller named. The absence of another one is no error as long as some
    /// engine answered: it need not be installed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named_engines: BTreeSet<Engine>,
    /// Who the sources are.
    #[serde(default, skip_serializing_if = "Identities::is_empty")]
    pub identities: Identities,
    /// Engines of this host that are not asked who runs what: only which containers they have.
    /// Acting verbs read it, as what one engine has not another one may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_engines: Vec<OtherEngine>,
    /// Namespaces with their links.
    pub kernel: Observed<Namespace>,
    /// Bridges with their ports, by the switch source they came from.
    pub switch: BTreeMap<SwitchSource, Observed<Bridge>>,
}

impl Snapshot {
    /// The version that is written, and the newest that is read.
    pub const VERSION: u32 = 1;

    /// Every container, each with the engine that runs it.
    pub fn containers_by_engine(&self) -> impl Iterator<Item = (&Engine, &Container)> {
        let engines = self.engines.iter();
        engines.flat_map(|(engine, rows)| rows.rows().iter().map(move |row| (engine, row)))
    }

    /// Every container of every engine.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.engines.values().flat_map(Observed::rows)
    }

    /// The container with this full id.
    pub fn container_by_id(&self, id: &ContainerId) -> Option<&Container> {
        self.containers().find(|row| row.id == *id)
    }

    /// The row of a namespace that was read.
    pub fn namespace(&self, id: NetnsId) -> Option<&Namespace> {
        self.kernel.rows().iter().find(|row| row.id == id)
    }

    /// The row of the namespace that ovs-vswitchd lives in, if it was read.
    pub fn switch_namespace(&self) -> Option<&Namespace> {
        self.namespace(self.switch_netns?)
    }

    /// Why the namespace that ovs-vswitchd lives in is not known, where that was asked: then no
    /// missing link proves anything.
    pub fn switch_netns_error(&self) -> Option<&str> {
        let vswitchd = self.identities.vswitchd.as_ref().filter(|_| self.switch_netns.is_none())?;
        vswitchd.world.doubt()
    }

    /// Every bridge, once for each switch source that has it.
    pub fn bridges(&self) -> impl Iterator<Item = &Bridge> {
        self.switch.values().flat_map(Observed::rows)
    }
}

/// How much a look asked for. A narrow Snapshot is smaller, not different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every container, namespace and port: what is missing is really not there.
    Everything,
    /// What one container needs: nothing follows from what is missing.
    One,
}

/// Rows, and how they were obtained. Copies share them: a watch publishes them again with
/// each change elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Observed<T> {
    /// Read in this look.
    Fresh {
        /// The rows.
        rows: Arc<[T]>,
    },
    /// Read earlier; the source has been silent since.
    Stale {
        /// The rows as they were.
        rows: Arc<[T]>,
        /// Why there is nothing newer.
        why: SourceError,
    },
    /// Never read.
    Absent {
        /// Why not.
        why: SourceError,
    },
}

impl<T> Observed<T> {
    /// The rows there are; none when absent.
    pub fn rows(&self) -> &[T] {
        match self {
            Self::Fresh { rows } | Self::Stale { rows, .. } => rows,
            Self::Absent { .. } => &[],
        }
    }

    /// The rows, to be changed in place; none when absent.
    pub fn rows_mut(&mut self) -> &mut [T]
    where
        T: Clone,
    {
        match self {
            Self::Fresh { rows } | Self::Stale { rows, .. } => Arc::make_mut(rows),
            Self::Absent { .. } => &mut [],
        }
    }

    /// Whether the rows were read in this look.
    pub fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh { .. })
    }

    /// Why there are no rows at all.
    pub fn absence(&self) -> Option<&SourceError> {
        match self {
            Self::Absent { why } => Some(why),
            Self::Fresh { .. } | Self::Stale { .. } => None,
        }
    }

    /// Why the rows are not fresh.
    pub fn source_error(&self) -> Option<&SourceError> {
        match self {
            Self::Fresh { .. } => None,
            Self::Stale { why, .. } | Self::Absent { why } => Some(why),
        }
    }
}

impl<T> From<Result<Vec<T>, SourceError>> for Observed<T> {
    fn from(read: Result<Vec<T>, SourceError>) -> Self {
        match read {
            Ok(rows) => Self::Fresh { rows: rows.into() },
            Err(why) => Self::Absent { why },
        }
    }
}

/// Who runs containers, by the API it speaks: `docker` also for Podman's
/// Docker-compatible socket.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Engine(pub Name);

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An engine that has a socket on this host, and is none of those that are asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherEngine {
    /// Where it listens, as `unix:///run/podman/podman.sock`.
    pub address: String,
    /// What it calls itself, as [`crate::identity::SourceIdentity::id`]; none where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who answers, and whose world it speaks of; none where nothing answered, and in recordings
    /// made by earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<SourceIdentity>,
    /// Its containers, without their processes and namespaces.
    pub containers: Observed<Container>,
}

impl OtherEngine {
    /// Whether it is proven to be another machine's: then it has no say about what is here.
    pub fn is_elsewhere(&self) -> bool {
        let world = self.identity.as_ref().map(|identity| &identity.world);
        matches!(world, Some(World::Elsewhere { .. }))
    }
}

/// A container as its engine describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Full id.
    pub id: ContainerId,
    /// Name, without the API's leading slash.
    pub name: Name,
    /// State in the engine's words: `running`, `exited`, `paused`, …
    pub state: String,
    /// Its first process in the host's PID namespace; none when it has none.
    pub pid: Option<u32>,
    /// The namespace of that process; none when there is no process, or it could not be read.
    pub netns: Option<NetnsId>,
    /// Why `netns` is missing although there is a process.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "netns_trouble")]
    pub netns_error: Option<SourceError>,
    /// The engine's own handle on its network namespace, where that leads to another one than the
    /// process is in now: both are the container's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
    /// `HostConfig.NetworkMode` of the Docker Engine API: `bridge`, `host`, `container:ID`, …
    pub network_mode: String,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// A namespace that an engine made, and its first process left: `unshare -n` takes CAP_SYS_ADMIN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Path of the handle (`NetworkSettings.SandboxKey` of the Docker Engine API).
    pub key: String,
    /// Where it leads.
    pub netns: NetnsId,
}

impl Container {
    /// Its network namespaces: its process's, and the one that was left, if it was.
    pub fn namespaces(&self) -> impl Iterator<Item = NetnsId> {
        self.netns.into_iter().chain(self.sandbox.as_ref().map(|sandbox| sandbox.netns))
    }

    /// Whether it shares the host's network (`--network host`).
    pub fn on_host_network(&self) -> bool {
        self.network_mode == "host"
    }
}

/// A network namespace and what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// Its identity.
    pub id: NetnsId,
    /// Names under /run/netns (ip-netns(8)).
    #[serde(default)]
    pub names: Vec<String>,
    /// Paths of files that are this namespace, among those that `external_ids` name; only what
    /// `names` does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// What this namespace calls others: the switch's, if it has a word for it, and maybe
    /// more. Pairs in JSON, whose keys cannot be numbers.
    #[serde(default, with = "pairs")]
    pub nsids: BTreeMap<Nsid, NetnsId>,
    /// Its links.
    pub links: Vec<Arc<Link>>,
    /// The links that some packet socket listens to (packet(7)): with the userspace datapath
    /// every system port's. None where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "heard")]
    pub packet_sockets: Option<BTreeSet<Ifindex>>,
    /// Why links are missing.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "trouble")]
    pub source_error: Option<SourceError>,
}

mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl Namespace {
    /// Whether its links were read: each namespace has a loopback link for as long as it lives, so
    /// that one without any link is not known at all.
    pub fn is_read(&self) -> bool {
        self.source_error.is_none() && !self.links.is_empty()
    }

    /// Links that lead straight to a namespace that this one has no known word for, each with the
    /// word.
    pub fn exits(&self) -> impl Iterator<Item = (&Link, Nsid)> {
        let leading = self.links.iter().filter_map(|link| Some((&**link, link.leads_to()?)));
        leading.filter(|(_, nsid)| !self.nsids.contains_key(nsid))
    }
}

/// A kernel network device, as rtnetlink(7) describes it inside its namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Index, unique in the namespace only.
    pub ifindex: Ifindex,
    /// Name, at most 15 bytes.
    pub name: Name,
    /// `IFLA_INFO_KIND`: `veth`, `macvlan`, `vlan`, `openvswitch`, …; none for hardware and `lo`.
    pub kind: Option<String>,
    /// Whether it is an Ethernet device (`ARPHRD_ETHER`), what the 2014 script lists.
    pub ethernet: bool,
    /// Hardware address.
    pub mac: Option<Mac>,
    /// Addresses with prefix length.
    #[serde(default)]
    pub addresses: Vec<Cidr>,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// `IFLA_LINK`: the peer of a veth, the parent of a macvlan, ipvlan or vlan.
    pub peer: Option<Peer>,
    /// The link this one is enslaved to (`IFLA_MASTER`).
    pub master: Option<Ifindex>,
    /// VLAN id, for kind `vlan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// Its alias (`IFLA_IFALIAS`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Its alternative names (`IFLA_ALT_IFNAME`), by which programs may open it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altnames: Vec<Name>,
    /// Whether it sends TCP and UDP with checksums that what is behind it must finish
    /// (`tx-checksumming` of ethtool(8)); none where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_checksum_offload: Option<bool>,
    /// Gateways of the default routes that go out by it; none where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateways: Option<Vec<IpAddr>>,
}

impl Link {
    /// Whether it is one end of a pair: then `peer` is its other end. For other kinds that is the
    /// link beneath, if anything.
    pub fn is_paired(&self) -> bool {
        matches!(self.kind.as_deref(), Some("veth" | "netkit"))
    }

    /// Whether it is what the 2014 script lists: an Ethernet device, and none that the kernel's
    /// tunnels put into every namespace by themselves.
    pub fn is_interface(&self) -> bool {
        self.ethernet && !self.is_fallback_tunnel()
    }

    /// Whether it is a tunnel's fallback device, which every namespace has once the module is
    /// loaded (`gretap0`, `erspan0`; net.core.fb_tunnels_only_for_init_net): it has no remote end,
    /// and nothing is sent by it. Known by its address of zeros, whatever its name: the kernel
    /// gives each Ethernet tunnel that is made on request a random address, takes no invalid one
    /// (net/ipv4/ip_gre.c, net/ipv6/ip6_gre.c), and brings no link with such an address up
    /// (`eth_validate_addr`). Other fallback devices (`tunl0`, `gre0`, `sit0`, `ip6tnl0`,
    /// `ip_vti0`, …) are no Ethernet devices.
    pub fn is_fallback_tunnel(&self) -> bool {
        const KINDS: [&str; 4] = ["gretap", "erspan", "ip6gretap", "ip6erspan"];
        let is_tunnel = self.kind.as_deref().is_some_and(|kind| KINDS.contains(&kind));
        is_tunnel && self.mac.is_some_and(|mac| mac.0 == [0; 6])
    }

    /// Whether it sends what it is given by another link: then `peer` is that one
    /// (`IFLA_LINK` of linux/if_link.h).
    pub fn has_parent(&self) -> bool {
        const KINDS: [&str; 6] = ["macvlan", "macvtap", "ipvlan", "ipvtap", "vlan", "macsec"];
        self.kind.as_deref().is_some_and(|kind| KINDS.contains(&kind))
    }

    /// The namespace that it leads straight to, as its own calls that; none where it leads to no
    /// other one.
    pub fn leads_to(&self) -> Option<Nsid> {
        self.peer.filter(|_| self.is_paired() || self.has_parent())?.nsid
    }
}

/// The other link, as the kernel says it: relative to the namespace that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its index in *its* namespace.
    pub ifindex: Ifindex,
    /// That namespace, as this one calls it; none when it is this one.
    pub nsid: Option<Nsid>,
}
