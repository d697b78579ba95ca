//! Endpoints of network drivers: which number each gets, and whose it stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use docker_ovs_model::endpoint_record::{EndpointRecord, host_end};
use docker_ovs_model::ids::{Ifindex, NetnsId, OfPort};
use docker_ovs_model::numbers::{self, NumberOwner};
use docker_ovs_model::plan::endpoint::{
    Attach, attach, candidate, detach, is_misnumbered, note, own_number, park, waits_for,
};
use docker_ovs_model::plan::{
    KernelStep, NewBridge, OfPortChoice, Plan, PlanError, Step, SwitchStep,
};
use docker_ovs_model::rehearse;
use docker_ovs_model::snapshot::{Observed, Snapshot};
use docker_ovs_model::switch::{Bridge, OfPortState, Port, SwitchSource};

/// A switch with one bridge, as the driver sees it from call to call.
struct Switch(Snapshot);

impl Switch {
    fn new() -> Self {
        let bridge = Bridge {
            name: "br0".into(),
            datapath: Some("netdev".into()),
            userspace_tso: Some(false),
            ..Bridge::default()
        };
        let rows = Observed::Fresh { rows: vec![bridge].into() };
        let switch = BTreeMap::from([(SwitchSource::Ovsdb, rows)]);
        Self(Snapshot { switch, ..super::scene::host() })
    }

    fn bridge(&self) -> Bridge {
        self.0.switch[&SwitchSource::Ovsdb].rows()[0].clone()
    }

    fn take(&mut self, plan: &Plan) {
        self.0 = rehearse(&self.0, &plan.steps);
        let steps = plan.steps.iter();
        let numbered = steps.filter_map(|step| match step {
            Step::Switch(SwitchStep::ReplacePort(ports)) => ports.add.as_ref(),
            _ => None,
        });
        for port in numbered {
            let Observed::Fresh { rows } = self.0.switch.get_mut(&SwitchSource::Ovsdb).unwrap()
            else {
                unreachable!()
            };
            let mut all = rows.to_vec();
            let row = all[0].ports.iter_mut().find(|row| row.iface == port.iface).unwrap();
            let wanted = row.ofport_request.unwrap();
            Arc::make_mut(row).ofport = OfPortState::Assigned(wanted);
            *rows = all.into();
        }
    }

    /// Docker asks for an endpoint with this address.
    fn create(&mut self, endpoint: &str, ip: &str, ofport: OfPortChoice) -> Result<u16, PlanError> {
        let bridge = self.bridge();
        let record = record(endpoint, ip, None);
        let attachment = Attach {
            bridges: std::slice::from_ref(&bridge),
            bridge: &bridge,
            owner: owner(&record),
            record,
            ofport,
            orphan: None,
            reserved: &BTreeSet::new(),
            tag: None,
            trunks: Vec::new(),
            vlan_mode: None,
            host_end: host_end("n", endpoint),
            interface: "dop-1".into(),
            netns: NetnsId { dev: 1, ino: 1 },
        };
        let plan = attach(&attachment)?;
        assert!(plan.steps.iter().any(|step| matches!(
            step,
            Step::Kernel(KernelStep::SetTxChecksumOffload { on: false, .. })
        )));
        self.take(&plan);
        Ok(plan.ofport().unwrap().0)
    }

    fn port(&self, endpoint: &str) -> Arc<Port> {
        let bridge = self.bridge();
        let is =
            |port: &&Arc<Port>| EndpointRecord::of(port).is_some_and(|r| r.endpoint == endpoint);
        bridge.ports.iter().find(is).unwrap().clone()
    }

    /// It turns out that the endpoint is this container's; its number afterwards.
    fn learn(&mut self, endpoint: &str, name: &str) -> u16 {
        let (bridge, port) = (self.bridge(), self.port(endpoint));
        let was = EndpointRecord::of(&port).unwrap();
        let record = EndpointRecord { name: Some(name.into()), ..was };
        let owner = owner(&record);
        let wanted = own_number(&bridge, &port, &owner, &BTreeSet::new());
        let plan = note(std::slice::from_ref(&bridge), &bridge, &port, &record, &owner, wanted);
        self.take(&plan);
        self.number(endpoint)
    }

    fn number(&self, endpoint: &str) -> u16 {
        self.port(endpoint).ofport.assigned().unwrap().0
    }

    fn delete(&mut self, endpoint: &str) {
        let iface = self.port(endpoint).iface.clone();
        let Observed::Fresh { rows } = self.0.switch.get_mut(&SwitchSource::Ovsdb).unwrap() else {
            unreachable!()
        };
        let mut all = rows.to_vec();
        all[0].ports.retain(|port| port.iface != iface);
        *rows = all.into();
    }
}

fn record(endpoint: &str, ip: &str, name: Option<&str>) -> EndpointRecord {
    EndpointRecord {
        network: "n".into(),
        endpoint: endpoint.into(),
        engine: "docker".into(),
        name: name.map(str::to_owned),
        addresses: vec![format!("{ip}/24").parse().unwrap()],
        ..EndpointRecord::default()
    }
}

fn owner(record: &EndpointRecord) -> NumberOwner {
    NumberOwner {
        network: record.network.clone(),
        name: record.name.clone(),
        address: record.addresses.first().map(|cidr| cidr.ip),
        ..NumberOwner::default()
    }
}

#[test]
fn a_number_that_was_asked_for_is_waited_for_and_not_asked_for_again() {
    let mut switch = Switch::new();
    let own = switch.create("e1", "192.0.2.2", OfPortChoice::Free).unwrap();
    switch.learn("e1", "web");
    switch.delete("e1");
    let by_chance = switch.create("e2", "192.0.2.3", OfPortChoice::Free).unwrap();
    let (bridge, port) = (switch.bridge(), switch.port("e2"));
    let record = record("e2", "192.0.2.3", Some("web"));
    let wanted = own_number(&bridge, &port, &owner(&record), &BTreeSet::new());
    assert_eq!(wanted, Some(OfPort(own)));
    assert!(is_misnumbered(&bridge, &port, &owner(&record)));
    let all = std::slice::from_ref(&bridge);
    let plan = note(all, &bridge, &port, &record, &owner(&record), wanted);
    let Some(Step::Switch(SwitchStep::Await { from, wanted: awaited, .. })) = plan.steps.last()
    else {
        panic!("{plan:#?}")
    };
    assert_eq!((*from, *awaited), (Some(OfPort(by_chance)), wanted));
    // The row says so, and vswitchd has not come to it.
    let asked = Port { ofport_request: wanted, ..Port::clone(&port) };
    assert_eq!(own_number(&bridge, &asked, &owner(&record), &BTreeSet::new()), None);
    assert!(!is_misnumbered(&bridge, &asked, &owner(&record)));
}

#[test]
fn a_number_that_is_lent_by_an_address_stays_its_owner_s() {
    let mut switch = Switch::new();
    let free = OfPortChoice::Free;
    let first = switch.create("e1", "192.0.2.2", free).unwrap();
    let second = switch.create("e2", "192.0.2.3", free).unwrap();
    assert_eq!((switch.learn("e1", "web"), switch.learn("e2", "db")), (first, second));
    switch.delete("e1");
    switch.delete("e2");
    // All at once, and each with the other's address.
    assert_eq!(switch.create("e3", "192.0.2.2", free), Ok(first), "a hint");
    assert_eq!(switch.create("e4", "192.0.2.3", free), Ok(second));
    assert_eq!(switch.learn("e3", "db"), first, "its own is another's at present");
    assert_eq!(switch.learn("e4", "web"), second);
    let bridge = switch.bridge();
    for (endpoint, name) in [("e3", "db"), ("e4", "web")] {
        let record =
            EndpointRecord { name: Some(name.into()), ..record(endpoint, "192.0.2.9", None) };
        assert!(is_misnumbered(&bridge, &switch.port(endpoint), &owner(&record)), "{name}");
    }
    // One makes way.
    let port = switch.port("e3");
    let record = EndpointRecord::of(&port).unwrap();
    let all = [bridge.clone()];
    switch.take(&park(&all, &bridge, &port, &record, &BTreeSet::new()).unwrap());
    assert!(![first, second].contains(&switch.number("e3")));
    assert_eq!(switch.learn("e4", "web"), first);
    assert_eq!(switch.learn("e3", "db"), second);
    assert_eq!(numbers::kept(&switch.bridge()), BTreeSet::from([first, second]), "and no other");
}

#[test]
fn a_new_container_on_a_lent_number_gets_one_of_its_own() {
    let mut switch = Switch::new();
    let first = switch.create("e1", "192.0.2.2", OfPortChoice::Free).unwrap();
    switch.learn("e1", "web");
    switch.delete("e1");
    assert_eq!(switch.create("e2", "192.0.2.2", OfPortChoice::Free), Ok(first));
    let own = switch.learn("e2", "new");
    assert_ne!(own, first);
    switch.delete("e2");
    switch.create("e3", "192.0.2.7", OfPortChoice::Free).unwrap();
    assert_eq!(switch.learn("e3", "web"), first);
}

#[test]
fn a_number_that_is_asked_for_is_taken_over_or_refused() {
    let mut switch = Switch::new();
    let asked = OfPortChoice::Exactly(OfPort(7));
    assert_eq!(switch.create("e1", "192.0.2.2", asked), Ok(7));
    let refused = switch.create("e2", "192.0.2.3", asked).unwrap_err().to_string();
    assert!(
        refused.contains("OpenFlow port 7 of br0 is in use") && refused.contains("endpoint e1")
    );
    assert!(matches!(
        switch.create("e2", "192.0.2.3", OfPortChoice::Exactly(OfPort(65280))),
        Err(PlanError::BadNumber { .. })
    ));
    let bridge = switch.bridge();
    let who = owner(&record("e2", "192.0.2.3", None));
    let found = candidate(&bridge, &who, asked).map(|port| port.iface.clone());
    assert_eq!(found, Some(host_end("n", "e1")));
    // What bears a copy of an endpoint's record yields its number to none.
    let mut copied = bridge.clone();
    for port in &mut copied.ports {
        let port = Arc::make_mut(port);
        (port.iface, port.kind) = ("p0".into(), "patch".to_owned());
    }
    assert!(candidate(&copied, &who, asked).is_none());
    assert!(candidate(&bridge, &who, OfPortChoice::Free).is_none());
}

/// Of two that are planned by the same rows and choose one hardware address the database takes one.
#[test]
fn a_plan_rests_on_which_interfaces_had_its_hardware_address() {
    let with_mac = |endpoint: &str, mac: &str| EndpointRecord {
        mac: Some(mac.parse().unwrap()),
        ..record(endpoint, "192.0.2.2", None)
    };
    let own = "02:00:00:00:00:01";
    let mut bridge = Switch::new().bridge();
    bridge.ports.push(Arc::new(Port {
        iface: host_end("n", "e1"),
        kind: "system".to_owned(),
        external_ids: with_mac("e1", own).external_ids(),
        ..Port::default()
    }));
    let holders = |mac: &str| {
        let record = with_mac("e2", mac);
        let attachment = Attach {
            bridges: std::slice::from_ref(&bridge),
            bridge: &bridge,
            owner: owner(&record),
            record,
            ofport: OfPortChoice::Free,
            orphan: None,
            reserved: &BTreeSet::new(),
            tag: None,
            trunks: Vec::new(),
            vlan_mode: None,
            host_end: host_end("n", "e2"),
            interface: "dop-1".into(),
            netns: NetnsId { dev: 1, ino: 1 },
        };
        let steps = attach(&attachment).unwrap().steps;
        steps.into_iter().find_map(|step| match step {
            Step::Switch(SwitchStep::ReplacePort(ports)) => {
                let undone = SwitchStep::ReplacePort(ports.clone()).undo();
                let Some(SwitchStep::ReplacePort(undone)) = undone else { panic!("{undone:?}") };
                assert_eq!(undone.expected_mac_holders, None);
                ports.expected_mac_holders
            }
            _ => None,
        })
    };
    assert_eq!(holders(own), Some(BTreeSet::from([host_end("n", "e1")])));
    assert_eq!(holders("02:00:00:00:00:02"), Some(BTreeSet::new()));
}

fn told(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_taken_away_is_the_port_and_then_its_veth_and_the_number_stays() {
    let mut switch = Switch::new();
    let number = switch.create("e1", "192.0.2.2", OfPortChoice::Free).unwrap();
    switch.learn("e1", "web");
    let (bridge, port) = (switch.bridge(), switch.port("e1"));
    let record = EndpointRecord::of(&port).unwrap();
    let iface = port.iface.clone();
    let unmake = KernelStep::DeleteLink {
        name: iface.clone(),
        ifindex: Ifindex(7),
        alias: Some(record.alias("br0")),
        peer: Some(Ifindex(2)),
    };
    let gone = detach(&bridge, &port, &record, None);
    let plan = detach(&bridge, &port, &record, Some(unmake));
    assert_eq!(gone.steps[..], plan.steps[..1], "its link may have gone with its container");
    let [first, second] = &*told(&plan) else { panic!("{plan:?}") };
    assert_eq!(*first, format!("remove port {iface} from br0"));
    assert_eq!(*second, format!("delete the link {iface}"));
    switch.0 = rehearse(&switch.0, &plan.steps);
    assert!(switch.bridge().ports.is_empty());
    assert_eq!(numbers::kept(&switch.bridge()), BTreeSet::from([number]));
}

#[test]
fn an_endpoint_waits_for_whoever_has_its_number() {
    let mut switch = Switch::new();
    switch.create("e1", "192.0.2.2", OfPortChoice::Free).unwrap();
    switch.learn("e1", "web");
    let bridge = switch.bridge();
    let of = |name: &str| owner(&record("e9", "192.0.2.9", Some(name)));
    assert!(waits_for(&bridge, &of("web"), &switch.port("e1")));
    assert!(!waits_for(&bridge, &of("new"), &switch.port("e1")), "it had none before");
}

/// What is undone leaves the record, the memory and the number that was asked for as they were.
#[test]
fn a_record_that_is_written_anew_is_brought_back() {
    let mut switch = Switch::new();
    switch.create("e1", "192.0.2.2", OfPortChoice::Free).unwrap();
    let (bridge, port) = (switch.bridge(), switch.port("e1"));
    let record = record("e1", "192.0.2.2", Some("web"));
    let all = [bridge.clone()];
    let own = owner(&record);
    let plan = note(&all, &bridge, &port, &record, &own, Some(OfPort(40_000)));
    let [anew, wait] = &*told(&plan) else { panic!("{plan:?}") };
    let iface = &port.iface;
    assert_eq!(*anew, format!("write the record of {iface} on br0 anew, ofport 40000"));
    assert_eq!(*wait, format!("wait for the OpenFlow port of {iface} on br0"));
    let before = switch.0.clone();
    // Which number vswitchd gives is its own affair.
    let Some(Step::Switch(rewrite)) = plan.steps.first() else { panic!("{plan:?}") };
    let after = rehearse(&before, &[rewrite.clone().into()]);
    assert_ne!(after, before);
    assert_eq!(rehearse(&after, &[rewrite.undo().unwrap().into()]), before);
}

#[test]
fn a_bridge_that_was_made_goes_when_that_is_undone() {
    let bridge = NewBridge {
        name: "br1".into(),
        datapath_type: "netdev".to_owned(),
        external_ids: BTreeMap::from([("docker-ovs.made".to_owned(), "true".to_owned())]),
        ..NewBridge::default()
    };
    let make = SwitchStep::MakeBridge(bridge);
    let undo = make.undo().unwrap();
    assert_eq!(
        (make.to_string(), undo.to_string()),
        ("make the bridge br1".to_owned(), "remove the bridge br1".to_owned())
    );
    assert_eq!(undo.undo(), None);
    let before = Switch::new().0;
    let after = rehearse(&before, &[Step::from(make)]);
    let rows = after.switch[&SwitchSource::Ovsdb].rows();
    let br1 = rows.iter().find(|row| &*row.name == "br1").unwrap();
    assert_eq!(br1.datapath.as_deref(), Some("netdev"));
    assert!(br1.external_ids.contains_key("docker-ovs.made"));
    assert_eq!(rehearse(&after, &[Step::from(undo)]), before);
}
