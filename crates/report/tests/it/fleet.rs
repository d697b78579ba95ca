//! A port whose link is gone has no container on it, wherever its host is.

use docker_ovs_report::graph::{Scene, mermaid};
use docker_ovs_report::v1::{
    Attachment, FleetAttachment, FleetPort, FromHost, Liveness, MatchedBy, State,
};
use docker_ovs_report::{Wanted, list};
use model::ids::OfPort;
use model::who::WhoQuery;

use super::{FULL, host};

/// What a host tells of itself: living rows, and those that are gone.
fn told() -> Vec<FleetAttachment> {
    let (snapshot, wiring) = host(FULL);
    let rows = list(&snapshot, &wiring, &Wanted { all: true, ..Wanted::default() });
    let from = |attachment: Attachment| FleetAttachment {
        from: FromHost { host: "h1".to_owned(), liveness: Liveness::Live, stale_since: None },
        attachment,
    };
    rows.into_iter().map(from).collect()
}

#[test]
fn what_is_gone_is_told_as_gone() {
    let (gone, there): (Vec<_>, Vec<_>) =
        told().into_iter().partition(|row| row.attachment.state == State::Orphaned);
    assert!(!gone.is_empty() && !there.is_empty());
    for row in there {
        let of = &row.attachment;
        assert_eq!(row.label(), format!("{}:{}", of.called, of.interface));
        assert_eq!(row.last_tenant(), None);
    }
    for row in gone {
        let of = &row.attachment;
        let label = format!("orphaned (was {}:{})", of.called, of.interface);
        assert_eq!(row.label(), label);
        let query = WhoQuery::PortOf {
            bridge: of.bridge.clone().unwrap(),
            ofport: OfPort(of.ofport.unwrap()),
        };
        assert_eq!(row.fits(&query), Some(MatchedBy::OfPort), "the port is there");
        let nameless = Attachment { interface: String::new(), ..of.clone() };
        let nameless = FleetAttachment { attachment: nameless, ..row.clone() };
        assert_eq!(nameless.label(), format!("orphaned (was {})", of.called));
        assert_eq!(Option::<FleetPort>::from(row).unwrap().who, label);
    }
}

#[test]
fn a_picture_of_a_fleet_plugs_nothing_into_a_port_whose_link_is_gone() {
    let rows = told();
    let gone: Vec<_> = rows.iter().filter(|row| row.last_tenant().is_some()).cloned().collect();
    let cables =
        |rows: &[FleetAttachment]| mermaid(&Scene::of_fleet("f", rows)).matches("---").count();
    assert_eq!(cables(&gone), 0);
    assert_eq!(cables(&rows), rows.len() - gone.len());
    assert!(mermaid(&Scene::of_fleet("f", &gone)).contains("orphaned"));
}

/// Inodes are each host's own.
#[test]
fn a_picture_of_a_fleet_has_a_box_for_each_namespace_of_each_host() {
    let told = told();
    let there = told.iter().find(|row| row.last_tenant().is_none()).unwrap();
    let at = |host: &str, netns: &str, port: &str| {
        let mut row = there.clone();
        row.from.host = host.to_owned();
        (row.attachment.netns, row.attachment.port) = (netns.to_owned(), Some(port.to_owned()));
        row
    };
    let boxes = |rows: &[FleetAttachment]| {
        let drawn = mermaid(&Scene::of_fleet("f", rows));
        let boxes =
            drawn.lines().filter_map(|line| Some(line.trim().split_once("([")?.0.to_owned()));
        boxes.collect::<std::collections::BTreeSet<_>>().len()
    };
    let one = at("a", "net:[1]", "p1");
    assert_eq!(boxes(&[one.clone(), at("a", "net:[1]", "p2")]), 1);
    assert_eq!(boxes(&[one.clone(), at("a", "net:[2]", "p2")]), 2);
    assert_eq!(boxes(&[one, at("b", "net:[1]", "p1")]), 2);
}
