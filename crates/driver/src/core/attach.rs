//! Endpoints: made when the engine says so, and ready when it joins.

use std::collections::BTreeMap;
use std::net::IpAddr;

use host::{EndpointLink, TargetNetns};
use model::endpoint_record::{EndpointRecord, host_end};
use model::ids::{Mac, Name};
use model::plan::endpoint::{Attach, attach, await_number, candidate};
use model::plan::{HOST_END, Plan};
use model::published::PublishedPort;
use model::snapshot::Cidr;
use model::switch::{Bridge, OfPortState};

use super::published::{Publication, require_published};
use super::request::Request;
use super::{BOUND, Driver, TRIES, View};
use crate::DriverError;
use crate::network::NetworkRecord;
use crate::options::{EndpointOptions, Gateway};

/// What the other end of an endpoint's veth is called until the engine takes it.
const FAR_END: &str = "dop-";

/// An endpoint that is to be made.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// Id of its network.
    pub network: String,
    /// Its id.
    pub id: String,
    /// Its addresses.
    pub addresses: Vec<Cidr>,
    /// The hardware address that the user chose.
    pub mac: Option<Mac>,
    /// The user's options.
    pub options: BTreeMap<String, String>,
    /// Whose it is, where the engine says so.
    pub owner: Option<EndpointOwner>,
    /// What the interface inside is to be called, where the engine or the user says so.
    pub interface: Option<String>,
    /// The ports of the host that are to be for it.
    pub published: Vec<PublishedPort>,
}

/// The container that an endpoint is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointOwner {
    /// Its full id.
    pub container: String,
    /// Its name.
    pub name: String,
}

/// An endpoint that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The link that the engine is to take.
    pub link: Name,
    /// What it is to be called inside, where the user said so.
    pub interface: Option<String>,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// The network's gateways, where this host is one.
    pub gateways: Vec<IpAddr>,
}

impl Driver {
    /// Makes an endpoint, and gives the hardware address that it has; does nothing where it is there.
    ///
    /// # Errors
    /// What was asked for cannot be had, or a source fails; nothing is left then.
    pub async fn create_endpoint(&self, endpoint: &Endpoint) -> Result<Mac, DriverError> {
        let options = EndpointOptions::read(&endpoint.options)?;
        endpoint.require_usable()?;
        let _turn = self.in_flight.turn(&endpoint.id).await;
        let made = tokio::time::timeout(BOUND, self.try_create_endpoint(endpoint, &options)).await;
        let Ok(made) = made else {
            let _ = self.take_away(&endpoint.network, &endpoint.id).await;
            return Err(DriverError::new("the switch's database does not answer within 3 seconds"));
        };
        made
    }

    async fn try_create_endpoint(
        &self,
        endpoint: &Endpoint,
        options: &EndpointOptions,
    ) -> Result<Mac, DriverError> {
        let publication = Publication::of(endpoint);
        let endpoint = &publication.endpoint;
        for _ in 0..TRIES {
            // What is published is this host's, and no other endpoint may be given it meanwhile.
            let turn = self.endpoint_turn(!endpoint.published.is_empty()).await?;
            let mut view = self.open_in_turn(&endpoint.addresses).await?;
            let known = view.endpoint(&endpoint.network, &endpoint.id);
            let known = known.map(|(_, port, of)| (view.endpoints.link_of(port), of.mac));
            if let Some((link, mac)) = known {
                if let Some(mac) = made_before(link, mac)? {
                    return Ok(mac);
                }
                // It takes a turn of its own.
                drop((turn, view));
                self.try_delete(&endpoint.network, &endpoint.id).await?;
                continue;
            }
            view.endpoints.delete_unfinished(&host_end(&endpoint.network, &endpoint.id))?;
            let (bridge, network) = view.network(&endpoint.network)?;
            let name = bridge.name.clone();
            let about = |error: DriverError| error.about(&name);
            let network_options = network.read_options().map_err(|error| about(error.into()))?;
            let network_options = self.with_mtu(network_options).await.map_err(about)?;
            require_published(&view, &network, &network_options, &publication).map_err(about)?;
            let name_said = self.name_said(&network, &endpoint.addresses).await.map_err(about)?;
            let (network, of_network) = (&network, &network_options);
            let request = Request { endpoint, options, network, of_network, name_said };
            request.require_own_addresses(&view, bridge).map_err(about)?;
            if let Some(stray) = Self::stray(&view, bridge, &request) {
                drop((turn, view));
                self.try_delete(&stray.network, &stray.endpoint).await?;
                continue;
            }
            let home = TargetNetns::own()?;
            let (plan, mac) = self.plan_endpoint(&view, bridge, &request, &home).map_err(about)?;
            let number = plan.ofport();
            let Some(_reserved) = number.and_then(|n| self.in_flight.reserve(&name, n)) else {
                continue;
            };
            match view.endpoints.carry_out(&plan, home).await {
                Ok(()) => {
                    publication.warn(network);
                    return Ok(mac);
                }
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(about(error.into())),
            }
        }
        Err(DriverError::new("the ports of its bridge change all the time; try again"))
    }

    /// An endpoint that has the number which is asked for, and whose interface has come back from a
    /// container that it was in: the engine could not say that it is gone.
    fn stray(view: &View, bridge: &Bridge, request: &Request<'_>) -> Option<EndpointRecord> {
        let port = candidate(bridge, &request.owner(None), request.wanted())?;
        let record = EndpointRecord::made_for(port)?;
        record.container.as_ref()?;
        let here = EndpointLink::Here { is_finished: true, other_end_is_here: true };
        (view.endpoints.link_of(port) == here).then_some(record)
    }

    /// Plans it, with the hardware address that it gets.
    pub(super) fn plan_endpoint(
        &self,
        view: &View,
        bridge: &Bridge,
        request: &Request<'_>,
        home: &TargetNetns,
    ) -> Result<(Plan, Mac), DriverError> {
        let Request { options, of_network, .. } = request;
        let vlans = options.vlans.as_ref().unwrap_or(&of_network.vlans);
        let reserved = self.in_flight.numbers(&bridge.name);
        let mac = request.mac(view, bridge);
        let (owner, ofport) = (request.owner(Some(mac)), request.wanted());
        let orphan = candidate(bridge, &owner, ofport);
        let host_end = host_end(&request.endpoint.network, &request.endpoint.id);
        let orphan = orphan.filter(|port| view.endpoints.is_link_gone(port)).cloned();
        let attachment = Attach {
            bridges: &view.bridges,
            bridge,
            record: request.record(mac, view.system.clone()),
            owner,
            ofport,
            orphan,
            reserved: &reserved,
            tag: vlans.tag,
            trunks: vlans.trunks.clone(),
            vlan_mode: None,
            interface: request.interface(&host_end),
            host_end,
            netns: home.id(),
        };
        Ok((attach(&attachment)?, mac))
    }

    /// Waits until an endpoint's port has its number.
    ///
    /// # Errors
    /// There is no such endpoint, or vswitchd does not give it a number; it is taken away then.
    pub async fn join(&self, network: &str, endpoint: &str) -> Result<Joined, DriverError> {
        let _turn = self.in_flight.turn(endpoint).await;
        let joined = tokio::time::timeout(BOUND, self.try_join(network, endpoint)).await;
        match joined {
            Ok(Ok(joined)) => {
                self.news.tell_endpoint(network, endpoint);
                Ok(joined)
            }
            other => {
                let late = || DriverError::new("ovs-vswitchd does not answer within 3 seconds");
                let error =
                    other.map_or_else(|_| late(), |joined| joined.err().unwrap_or_else(late));
                let _ = self.take_away(network, endpoint).await;
                Err(error)
            }
        }
    }

    async fn try_join(&self, network: &str, endpoint: &str) -> Result<Joined, DriverError> {
        let mut view = self.open_endpoint(network, endpoint).await?;
        let (_, of_network) = view.network(network)?;
        let is_gateway =
            of_network.read_options().is_ok_and(|options| options.gateway == Gateway::Host);
        let Some((bridge, port, record)) = view.endpoint(network, endpoint) else {
            let what = model::ids::short_id(endpoint);
            return Err(DriverError::new(format!("endpoint {what}: no bridge has its port")));
        };
        let (name, wait) = (bridge.name.clone(), await_number(&bridge.name, port));
        let joined = Joined {
            link: far_end(&port.iface),
            interface: record.interface,
            mac: record.mac,
            gateways: gateways(&of_network),
        };
        if !matches!(port.ofport, OfPortState::Assigned(_)) {
            let plan = super::network::plan(&name, vec![wait]);
            let waited = view.carry_out(&plan).await;
            waited.map_err(|error| DriverError::from(error).about(&name))?;
        }
        if is_gateway {
            self.stand(Some(network)).await.map_err(|error| error.about(&name))?;
        }
        Ok(joined)
    }
}

/// The hardware address of an endpoint that has a port already and is whole; none where it is to be made anew. A driver
/// that was killed meanwhile may have told the database, and not made the link.
///
/// # Errors
/// Which link is its own is not known: to make it anew would take away one that may be in a container.
fn made_before(link: EndpointLink, mac: Option<Mac>) -> Result<Option<Mac>, DriverError> {
    match link {
        EndpointLink::Here { is_finished: true, .. } => {
            mac.map(Some).ok_or_else(|| DriverError::new("it has no hardware address"))
        }
        EndpointLink::Here { is_finished: false, .. } | EndpointLink::Gone => Ok(None),
        EndpointLink::Unknown(why) => {
            Err(DriverError::new(format!("it has a port already, whose link is not known: {why}")))
        }
    }
}

/// The other end of a host's end.
pub(super) fn far_end(host_end: &str) -> Name {
    let digits = host_end.strip_prefix(HOST_END).unwrap_or(host_end);
    format!("{FAR_END}{digits}").into()
}

pub(crate) fn gateways(network: &NetworkRecord) -> Vec<IpAddr> {
    let host = network.read_options().is_ok_and(|options| options.gateway == Gateway::Host);
    let all = network.subnets.iter().filter_map(|subnet| subnet.gateway);
    all.filter(|_| host && !network.internal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_whose_link_is_not_known_is_not_made_anew() {
        let mac = Some(Mac([2, 0, 0, 0, 0, 1]));
        let here = |is_finished| EndpointLink::Here { is_finished, other_end_is_here: true };
        assert_eq!(made_before(here(true), mac), Ok(mac));
        assert_eq!(made_before(here(false), mac), Ok(None));
        assert_eq!(made_before(EndpointLink::Gone, mac), Ok(None));
        let why = "a namespace cannot be read".to_owned();
        let refused = made_before(EndpointLink::Unknown(why), mac).unwrap_err();
        assert!(refused.to_string().contains("not known: a namespace cannot be read"), "{refused}");
    }
}
