//! What a query belongs to.

use model::told::TENANTS;
use model::who;
use serde::Serialize;

use super::{Attachment, MatchedBy, Port, PortLink, PortState, State, Tenant};

/// A container's interface, or a port without one, that a query fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Match {
    /// What fitted.
    pub matched_by: MatchedBy,
    /// Who it is, in words.
    pub who: String,
    /// Name of the container, of several in its namespace the first; empty if none is on that
    /// port.
    pub container: String,
    /// Its full id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Who runs it; empty if none is on that port.
    pub engine: String,
    /// All containers in its namespace.
    pub tenants: Vec<Tenant>,
    /// Name of the link inside.
    pub interface: String,
    /// Whether it is on a port; never `orphaned`.
    pub state: State,
    /// Why the state is `failed` or `unknown`.
    pub reason: Option<String>,
    /// The OVS bridge.
    pub bridge: Option<String>,
    /// The fake bridge it is on: ovs-vsctl shows one VLAN of `Bridge` under that name.
    pub fake_bridge: Option<String>,
    /// The OpenFlow port.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Hardware address of the link inside; of the port if there is none.
    #[serde(rename = "MAC")]
    pub mac: Option<String>,
    /// Addresses of the link inside.
    pub addresses: Vec<String>,
    /// Name of the link on the host side, or of the port.
    pub host_interface: Option<String>,
    /// What is uncertain.
    pub notes: Vec<String>,
}

impl Match {
    /// The row for one hit.
    pub fn new(by: who::MatchedBy, hit: &who::Match<'_>) -> Self {
        match hit {
            who::Match::Attachment(found) => {
                Self { who: found.label(), ..Self::of(by, Attachment::new(found, None)) }
            }
            who::Match::Port(port) => Self::of_port(by, Port::from(*port)),
        }
    }

    fn of(by: who::MatchedBy, row: Attachment) -> Self {
        Self {
            matched_by: MatchedBy::from(by),
            who: String::new(),
            container: row.container,
            id: row.id,
            engine: row.engine,
            tenants: row.tenants,
            interface: row.interface,
            state: row.state,
            reason: row.reason,
            bridge: row.bridge,
            fake_bridge: row.fake_bridge,
            ofport: row.ofport,
            mac: row.mac,
            addresses: row.addresses,
            host_interface: row.host_interface,
            notes: row.notes,
        }
    }

    /// A port by itself: what is behind it has none of its addresses, but is who is there all the same.
    fn of_port(by: who::MatchedBy, row: Port) -> Self {
        let known = row.links.iter().find(|link| !link.tenants.is_empty());
        let told = known.or(row.links.first());
        let first = told.and_then(|link| link.tenants.first());
        Self {
            matched_by: MatchedBy::from(by),
            who: row.who,
            container: first.map(|one| one.container.clone()).unwrap_or_default(),
            id: first.map(|one| one.id.clone()).unwrap_or_default(),
            engine: first.map(|one| one.engine.clone()).unwrap_or_default(),
            interface: told.map(|link| link.interface.clone()).unwrap_or_default(),
            tenants: tenants(&row.links),
            state: State::from(row.state),
            reason: row.error,
            bridge: Some(row.bridge),
            fake_bridge: row.fake_bridge,
            ofport: row.ofport,
            mac: row.mac,
            addresses: Vec::new(),
            host_interface: Some(row.port),
            notes: row.notes,
        }
    }
}

/// The containers that have one of the links, each once, and no more than those of one link may be.
fn tenants(links: &[PortLink]) -> Vec<Tenant> {
    let mut told: Vec<Tenant> = Vec::new();
    for tenant in links.iter().flat_map(|link| &link.tenants) {
        if told.len() < TENANTS && !told.contains(tenant) {
            told.push(tenant.clone());
        }
    }
    told
}

impl From<PortState> for State {
    fn from(port: PortState) -> Self {
        match port {
            PortState::On => Self::On,
            PortState::Pending => Self::Pending,
            PortState::Failed => Self::Failed,
        }
    }
}

impl From<who::MatchedBy> for MatchedBy {
    fn from(by: who::MatchedBy) -> Self {
        match by {
            who::MatchedBy::OfPort => Self::OfPort,
            who::MatchedBy::Mac => Self::Mac,
            who::MatchedBy::Address => Self::Address,
            who::MatchedBy::Name => Self::Name,
            who::MatchedBy::Ifindex => Self::Ifindex,
        }
    }
}
