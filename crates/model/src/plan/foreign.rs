//! What can be no interface of ours, whatever its row records: a record is copied with a row, as `ovs-vsctl` or a clone
//! of a database copies it, onto a patch port or a tunnel as easily as onto another container's port.

use crate::port_record::PortRecord;
use crate::snapshot::Container;
use crate::wiring::{Occupant, Plug, SwitchPort};

/// Why a port is no veth of a container, by what it is itself; none where it may be one.
pub(super) fn why_foreign(row: &SwitchPort) -> Option<String> {
    if let Some(bond) = &row.port.bond {
        return Some(format!("it is a member of the bond {bond}"));
    }
    if row.port.kind != "system" {
        return Some(format!("it is a port of type {}", row.port.kind));
    }
    match &row.occupant {
        Occupant::Host { .. } => Some("it is a link of the host".to_owned()),
        occupant @ (Occupant::Local | Occupant::Patch { .. } | Occupant::Tunnel { .. }) => {
            Some(format!("it is {occupant}"))
        }
        _ => None,
    }
}

/// The same of a port whose record is of `owner`: what is plugged in the namespaces of other containers alone is
/// another's. A namespace without containers proves nothing: it may be nested in the owner's, or of its earlier run.
pub(super) fn why_no_interface_of(owner: Option<&Container>, row: &SwitchPort) -> Option<String> {
    let is_of_others_alone = |owner: &Container| {
        let is_known = !owner.is_alive() || owner.namespaces().next().is_some();
        let is_its = |netns| owner.namespaces().any(|own| own == netns);
        let is_of_others = |plug: &Plug| !plug.tenants.is_empty() && !is_its(plug.netns);
        match &row.occupant {
            Occupant::Plugged { plugs } => is_known && plugs.iter().all(is_of_others),
            _ => false,
        }
    };
    let others =
        || owner.is_some_and(is_of_others_alone).then(|| format!("{} is on it", row.occupant));
    why_foreign(row).or_else(others)
}

/// Whether the recorded interface of `owner` is on the port.
pub(super) fn has_own_interface(
    owner: Option<&Container>,
    record: &PortRecord,
    row: &SwitchPort,
) -> bool {
    let is_its = |netns| owner.is_some_and(|owner| owner.namespaces().any(|own| own == netns));
    match &row.occupant {
        Occupant::Plugged { plugs } => {
            plugs.iter().any(|plug| is_its(plug.netns) && *plug.interface == *record.interface)
        }
        _ => false,
    }
}

/// The same, or an interface of that name that is plugged in a namespace without containers: it may be that one, moved
/// there. One of another name is as little it there as one that was renamed inside is in the container's own namespace.
pub(super) fn may_have_own_interface(
    owner: Option<&Container>,
    record: &PortRecord,
    row: &SwitchPort,
) -> bool {
    let may_be_it = |plug: &Plug| plug.tenants.is_empty() && *plug.interface == *record.interface;
    let is_untenanted = match &row.occupant {
        Occupant::Plugged { plugs } => plugs.iter().any(may_be_it),
        _ => false,
    };
    has_own_interface(owner, record, row) || (is_untenanted && why_foreign(row).is_none())
}
