//! What is known of an endpoint that is to be made, and what follows from it.

use model::endpoint_record::{EndpointRecord, endpoints_of};
use model::ids::{Mac, Name};
use model::numbers::NumberOwner;
use model::plan::OfPortChoice;
use model::switch::Bridge;

use super::View;
use super::attach::{Endpoint, far_end};
use crate::DriverError;
use crate::mac;
use crate::network::NetworkRecord;
use crate::options::{EndpointOptions, NetworkOptions};

/// What is known of an endpoint that is to be made.
pub(super) struct Request<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) options: &'a EndpointOptions,
    pub(super) network: &'a NetworkRecord,
    pub(super) of_network: &'a NetworkOptions,
    /// Name of the container, where the engine said it when it asked for the address.
    pub(super) name_said: Option<String>,
}

impl Request<'_> {
    /// What the other end is made as.
    pub(super) fn interface(&self, host_end: &str) -> Name {
        // An engine that says whose it is has it made inside at once; others take it there, and name it then.
        let Endpoint { owner, interface, .. } = self.endpoint;
        let inside = interface.as_deref().filter(|_| owner.is_some());
        inside.map_or_else(|| far_end(host_end), Name::from)
    }

    pub(super) fn wanted(&self) -> OfPortChoice {
        self.options.ofport.map_or(OfPortChoice::Free, OfPortChoice::Exactly)
    }

    pub(super) fn vlans(&self) -> String {
        self.options.vlans.as_ref().unwrap_or(&self.of_network.vlans).to_string()
    }

    /// The address that the user chose, or one that follows from the interface's own address: what is
    /// made again with that has the same, and no neighbour knows another one.
    pub(super) fn mac(&self, bridge: &str) -> Mac {
        let name = self.name();
        let address = self.endpoint.addresses.first().map(|cidr| cidr.ip.to_string());
        let who = name.or(address).unwrap_or_else(|| self.endpoint.id.clone());
        self.endpoint.mac.unwrap_or_else(|| mac::derived(bridge, &self.vlans(), &who))
    }

    /// Makes sure that no container of another network on the same VLANs of the bridge has one of its addresses:
    /// each network's addresses are handed out apart.
    ///
    /// # Errors
    /// One has.
    pub(super) fn require_own_addresses(
        &self,
        view: &View,
        bridge: &Bridge,
    ) -> Result<(), DriverError> {
        let vlans = self.options.vlans.as_ref().unwrap_or(&self.of_network.vlans);
        let own: Vec<_> = self.endpoint.addresses.iter().map(|cidr| cidr.ip).collect();
        let others = endpoints_of(bridge).filter(|(_, of)| of.network != self.network.id);
        for (port, record) in others.filter(|(port, _)| port.tag == vlans.tag) {
            let taken = record.addresses.iter().find(|cidr| own.contains(&cidr.ip));
            if let Some(taken) = taken.filter(|_| !view.has_ended(port)) {
                return Err(DriverError::new(format!(
                    "the address {} is in use by {record}, on the same VLAN of the bridge",
                    taken.ip
                )));
            }
        }
        Ok(())
    }

    pub(super) fn name(&self) -> Option<String> {
        let name = self.endpoint.owner.as_ref().map(|owner| owner.name.clone());
        name.or_else(|| self.name_said.clone())
    }

    pub(super) fn record(&self, bridge: &str, system: Option<String>) -> EndpointRecord {
        let Self { endpoint, options, network, of_network, .. } = self;
        let owner = endpoint.owner.as_ref();
        EndpointRecord {
            network: network.id.clone(),
            network_name: network.name.clone(),
            endpoint: endpoint.id.clone(),
            engine: network.engine.clone(),
            container: owner.map(|owner| owner.container.clone()),
            name: owner.map(|owner| owner.name.clone()),
            interface: endpoint.interface.clone(),
            mac: Some(self.mac(bridge)),
            addresses: endpoint.addresses.clone(),
            mtu: of_network.mtu,
            is_number_asked_for: options.ofport.is_some(),
            published: endpoint.published.clone(),
            system,
            created: Some(host::now() / 1000),
        }
    }

    pub(super) fn owner(&self) -> NumberOwner {
        let Self { endpoint, network, .. } = self;
        NumberOwner {
            network: network.id.clone(),
            network_name: network.name.clone(),
            vlans: self.vlans(),
            name: self.name(),
            mac: endpoint.mac,
            address: endpoint.addresses.first().map(|cidr| cidr.ip),
            used: host::now() / 1000,
            former: None,
        }
    }
}
