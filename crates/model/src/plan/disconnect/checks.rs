//! What `disconnect` may not take away, or only by force.

use super::DisconnectPlanner;
use crate::endpoint_record::EndpointRecord;
use crate::evidence::Evidence;
use crate::ids::{LinkKey, Name};
use crate::plan::PlanError;
use crate::plan::upper_links::{Upper, foreign_upper};
use crate::plan::world::written_here;
use crate::port_record::PortRecord;
use crate::snapshot::Container;
use crate::switch::Bridge;
use crate::whereabouts::{Whereabouts, whereabouts};
use crate::wiring::{Attachment, ContainerRef, Occupant, Plug, SwitchPort};

impl DisconnectPlanner<'_> {
    /// What may not be removed, or only by force; never what may be alive elsewhere.
    pub(super) fn check(
        &self,
        row: &SwitchPort,
        interface: &Name,
        force: bool,
    ) -> Result<(), PlanError> {
        let port = row.port.iface.to_string();
        if let Some(bond) = &row.port.bond {
            return Err(PlanError::Bonded { port, bond: bond.clone() });
        }
        let own = |bridge: &Bridge| {
            bridge.name == row.port.iface
                || bridge.fake_bridges.iter().any(|fake| fake.name == row.port.iface)
        };
        if row.port.kind == "internal" && self.snapshot.bridges().any(own) {
            return Err(PlanError::Undecided {
                what: format!("port {port}"),
                why: "it is the bridge's own; ovs-vsctl del-br removes it with the bridge"
                    .to_owned(),
            });
        }
        let undecided = |why: String| {
            let what = format!("port {}", row.port.iface);
            Err(PlanError::Undecided { what, why })
        };
        match &row.occupant {
            Occupant::Plugged { plugs } => {
                // First: force, which the other refusals name, does not override it.
                self.check_proof(row, interface)?;
                if force { Ok(()) } else { self.check_record(row, plugs) }
            }
            Occupant::Orphaned { .. } if !force => {
                let record = PortRecord::of(&row.port);
                let system = record.as_ref().and_then(|record| record.system.as_deref());
                written_here(self.snapshot, system).or_else(undecided)
            }
            Occupant::Orphaned { .. } => Ok(()),
            Occupant::Unknown { why } => {
                undecided(format!("whether its link is gone is not known: {why}"))
            }
            other => undecided(format!("it is {other}")),
        }
    }

    /// That the interface is on this port has to be known: what is only like the port may be on none, and
    /// the port another's.
    fn check_proof(&self, row: &SwitchPort, interface: &Name) -> Result<(), PlanError> {
        if self.plugged(row, interface).is_some_and(Attachment::rests_on_likeness) {
            let port = row.port.iface.to_string();
            let interface = interface.to_string();
            return Err(PlanError::OnlyLike { port, interface });
        }
        Ok(())
    }

    /// A port that leads on to a Linux bridge, or that other links stand on, is not one interface's to
    /// take: what else is there, or will be, loses it too.
    pub(super) fn check_way(&self, row: &SwitchPort, interface: &Name) -> Result<(), PlanError> {
        let way = self.plugged(row, interface);
        let through = way.and_then(|found| found.evidence.iter().find_map(leads_on));
        through.map_or(Ok(()), |through| {
            let port = row.port.iface.to_string();
            let interface = interface.to_string();
            Err(PlanError::NotItsOwn { port, interface, through })
        })
    }

    /// Upper links of the interface, and of the host's end of it, go with it: only the container's own
    /// may.
    pub(super) fn check_upper(&self, row: &SwitchPort, interface: &Name) -> Result<(), PlanError> {
        let Some(inside) = self.plugged(row, interface) else { return Ok(()) };
        let own = LinkKey { netns: inside.netns, ifindex: inside.link.ifindex };
        let host_end = self.host_end(row, interface).zip(self.snapshot.switch_netns);
        let host_end = host_end.map(|(link, netns)| LinkKey { netns, ifindex: link.ifindex });
        let ends: Vec<_> = host_end.into_iter().chain([own]).collect();
        match foreign_upper(self.snapshot, &ends, inside.netns) {
            None => Ok(()),
            Some(Upper::Foreign(upper)) => {
                Err(PlanError::HasUpper { interface: interface.to_string(), upper })
            }
            Some(Upper::Unknown(why)) => {
                Err(PlanError::Undecided { what: format!("port {}", row.port.iface), why })
            }
        }
    }

    /// Whose port with a link on it is.
    pub(super) fn check_record(&self, row: &SwitchPort, plugs: &[Plug]) -> Result<(), PlanError> {
        let port = row.port.iface.to_string();
        let Some(record) = PortRecord::of(&row.port) else {
            return Err(not_connected_by_us(row));
        };
        if let Err(why) = written_here(self.snapshot, record.system.as_deref()) {
            return Err(PlanError::Undecided { what: format!("port {port}"), why });
        }
        let shares = |owner: &Container| {
            let is_owner = |who: &ContainerRef| self.snapshot.is_meant(who, owner);
            plugs.iter().any(|plug| plug.tenants.iter().any(|who| is_owner(who)))
        };
        let found = whereabouts(self.snapshot, &record);
        match found.container() {
            Some(owner) if shares(owner) => Ok(()),
            Some(owner) => Err(PlanError::PortOfAnother { port, owner: owner.name.to_string() }),
            None if found == Whereabouts::Gone => Ok(()),
            None => Err(PlanError::PortOfAnother { port, owner: record.owner_name().to_owned() }),
        }
    }
}

/// What made a port that `connect` did not.
pub(super) fn not_connected_by_us(row: &SwitchPort) -> PlanError {
    let port = row.port.iface.to_string();
    match EndpointRecord::of(&row.port) {
        None => PlanError::NotOurs { port },
        Some(endpoint) => {
            let network = endpoint.network_label().to_owned();
            PlanError::NetworkPort { port, network, engine: endpoint.engine }
        }
    }
}

/// Name of the link by which a way leads on, where it is no pair of links alone.
pub(super) fn leads_on(evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::Lower { name, .. } => Some(name.to_string()),
        Evidence::LinuxBridge { bridge, .. } => Some(bridge.to_string()),
        _ => None,
    }
}
