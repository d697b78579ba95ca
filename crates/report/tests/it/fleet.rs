//! A port whose link is gone has no container on it, wherever its host is.

use docker_ovs_report::graph::{Scene, mermaid};
use docker_ovs_report::v1::VlanMode;
use docker_ovs_report::v1::{Attachment, FleetAttachment, FromHost, Liveness, MatchedBy, State};
use docker_ovs_report::{Format, Wanted, list, render, views};
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
        assert_eq!(row.ports(|_| true)[0].who, label);
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

/// The words of one row under these headers; no cell of theirs has a blank in it.
fn cells(table: &str, headers: &[&str]) -> Vec<String> {
    let [header, row] = table.lines().collect::<Vec<_>>()[..] else { panic!("{table}") };
    let cell = |name: &&str| {
        let at = header.find(name).unwrap();
        row[at..].split("   ").next().unwrap().trim().to_owned()
    };
    headers.iter().map(cell).collect()
}

#[test]
fn a_row_has_the_same_cells_here_and_on_another_host() {
    let mut row = told().into_iter().find(|row| row.attachment.state == State::On).unwrap();
    let columns = ["BRIDGE", "OFPORT", "VLAN"];
    let both = |row: &FleetAttachment| {
        let here =
            render(&Format::Table, &views::LIST, std::slice::from_ref(&row.attachment)).unwrap();
        let there = render(&Format::Table, &views::FLEET, std::slice::from_ref(row)).unwrap();
        assert_eq!(cells(&here, &columns), cells(&there, &columns));
        cells(&there, &columns)
    };
    row.attachment.vlan_mode = Some(VlanMode::Trunk);
    (row.attachment.vlan, row.attachment.trunks) = (None, vec![10, 20]);
    assert_eq!(both(&row)[2], "trunk 10,20");
    let ports = render(&Format::Table, &views::FLEET_PORTS, &row.ports(|_| true)).unwrap();
    assert_eq!(cells(&ports, &["VLAN"]), ["trunk 10,20"]);
    let nowhere = |state| {
        let attachment = Attachment { state, ..row.attachment.clone().without_port() };
        FleetAttachment { attachment: Attachment { vlan_mode: None, ..attachment }, ..row.clone() }
    };
    assert_eq!(both(&nowhere(State::Unknown)), ["unknown"; 3]);
    assert_eq!(both(&nowhere(State::None)), ["-"; 3]);
}

#[test]
fn full_ids_are_told_where_they_are_asked_for() {
    let row = told().into_iter().find(|row| row.attachment.id.len() > 12).unwrap();
    let rows = std::slice::from_ref(&row);
    let whole = render(&Format::Table, &views::FLEET_NO_TRUNC, rows).unwrap();
    assert!(whole.contains(&row.attachment.id), "{whole}");
    let short = render(&Format::Table, &views::FLEET, rows).unwrap();
    assert!(!short.contains(&row.attachment.id), "{short}");
}
