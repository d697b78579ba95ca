//! What goes with a network, and what stays: its bridge where that is of use for something else, and the
//! links that others rest on.

use std::collections::BTreeSet;
use std::sync::Arc;

use host::MeshOfBridge;
use model::endpoint_record::endpoints_of;
use model::ids::Name;
use model::memory::MemoryChange;
use model::numbers;
use model::plan::{NewBridge, Plan, ReplacePort, SwitchStep};
use model::switch::{Bridge, Port};
use tracing::info;

use super::View;
use super::host_ports;
use super::mesh::leaving;
use super::network::plan;
use crate::network::{self, NetworkRecord};

/// The endpoints that are still on it, by network and endpoint.
pub(super) fn left_on(bridge: &Bridge, network: &str) -> Vec<(String, String)> {
    let own = endpoints_of(bridge).filter(|(_, record)| record.network == network);
    own.map(|(_, record)| (record.network, record.endpoint)).collect()
}

impl View {
    /// The links of this host that would go with a network, and that others rest on, or may.
    pub(super) fn rested_on(&self, bridge: &Bridge, record: &NetworkRecord) -> BTreeSet<Name> {
        let (own, _) = record.pass_given(bridge);
        let gateway = own.read_options().ok().map(|options| own.gateway_link(&options));
        let made = network::made(bridge);
        let is_own = |port: &&Arc<Port>| made.is_some() && port.iface == bridge.name;
        let came_with =
            host_ports::of(bridge, record).filter(|port| port.kind == host_ports::INTERNAL);
        let going = bridge.ports.iter().filter(is_own).chain(came_with);
        let rested_on = going.filter(|port| {
            let given = own.given.iter().filter(|_| gateway.as_ref() == Some(&port.iface));
            let given: Vec<_> = given.map(|cidr| cidr.ip).collect();
            let why = self.endpoints.rests_on(port, &given);
            if let Some(why) = &why {
                info!("the link {} stays on {}: {why}", port.iface, bridge.name);
            }
            why.is_some()
        });
        rested_on.map(|port| port.iface.clone()).collect()
    }
}

/// Takes a network from its bridge, and the bridge too where that was made for networks and is of no other use.
/// What is to be `kept` stays, and then the bridge does.
pub(super) fn plan_removal(bridge: &Bridge, record: &NetworkRecord, kept: &BTreeSet<Name>) -> Plan {
    let tunnels = leaving(bridge, record);
    let mut memory = forgotten(bridge, record);
    let expected_ids = memory.forget.clone();
    memory.forget.extend(numbers::forget_network(bridge, &record.id).forget);
    if tunnels.is_some() {
        memory.forget.extend(MeshOfBridge::of(bridge).map(|of| of.ids()).unwrap_or_default());
    }
    let made = network::made(bridge).filter(|_| kept.is_empty() && !is_in_use(bridge, &memory));
    let is_tunnel =
        |port: &&Arc<Port>| tunnels.iter().flatten().any(|tunnel| *tunnel.name == *port.iface);
    let came_with = |port: &&Arc<Port>| host_ports::of(bridge, record).any(|own| own == *port);
    let own = |port: &&Arc<Port>| port.iface == bridge.name || came_with(port) || is_tunnel(port);
    if let Some(made) = made.filter(|_| bridge.ports.iter().all(|port| own(&port))) {
        let ports = bridge.ports.iter().map(|port| port.iface.clone()).collect();
        let made = NewBridge { external_ids: bridge.external_ids.clone(), ..made };
        return plan(&bridge.name, vec![SwitchStep::RemoveBridge { bridge: made, ports }.into()]);
    }
    let mut steps = host_ports::plan_removal(bridge, record, kept);
    let bridge = bridge.name.clone();
    let forgotten =
        ReplacePort { bridge: bridge.clone(), memory, expected_ids, ..ReplacePort::default() };
    steps.push(forgotten.into());
    plan(&bridge, steps)
}

/// Whether a bridge's row tells of anything beside what goes with a network, and what a bridge of networks
/// has for itself: another network, a mesh that it was joined to by hand, interfaces whose ports another
/// program took, or what a later version knows of.
fn is_in_use(bridge: &Bridge, gone: &MemoryChange) -> bool {
    let mut left = bridge.external_ids.clone();
    gone.apply(&mut left);
    let by_network = MeshOfBridge::of(bridge).filter(|of| of.by_network).map(|of| of.ids());
    let by_network = by_network.unwrap_or_default();
    left.keys().any(|key| {
        !network::is_of_making(key)
            && !key.starts_with(numbers::PREFIX)
            && !by_network.contains_key(key)
    })
}

/// Takes the gateway from a network, whose numbers and uplink stay.
pub(super) fn plan_leaving(bridge: &Bridge, record: &NetworkRecord, kept: &BTreeSet<Name>) -> Plan {
    let (name, memory) = (bridge.name.clone(), forgotten(bridge, record));
    let expected_ids = memory.forget.clone();
    let forgotten = ReplacePort { bridge: name, memory, expected_ids, ..ReplacePort::default() };
    let gone = host_ports::plan_leaving(bridge, record, kept);
    plan(&bridge.name, gone.into_iter().chain([forgotten.into()]).collect())
}

/// Forgets a network; what its gateway was given is another one's from now on, where that needs it. What goes is
/// each record as it was seen, and the plan rests on that.
fn forgotten(bridge: &Bridge, record: &NetworkRecord) -> MemoryChange {
    let mut memory = record.forgotten_on(bridge);
    for heir in record.pass_given(bridge).1 {
        let kept = heir.kept_on(Some(bridge));
        memory.forget.extend(kept.forget);
        memory.remember.extend(kept.remember);
    }
    memory
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::plan::Step;

    use super::*;

    fn record(id: &str) -> NetworkRecord {
        let options = BTreeMap::from([("bridge".to_owned(), "br9".to_owned())]);
        NetworkRecord {
            id: id.to_owned(),
            engine: "docker".into(),
            options,
            ..NetworkRecord::default()
        }
    }

    /// A bridge that was made for a network, with more in its row.
    fn bridge(more: &[(&str, &str)]) -> Bridge {
        let new = network::new_bridge(&record("a").read_options().unwrap());
        let mut external_ids = new.external_ids;
        external_ids
            .extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        record("a").kept_on(None).apply(&mut external_ids);
        let own = Port { iface: "br9".into(), kind: "internal".to_owned(), ..Port::default() };
        let ports = vec![Arc::new(own)];
        Bridge { name: "br9".into(), external_ids, ports, ..Bridge::default() }
    }

    /// The bridge's keys once the network is gone; none where the bridge goes.
    fn left(bridge: &Bridge) -> Option<Vec<String>> {
        left_with(bridge, &[])
    }

    /// The same where others rest on these links.
    fn left_with(bridge: &Bridge, kept: &[&str]) -> Option<Vec<String>> {
        let kept = kept.iter().map(|name| (*name).into()).collect();
        let plan = plan_removal(bridge, &record("a"), &kept);
        let mut ids = bridge.external_ids.clone();
        for step in &plan.steps {
            match step {
                Step::Switch(SwitchStep::RemoveBridge { bridge: seen, .. }) => {
                    assert_eq!(seen.external_ids, bridge.external_ids, "as they were seen");
                    return None;
                }
                Step::Switch(SwitchStep::ReplacePort(ports)) => ports.memory.apply(&mut ids),
                other => panic!("{other}"),
            }
        }
        Some(ids.into_keys().collect())
    }

    const MESH: [(&str, &str); 2] =
        [("docker-ovs.mesh", "blue"), ("docker-ovs.mesh-ip", "192.0.2.1")];

    #[test]
    fn a_bridge_goes_with_its_last_network() {
        assert_eq!(left(&bridge(&[])), None);
        let numbers = [
            ("docker-ovs.number.7", r#"{"network":"a"}"#),
            ("docker-ovs.number.8", r#"{"network":"a","name":"web"}"#),
        ];
        assert_eq!(left(&bridge(&numbers)), None, "its numbers go with it");
        let by_network = [&MESH[..], &[("docker-ovs.mesh-by", "network")]].concat();
        assert_eq!(left(&bridge(&by_network)), None, "so does what a network joined");
    }

    #[test]
    fn a_bridge_stays_that_is_of_use_for_something_else() {
        let memory = ("docker-ovs.memory.c/eth1", r#"{"iface":"dov-1","ids":{}}"#);
        let other = ("docker-ovs.network.b", r#"{"engine":"docker","options":{}}"#);
        let later = ("docker-ovs.another", "what a later version has written");
        let odd = ("docker-ovs.network.c", "{");
        for more in [&MESH[..], &[memory], &[other], &[later], &[odd]] {
            let left = left(&bridge(more)).unwrap();
            assert!(more.iter().all(|(key, _)| left.iter().any(|one| one == key)), "{left:?}");
            assert!(!left.iter().any(|key| key == "docker-ovs.network.a"), "{left:?}");
        }
    }

    /// What another one has written of it meanwhile is not lost, nor what it has written of an heir.
    #[test]
    fn a_plan_that_forgets_a_network_rests_on_the_records_that_it_saw() {
        let mut bridge = bridge(&[]);
        let subnet = |gateway: &str| crate::network::Subnet {
            pool: "192.0.2.0/24".parse().unwrap(),
            gateway: gateway.parse().ok(),
            own_pool: false,
        };
        let with_gateway = |id: &str, given: &[&str]| {
            let mut record = record(id);
            record.options.insert("gateway".to_owned(), "host".to_owned());
            record.subnets = vec![subnet("192.0.2.1")];
            record.given = given.iter().map(|cidr| cidr.parse().unwrap()).collect();
            record
        };
        let goes = with_gateway("a", &["192.0.2.1/24"]);
        goes.kept_on(None).apply(&mut bridge.external_ids);
        with_gateway("b", &[]).kept_on(None).apply(&mut bridge.external_ids);
        let seen = ["a", "b"].map(|id| {
            let key = format!("docker-ovs.network.{id}");
            (key.clone(), bridge.external_ids[&key].clone())
        });
        let none = BTreeSet::new();
        for plan in [plan_removal(&bridge, &goes, &none), plan_leaving(&bridge, &goes, &none)] {
            let Some(Step::Switch(SwitchStep::ReplacePort(ports))) = plan.steps.last() else {
                panic!("{plan:?}");
            };
            assert_eq!(ports.expected_ids, seen.clone().into());
        }
    }

    #[test]
    fn what_others_rest_on_stays_and_so_does_its_bridge() {
        let left = left_with(&bridge(&[]), &["br9"]).unwrap();
        assert!(!left.iter().any(|key| key == "docker-ovs.network.a"), "{left:?}");
        let mut bridge = bridge(&[]);
        let ids = [("docker-ovs.uplink-of".to_owned(), "a".to_owned())];
        let port = |iface: &str, kind: &str| Port {
            iface: iface.into(),
            kind: kind.to_owned(),
            external_ids: ids.clone().into(),
            ..Port::default()
        };
        bridge.ports.push(Arc::new(port("dog-a", "internal")));
        bridge.ports.push(Arc::new(port("up0", "system")));
        let removed = |kept: &[&str]| {
            let kept = kept.iter().map(|name| (*name).into()).collect();
            let steps = plan_removal(&bridge, &record("a"), &kept).steps;
            let removed = steps.into_iter().filter_map(|step| match step {
                Step::Switch(SwitchStep::ReplacePort(ports)) => ports.remove,
                Step::Switch(SwitchStep::RemoveBridge { bridge, .. }) => {
                    Some(Arc::new(Port { iface: bridge.name, ..Port::default() }))
                }
                other => panic!("{other}"),
            });
            removed.map(|port| port.iface.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(removed(&[]), ["br9"], "with all that came with its network");
        assert_eq!(removed(&["dog-a"]), ["up0"]);
        assert_eq!(removed(&["br9"]), ["dog-a", "up0"]);
        assert_eq!(removed(&["br9", "dog-a"]), ["up0"]);
        let leaving = |kept: &[&str]| {
            let kept = kept.iter().map(|name| (*name).into()).collect();
            plan_leaving(&bridge, &record("a"), &kept).steps.len()
        };
        assert_eq!((leaving(&[]), leaving(&["dog-a"])), (2, 1), "it is forgotten all the same");
    }
}
