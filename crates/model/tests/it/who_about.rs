//! Which events and ports a word is about: what history is asked.

use docker_ovs_model::timeline::Timeline;
use docker_ovs_model::who::{WhoQuery, is_about, is_port_about};
use docker_ovs_model::{Snapshot, Wiring, resolve};

use crate::wiring::{cases, read};

fn wirings() -> Vec<Wiring> {
    let snapshots = cases().into_iter().map(|case| read(&case.join("snapshot.json")));
    snapshots.map(|snapshot: Snapshot| resolve(&snapshot)).collect()
}

#[test]
fn an_event_is_about_each_name_of_its_container_and_about_no_other() {
    let mut seen = 0;
    for wiring in wirings() {
        let mut timeline = Timeline::default();
        let mut none = wiring.clone();
        none.attachments.clear();
        none.ports.clear();
        timeline.advance(&none, 1);
        let appeared = timeline.advance(&wiring, 2);
        let vanished = timeline.advance(&none, 3);
        for event in appeared.iter().chain(&vanished) {
            let about = |word: &str| is_about(event, word, &WhoQuery::from(word));
            assert!(!about("no-such-container") && !about("no-such:eth0"));
            let (Some(row), seen) = (row(&event.change), &mut seen) else { continue };
            let Some(tenant) = row.tenants.first() else { continue };
            *seen += 1;
            assert!(about(&tenant.name), "{event:?}");
            assert!(about(&format!("{}:{}", tenant.name, row.link.name)), "{event:?}");
            let id = &tenant.id.0;
            if id.len() >= 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                assert!(about(&id[..12]), "{event:?}");
            }
            for name in &row.netns_names {
                assert!(about(&format!("netns:{name}")), "{event:?}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

fn row(
    change: &docker_ovs_model::timeline::Change,
) -> Option<&docker_ovs_model::wiring::Attachment> {
    use docker_ovs_model::timeline::Change;
    match change {
        Change::Appeared(row) | Change::Vanished(row) => Some(row),
        _ => None,
    }
}

#[test]
fn a_port_is_about_its_number_and_about_whom_its_row_names() {
    let mut seen = 0;
    for port in wirings().iter().flat_map(|wiring| &wiring.ports) {
        let about = |word: &str| is_port_about(port, word, &WhoQuery::from(word));
        assert!(!about("no-such-container"));
        let ids = &port.port.external_ids;
        if let Some(name) = ids.get("docker-ovs.name").or_else(|| ids.get("container_id")) {
            seen += 1;
            assert!(about(name) && about(&format!("{name}:eth0")), "{name}");
        }
    }
    assert!(seen > 0, "no case has such a port");
}
