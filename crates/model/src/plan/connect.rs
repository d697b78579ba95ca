//! A new interface in a container, and a port for it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::NamedBridge;
use crate::ids::{Mac, Name, OfPort};
use crate::port_record::PortRecord;
use crate::query;
use crate::snapshot::{Cidr, Snapshot};
use crate::switch::Port;
use crate::wiring::Wiring;

use super::number::number_of;
use super::planner::{Planner, delete, own_netns_of};
use super::rename::renames_of;
use super::usable::require_usable;
use super::vlan::{self, VlanMode};
use super::{Generated, Plan, PlanError, Step, require_here};

/// `docker ovs connect BRIDGE CONTAINER`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    /// The bridge.
    pub bridge: String,
    /// The container, by name, id or beginning of the id.
    pub container: String,
    /// Name of the interface inside; the next free `ethN` if none.
    pub interface: Option<String>,
    /// The OpenFlow port.
    pub ofport: OfPortChoice,
    /// Addresses of the interface.
    pub addresses: Vec<Cidr>,
    /// Gateways of default routes.
    pub gateways: Vec<IpAddr>,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// Its MTU in bytes.
    pub mtu: Option<u32>,
    /// The access VLAN.
    pub vlan: Option<u16>,
    /// The trunked VLANs.
    pub trunks: Vec<u16>,
    /// How the port treats them; what follows from the two above if none.
    pub vlan_mode: Option<VlanMode>,
    /// Name of the host's end.
    pub host_interface: Option<String>,
}

/// Which OpenFlow port is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OfPortChoice {
    /// A free one from [`FIRST_FREE`](super::FIRST_FREE) on, which OVS never hands out by itself.
    #[default]
    Free,
    /// Whatever OVS gives.
    Auto,
    /// This one.
    Exactly(OfPort),
}

/// Plans it.
///
/// # Errors
/// A [`PlanError`].
pub fn connect(
    snapshot: &Snapshot,
    wiring: &Wiring,
    request: &Connect,
    generated: &Generated,
) -> Result<Plan, PlanError> {
    let container = query::certain_container(snapshot, &request.container)?;
    let named = query::bridge(snapshot, &request.bridge)?;
    require_here(snapshot)?;
    let bridge = named.bridge;
    let vlan = vlan(named, request)?;
    let netns = own_netns_of(snapshot, container)?;
    require_usable(request)?;
    let vlan_mode = vlan::mode(request.vlan_mode, vlan, &request.trunks)?;
    let planner = Planner { snapshot, wiring, bridge, container, netns };
    planner.require_engine()?;
    if let Some(plan) = planner.resume(&Connect { vlan, ..request.clone() })? {
        return Ok(plan);
    }
    planner.require_no_address(&request.addresses)?;
    planner.require_no_route(&request.gateways)?;
    let orphaned = planner.orphaned_veths()?;
    let host_end: Name = request.host_interface.as_deref().unwrap_or(&generated.host_end).into();
    let unmade = planner.unmade(&host_end)?;
    let wanted = request.interface.as_deref().or(unmade.as_deref());
    let interface = planner.interface(wanted, &orphaned)?;
    let old = planner.predecessor(&interface)?;
    planner.check_host_end(&host_end, &orphaned, old.as_deref())?;
    let remembered = planner.forgotten(&interface)?;
    let replaced: Vec<&Port> = old.as_deref().into_iter().chain(remembered.as_ref()).collect();
    let number = planner.number(request.ofport, old.as_deref(), remembered.as_ref())?;
    let record = planner.record(request, &interface, generated);
    // While it had no port, another one may have had the number.
    let numbered = numbered_before(&record, number, old.as_deref());
    let record = PortRecord { numbered, ..record };
    let port = Arc::new(Port {
        iface: host_end.clone(),
        ofport_request: number,
        kind: "system".to_owned(),
        tag: vlan,
        trunks: request.trunks.clone(),
        vlan_mode: vlan_mode.map(|mode| mode.to_string()),
        external_ids: record.external_ids(),
        ..Port::default()
    });
    let memory = planner.memory(&replaced, Some(&port));
    let sweep = orphaned.iter().map(|link| delete(link));
    let renames = renames_of(snapshot, wiring, container, &replaced);
    let renames = renames.into_iter().map(Step::from);
    let steps =
        sweep.chain(renames).chain(planner.steps(&record, port, old, false, memory)).collect();
    Ok(Plan { container: planner.who(), interface, bridge: bridge.name.clone(), steps })
}

/// The VLAN that is asked for; on a fake bridge its own, as `ovs-vsctl add-port` has it. In any mode but
/// access a port carries others too, also where no trunks are named: then it carries all.
fn vlan(named: NamedBridge<'_>, request: &Connect) -> Result<Option<u16>, PlanError> {
    let Some(fake) = named.fake else { return Ok(request.vlan) };
    let has_other_vlan = request.vlan.is_some_and(|vlan| vlan != fake.vlan);
    let has_other_mode = request.vlan_mode.is_some_and(|mode| mode != VlanMode::Access);
    if has_other_vlan || has_other_mode || !request.trunks.is_empty() {
        let bridge = fake.name.to_string();
        let parent = named.bridge.name.to_string();
        return Err(PlanError::OtherVlan { bridge, vlan: fake.vlan, parent });
    }
    Ok(Some(fake.vlan))
}

/// Since when the container of `record` has had this number already, where the port that is replaced was its own and
/// had it: flows that name the number are meant for it, though the port is younger than they are.
fn numbered_before(
    record: &PortRecord,
    number: Option<OfPort>,
    replaced: Option<&Port>,
) -> Option<u64> {
    let replaced = replaced.filter(|port| number.is_some() && number_of(port) == number)?;
    let before = PortRecord::of(replaced)?;
    before.has_number_since().filter(|_| before.name.is_some() && before.name == record.name)
}

impl Planner<'_> {
    fn record(&self, request: &Connect, interface: &str, generated: &Generated) -> PortRecord {
        let record = PortRecord {
            interface: interface.to_owned(),
            mac: Some(request.mac.unwrap_or(generated.mac)),
            addresses: request.addresses.clone(),
            gateways: request.gateways.clone(),
            mtu: request.mtu,
            created: Some(generated.now),
            ..PortRecord::default()
        };
        self.recorded(record)
    }
}
