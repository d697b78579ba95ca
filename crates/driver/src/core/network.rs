//! Networks: recorded on their bridge, which is made where it is not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use host::{ActError, MeshOfBridge};
use model::NotABridge;
use model::SourceErrorKind;
use model::ids::{ContainerId, EngineName, OfPort};
use model::plan::endpoint::await_number;
use model::plan::{NewBridge, Plan, ReplacePort, Step, SwitchStep};
use model::switch::{Bridge, Port};
use model::wiring::ContainerRef;
use tokio::time::{Instant, timeout_at};

use super::bridge_name::NameWait;
use super::detach::UNDO;
use super::host_ports;
use super::mesh::leaving;
use super::removal::{left_on, plan_removal};
use super::{BOUND, Driver, TRIES, View};
use crate::DriverError;
use crate::network::{self, NetworkRecord};
use crate::options::{Gateway, NetworkOptions};

/// A network that is to be made.
pub type NetworkRequest = NetworkRecord;

impl Driver {
    /// Makes a network, or what one lacks that was begun; does nothing where it is there.
    ///
    /// # Errors
    /// Options that make no sense, a bridge that is another than was asked for, or a source that
    /// fails; nothing is made then.
    pub async fn create_network(&self, request: &NetworkRequest) -> Result<(), DriverError> {
        let options = NetworkOptions::read_new(&request.options)?;
        request.require_usable(&options).map_err(|error| error.about(&options.bridge))?;
        let late = || DriverError::new("no answer within 3 seconds");
        let due = Instant::now() + BOUND;
        let made = timeout_at(due, self.try_create_network(request, &options)).await;
        let mut made = made.unwrap_or_else(|_| Err(late()));
        if made.is_ok() && options.gateway == Gateway::Host {
            let stands = tokio::time::timeout(BOUND, self.stand(Some(&request.id))).await;
            made = stands.unwrap_or_else(|_| Err(late())).map(drop);
        }
        if made.is_ok() {
            let finished = tokio::time::timeout(BOUND, self.finish_network(&request.id)).await;
            made = finished.unwrap_or_else(|_| Err(late()));
        }
        if made.is_err() {
            // Also where nothing of it could be undone, as its time was over.
            let _ = self.unmake(request).await;
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
        let with_gateway = self.with_gateway(request, options)?;
        let request = &NetworkRecord { is_begun: true, ..with_gateway };
        let name = NameWait::from_now();
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            if let Some(link) = view.namesake(options)? {
                drop(view);
                name.go_on(&link).await?;
                continue;
            }
            let plan = match network::find(&view.bridges, &request.id) {
                Some((_, known)) if !known.is_same(request) => {
                    let other =
                        "there is such a network with other options; docker network rm removes it";
                    return Err(DriverError::new(other));
                }
                // An engine has those whose making was answered.
                Some((_, known)) if known.engine_id.is_some() => return Ok(()),
                Some((bridge, known)) => self.plan_rest(&view, bridge, &known, options)?,
                None => {
                    request.require_apart(view.bridges.iter().flat_map(network::of))?;
                    let joins = self.joining(&view.bridges, options).await?;
                    self.pools_join(request, options).await?;
                    self.plan_network(&view, request, options, joins.as_ref())?
                }
            };
            match view.carry_out(&plan).await {
                Ok(()) => return Ok(()),
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(view.not_made(error, options)),
            }
        }
        Err(DriverError::new("its ports change all the time; try again"))
    }

    /// Writes down that the making of a network has come to its end, right before its engine is told: of a driver
    /// that is killed before that what is there is [taken away](Self::sweep_networks).
    ///
    /// # Errors
    /// It was removed meanwhile, or the database does not answer.
    async fn finish_network(&self, id: &str) -> Result<(), DriverError> {
        let is_written = self.note_network(id, |record| record.is_begun = false).await?;
        let gone = || DriverError::new("its record was removed meanwhile; try again");
        if is_written { Ok(()) } else { Err(gone()) }
    }

    /// Takes away what is there of a network whose making failed. One that an engine has, or that endpoints are
    /// on, was made before.
    async fn unmake(&self, request: &NetworkRequest) -> Result<(), DriverError> {
        let late = |_| Err(DriverError::new("it could not be undone in time"));
        let view = tokio::time::timeout(UNDO, self.open()).await.unwrap_or_else(late)?;
        let Some((bridge, known)) = network::find(&view.bridges, &request.id) else {
            return Ok(());
        };
        let was_made = known.engine_id.is_some() || !left_on(bridge, &request.id).is_empty();
        if was_made || !known.is_same(request) {
            return Ok(());
        }
        self.delete_network(&request.id).await
    }

    pub(super) fn plan_network(
        &self,
        view: &View,
        request: &NetworkRecord,
        options: &NetworkOptions,
        joins: Option<&MeshOfBridge>,
    ) -> Result<Plan, DriverError> {
        let mesh = joins.map(MeshOfBridge::ids).unwrap_or_default();
        let (bridge, mut steps) = if let Some(bridge) = view.bridge(options)? {
            let mut memory = request.kept_on(Some(bridge));
            memory.remember.extend(mesh);
            let name = bridge.name.clone();
            let record = ReplacePort { bridge: name, memory, ..ReplacePort::default() };
            (bridge.clone(), vec![record.into()])
        } else {
            let mut new = network::new_bridge(options);
            request.kept_on(None).apply(&mut new.external_ids);
            new.external_ids.extend(mesh);
            made(new)
        };
        let reserved = self.in_flight.numbers(&bridge.name);
        steps.extend(view.plan_host_ports(&bridge, request, options, &reserved)?);
        Ok(plan(&options.bridge, steps))
    }

    /// What a network that is recorded lacks: the record is in the first transaction of its making, and the
    /// driver may have been killed after that.
    fn plan_rest(
        &self,
        view: &View,
        bridge: &Bridge,
        network: &NetworkRecord,
        options: &NetworkOptions,
    ) -> Result<Plan, DriverError> {
        let came_with = host_ports::of(bridge, network);
        let mut steps = awaited(bridge, own_port(bridge).into_iter().chain(came_with));
        let reserved = self.in_flight.numbers(&bridge.name);
        steps.extend(view.plan_host_ports(bridge, network, options, &reserved)?);
        Ok(plan(&options.bridge, steps))
    }

    /// A bridge for a network that is not recorded; nothing where it is there.
    pub(super) fn plan_bridge(
        &self,
        view: &View,
        network: &NetworkRecord,
        options: &NetworkOptions,
    ) -> Result<Plan, DriverError> {
        let (bridge, mut steps) = match view.bridge(options)? {
            Some(bridge) => (bridge.clone(), awaited(bridge, own_port(bridge))),
            None => made(network::new_bridge(options)),
        };
        let reserved = self.in_flight.numbers(&bridge.name);
        let without_gateway = NetworkOptions { gateway: Gateway::None, ..options.clone() };
        steps.extend(view.plan_host_ports(&bridge, network, &without_gateway, &reserved)?);
        Ok(plan(&options.bridge, steps))
    }

    /// Removes a network, and the bridge if it was made for networks and nothing else is on it. An
    /// unknown one is gone already.
    ///
    /// # Errors
    /// A source fails, or does not answer in time.
    pub async fn delete_network(&self, id: &str) -> Result<(), DriverError> {
        self.delete_network_where(id, &|_| true).await
    }

    /// The same while its record `is_it`; once that says otherwise the network stays.
    pub(super) async fn delete_network_where(
        &self,
        id: &str,
        is_it: &(dyn Fn(&NetworkRecord) -> bool + Sync),
    ) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(id).await;
        let gone = tokio::time::timeout(BOUND, self.try_delete_network(id, is_it)).await;
        gone.unwrap_or_else(|_| {
            Err(DriverError::new(
                "the switch's database does not answer within 3 seconds; what is left of the network is taken \
                 away once Docker knows it no more",
            ))
        })
    }

    async fn try_delete_network(
        &self,
        id: &str,
        is_it: &(dyn Fn(&NetworkRecord) -> bool + Sync),
    ) -> Result<(), DriverError> {
        let mut gateways = None;
        for _ in 0..TRIES {
            let mut view = self.open().await?;
            let known = network::find(&view.bridges, id).filter(|(_, record)| is_it(record));
            let Some((bridge, record)) = known else { return Ok(()) };
            let name = bridge.name.to_string();
            // The engine says that nothing is on it any more.
            let left = left_on(bridge, id);
            if !left.is_empty() {
                // What is published for an endpoint is closed in a turn of its own.
                gateways = None;
                for (network, endpoint) in left {
                    self.delete_endpoint(&network, &endpoint).await?;
                }
                continue;
            }
            if gateways.is_none() && record.is_gateway_here() {
                gateways = Some(self.gateway_turn().await?);
                continue;
            }
            let tunnels = leaving(bridge, &record);
            let plan = plan_removal(bridge, &record, &view.rested_on(bridge, &record));
            let (record, _) = record.pass_given(bridge);
            // Before the record goes, so that none is left if this is the last that is done; and after
            // it, as until then they may be put back.
            record.take_given()?;
            match view.carry_out(&plan).await {
                Ok(()) => {
                    record.take_given()?;
                    drop(gateways);
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

    /// The bridge of a network that is to be made, where it is there.
    fn bridge(&self, options: &NetworkOptions) -> Result<Option<&Bridge>, DriverError> {
        let known = self.bridges.iter().find(|bridge| *bridge.name == *options.bridge);
        known.map_or(Ok(()), |bridge| check_shape(bridge, options))?;
        let other = NotABridge::find(&self.bridges, &options.bridge);
        if let Some(other) = other.filter(|_| known.is_none()) {
            let hint = match &other {
                NotABridge::Fake { bridge, vlan } => format!("; -o bridge={bridge} -o vlan={vlan}"),
                NotABridge::Port { .. } => String::new(),
            };
            return Err(DriverError::new(format!("it is no bridge: it is {other}{hint}")));
        }
        Ok(known)
    }

    /// Why a network could not be made; vswitchd tells only its log that it cannot make a bridge.
    pub(super) fn not_made(&self, error: ActError, options: &NetworkOptions) -> DriverError {
        let is_there = self.bridges.iter().any(|bridge| *bridge.name == *options.bridge);
        let is_userspace = options.datapath_type.as_deref() == Some("netdev");
        match error {
            ActError::Failed { why, left }
                if why.kind == SourceErrorKind::TimedOut && !is_there && !is_userspace =>
            {
                let why = why.hint(
                    "a kernel without Open vSwitch's module needs -o datapath_type=netdev; \
                     ovs-vswitchd's log may tell more",
                );
                ActError::Failed { why, left }.into()
            }
            other => other.into(),
        }
    }
}

/// A bridge that is made, with no port yet, and what makes it: once vswitchd has, its own port is there.
fn made(new: NewBridge) -> (Bridge, Vec<Step>) {
    let name = new.name.clone();
    let own = Port { iface: name.clone(), ofport_request: Some(OfPort::LOCAL), ..Port::default() };
    let wait = await_number(&name, &own);
    let external_ids = new.external_ids.clone();
    let steps = vec![SwitchStep::MakeBridge(new).into(), wait];
    (Bridge { name, external_ids, ..Bridge::default() }, steps)
}

/// The own port of a bridge that was made for a network.
fn own_port(bridge: &Bridge) -> Option<&Arc<Port>> {
    network::made(bridge)?;
    bridge.ports.iter().find(|port| port.iface == bridge.name)
}

/// Waits for those that vswitchd has not made yet.
fn awaited<'a>(bridge: &Bridge, ports: impl IntoIterator<Item = &'a Arc<Port>>) -> Vec<Step> {
    let open = ports.into_iter().filter(|port| port.ofport.assigned().is_none());
    open.map(|port| await_number(&bridge.name, port)).collect()
}

/// What a bridge is made with cannot be asked of one that is there and was made otherwise.
fn check_shape(bridge: &Bridge, options: &NetworkOptions) -> Result<(), DriverError> {
    let new = NewBridge { external_ids: BTreeMap::new(), ..network::new_bridge(options) };
    let same = network::made(bridge).is_some_and(|made| made == new);
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

/// A plan that is about no container.
pub(super) fn plan(bridge: &str, steps: Vec<Step>) -> Plan {
    let container = ContainerRef {
        name: "network".into(),
        id: ContainerId("".into()),
        engine: EngineName::default(),
        qualified: None,
    };
    Plan { container, interface: "".into(), bridge: bridge.into(), steps }
}
