//! An engine that says which container it is, in one call: Podman.

use std::net::IpAddr;
use std::path::Path;

use host::TargetNetns;
use ipnet::IpNet;
use model::ids::Mac;
use model::plan::endpoint::await_number;
use model::plan::{KernelStep, Plan, Step};
use tracing::warn;

use super::attach::{Endpoint, gateways};
use super::bridge_name::NameWait;
use super::network::plan;
use super::published::{Publication, require_published};
use super::removal::plan_leaving;
use super::request::Request;
use super::{BOUND, Driver, TRIES};
use crate::DriverError;
use crate::network::{self, NetworkRecord};
use crate::options::{EndpointOptions, Gateway};
use crate::rules::is_lived_on;

impl Driver {
    /// Makes the bridge of a network where it is not there.
    ///
    /// # Errors
    /// Options that make no sense, a bridge that is another than was asked for, or a source that fails.
    pub async fn ensure_bridge(&self, network: &NetworkRecord) -> Result<(), DriverError> {
        let options = network.read_options()?;
        let about = |error: DriverError| error.about(&options.bridge);
        let name = NameWait::from_now();
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            if let Some(link) = view.namesake(&options).map_err(about)? {
                drop(view);
                name.go_on(&link).await.map_err(about)?;
                continue;
            }
            self.with_gateway(network, &options).map_err(about)?;
            let joins = self.joining(&view.bridges, &options).await.map_err(about)?;
            let plan = self.plan_bridge(&view, network, &options).map_err(about)?;
            match view.carry_out(&plan).await {
                Ok(()) => return self.join_by_hand(&options, joins).await.map_err(about),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(about(view.not_made(error, &options))),
            }
        }
        Err(about(DriverError::new("its ports change all the time; try again")))
    }

    /// Records a network whose gateway this host is for as long as containers are on it: what the kernel
    /// has of it follows from the record.
    async fn record_gateway(&self, network: &NetworkRecord) -> Result<(), DriverError> {
        let options = network.read_options()?;
        if options.gateway != Gateway::Host {
            return Ok(());
        }
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            let plan = if let Some((bridge, known)) = network::find(&view.bridges, &network.id) {
                // A call before this one may have been killed when there was the record alone.
                let reserved = self.in_flight.numbers(&bridge.name);
                let steps = view.plan_host_ports(bridge, &known, &options, &reserved)?;
                plan(&options.bridge, steps)
            } else {
                let record = self.with_gateway(network, &options)?;
                record.require_apart(view.bridges.iter().flat_map(network::of))?;
                self.plan_network(&view, &record, &options, None)?
            };
            match view.carry_out(&plan).await {
                Ok(()) => return Ok(()),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(DriverError::new("its ports change all the time; try again").about(&options.bridge))
    }

    /// Takes a container's interface away, and this host's part in the network with the last one. The default
    /// routes that the container behind `netns` had by it are another network's from then on.
    ///
    /// # Errors
    /// A source fails.
    pub async fn tear_down(
        &self,
        network: &NetworkRecord,
        endpoint: &str,
        netns: &Path,
    ) -> Result<(), DriverError> {
        // A container that has ended may have no namespace any more, and needs no routes.
        let home = TargetNetns::at(netns).ok();
        let routed = home.as_ref().and_then(|home| home.routed(&gateways(network)).ok());
        self.delete_endpoint(&network.id, endpoint).await?;
        if let (Some(home), Some(routed)) = (home, routed)
            && !routed.is_empty()
            && let Err(error) = self.pass_routes_on(endpoint, &routed, &home).await
        {
            warn!("a default route is given to no other network of the container: {error}");
        }
        self.leave_gateway(network).await
    }

    /// Gives the default routes that went by the gateways `routed` to the other networks of a container that have
    /// gateways, the first one that it was set up on before the next.
    async fn pass_routes_on(
        &self,
        endpoint: &str,
        routed: &[IpAddr],
        home: &TargetNetns,
    ) -> Result<(), DriverError> {
        let view = self.open().await?;
        // Podman calls the endpoints of a container by one id on all its networks.
        let left = view.endpoint_ports().filter(|(_, _, record)| record.endpoint == endpoint);
        let heirs = left.filter_map(|(bridge, _, record)| {
            let network = network::of(bridge).find(|network| network.id == record.network)?;
            Some((record.created, record.interface?, record.mac?, gateways(&network)))
        });
        let mut heirs: Vec<_> = heirs.collect();
        heirs.sort();
        for (_, interface, mac, mut gateways) in heirs {
            gateways.retain(|ip| routed.iter().any(|gone| gone.is_ipv4() == ip.is_ipv4()));
            home.route_by(&interface, mac, &gateways)?;
        }
        Ok(())
    }

    /// Takes this host's part in a network away where no container is on it, and what is published for one
    /// that is gone in any case: a call before this one may have been killed when only the database knew.
    async fn leave_gateway(&self, network: &NetworkRecord) -> Result<(), DriverError> {
        if network.read_options()?.gateway != Gateway::Host {
            return Ok(());
        }
        self.forget_gateway(network).await?;
        self.stand(None).await.map(drop)
    }

    /// Forgets a network whose gateway this host is where no container is on it: one that has ended holds it no
    /// longer, even if it was never torn down.
    async fn forget_gateway(&self, network: &NetworkRecord) -> Result<(), DriverError> {
        let _turn = self.gateway_turn().await?;
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            let Some((bridge, record)) = network::find(&view.bridges, &network.id) else {
                return Ok(());
            };
            if is_lived_on(bridge, &network.id, &|port| view.has_ended(port)) {
                return Ok(());
            }
            let plan = plan_leaving(bridge, &record, &view.rested_on(bridge, &record));
            let (record, _) = record.pass_given(bridge);
            record.take_given()?;
            match view.carry_out(&plan).await {
                Ok(()) => return record.take_given(),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(DriverError::new("its ports change all the time; try again"))
    }

    /// The ranges of all networks that are recorded.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn subnets(&self) -> Result<Vec<IpNet>, DriverError> {
        let view = self.open().await?;
        let networks = view.bridges.iter().flat_map(network::of);
        Ok(networks.flat_map(|network| network.subnets).map(|subnet| subnet.pool).collect())
    }

    /// Gives a container its interface, in the namespace behind `netns`: made, addressed, up, and on its
    /// number. What is left of an earlier one goes first.
    ///
    /// # Errors
    /// What was asked for cannot be had, or a source fails; nothing is left then.
    pub async fn set_up(
        &self,
        network: &NetworkRecord,
        endpoint: &Endpoint,
        netns: &Path,
    ) -> Result<Mac, DriverError> {
        endpoint.require_usable()?;
        endpoint.require_beside_gateway(network)?;
        self.ensure_bridge(network).await?;
        let made = self.set_up_recorded(network, endpoint, netns).await;
        if made.is_err() {
            let _ = self.leave_gateway(network).await;
        }
        made
    }

    async fn set_up_recorded(
        &self,
        network: &NetworkRecord,
        endpoint: &Endpoint,
        netns: &Path,
    ) -> Result<Mac, DriverError> {
        self.record_gateway(network).await?;
        self.try_delete(&network.id, &endpoint.id).await?;
        let made = tokio::time::timeout(BOUND, self.try_set_up(network, endpoint, netns)).await;
        let late = |_| Err(DriverError::new("the switch does not answer within 3 seconds"));
        let made = made.unwrap_or_else(late);
        if made.is_err() {
            let _ = self.take_away(&network.id, &endpoint.id).await;
        }
        made
    }

    async fn try_set_up(
        &self,
        network: &NetworkRecord,
        endpoint: &Endpoint,
        netns: &Path,
    ) -> Result<Mac, DriverError> {
        let of_network = self.with_mtu(network.read_options()?).await?;
        let options = EndpointOptions::read(&endpoint.options)?;
        for _ in 0..TRIES {
            let home = TargetNetns::at(netns)?;
            let is_gateway = of_network.gateway == Gateway::Host;
            let turn = self.endpoint_turn(is_gateway).await?;
            let mut view = self.open_in_turn(&endpoint.addresses).await?;
            if is_gateway && network::find(&view.bridges, &network.id).is_none() {
                // The last container on it went, and the network with it.
                drop((turn, view));
                self.record_gateway(network).await?;
                continue;
            }
            let Some(bridge) = view.bridges.iter().find(|row| *row.name == *of_network.bridge)
            else {
                return Err(DriverError::new("it is gone").about(&of_network.bridge));
            };
            let name = bridge.name.clone();
            let about = |error: DriverError| error.about(&name);
            let publication = Publication::of(endpoint).beside(&view, network);
            require_published(&view, network, &of_network, &publication).map_err(about)?;
            let (endpoint, options, of_network) = (&publication.endpoint, &options, &of_network);
            let request = Request { endpoint, options, network, of_network, name_said: None };
            request.require_own_addresses(&view, bridge).map_err(about)?;
            let (mut plan, mac) =
                self.plan_endpoint(&view, bridge, &request, &home).map_err(about)?;
            let configure = KernelStep::Configure {
                container: plan.container.name.clone(),
                netns: home.id(),
                interface: plan.interface.clone(),
                addresses: endpoint.addresses.clone(),
                gateways: home.unrouted(&gateways(network))?,
            };
            let wait = plan.port().map(|port| await_number(&name, port));
            let rest = std::iter::once(Step::from(configure)).chain(wait);
            if turn.is_none() {
                plan.steps.extend(rest);
                match view.endpoints.carry_out(&plan, home).await {
                    Ok(()) => return Ok(mac),
                    Err(error) if error.has_changed() => continue,
                    Err(error) => return Err(about(error.into())),
                }
            }
            // Its number is waited for without a turn, and its neighbours are told once it has that.
            let rest = Plan { steps: rest.collect(), ..plan.clone() };
            match view.endpoints.carry_out(&plan, home).await {
                Ok(()) => drop(turn),
                Err(error) if error.has_changed() => continue,
                Err(error) => return Err(about(error.into())),
            }
            let done = view.endpoints.carry_out(&rest, TargetNetns::at(netns)?).await;
            // What comes next takes a turn at the gateways.
            drop(view);
            match done {
                Ok(()) => {
                    self.stand(Some(&network.id)).await.map_err(about)?;
                    publication.warn(network);
                    return Ok(mac);
                }
                Err(error) if error.has_changed() => {
                    self.try_delete(&network.id, &endpoint.id).await?;
                }
                Err(error) => return Err(about(error.into())),
            }
        }
        Err(DriverError::new("its ports change all the time; try again").about(&of_network.bridge))
    }
}
