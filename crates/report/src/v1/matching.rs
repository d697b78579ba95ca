//! What a query belongs to.

use model::who;
use serde::Serialize;

use super::{Attachment, MatchedBy, Port, PortState, State, Tenant};

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

    fn of_port(by: who::MatchedBy, row: Port) -> Self {
        Self {
            matched_by: MatchedBy::from(by),
            who: row.who,
            container: String::new(),
            id: String::new(),
            engine: String::new(),
            tenants: Vec::new(),
            interface: String::new(),
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
