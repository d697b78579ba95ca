//! The end of an attachment.

use std::sync::Arc;

use crate::ids::Name;
use crate::port_record::PortRecord;
use crate::query::{self, QueryError};
use crate::snapshot::{Container, Engine, Link, Snapshot};
use crate::wiring::{ContainerRef, Occupant, SwitchPort, Wiring};

use super::planner::{delete, requesters};
use super::{Plan, PlanError, ReplacePort, Step};

/// `docker ovs disconnect BRIDGE CONTAINER`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disconnect {
    /// The bridge.
    pub bridge: String,
    /// The container, by name, id or beginning of the id; it may be gone.
    pub container: String,
    /// Name of the interface inside; the only one on the bridge if none.
    pub interface: Option<String>,
    /// Whether ports that others made may be removed.
    pub force: bool,
}

/// Plans it: the port first, then the veth. A process that is killed between leaves a link that is
/// known for ours.
///
/// # Errors
/// A [`PlanError`].
pub fn disconnect(
    snapshot: &Snapshot,
    wiring: &Wiring,
    request: &Disconnect,
) -> Result<Plan, PlanError> {
    let asked = query::bridge(snapshot, &request.bridge)?;
    let bridge = asked.bridge;
    let known = match query::container(snapshot, &request.container) {
        Ok(known) => Some(known),
        Err(error @ QueryError::NoSuchContainer { .. }) => {
            let named = |row: &&SwitchPort| {
                PortRecord::of(&row.port).is_some_and(|record| record.matches(&request.container))
            };
            wiring.ports.iter().find(named).map_or(Err(error), |_| Ok(None))?
        }
        Err(error) => return Err(error.into()),
    };
    let on_bridge = wiring.ports.iter().filter(|row| row.is_on(asked.name()));
    let all: Vec<_> =
        on_bridge.filter_map(|row| Some((row, inside(row, known, &request.container)?))).collect();
    let (row, interface) = pick(request, &all)?;
    check(row, request.force)?;
    let removal = ReplacePort {
        bridge: bridge.name.clone(),
        remove: Some(Arc::clone(&row.port)),
        add: None,
        keep_settings: false,
        expected_requesters: requesters(wiring, [Some(&row.port), None]),
    };
    let link = host_end(snapshot, row).map(|link| delete(link));
    let steps = std::iter::once(Step::from(removal)).chain(link).collect();
    let container = named(known, row, &request.container);
    Ok(Plan { container, interface: interface.clone(), bridge: bridge.name.clone(), steps })
}

/// Name of the interface, if the port is one of this container.
fn inside(row: &SwitchPort, known: Option<&Container>, words: &str) -> Option<Name> {
    let record = PortRecord::of(&row.port);
    match (&row.occupant, known) {
        (Occupant::Plugged { plugs }, known) => {
            let has = |id| plugs.iter().find(|plug| plug.tenants.iter().any(|who| who.id == id));
            has(known?.id.clone()).map(|plug| plug.interface.clone())
        }
        (_, Some(known)) => record
            .filter(|record| record.owner(&[known]).is_some())
            .map(|record| record.interface.into()),
        (_, None) => {
            record.filter(|record| record.matches(words)).map(|record| record.interface.into())
        }
    }
}

fn pick<'r, 'a>(
    request: &Disconnect,
    all: &'r [(&'a SwitchPort, Name)],
) -> Result<&'r (&'a SwitchPort, Name), PlanError> {
    let asked = |name: &Name| request.interface.as_deref().is_none_or(|wanted| **name == *wanted);
    let fits: Vec<_> = all.iter().filter(|(_, name)| asked(name)).collect();
    let names = || {
        let mut names: Vec<_> = all.iter().map(|(_, name)| name.to_string()).collect();
        names.sort();
        names
    };
    match fits.as_slice() {
        [one] => Ok(one),
        [] => Err(PlanError::NotConnected {
            container: request.container.clone(),
            interface: request.interface.clone(),
            bridge: request.bridge.clone(),
            have: names(),
        }),
        _ => Err(PlanError::Several {
            container: request.container.clone(),
            bridge: request.bridge.clone(),
            have: names(),
        }),
    }
}

fn check(row: &SwitchPort, force: bool) -> Result<(), PlanError> {
    let port = row.port.iface.to_string();
    match &row.port.bond {
        Some(bond) => Err(PlanError::Bonded { port, bond: bond.clone() }),
        None if force || PortRecord::of(&row.port).is_some() => Ok(()),
        None => Err(PlanError::NotOurs { port }),
    }
}

/// The veth that the port is, if it still is one.
pub(super) fn host_end<'a>(snapshot: &'a Snapshot, row: &SwitchPort) -> Option<&'a Arc<Link>> {
    let here = snapshot.switch_namespace()?;
    let veth = |link: &&Arc<Link>| link.kind.as_deref() == Some("veth");
    here.links.iter().filter(veth).find(|link| link.name == row.port.iface)
}

fn named(known: Option<&Container>, row: &SwitchPort, words: &str) -> ContainerRef {
    let record = PortRecord::of(&row.port);
    let name = record.as_ref().map_or(words, |record| record.owner_name());
    let id = record.as_ref().map_or("", |record| &record.container);
    ContainerRef {
        name: known.map_or_else(|| name.into(), |known| known.name.clone()),
        id: known.map_or_else(|| crate::ids::ContainerId(id.into()), |known| known.id.clone()),
        engine: Engine::default(),
    }
}
