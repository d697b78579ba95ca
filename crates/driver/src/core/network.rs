//! Networks: recorded on their bridge, which is made where it is not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use host::MeshOfBridge;
use model::ids::Name;
use model::ids::{ContainerId, Engine};
use model::plan::{NewBridge, Plan, ReplacePort, Step, SwitchStep};
use model::switch::{Bridge, Port};
use model::wiring::ContainerRef;
use model::{endpoint_record::EndpointRecord, numbers};
use tokio::time::{Instant, timeout_at};

use super::gateway::gateway_port;
use super::mesh::leaving;
use super::{BOUND, Driver, TRIES, View};
use crate::DriverError;
use crate::network::{self, NetworkRecord};
use crate::options::{Gateway, NetworkOptions, Uplink};

/// A network that is to be made.
pub type NetworkRequest = NetworkRecord;

/// The key of a port that came with a network, and goes with it: the network's id.
pub(super) const CAME_WITH: &str = "docker-ovs.uplink-of";

impl Driver {
    /// Makes a network; does nothing where it is there.
    ///
    /// # Errors
    /// Options that make no sense, a bridge that is another than was asked for, or a source that
    /// fails; nothing is made then.
    pub async fn create_network(&self, request: &NetworkRequest) -> Result<(), DriverError> {
        let options = request.read_options()?;
        let late = |_| Err(DriverError::new("no answer within 3 seconds"));
        let due = Instant::now() + BOUND;
        let made = timeout_at(due, self.try_create_network(request, &options)).await;
        let mut made = made.unwrap_or_else(late);
        if made.is_ok() && options.gateway == Gateway::Host {
            made = tokio::time::timeout(BOUND, self.stand()).await.unwrap_or_else(late);
            if made.is_err() {
                let _ = self.delete_network(&request.id).await;
            }
        }
        if made.is_ok() {
            // The network is made: what the daemon is late with is told when it is needed.
            let _ = timeout_at(due, self.await_mesh(request, &options)).await;
            self.news.tell_network();
        }
        made.map_err(|error| error.about(&options.bridge))
    }

    async fn try_create_network(
        &self,
        request: &NetworkRequest,
        options: &NetworkOptions,
    ) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(&request.id).await;
        let request = &self.with_gateway(request, options)?;
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            if let Some((_, known)) = network::find(&view.bridges, &request.id) {
                let same = known.is_same(request);
                let other =
                    "there is such a network with other options; docker network rm removes it";
                return if same { Ok(()) } else { Err(DriverError::new(other)) };
            }
            let joins = self.joining(&view.bridges, options).await?;
            self.pools_join(request, options).await?;
            let plan = plan_network(&view.bridges, request, options, joins.as_ref())?;
            match view.carry_out(&plan).await {
                Ok(()) => return Ok(()),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(DriverError::new("its ports change all the time; try again"))
    }

    /// Removes a network, and the bridge if it was made for networks and nothing else is on it. An
    /// unknown one is gone already.
    ///
    /// # Errors
    /// A source fails, or does not answer in time.
    pub async fn delete_network(&self, id: &str) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(id).await;
        let gone = tokio::time::timeout(BOUND, self.try_delete_network(id)).await;
        gone.unwrap_or_else(|_| {
            Err(DriverError::new(
                "the switch's database does not answer within 3 seconds; what is left of the network is taken \
                 away once Docker knows it no more",
            ))
        })
    }

    async fn try_delete_network(&self, id: &str) -> Result<(), DriverError> {
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            let Some((bridge, record)) = network::find(&view.bridges, id) else { return Ok(()) };
            let name = bridge.name.to_string();
            // The engine says that nothing is on it any more.
            let left = left_on(bridge, id);
            if !left.is_empty() {
                for (network, endpoint) in left {
                    self.delete_endpoint(&network, &endpoint).await?;
                }
                continue;
            }
            let tunnels = leaving(bridge, &record);
            let plan = plan_removal(bridge, &record);
            // Before the record goes, so that none is left if this is the last that is done; and after
            // it, as until then they may be put back.
            record.take_given()?;
            match view.carry_out(&plan).await {
                Ok(()) => {
                    record.take_given()?;
                    self.stand_again().await;
                    return self.remove_tunnels(tunnels.unwrap_or_default()).await;
                }
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(DriverError::from(error).about(&name)),
            }
        }
        Err(DriverError::new("its ports change all the time; try again"))
    }
}

impl View {
    /// The bridge of a network, and its record.
    pub(super) fn network(&self, id: &str) -> Result<(&Bridge, NetworkRecord), DriverError> {
        network::find(&self.bridges, id).ok_or_else(|| {
            DriverError::new(format!(
                "network {}: no bridge has its record; docker network rm and create make it again",
                model::ids::short_id(id)
            ))
        })
    }
}

/// The endpoints that are still on it, by network and endpoint.
pub(super) fn left_on(bridge: &Bridge, network: &str) -> Vec<(String, String)> {
    let records = bridge.ports.iter().filter_map(|port| EndpointRecord::of(port));
    let own = records.filter(|record| record.network == network);
    own.map(|record| (record.network, record.endpoint)).collect()
}

/// A bridge for a network that is not recorded; nothing where it is there.
pub(super) fn plan_bridge(
    bridges: &[Bridge],
    network: &NetworkRecord,
    options: &NetworkOptions,
) -> Result<Plan, DriverError> {
    let new = network::new_bridge(options);
    let mut steps = Vec::new();
    match bridges.iter().find(|bridge| *bridge.name == *options.bridge) {
        Some(bridge) => check_shape(bridge, options, &new)?,
        None => steps.push(Step::from(SwitchStep::MakeBridge(new))),
    }
    if let Some(uplink) = &options.uplink {
        steps.extend(uplink_step(bridges, network, options, uplink)?);
    }
    Ok(plan(&options.bridge, steps))
}

pub(super) fn plan_network(
    bridges: &[Bridge],
    request: &NetworkRecord,
    options: &NetworkOptions,
    joins: Option<&MeshOfBridge>,
) -> Result<Plan, DriverError> {
    let mesh = joins.map(MeshOfBridge::ids).unwrap_or_default();
    let known = bridges.iter().find(|bridge| *bridge.name == *options.bridge);
    let new = network::new_bridge(options);
    let mut steps = Vec::new();
    match known {
        None => {
            let mut new = new;
            request.kept_on(None).apply(&mut new.external_ids);
            new.external_ids.extend(mesh);
            steps.push(Step::from(SwitchStep::MakeBridge(new)));
        }
        Some(bridge) => {
            check_shape(bridge, options, &new)?;
            let mut memory = request.kept_on(Some(bridge));
            memory.remember.extend(mesh);
            steps.push(
                ReplacePort { bridge: bridge.name.clone(), memory, ..ReplacePort::default() }
                    .into(),
            );
        }
    }
    if let Some(uplink) = &options.uplink {
        steps.extend(uplink_step(bridges, request, options, uplink)?);
    }
    steps.extend(gateway_port(known, request, options));
    Ok(plan(&options.bridge, steps))
}

/// What a bridge is made with cannot be asked of one that is there and was made otherwise.
fn check_shape(
    bridge: &Bridge,
    options: &NetworkOptions,
    new: &NewBridge,
) -> Result<(), DriverError> {
    let without_ids =
        |bridge: &NewBridge| NewBridge { external_ids: BTreeMap::new(), ..bridge.clone() };
    let same = network::made(bridge).is_some_and(|made| made == without_ids(new));
    let kind_alone = !NetworkOptions { datapath_type: None, ..options.clone() }.shapes_bridge();
    let same_kind = options.datapath_type.is_none() || bridge.datapath == options.datapath_type;
    if !options.shapes_bridge() || same || (kind_alone && same_kind) {
        return Ok(());
    }
    let is = bridge.datapath.as_deref().unwrap_or("unknown");
    Err(DriverError::new(format!(
        "the bridge is there already, with datapath_type {is}: controller, fail_mode, datapath_type, \
         protocols and dpid are for a bridge that is made; ovs-vsctl changes this one"
    )))
}

/// Puts a link of the host on the bridge, unless it is there.
fn uplink_step(
    bridges: &[Bridge],
    request: &NetworkRecord,
    options: &NetworkOptions,
    uplink: &Uplink,
) -> Result<Option<Step>, DriverError> {
    for bridge in bridges {
        if bridge.ports.iter().any(|port| *port.iface == *uplink.interface) {
            if *bridge.name == *options.bridge {
                return Ok(None);
            }
            let why = format!("the uplink {} is a port of {}", uplink.interface, bridge.name);
            return Err(DriverError::new(why));
        }
    }
    let port = Port {
        iface: uplink.interface.as_str().into(),
        ofport_request: uplink.ofport,
        kind: "system".to_owned(),
        external_ids: BTreeMap::from([(CAME_WITH.to_owned(), request.id.clone())]),
        ..Port::default()
    };
    let bridge = Name::from(options.bridge.as_str());
    Ok(Some(ReplacePort { bridge, add: Some(Arc::new(port)), ..ReplacePort::default() }.into()))
}

fn plan_removal(bridge: &Bridge, record: &NetworkRecord) -> Plan {
    let came_with = |port: &&Arc<Port>| port.external_ids.get(CAME_WITH) == Some(&record.id);
    let uplinks: Vec<_> = bridge.ports.iter().filter(came_with).collect();
    let others = network::of(bridge).any(|other| other.id != record.id);
    let made = network::made(bridge).filter(|_| !others);
    let tunnels = leaving(bridge, record);
    let is_tunnel =
        |port: &&Arc<Port>| tunnels.iter().flatten().any(|tunnel| *tunnel.name == *port.iface);
    let own = |port: &&Arc<Port>| port.iface == bridge.name || came_with(port) || is_tunnel(port);
    if let Some(made) = made.filter(|_| bridge.ports.iter().all(|port| own(&port))) {
        let ports = bridge.ports.iter().map(|port| port.iface.clone()).collect();
        return plan(&bridge.name, vec![SwitchStep::RemoveBridge { bridge: made, ports }.into()]);
    }
    let mut memory = record.forgotten_on(bridge);
    memory.forget.extend(numbers::forget_network(bridge, &record.id).forget);
    if tunnels.is_some() {
        memory.forget.extend(MeshOfBridge::of(bridge).map(|of| of.ids()).unwrap_or_default());
    }
    let at = || ReplacePort { bridge: bridge.name.clone(), ..ReplacePort::default() };
    let gone =
        uplinks.into_iter().map(|port| ReplacePort { remove: Some(Arc::clone(port)), ..at() });
    let steps = gone.chain([ReplacePort { memory, ..at() }]).map(Step::from).collect();
    plan(&bridge.name, steps)
}

/// Takes the gateway from a network, whose numbers and uplink stay.
pub(super) fn plan_leaving(bridge: &Bridge, record: &NetworkRecord) -> Plan {
    let at = || ReplacePort { bridge: bridge.name.clone(), ..ReplacePort::default() };
    let gateway = bridge.ports.iter().find(|port| {
        port.external_ids.get(CAME_WITH) == Some(&record.id) && port.kind == "internal"
    });
    let gone = gateway.map(|port| ReplacePort { remove: Some(Arc::clone(port)), ..at() });
    let forgotten = ReplacePort { memory: record.forgotten_on(bridge), ..at() };
    plan(&bridge.name, gone.into_iter().chain([forgotten]).map(Step::from).collect())
}

/// A plan that is about no container.
pub(super) fn plan(bridge: &str, steps: Vec<Step>) -> Plan {
    let container = ContainerRef {
        name: "network".into(),
        id: ContainerId("".into()),
        engine: Engine::default(),
        qualified: None,
    };
    Plan { container, interface: "".into(), bridge: bridge.into(), steps }
}
