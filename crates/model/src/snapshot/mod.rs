//! Rows as observed: what each source saw, before they are related to each other.

mod link;
mod observed;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ptr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::identity::{Identities, SourceIdentity, World};
use crate::ids::{ContainerId, Ifindex, Name, NetnsId, Nsid};
use crate::source_error::SourceError;
use crate::switch::{Bridge, SwitchSource};

pub use crate::cidr::{Cidr, NotACidr};
pub use crate::ids::EngineName;
pub use link::{Link, Peer};
pub use observed::Observed;

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
    pub engines: BTreeMap<EngineName, Observed<Container>>,
    /// The engines that the caller named. The absence of another one is no error as long as some
    /// engine answered: it need not be installed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named_engines: BTreeSet<EngineName>,
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
    pub fn containers_by_engine(&self) -> impl Iterator<Item = (&EngineName, &Container)> {
        let engines = self.engines.iter();
        engines.flat_map(|(engine, rows)| rows.rows().iter().map(move |row| (engine, row)))
    }

    /// Every container of every engine.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.engines.values().flat_map(Observed::rows)
    }

    /// What every container is called: its engine and its name.
    pub fn containers_called(&self) -> impl Iterator<Item = (&str, &str)> {
        self.containers_by_engine().map(|(engine, row)| (&*engine.0, &*row.name))
    }

    /// The engine that told a row of this very Snapshot: another one may have one of the same id.
    pub fn engine_of(&self, row: &Container) -> Option<&EngineName> {
        let has_it =
            |rows: &Observed<Container>| rows.rows().as_ptr_range().contains(&ptr::from_ref(row));
        let by_row = self.engines.iter().find(|(_, rows)| has_it(rows)).map(|(engine, _)| engine);
        by_row.or_else(|| {
            let mut all = self.containers_by_engine();
            all.find(|(_, own)| own.id == row.id).map(|(engine, _)| engine)
        })
    }

    /// What the switch's database told, where it was asked.
    pub fn ovsdb(&self) -> Option<&Observed<Bridge>> {
        self.switch.get(&SwitchSource::Ovsdb)
    }

    /// The bridges that the switch's database told of.
    pub fn ovsdb_bridges(&self) -> &[Bridge] {
        self.ovsdb().map(Observed::rows).unwrap_or_default()
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

    /// Whether a user runs it: what it says of the containers of this host counts for nothing.
    pub fn is_users(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.user.is_some())
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
    /// The namespace of that process; where there is no process, that of `sandbox`, if its engine
    /// keeps one without. None when there is neither, or it could not be read.
    pub netns: Option<NetnsId>,
    /// Why `netns` is missing although there is a process.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "netns_trouble")]
    pub netns_error: Option<SourceError>,
    /// Whether its namespaces are known and left out here, as nothing was read of them since its engine
    /// told of them: what was read before may be of others, as a number that is free is given away again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// The engine's own handle on its network namespace, where that leads to another one than the
    /// process is in now, as both are the container's; or where there is no process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
    /// `HostConfig.NetworkMode` of the Docker Engine API: `bridge`, `host`, `container:ID`, …
    pub network_mode: String,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// A namespace that an engine made, and that no first process of the container is in: it left, for
/// which `unshare -n` takes CAP_SYS_ADMIN, or there is none, as in a pod of CRI-O.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Path of the handle (`NetworkSettings.SandboxKey` of the Docker Engine API).
    pub key: String,
    /// Where it leads.
    pub netns: NetnsId,
}

impl Container {
    /// One of which no more is known: it has no process and no namespace, and nothing is said of its network.
    pub fn new(id: ContainerId, name: Name, state: String) -> Self {
        Self {
            id,
            name,
            state,
            pid: None,
            netns: None,
            netns_error: None,
            unread: false,
            sandbox: None,
            network_mode: String::new(),
            labels: BTreeMap::new(),
        }
    }

    /// Its network namespaces: its process's, and the one that was left, if it was.
    pub fn namespaces(&self) -> impl Iterator<Item = NetnsId> {
        self.netns.into_iter().chain(self.left().map(|sandbox| sandbox.netns))
    }

    /// The namespace that its first process left, if it did.
    pub fn left(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref().filter(|sandbox| self.netns != Some(sandbox.netns))
    }

    /// Whether it runs: it has a process, or a namespace that its engine keeps without one.
    pub fn is_alive(&self) -> bool {
        self.pid.is_some() || self.netns.is_some() || self.unread
    }

    /// Whether it ended, and nothing but a person or another program starts it: in the words of Docker, Podman,
    /// CRI, containerd, LXC and Incus. Not what is about to run, as one that its policy restarts.
    pub fn is_stopped(&self) -> bool {
        const ENDED: [&str; 3] = ["exited", "dead", "stopped"];
        // Incus' rows tell more behind the word.
        let state = self.state.split_whitespace().next().unwrap_or_default();
        !self.is_alive() && ENDED.iter().any(|word| state.eq_ignore_ascii_case(word))
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
    /// `names` does not tell. Of one that no engine, name or process leads to, where it is mounted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// A process in it, where neither an engine nor a name leads there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<NamedProcess>,
    /// What this namespace calls others: the switch's, if it has a word for it, and maybe
    /// more. Pairs in JSON, whose keys cannot be numbers.
    #[serde(default, with = "pairs")]
    pub nsids: BTreeMap<Nsid, NetnsId>,
    /// Links of namespaces that were not read, as this one calls these, by which what arrives there
    /// goes on, as the kernel says: each is enslaved there, or another link stands on it. Only other ends
    /// of members of a Linux bridge, bond or team.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unread_ways: BTreeSet<Peer>,
    /// Its links.
    pub links: Vec<Arc<Link>>,
    /// The links that some packet socket listens to (packet(7)): with the userspace datapath
    /// every system port's. None where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "heard")]
    pub packet_sockets: Option<BTreeSet<Ifindex>>,
    /// Those of them that vswitchd holds. None where that was not read, as for want of privileges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vswitchd_sockets: Option<VswitchdSockets>,
    /// Why links are missing.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "trouble")]
    pub source_error: Option<SourceError>,
}

impl Namespace {
    /// A namespace of which nothing was read yet.
    pub fn empty(id: NetnsId, names: Vec<String>) -> Self {
        Self {
            id,
            names,
            paths: Vec::new(),
            process: None,
            nsids: BTreeMap::new(),
            unread_ways: BTreeSet::new(),
            links: Vec::new(),
            packet_sockets: None,
            vswitchd_sockets: None,
            source_error: None,
        }
    }

    /// The links that vswitchd listens to by packet sockets; where it is not known whose these are, those
    /// that any program listens to. None where they were not read.
    pub fn listened_to(&self) -> Option<&BTreeSet<Ifindex>> {
        let own = self.vswitchd_sockets.as_ref().map(|own| &own.links);
        own.or(self.packet_sockets.as_ref())
    }

    /// Both sets of links, where they were read, to change what is listened to.
    pub fn listened_to_mut(&mut self) -> impl Iterator<Item = &mut BTreeSet<Ifindex>> {
        let own = self.vswitchd_sockets.iter_mut().map(|own| &mut own.links);
        self.packet_sockets.iter_mut().chain(own)
    }

    /// Whether this link is one of [those](Self::listened_to).
    pub fn is_listened_to(&self, link: Ifindex) -> Option<bool> {
        self.listened_to().map(|links| links.contains(&link))
    }
}

/// The packet sockets of ovs-vswitchd: on the userspace datapath it opens one for each system port,
/// once, and keeps it until the port is removed, whatever becomes of the link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VswitchdSockets {
    /// The links that they are bound to.
    pub links: BTreeSet<Ifindex>,
    /// How many have lost their link, which was deleted or moved to another namespace.
    pub lost: usize,
}

/// A process, and what it calls itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedProcess {
    /// Its number in the PID namespace of the program that looked.
    pub pid: u32,
    /// Its name (proc_pid_comm(5)), which it may choose.
    pub name: Name,
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
    /// What it may be called by, as [`NetnsId::called`] takes it: its names; without any the files
    /// that it is, or a process in it.
    pub fn called(&self) -> Vec<String> {
        if !self.names.is_empty() {
            return self.names.clone();
        }
        match &self.process {
            Some(process) => vec![format!("pid:{} ({})", process.pid, process.name)],
            None => self.paths.iter().map(|path| format!("netns:{path}")).collect(),
        }
    }

    /// The addresses that it takes packets for, by whichever link these come (`ip_route_input_slow` of
    /// net/ipv4/route.c).
    pub fn local_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.links.iter().flat_map(|link| link.local_addresses())
    }

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
