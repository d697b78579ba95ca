//! What both protocols come down to: networks and endpoints, each call as often as it likes.

mod addresses;
mod attach;
mod bridge_name;
mod detach;
mod gateway;
mod gateway_turns;
mod host_ports;
mod in_flight;
mod learn;
mod mesh;
mod network;
mod new_endpoints;
mod own_numbers;
mod published;
mod published_once;
mod removal;
mod request;
mod rounds;
mod set_up;
mod stray_addresses;
mod stray_endpoints;
mod stray_networks;
mod usable;

use std::time::Duration;

use host::{ActError, Endpoints, Host, Settings, TargetNetns};
use model::SourceError;
use model::endpoint_record::{EndpointRecord, endpoints_of, host_end};
use model::plan::Plan;
use model::snapshot::Cidr;
use model::switch::{Bridge, OfPortState, Port};
use std::sync::Arc;

pub use addresses::{AddressRequest, PoolRequest};
pub(crate) use attach::gateways;
pub use attach::{Endpoint, EndpointOwner, Joined};
pub use network::NetworkRequest;

use crate::DriverError;
use in_flight::InFlight;
use new_endpoints::NewEndpoints;

/// So long an engine waits for an answer at most.
pub const BOUND: Duration = Duration::from_secs(3);
/// So long any single source may take: less, so that there is time to undo what was done.
const HOST_TIMEOUT: Duration = Duration::from_millis(2200);
/// How often a plan is made anew when what it rested on had changed. Thirty containers that start at
/// once choose their numbers against each other.
const TRIES: usize = 40;

/// The driver: this host, and what is under way.
#[derive(Debug)]
pub struct Driver {
    host: Host,
    in_flight: InFlight,
    news: NewEndpoints,
    standing: gateway_turns::InstalledGateways,
}

impl Driver {
    /// A driver of this host.
    ///
    /// # Errors
    /// Settings that make no sense.
    pub fn new(settings: Settings) -> Result<Self, SourceError> {
        let host = Host::open(&Settings { timeout: HOST_TIMEOUT, ..settings })?;
        let (in_flight, news) = (InFlight::default(), NewEndpoints::default());
        Ok(Self { host, in_flight, news, standing: gateway_turns::InstalledGateways::default() })
    }

    /// Ends when no call is under way.
    pub(crate) async fn idle(&self) {
        while self.in_flight.is_busy() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn open(&self) -> Result<View, DriverError> {
        let mut endpoints = Endpoints::of(&self.host).await?;
        let (bridges, system) = endpoints.rows().await?;
        Ok(View { endpoints, bridges, system })
    }

    /// The same in a turn at these addresses, from before the database is read until the view is dropped: meanwhile
    /// no other call, of whichever process and network, makes an endpoint with one of them. Networks share VLANs of
    /// bridges, and hand their addresses out apart. A turn at the gateways is taken before it: of two calls that have
    /// the one and wait for the other, none could go on.
    async fn open_in_turn(&self, addresses: &[Cidr]) -> Result<View, DriverError> {
        let mut endpoints = Endpoints::of(&self.host).await?;
        endpoints.turn_at(&addresses.iter().map(|cidr| cidr.ip).collect()).await?;
        let (bridges, system) = endpoints.rows().await?;
        Ok(View { endpoints, bridges, system })
    }

    /// The same with the port of one endpoint alone, where it is called as this driver calls it: however
    /// many ports there are, the database has little to tell.
    async fn open_endpoint(&self, network: &str, endpoint: &str) -> Result<View, DriverError> {
        let mut endpoints = Endpoints::of(&self.host).await?;
        let bridges = endpoints.rows_of(&host_end(network, endpoint)).await?;
        let view = View { endpoints, bridges, system: None };
        let is_whole = view.endpoint(network, endpoint).is_some() && view.network(network).is_ok();
        if is_whole { Ok(view) } else { self.open().await }
    }
}

/// The switch as one call sees it.
struct View {
    endpoints: Endpoints,
    bridges: Vec<Bridge>,
    system: Option<String>,
}

impl View {
    /// The bridge and the port of an endpoint.
    fn endpoint(
        &self,
        network: &str,
        endpoint: &str,
    ) -> Option<(&Bridge, &Arc<Port>, EndpointRecord)> {
        self.endpoint_ports().find(|(_, _, record)| record.is(network, endpoint))
    }

    /// All endpoints, by the ports that were made for them: what merely bears a copy of such a record is never
    /// taken away, nor in the way of the one that it is a copy of.
    fn endpoint_ports(&self) -> impl Iterator<Item = (&Bridge, &Arc<Port>, EndpointRecord)> {
        let all = self.bridges.iter();
        all.flat_map(|bridge| endpoints_of(bridge).map(move |(port, of)| (bridge, port, of)))
    }

    /// Whether a port's endpoint has ended: no link is its any more. One that has no number yet may be in the
    /// making, as the database is told of a port before its link is made.
    fn has_ended(&self, port: &Port) -> bool {
        port.ofport != OfPortState::Pending && self.endpoints.is_link_gone(port)
    }

    async fn carry_out(&mut self, plan: &Plan) -> Result<(), ActError> {
        self.endpoints.carry_out(plan, TargetNetns::own()?).await
    }
}
