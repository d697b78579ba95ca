//! What a jack is known by from one picture to the next, whatever its port is called by then.

use std::collections::BTreeMap;

use model::dialects::claims_of;
use model::endpoint_record::EndpointRecord;
use model::port_record::PortRecord;
use model::wiring::{self, ContainerRef, Plug, SwitchPort, Wiring};

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
            (&*tenant(row, plug)?.name, &*plug.interface)
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

/// The one container that a port with this link on it is made for.
fn tenant<'w>(row: &SwitchPort, plug: &'w Plug) -> Option<&'w ContainerRef> {
    if let [tenant] = &*plug.tenants {
        return Some(tenant);
    }
    // Others may share its namespace, and come and go.
    let recorded = PortRecord::of(&row.port)?;
    plug.tenants.iter().find(|tenant| *tenant.id.0 == *recorded.container).map(|tenant| &**tenant)
}

/// Whose interface a port with a purpose is, whatever the container is called: its bridge, the container's id and the
/// interface; none where the id is not known.
fn owner(row: &SwitchPort, (bridge, _, interface): Purpose<'_>) -> Option<String> {
    let known = match &row.occupant {
        wiring::Occupant::Plugged { plugs } => plugs.first().and_then(|plug| tenant(row, plug)),
        wiring::Occupant::Orphaned { last: Some(last) } => last.container.as_ref(),
        _ => None,
    };
    let recorded = || PortRecord::of(&row.port).map(|record| record.container);
    let id = known.map(|container| container.id.0.to_string()).or_else(recorded)?;
    Some(format!("{}-{}-{}", slug(bridge), slug(&id), slug(interface)))
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
/// of them that is in use, else its name; and of such a purpose whose interface it is.
pub(super) fn id(
    row: &SwitchPort,
    purposes: &BTreeMap<Purpose<'_>, Rivals>,
) -> (String, Option<String>) {
    let alone = purpose(row).filter(|purpose| {
        let Rivals { orphaned, others } = purposes.get(purpose).copied().unwrap_or_default();
        if row.occupant.is_orphaned() { orphaned == 1 && others == 0 } else { others == 1 }
    });
    let Some(purpose) = alone else {
        return (format!("jack-{}-{}", slug(&row.bridge), slug(&row.port.iface)), None);
    };
    let (bridge, container, interface) = purpose;
    let id = format!("jack-{}-{}-{}", slug(bridge), slug(container), slug(interface));
    (id, owner(row, purpose))
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

    fn scene(ports: Vec<SwitchPort>) -> Scene {
        let wiring = Wiring {
            host: "h".to_owned(),
            taken: 0,
            attachments: Vec::new(),
            ports,
            source_errors: Vec::new(),
            unseen: Unseen::default(),
        };
        Scene::new(&wiring, None)
    }

    fn ids(ports: Vec<SwitchPort>) -> Vec<String> {
        let mut ids: Vec<_> = scene(ports).jacks().map(|jack| jack.id.clone()).collect();
        ids.sort();
        ids
    }

    #[test]
    fn a_jack_tells_whose_interface_it_is_whatever_the_container_is_called() {
        let owner = |port| scene(vec![port]).jacks().next().unwrap().owner.clone();
        let of = Some("br0-abc-eth0".to_owned());
        for called in ["web", "other"] {
            assert_eq!(owner(port("v1", plugged(&[called]), &CONNECTED)), of);
            assert_eq!(owner(port("v1", orphaned("abc", Some(called)), &BY_DRIVER)), of);
        }
        assert_eq!(owner(port("v1", orphaned("web", None), &CONNECTED)), of, "it is recorded");
        assert_eq!(owner(port("v1", orphaned("web", None), &BY_DRIVER)), None);
        assert_eq!(owner(port("v1", plugged(&["web"]), &[])), None);
        let both = vec![
            port("v1", plugged(&["web"]), &CONNECTED),
            port("v2", plugged(&["web"]), &CONNECTED),
        ];
        assert!(scene(both).jacks().all(|jack| jack.owner.is_none()), "it is not known which");
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
