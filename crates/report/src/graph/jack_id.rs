//! What a jack is known by from one picture to the next, whatever its port is called by then.

use std::collections::BTreeMap;

use model::dialects::claims_of;
use model::endpoint_record::EndpointRecord;
use model::port_record::PortRecord;
use model::wiring::{self, SwitchPort, Wiring};

use super::escape::slug;

/// What a port is made for: its bridge, a container and its interface. Whenever that container starts the port is
/// made again, with the same number and another name.
pub(super) type Purpose<'a> = (&'a str, &'a str, &'a str);

/// How many ports have a purpose: those that are orphaned, and others.
#[derive(Clone, Copy, Default)]
pub(super) struct Rivals {
    orphaned: usize,
    others: usize,
}

/// What a port is made for, where its row says that it is made for one container.
fn purpose(row: &SwitchPort) -> Option<Purpose<'_>> {
    let (container, interface) = match &row.occupant {
        wiring::Occupant::Plugged { plugs } => {
            let [plug] = plugs.as_slice() else { return None };
            // Others may share its namespace, and come and go.
            let recorded = PortRecord::of(&row.port);
            let is_recorded = |id: &str| recorded.as_ref().is_some_and(|of| of.container == id);
            let mut tenants = plug.tenants.iter();
            let tenant = match &*plug.tenants {
                [tenant] => tenant,
                _ => tenants.find(|tenant| is_recorded(&tenant.id.0))?,
            };
            (&*tenant.name, &*plug.interface)
        }
        wiring::Occupant::Orphaned { last: Some(last) } => {
            let known = last.container.as_ref().map(|container| &*container.name);
            (known.unwrap_or(&last.words), last.interface.as_deref()?)
        }
        _ => return None,
    };
    // One that no program made for it keeps its name for as long as it is there.
    let is_recorded = !claims_of(&row.port).is_empty() || EndpointRecord::of(&row.port).is_some();
    is_recorded.then_some((&*row.bridge, container, interface))
}

/// How many ports of a Wiring have each purpose.
pub(super) fn purposes(wiring: &Wiring) -> BTreeMap<Purpose<'_>, Rivals> {
    let mut purposes = BTreeMap::<_, Rivals>::new();
    for row in &wiring.ports {
        let Some(purpose) = purpose(row) else { continue };
        let rivals = purposes.entry(purpose).or_default();
        let count =
            if row.occupant.is_orphaned() { &mut rivals.orphaned } else { &mut rivals.others };
        *count += 1;
    }
    purposes
}

/// What a port is known by from one picture to the next: its purpose, if it is the one port that has it or the one
/// of them that is in use, else its name.
pub(super) fn id(row: &SwitchPort, purposes: &BTreeMap<Purpose<'_>, Rivals>) -> String {
    let alone = purpose(row).filter(|purpose| {
        let Rivals { orphaned, others } = purposes.get(purpose).copied().unwrap_or_default();
        if row.occupant.is_orphaned() { orphaned == 1 && others == 0 } else { others == 1 }
    });
    match alone {
        Some((bridge, container, interface)) => {
            format!("jack-{}-{}-{}", slug(bridge), slug(container), slug(interface))
        }
        None => format!("jack-{}-{}", slug(&row.bridge), slug(&row.port.iface)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use model::ids::{ContainerId, EngineName, NetnsId, OfPort, name};
    use model::switch::{OfPortState, Port};
    use model::wiring::{ContainerRef, LastTenant, Occupant, Plug, SwitchPort, Unseen, Wiring};

    use crate::graph::scene::Scene;

    const CONNECTED: [(&str, &str); 2] = [("container_id", "abc"), ("container_iface", "eth0")];
    const BY_DRIVER: [(&str, &str); 2] =
        [("docker-ovs.network", "n"), ("docker-ovs.endpoint", "e")];

    fn container(called: &str) -> ContainerRef {
        ContainerRef {
            name: name(called),
            id: ContainerId(name("abc")),
            engine: EngineName(name("docker")),
            qualified: Some(name("docker:web")),
        }
    }

    fn plug(tenants: &[&str], ino: u64) -> Plug {
        Plug {
            tenants: tenants.iter().map(|called| Arc::new(container(called))).collect(),
            netns: NetnsId { dev: 4, ino },
            netns_names: Vec::new(),
            interface: name("eth0"),
        }
    }

    fn plugged(tenants: &[&str]) -> Occupant {
        Occupant::Plugged { plugs: vec![plug(tenants, 1)] }
    }

    fn orphaned(words: &str, known: Option<&str>) -> Occupant {
        let (words, container) = (words.to_owned(), known.map(container));
        let last = LastTenant { words, container, interface: Some("eth0".to_owned()) };
        Occupant::Orphaned { last: Some(last) }
    }

    fn port(iface: &str, occupant: Occupant, ids: &[(&str, &str)]) -> SwitchPort {
        let id = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let port = Port {
            iface: name(iface),
            ofport: OfPortState::Assigned(OfPort(7)),
            kind: "system".to_owned(),
            external_ids: ids.iter().map(id).collect::<BTreeMap<_, _>>(),
            ..Port::default()
        };
        SwitchPort {
            bridge: name("br0"),
            datapath_id: None,
            fake_bridge: None,
            port: Arc::new(port),
            ofports: model::OfPortBySource::default(),
            occupant,
            notes: Vec::new(),
        }
    }

    fn ids(ports: Vec<SwitchPort>) -> Vec<String> {
        let wiring = Wiring {
            host: "h".to_owned(),
            taken: 0,
            attachments: Vec::new(),
            ports,
            source_errors: Vec::new(),
            unseen: Unseen::default(),
        };
        let scene = Scene::new(&wiring, None);
        let mut ids: Vec<_> = scene.jacks().map(|jack| jack.id.clone()).collect();
        ids.sort();
        ids
    }

    #[test]
    fn a_jack_outlives_a_restart_of_its_container() {
        for of in [&CONNECTED, &BY_DRIVER] {
            let first = ids(vec![port("v1", plugged(&["web"]), of)]);
            assert_eq!(first, ["jack-br0-web-eth0"]);
            let known = ids(vec![port("v1", orphaned("abc", Some("web")), of)]);
            let removed = ids(vec![port("v1", orphaned("web", None), of)]);
            let again = ids(vec![port("v2", plugged(&["web"]), of)]);
            assert_eq!([known, removed, again], [first.clone(), first.clone(), first]);
        }
    }

    #[test]
    fn a_port_that_is_made_for_no_container_alone_is_known_by_its_name() {
        let both = Occupant::Plugged { plugs: vec![plug(&["web"], 1), plug(&["db"], 2)] };
        let nameless = Occupant::Orphaned { last: None };
        let unknown = Occupant::Unknown { why: "?".to_owned() };
        for occupant in [plugged(&[]), both, nameless, unknown] {
            assert_eq!(ids(vec![port("v1", occupant, &CONNECTED)]), ["jack-br0-v1"]);
        }
        // Of several that share its namespace the row names one, or none.
        let shared = || plugged(&["web", "sidecar"]);
        assert_eq!(ids(vec![port("v1", shared(), &CONNECTED)]), ["jack-br0-web-eth0"]);
        assert_eq!(ids(vec![port("v1", shared(), &BY_DRIVER)]), ["jack-br0-v1"]);
        // No program made it, and none makes it again.
        assert_eq!(ids(vec![port("v1", plugged(&["web"]), &[])]), ["jack-br0-v1"]);
    }

    #[test]
    fn of_several_ports_for_one_interface_that_in_use_has_its_id() {
        let web = |iface| port(iface, plugged(&["web"]), &CONNECTED);
        let left = |iface| port(iface, orphaned("abc", Some("web")), &CONNECTED);
        assert_eq!(ids(vec![left("v1"), web("v2")]), ["jack-br0-v1", "jack-br0-web-eth0"]);
        let all = ids(vec![left("v1"), left("v2"), web("v3")]);
        assert_eq!(all, ["jack-br0-v1", "jack-br0-v2", "jack-br0-web-eth0"]);
        for alike in [vec![left("v1"), left("v2")], vec![web("v1"), web("v2")]] {
            assert_eq!(ids(alike), ["jack-br0-v1", "jack-br0-v2"]);
        }
        let all = ids(vec![web("v1"), web("v2"), left("v3")]);
        assert_eq!(all, ["jack-br0-v1", "jack-br0-v2", "jack-br0-v3"]);
        // Names that look like others stay apart.
        let odd = ids(vec![port("web-eth0", plugged(&[]), &[]), web("v2")]);
        assert_eq!(odd, ["jack-br0-web-eth0", "jack-br0-web_2deth0"]);
    }
}
