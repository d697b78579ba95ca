//! The `external_ids` that others write to say whose port this is.
//!
//! One function per writer; a new dialect is one more function in a list below.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::ids::Mac;
use crate::port_record::PREFIX;
use crate::switch::Port;

/// Whose port a row says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Which program writes such rows.
    pub writer: &'static str,
    /// The container that it names.
    pub owner: Option<Owner<'a>>,
    /// The engine of that container, by its kind and by what it calls itself: an id alone is not unique.
    pub engine: Option<(&'a str, &'a str)>,
    /// Name of the interface inside.
    pub interface: Option<&'a str>,
    /// Hardware address of the interface inside.
    pub mac: Option<Mac>,
}

/// The ways to name the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// By container name, full id or short id.
    Container(&'a str),
    /// By the PID of its first process.
    Pid(u32),
    /// By the path or name of its network namespace.
    Netns(&'a str),
}

/// What a path of a network namespace says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetnsPath<'a> {
    /// `/proc/PID/ns/net` (proc(5)), as many container runtimes write it.
    Process(u32),
    /// `/run/netns/NAME`, `/var/run/netns/NAME` (ip-netns(8)), or a name alone.
    Named(&'a str),
    /// `net:[INODE]`, as readlink(1) shows it.
    Inode(u64),
    /// Any other; only the kernel can tell what it is.
    Other,
}

impl<'a> NetnsPath<'a> {
    /// Reads a path.
    pub fn of(path: &'a str) -> Self {
        let mut parts =
            path.strip_prefix('/').unwrap_or_default().split('/').filter(|p| !p.is_empty());
        let parts = [(); 5].map(|()| parts.next().unwrap_or_default());
        match parts {
            ["proc", pid, "ns", "net", ""] => pid.parse().map_or(Self::Other, Self::Process),
            ["run", "netns", name, "", ""] | ["var", "run", "netns", name, ""] => Self::Named(name),
            _ if path.contains('/') => Self::Other,
            _ if path.starts_with("net:[") => {
                let inode = path.strip_prefix("net:[").and_then(|rest| rest.strip_suffix(']'));
                inode.and_then(|ino| ino.parse().ok()).map_or(Self::Other, Self::Inode)
            }
            _ => Self::Named(path),
        }
    }
}

/// The keys that writers of all kinds use: words of programs, not of a host.
pub(crate) const KEYS: [&str; 27] = [
    "attached-mac",
    "attached_mac",
    "contIface",
    "contNetns",
    "contPodUid",
    "container-id",
    "container_id",
    "container_iface",
    "containerid",
    "iface-id",
    "iface-status",
    "if-dev",
    "ip",
    "ip_addresses",
    "net-ns",
    "owner",
    "pipework.bridge",
    "pipework.containerid",
    "pipework.containername",
    "pipework.interface",
    "pipework.nspid",
    "pipework.vlan",
    "pod-if-name",
    "pod_netns",
    "sandbox",
    "vm-id",
    "vm-uuid",
];

/// The keys by which whose a port is is told.
const READ: [&str; 20] = [
    "attached-mac",
    "attached_mac",
    "contIface",
    "contNetns",
    "container-id",
    "container_id",
    "container_iface",
    "containerid",
    "iface-id",
    "if-dev",
    "k8s.ovn.org/nad",
    "pipework.containerid",
    "pipework.containername",
    "pipework.interface",
    "pipework.nspid",
    "pod-if-name",
    "pod_name",
    "pod_namespace",
    "pod_netns",
    "sandbox",
];

/// Whether this key of `external_ids` is read here, or is our own.
pub(crate) fn is_read(key: &str) -> bool {
    key.starts_with(PREFIX) || READ.contains(&key)
}

type Ids = BTreeMap<String, String>;
type Writer = for<'a> fn(&'a Ids) -> Option<Claim<'a>>;

const INTERFACE_WRITERS: [Writer; 6] =
    [ovs_docker, pipework, kube_ovn, ovn_kubernetes, neutron, antrea];
const PORT_WRITERS: [Writer; 4] = [ovs_cni, antrea, ovs_docker, kube_ovs];

/// All claims a port's Interface and Port rows make.
pub fn claims_of(port: &Port) -> SmallVec<[Claim<'_>; 1]> {
    let own = &port.external_ids;
    let outer = &port.port_external_ids;
    let by_interface = INTERFACE_WRITERS.iter().filter(|_| !own.is_empty());
    let by_port = PORT_WRITERS.iter().filter(|_| !outer.is_empty());
    by_interface
        .filter_map(|read| read(own))
        .chain(by_port.filter_map(|read| read(outer)))
        .collect()
}

fn text<'a>(ids: &'a Ids, key: &str) -> Option<&'a str> {
    ids.get(key).map(String::as_str).filter(|text| !text.is_empty())
}

fn mac(ids: &Ids, key: &str) -> Option<Mac> {
    text(ids, key)?.parse().ok()
}

/// ovs-docker(8), ovs-port-manager, and docker-ovs itself: `container_id` as it was typed.
fn ovs_docker(ids: &Ids) -> Option<Claim<'_>> {
    let owner = Owner::Container(text(ids, "container_id")?);
    let interface = text(ids, "container_iface");
    let engine = text(ids, "docker-ovs.engine").zip(text(ids, "docker-ovs.engine-id"));
    Some(Claim { writer: "ovs-docker", owner: Some(owner), engine, interface, mac: None })
}

fn pipework(ids: &Ids) -> Option<Claim<'_>> {
    let interface = Some(text(ids, "pipework.interface")?);
    let container =
        text(ids, "pipework.containerid").or_else(|| text(ids, "pipework.containername"));
    let pid = || text(ids, "pipework.nspid")?.parse().ok().map(Owner::Pid);
    let owner = container.map(Owner::Container).or_else(pid);
    Some(Claim { writer: "pipework", owner, engine: None, interface, mac: None })
}

fn ovs_cni(ids: &Ids) -> Option<Claim<'_>> {
    let owner = Some(Owner::Netns(text(ids, "contNetns")?));
    Some(Claim {
        writer: "ovs-cni",
        owner,
        engine: None,
        interface: text(ids, "contIface"),
        mac: None,
    })
}

fn antrea(ids: &Ids) -> Option<Claim<'_>> {
    let owner = Some(Owner::Container(text(ids, "container-id")?));
    let mac = mac(ids, "attached-mac");
    Some(Claim { writer: "antrea", owner, engine: None, interface: text(ids, "if-dev"), mac })
}

/// On the Port row; which interface it is, is not said.
fn kube_ovs(ids: &Ids) -> Option<Claim<'_>> {
    let owner = Some(Owner::Container(text(ids, "containerid")?));
    Some(Claim { writer: "kube-ovs", owner, engine: None, interface: None, mac: None })
}

fn kube_ovn(ids: &Ids) -> Option<Claim<'_>> {
    let owner = Some(Owner::Netns(text(ids, "pod_netns")?));
    let interface = text(ids, "iface-id").filter(|id| is_first_of_pod(ids, id)).map(|_| "eth0");
    Some(Claim { writer: "kube-ovn", owner, engine: None, interface, mac: None })
}

/// kube-ovn's iface-id is `POD.NAMESPACE` for the pod's first interface, and has its provider
/// behind that for another one, whose name it does not say. A pod's name may have dots itself.
fn is_first_of_pod(ids: &Ids, iface_id: &str) -> bool {
    match (text(ids, "pod_name"), text(ids, "pod_namespace")) {
        (Some(pod), Some(namespace)) => {
            iface_id.strip_prefix(pod).and_then(|rest| rest.strip_prefix('.')) == Some(namespace)
        }
        _ => iface_id.split('.').count() == 2,
    }
}

fn ovn_kubernetes(ids: &Ids) -> Option<Claim<'_>> {
    let mac = mac(ids, "attached_mac");
    let owner = Some(Owner::Container(text(ids, "sandbox")?));
    // iface-id is `NAMESPACE_POD` on the pod's default network, and has the network before that on
    // another one, whose interface older versions do not name.
    let default = text(ids, "k8s.ovn.org/nad").is_none_or(|nad| nad == "default")
        && text(ids, "iface-id").is_some_and(|id| id.split('_').count() == 2);
    let interface = text(ids, "pod-if-name").or_else(|| default.then_some("eth0"));
    Some(Claim { writer: "ovn-kubernetes", owner, engine: None, interface, mac })
}

/// neutron, nova, libvirt and ovn-docker name no container; the address must do.
fn neutron(ids: &Ids) -> Option<Claim<'_>> {
    if ids.contains_key("container-id") {
        return None;
    }
    let mac = Some(mac(ids, "attached-mac")?);
    Some(Claim { writer: "neutron", owner: None, engine: None, interface: None, mac })
}
