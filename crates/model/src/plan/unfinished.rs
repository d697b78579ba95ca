//! What a killed program left half done, or an earlier version did not do: what is missing of an
//! interface that is on its port, judged by its record.

use std::sync::Arc;

use crate::PortLinks;
use crate::port_record::PortRecord;
use crate::snapshot::{Cidr, Link};
use crate::switch::Port;
use crate::wiring::{Occupant, Plug};

use super::planner::Planner;
use super::vlan::VlanMode;
use super::{Connect, KernelStep, OfPortChoice, Plan, PlanError, Step};

impl Planner<'_> {
    /// What an interface of ours lacks that is on its port: what its record has and the interface has
    /// not, as where the program was killed before all was done; and what earlier versions did not
    /// do. `host_end` is the link that its port is, where that is known.
    pub(super) fn lacks(
        &self,
        record: &PortRecord,
        port: &Port,
        host_end: Option<&Link>,
    ) -> Vec<Step> {
        let mut same = self.inside().filter(|link| *link.name == *record.interface);
        let Some(link) = same.next().filter(|_| record.ours) else { return Vec::new() };
        let unfinished = self.is_unfinished(record, link);
        let checksums = link.tx_checksum_offload == Some(true) || unfinished;
        let checksums = self.finish_checksums(record).filter(|_| checksums);
        let rest = unfinished.then(|| self.rest(record, port)).into_iter().flatten();
        let host_end = host_end.and_then(|host_end| self.finish_host_end(record, host_end));
        let steps = host_end.into_iter().chain(checksums).chain(self.adjust(record, link));
        steps.chain(rest).collect()
    }

    /// A veth gets its alias last: without one its end in the switch's namespace may be open to the host's
    /// own kernel. An alias of others' stays.
    fn finish_host_end(&self, record: &PortRecord, link: &Link) -> Option<Step> {
        let is_bare = link.kind.as_deref() == Some("veth") && link.alias.is_none();
        let step = || KernelStep::FinishHostEnd {
            name: link.name.clone(),
            ifindex: link.ifindex,
            alias: record.alias(&self.bridge.name),
        };
        (is_bare && self.leads_to(link, &record.interface)).then(|| step().into())
    }

    /// Whether anything is missing of what sets an interface up: it comes up first, and then gets
    /// its addresses and routes. One that has an address and is down was set down on purpose. A
    /// default route that the container has got elsewhere is in the place of the recorded one.
    fn is_unfinished(&self, record: &PortRecord, link: &Link) -> bool {
        let has = |ip: &Cidr| link.addresses.contains(ip);
        if !link.up {
            return !record.addresses.iter().any(has);
        }
        let stranded = link.gateways.is_some() && !self.unrouted(&record.gateways).is_empty();
        stranded || !record.addresses.iter().all(has)
    }

    /// Gives an interface back the address and the MTU that it was made with.
    fn adjust(&self, record: &PortRecord, link: &Link) -> Option<Step> {
        let mac = record.mac.filter(|mac| link.mac != Some(*mac));
        let mtu = record.mtu.filter(|mtu| link.mtu != *mtu);
        let step = || KernelStep::Adjust {
            container: self.container.name.clone(),
            netns: self.netns,
            interface: link.name.clone(),
            mac,
            mtu,
        };
        (mac.is_some() || mtu.is_some()).then(|| step().into())
    }

    /// What a killed `connect` of the same request left half done, to be brought to its end.
    ///
    /// # Errors
    /// [`PlanError::Undecided`]: whose it is cannot be told.
    pub(super) fn resume(&self, request: &Connect) -> Result<Option<Plan>, PlanError> {
        let rows = self.wiring.ports.iter().filter(|row| row.bridge == self.bridge.name);
        for row in rows {
            let Some(record) = PortRecord::of(&row.port) else { continue };
            let fits =
                |plug: &Plug| plug.netns == self.netns && *plug.interface == *record.interface;
            let is_there =
                matches!(&row.occupant, Occupant::Plugged { plugs } if plugs.iter().any(fits));
            if !is_there || !asks_for(request, &record, &row.port) || !self.is_own(&record)? {
                continue;
            }
            let unfinished = |link: &Arc<Link>| self.is_unfinished(&record, link);
            let mut same = self.inside().filter(|link| *link.name == *record.interface);
            if same.any(unfinished) {
                let interface = record.interface.as_str().into();
                let host_end = PortLinks::new(self.snapshot).of(row).map(|link| &**link);
                let steps = self.lacks(&record, &row.port, host_end);
                let bridge = self.bridge.name.clone();
                return Ok(Some(Plan { container: self.who(), interface, bridge, steps }));
            }
        }
        Ok(None)
    }
}

/// Whether a request is for just what is recorded.
fn asks_for(request: &Connect, record: &PortRecord, port: &Port) -> bool {
    let mode = |mode: VlanMode| port.vlan_mode.as_deref() == Some(mode.to_string().as_str());
    let number = match request.ofport {
        OfPortChoice::Exactly(ofport) => port.ofport_request == Some(ofport),
        OfPortChoice::Auto => port.ofport_request.is_none(),
        OfPortChoice::Free => port.ofport_request.is_some(),
    };
    number
        && record.ours
        && request.interface.as_ref().is_none_or(|name| *name == record.interface)
        && request.host_interface.as_deref().is_none_or(|name| *name == *port.iface)
        && request.mac.is_none_or(|mac| record.mac == Some(mac))
        && (&request.addresses, &request.gateways) == (&record.addresses, &record.gateways)
        && (request.mtu, request.vlan) == (record.mtu, port.tag)
        && request.trunks == port.trunks
        && request.vlan_mode.is_none_or(mode)
}
