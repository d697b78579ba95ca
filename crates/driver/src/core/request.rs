//! What is known of an endpoint that is to be made, and what follows from it.

use model::endpoint_record::{EndpointRecord, endpoints_of};
use model::ids::{Mac, Name};
use model::numbers::{self, NumberOwner};
use model::plan::OfPortChoice;
use model::port_record::PortRecord;
use model::switch::{Bridge, Port};

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

    /// The hardware address that the user chose; else the one that it had under its name; else one that follows from
    /// its name, or from its address where that is not known: what is made again has the same, and no neighbour
    /// knows another one. None that a port of this switch has whose container may live.
    pub(super) fn mac(&self, view: &View, bridge: &Bridge) -> Mac {
        if let Some(chosen) = self.endpoint.mac {
            return chosen;
        }
        let address = self.endpoint.addresses.first().map(|cidr| cidr.ip.to_string());
        let who = self.name().or(address).unwrap_or_else(|| self.endpoint.id.clone());
        let (system, vlans) = (view.system.as_deref(), self.vlans());
        let words = mac::Words { system, bridge: &bridge.name, vlans: &vlans, who: &who };
        let kept = numbers::derived_mac(bridge, &self.owner(None));
        let ports = view.bridges.iter().flat_map(|bridge| &bridge.ports);
        let others: Vec<_> = ports.filter_map(|port| Some((mac_inside(port)?, port))).collect();
        mac::choose(kept, words, |mac| {
            others.iter().any(|(other, port)| *other == mac && !view.has_ended(port))
        })
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

    pub(super) fn record(&self, mac: Mac, system: Option<String>) -> EndpointRecord {
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
            mac: Some(mac),
            addresses: endpoint.addresses.clone(),
            mtu: of_network.mtu,
            is_number_asked_for: options.ofport.is_some(),
            published: endpoint.published.clone(),
            system,
            created: Some(host::now() / 1000),
        }
    }

    /// Whose its number is; `mac` is the hardware address that it gets, once that is known.
    pub(super) fn owner(&self, mac: Option<Mac>) -> NumberOwner {
        let Self { endpoint, network, .. } = self;
        NumberOwner {
            network: network.id.clone(),
            network_name: network.name.clone(),
            vlans: self.vlans(),
            name: self.name(),
            mac: endpoint.mac,
            derived: mac.filter(|_| endpoint.mac.is_none() && self.name().is_some()),
            address: endpoint.addresses.first().map(|cidr| cidr.ip),
            used: host::now() / 1000,
            former: None,
        }
    }
}

/// The hardware address of the interface that a port leads to, as far as that is recorded.
fn mac_inside(port: &Port) -> Option<Mac> {
    let endpoint = EndpointRecord::made_for(port).map(|record| record.mac);
    let attachment = || PortRecord::of(port).filter(|_| port.kind == "system")?.mac;
    endpoint.unwrap_or_else(attachment)
}
