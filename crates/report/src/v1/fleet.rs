//! What a fleet tells: several hosts at once, each row with its host and how old it may be.

use model::NamedInterface;
use model::ids::{Mac, OfPort};
use model::who::WhoQuery;
use model::wiring::LastTenant;
use serde::{Deserialize, Serialize};

use super::{Attachment, FleetAction, Liveness, MatchedBy, PortPlace, State, VlanMode};

/// A row of which host, and whether that host is still heard of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FromHost {
    /// Name of the host in its fleet.
    pub host: String,
    /// Whether what is told of it is how it is now.
    pub liveness: Liveness,
    /// Since when it is stale: RFC 3339, UTC, milliseconds, by the clock of the daemon that answers;
    /// null where it is live, and where it was stale already when that daemon began to listen.
    pub stale_since: Option<String>,
}

/// A host of the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FleetHost {
    /// Which, and how old.
    #[serde(flatten)]
    pub from: FromHost,
    /// Its number in the fleet: its tunnels are OpenFlow port 64000 + number on every other host;
    /// null where it has none.
    pub number: Option<u16>,
    /// The address that tunnels to it lead to, where it is in a mesh.
    pub address: Option<String>,
    /// Release of its daemon.
    pub version: String,
    /// Its OVS bridges.
    pub bridges: Vec<String>,
    /// How many attachments it tells of; null where this daemon keeps no rows of others.
    pub attachments: Option<usize>,
    /// The meshes it is in.
    pub meshes: Vec<String>,
    /// What is wrong with what it tells.
    pub notes: Vec<String>,
    /// Another name by which its machine is heard of, as it was renamed or one is a copy of the other; null where
    /// it is live itself, and where there is none.
    pub live_as: Option<String>,
}

impl FleetHost {
    /// Whether it is not heard of under any name, so that what it had to tell may be missing.
    pub fn is_silent(&self) -> bool {
        self.from.liveness == Liveness::Stale && self.live_as.is_none()
    }
}

/// An attachment of some host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FleetAttachment {
    /// Whose, and how old.
    #[serde(flatten)]
    pub from: FromHost,
    /// The attachment, as its host tells it.
    #[serde(flatten)]
    pub attachment: Attachment,
}

/// An attachment of some host that fits what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FleetMatch {
    /// What fitted.
    pub matched_by: MatchedBy,
    /// Who it is, in words.
    pub who: String,
    /// The attachment, and whose.
    #[serde(flatten)]
    pub row: FleetAttachment,
}

/// A port of a bridge of some host, with an attachment on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FleetPort {
    /// Whose, and how old.
    #[serde(flatten)]
    pub from: FromHost,
    /// The OVS bridge.
    pub bridge: String,
    /// The OpenFlow port; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Whether an attachment is on it.
    pub state: State,
    /// Name of the interface on the bridge.
    pub port: String,
    /// Its access VLAN, native VLAN, or the VLAN of a tunnel.
    #[serde(rename = "VLAN")]
    pub vlan: Option<u16>,
    /// What it does with tags.
    #[serde(rename = "VLANMode")]
    pub vlan_mode: Option<VlanMode>,
    /// Trunked VLANs.
    pub trunks: Vec<u16>,
    /// The customers' VLANs of a `dot1q-tunnel`; empty means all.
    #[serde(rename = "CVLANs")]
    pub cvlans: Vec<u16>,
    /// Who is on it, in words.
    pub who: String,
}

/// Something that is different now, on some host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FleetEvent {
    /// When the daemon that answers was told: RFC 3339, UTC, milliseconds, by its own clock.
    pub time: String,
    /// The host.
    pub host: String,
    /// What happened.
    pub action: FleetAction,
    /// Name of the container; empty where it is about a host.
    pub container: String,
    /// Name of the interface inside; empty where it is about a host.
    pub interface: String,
    /// The bridge it is on, or was when it vanished.
    pub bridge: Option<String>,
    /// Its OpenFlow port there.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// The attachment as it is now, or was last; null where it is about a host.
    pub attachment: Option<Attachment>,
}

/// How the daemon that answers stands to its fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FleetStatus {
    /// Name of the fleet.
    pub fleet: String,
    /// Name of this host in it.
    pub host: String,
    /// Whether what is told of others is how they are now.
    pub liveness: Liveness,
    /// Since when it is stale: RFC 3339, UTC, milliseconds; null where it is live, and where etcd was
    /// never reached.
    pub stale_since: Option<String>,
    /// Why it is stale.
    pub reason: Option<String>,
    /// Whether the fleet is told of this host.
    pub published: bool,
    /// Why it is not.
    pub unpublished_reason: Option<String>,
    /// Whether the rows of others are kept; without, only hosts and meshes are.
    pub mirror: bool,
    /// How many hosts there are.
    pub hosts: usize,
    /// How many attachments they tell of.
    pub attachments: usize,
    /// How many values of others are of no use.
    pub unreadable: usize,
}

/// A mesh: bridges of several hosts that are one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Mesh {
    /// Its name.
    pub mesh: String,
    /// What its tunnels are: `geneve` or `vxlan`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The key (VNI) that its tunnels have.
    pub key: u32,
    /// The UDP port of its tunnels.
    pub dst_port: u16,
    /// MTU in bytes of the interfaces on it: the least of all members; null where no member tells.
    #[serde(rename = "MTU")]
    pub mtu: Option<u32>,
    /// Who is in it.
    pub members: Vec<MeshMember>,
}

/// A host in a mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct MeshMember {
    /// Which, and how old.
    #[serde(flatten)]
    pub from: FromHost,
    /// Its number.
    pub number: Option<u16>,
    /// The OpenFlow port of tunnels to it, on every other member.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Its bridge.
    pub bridge: String,
    /// Where tunnels to it lead.
    #[serde(rename = "LocalIP")]
    pub local_ip: Option<String>,
    /// MTU in bytes of the interfaces on its bridge, by what its underlay can carry.
    #[serde(rename = "MTU")]
    pub mtu: Option<u32>,
    /// Links of the host on its bridge, by which frames leave it beside the mesh.
    pub uplinks: Vec<String>,
    /// Why it is kept out, or what is uncertain.
    pub notes: Vec<String>,
}

/// A block of addresses of a mesh, which one host hands out of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct MeshBlock {
    /// The mesh.
    pub mesh: String,
    /// The network's subnet that it is part of.
    pub subnet: String,
    /// The addresses.
    pub block: String,
    /// The host that hands them out.
    pub host: String,
}

impl FleetAttachment {
    /// What of it fits a query about a port, an address or a name.
    pub fn fits(&self, query: &WhoQuery) -> Option<MatchedBy> {
        let row = &self.attachment;
        let is = |text: &Option<String>, wanted: &str| text.as_deref() == Some(wanted);
        match query {
            WhoQuery::PortOf { bridge, ofport: OfPort(number) } => {
                let mut places = row.places().into_iter();
                let fits = places.any(|at| at.ofport == Some(*number) && at.is_on(bridge));
                fits.then_some(MatchedBy::OfPort)
            }
            WhoQuery::Number(number) => {
                let mut numbers = row.places().into_iter().filter_map(|at| at.ofport);
                let fits = numbers.any(|ofport| u32::from(ofport) == *number);
                fits.then_some(MatchedBy::OfPort)
            }
            WhoQuery::OfPort { ofport: OfPort(number), .. } => {
                let mut places = row.places().into_iter();
                places.any(|at| at.ofport == Some(*number)).then_some(MatchedBy::OfPort)
            }
            // An index is of its own host only.
            WhoQuery::Ifindex(_) => None,
            WhoQuery::Mac(mac) => {
                let own: Option<Mac> = row.mac.as_ref().and_then(|mac| mac.parse().ok());
                (own == Some(*mac)).then_some(MatchedBy::Mac)
            }
            WhoQuery::Ip(ip) => {
                let own =
                    row.addresses.iter().filter_map(|cidr| cidr.split('/').next()?.parse().ok());
                let mut own = own.filter(|own: &std::net::IpAddr| own == ip);
                own.next().map(|_| MatchedBy::Address)
            }
            WhoQuery::Name(name) => {
                let is_container = |word: &str| self.is_called(word);
                let is_interface = || {
                    let mut all = NamedInterface::from(name.as_str()).readings();
                    all.any(|(word, interface)| {
                        interface == Some(row.interface.as_str()) && is_container(word)
                    })
                };
                let parts = name.rsplit_once(':');
                let is_named = |at: &PortPlace| {
                    let is_port =
                        |(bridge, port): (&str, &str)| at.port == *port && at.is_on(bridge);
                    at.port == *name || is(&at.bond, name) || parts.is_some_and(is_port)
                };
                let fits = is(&row.host_interface, name)
                    || row.places().iter().any(is_named)
                    || is_container(name)
                    || is_interface();
                fits.then_some(MatchedBy::Name)
            }
        }
    }

    /// Whether a query is of the name of its container.
    pub fn is_container(&self, query: &WhoQuery) -> bool {
        matches!(query, WhoQuery::Name(name) if self.is_called(name))
    }

    fn is_called(&self, word: &str) -> bool {
        self.attachment.container == word || self.attachment.called == word
    }

    /// Who had it, where that is a port whose link is gone.
    pub fn last_tenant(&self) -> Option<LastTenant> {
        let row = &self.attachment;
        (row.state == State::Orphaned).then(|| LastTenant {
            words: row.called.clone(),
            container: None,
            interface: Some(row.interface.clone()).filter(|name| !name.is_empty()),
        })
    }

    /// The ports that are wanted of those that it is on; none where that is not known.
    pub fn ports(&self, is_wanted: impl Fn(&PortPlace) -> bool) -> Vec<FleetPort> {
        let row = &self.attachment;
        let is_known = row.state != State::Unknown;
        let is_told = |place: &PortPlace| is_known && !place.port.is_empty() && is_wanted(place);
        let places = row.places().into_iter().filter(is_told);
        let port = |place: PortPlace| FleetPort {
            from: self.from.clone(),
            bridge: place.bridge,
            ofport: place.ofport,
            state: row.state,
            port: place.port,
            vlan: place.vlan,
            vlan_mode: place.vlan_mode,
            trunks: place.trunks,
            cvlans: place.cvlans,
            who: self.label(),
        };
        places.map(port).collect()
    }

    /// In one word: `web:eth0`; of one that is gone that it is: `orphaned (was web:eth0)`.
    pub fn label(&self) -> String {
        if let Some(last) = self.last_tenant() {
            return format!("orphaned (was {last})");
        }
        let row = &self.attachment;
        let who = if row.called.is_empty() { &row.netns } else { &row.called };
        format!("{who}:{}", row.interface)
    }
}
