//! What a container has once, whichever of its interfaces got it first: an address, and a default route of
//! each family.

use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::Name;
use crate::snapshot::{Cidr, Link};

use super::PlanError;
use super::planner::Planner;

impl Planner<'_> {
    /// Those of `gateways` whose family has no default route inside yet. A second one is refused by the
    /// kernel (EEXIST), and the one that is there is in the place of what is recorded.
    pub(super) fn unrouted(&self, gateways: &[IpAddr]) -> Vec<IpAddr> {
        let routed = |gateway: &&IpAddr| self.default_route(**gateway).is_none();
        gateways.iter().filter(routed).copied().collect()
    }

    /// Makes sure that each of `gateways` can become one.
    ///
    /// # Errors
    /// [`PlanError::RouteTaken`].
    pub(super) fn require_no_route(&self, gateways: &[IpAddr]) -> Result<(), PlanError> {
        let taken = |gateway: &IpAddr| Some((*gateway, self.default_route(*gateway)?));
        let Some((gateway, (interface, via))) = gateways.iter().find_map(taken) else {
            return Ok(());
        };
        let container = self.container.name.to_string();
        Err(PlanError::RouteTaken { container, interface: interface.to_string(), via, gateway })
    }

    /// Makes sure that no other interface inside has one of these addresses: by which of them the container
    /// answers would be up to its kernel.
    ///
    /// # Errors
    /// [`PlanError::AddressTaken`].
    pub(super) fn require_no_address(&self, wanted: &[Cidr]) -> Result<(), PlanError> {
        let has = |link: &Link, ip| link.addresses.iter().any(|cidr| cidr.ip == ip);
        for Cidr { ip: address, .. } in wanted.iter().copied() {
            if let Some(link) = self.staying().into_iter().find(|link| has(link, address)) {
                let container = self.container.name.to_string();
                let interface = link.name.to_string();
                return Err(PlanError::AddressTaken { container, interface, address });
            }
        }
        Ok(())
    }

    /// The links inside, without those that a killed program left: these go first.
    fn staying(&self) -> Vec<&Arc<Link>> {
        let orphaned = self.orphaned_veths().unwrap_or_default();
        let ends: Vec<_> = orphaned.iter().filter_map(|end| end.peer).collect();
        let goes = |link: &Link| ends.iter().any(|end| end.ifindex == link.ifindex);
        self.inside().filter(|link| !goes(link)).collect()
    }

    /// The default route of the family of `gateway` inside, by its interface and its gateway.
    fn default_route(&self, gateway: IpAddr) -> Option<(&Name, IpAddr)> {
        self.staying().into_iter().find_map(|link| {
            let mut all = link.gateways.iter().flatten();
            let via = all.find(|ip| ip.is_ipv4() == gateway.is_ipv4())?;
            Some((&link.name, *via))
        })
    }
}
