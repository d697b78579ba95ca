//! The picture of one host that has everything, in each notation.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::Snapshot;
use model::wiring::{AttachmentState, SwitchPort, Wiring};

use super::{Area, Density, Fit, Scene, dot, figure, mermaid, still, svg};

const ARTICLE: &str = include_str!("../../../cli/tests/scenes/article.json");
const HOSTILE: &str = include_str!("../../../cli/tests/scenes/hostile.json");

fn scene(snapshot: &str) -> Scene {
    of(&serde_json::from_str(snapshot).unwrap(), None)
}

fn of(snapshot: &Snapshot, bridge: Option<&str>) -> Scene {
    Scene::new(&model::resolve(snapshot), bridge)
}

/// That host with `count` ports on its last bridge.
fn crowded(count: u64) -> Scene {
    crowded_to(count, Fit::default())
}

/// The same, laid out to fit.
fn crowded_to(count: u64, fit: Fit) -> Scene {
    let mut snapshot: serde_json::Value = serde_json::from_str(ARTICLE).unwrap();
    let ports = &mut snapshot["switch"]["ovsdb"]["rows"][2]["ports"];
    *ports = (1..=count)
        .map(|n| serde_json::json!({"iface": format!("v{n}"), "ofport": {"assigned": n}, "kind": "system"}))
        .collect();
    let snapshot: Snapshot = serde_json::from_value(snapshot).unwrap();
    Scene::fitted(&model::resolve(&snapshot), None, fit)
}

#[test]
fn jacks_come_by_number_and_the_bridge_itself_last() {
    let scene = scene(ARTICLE);
    let numbers: Vec<_> = scene.fronts[2].jacks.iter().map(super::Jack::label).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "LOCAL"]);
    assert_eq!(scene.fronts[2].jacks[0].caption, "port 1 of vlanswitch: trivial_firewall eth0");
}

#[test]
fn a_cord_joins_the_two_ends_of_a_patch() {
    let scene = scene(ARTICLE);
    let [cord] = scene.cords.as_slice() else { panic!("{:?}", scene.cords) };
    let ends = [cord.from, cord.to].map(|end| scene.at(end).1.port.as_str());
    assert_eq!(ends, ["to-vlan", "to-kiwi"]);
    assert_eq!(cord.path.first(), Some(&scene.at(cord.from).1.socket));
    assert_eq!(cord.path.last(), Some(&scene.at(cord.to).1.socket));
}

#[test]
fn one_bridge_alone_has_no_cords_to_others() {
    let scene = of(&serde_json::from_str(ARTICLE).unwrap(), Some("vlanswitch"));
    assert_eq!((scene.fronts.len(), scene.cords.len()), (1, 0));
}

#[test]
fn three_hundred_ports_lie_in_rows_and_none_on_another() {
    let scene = crowded(300);
    let front = &scene.fronts[2];
    let places: BTreeSet<_> = front.jacks.iter().map(|jack| (jack.area.y, jack.area.x)).collect();
    assert_eq!(places.len(), 300);
    for pair in front.jacks.windows(2) {
        let a = pair[0].area;
        let b = pair[1].area;
        assert!(a.x + a.w <= b.x && a.y == b.y || a.y + a.h <= b.y, "{a:?} {b:?}");
    }
    let last = front.jacks[299].area;
    assert!(
        last.y + last.h <= front.area.y + front.area.h && front.area.y + front.area.h <= scene.h
    );
    assert!(scene.w < 1200, "{}", scene.w);
}

#[test]
fn a_picture_is_no_wider_than_its_place() {
    let snapshot: Snapshot = serde_json::from_str(ARTICLE).unwrap();
    let wiring = model::resolve(&snapshot);
    for density in [Density::Auto, Density::Labels, Density::Dense] {
        for width in [384, 400, 1049, 1440, 2500, 4096] {
            let fit = Fit { width: Some(width), density };
            let scene = Scene::fitted(&wiring, None, fit);
            assert!(scene.w <= width, "{density:?} {width}: {}", scene.w);
            let is_inside = |area: Area| area.x + area.w <= scene.w && area.y + area.h <= scene.h;
            assert!(scene.jacks().all(|jack| is_inside(jack.area)), "{density:?} {width}");
        }
    }
}

#[test]
fn many_ports_are_small_and_few_have_labels() {
    let fit = Fit { width: Some(1049), density: Density::Auto };
    let dense = |count| crowded_to(count, fit);
    assert!(!dense(50).is_dense() && dense(300).is_dense());
    assert!(dense(300).h < 1400, "{}", dense(300).h);
    let text = figure(&dense(300));
    assert!(text.contains("class=\"wiring dense\"") && !text.contains("class=\"card\""));
}

#[test]
fn an_orphaned_port_is_marked() {
    let text = figure(&scene(ARTICLE));
    assert_eq!(text.matches("class=\"jack orphaned\"").count(), 1);
    assert!(text.contains("old_ext:eth0"));
}

#[test]
fn the_figure_obeys_a_policy_without_inline_styles_and_scripts() {
    for snapshot in [ARTICLE, HOSTILE] {
        let text = figure(&scene(snapshot));
        for forbidden in ["<style", " style=", "<script", " onload", " onclick", "javascript:"] {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
    }
}

#[test]
fn every_jack_of_the_figure_has_a_name_and_a_handle() {
    let text = figure(&scene(ARTICLE));
    let jacks: Vec<_> = text.split("<g id=\"jack-").skip(1).collect();
    assert_eq!(jacks.len(), 10);
    for jack in jacks {
        for part in ["role=\"button\"", " aria-label=\"port ", " data-ofport=\"", "<desc>"] {
            assert!(jack.contains(part), "{part} in {jack}");
        }
    }
}

#[test]
fn a_jack_that_cannot_be_pressed_says_what_it_is() {
    for (snapshot, jacks) in [(ARTICLE, 10), (HOSTILE, 4)] {
        let text = still(&scene(snapshot));
        assert!(text.starts_with("<svg class=\"wiring\" role=\"group\""), "{text}");
        for (part, count) in
            [(" role=\"img\"><title>port ", jacks), ("role=\"button\"", 0), ("tabindex", 0)]
        {
            assert_eq!(text.matches(part).count(), count, "{part} in {text}");
        }
    }
}

/// As `--filter vlan=` has it: a tunnel's customers have no VLAN of the bridge, a native VLAN is beside all others.
#[test]
fn a_jack_has_the_vlans_that_its_port_carries() {
    let host: Snapshot = serde_json::from_str(ARTICLE).unwrap();
    let mut wiring = model::resolve(&host);
    let set = |row: &mut SwitchPort, mode: &str, cvlans: &[u16]| {
        let port = Arc::make_mut(&mut row.port);
        (port.tag, port.trunks, port.vlan_mode) = (Some(3010), Vec::new(), Some(mode.to_owned()));
        port.cvlans = cvlans.to_vec();
    };
    set(&mut wiring.ports[0], "native-untagged", &[]);
    set(&mut wiring.ports[1], "dot1q-tunnel", &[20]);
    set(&mut wiring.ports[2], "access", &[]);
    let drawn = figure(&Scene::new(&wiring, None));
    assert_eq!(drawn.matches("data-tags=\"* 3010\"").count(), 1, "{drawn}");
    assert_eq!(drawn.matches("data-tags=\"3010\"").count(), 2, "{drawn}");
}

/// Open vSwitch takes a port that is in one VLAN, or has a native one, and has no tag for one of VLAN 0.
#[test]
fn a_port_without_a_tag_is_drawn_in_vlan_0_where_its_mode_wants_one() {
    let host: Snapshot = serde_json::from_str(ARTICLE).unwrap();
    let mut wiring = model::resolve(&host);
    let mut set = |modes: [&str; 3]| {
        for (row, mode) in wiring.ports.iter_mut().zip(modes) {
            let port = Arc::make_mut(&mut row.port);
            (port.tag, port.trunks, port.vlan_mode) = (None, Vec::new(), Some(mode.to_owned()));
        }
        (Scene::new(&wiring, None), wiring.ports[0].port.iface.clone())
    };
    let (plain, _) = set(["trunk"; 3]);
    let plain = figure(&plain).matches("data-tags=\"\"").count();
    let (scene, first) = set(["access", "native-untagged", "trunk"]);
    let access = scene.jacks().find(|jack| jack.port == *first).unwrap();
    assert_eq!(access.vlans().as_deref(), Some("VLAN 0"));
    assert_eq!((access.strip(), access.tags()), ("VLAN 0".to_owned(), vec![0]));
    let drawn = figure(&scene);
    assert_eq!(drawn.matches("data-tags=\"0\"").count(), 1, "{drawn}");
    assert_eq!(drawn.matches("data-tags=\"* 0\"").count(), 1, "{drawn}");
    assert_eq!(drawn.matches("data-tags=\"\"").count() + 2, plain, "{drawn}");
}

/// A bond in a container whose members are ports.
#[test]
fn what_is_on_several_ports_is_told_at_each() {
    let host: Snapshot = serde_json::from_str(ARTICLE).unwrap();
    let mut wiring = model::resolve(&host);
    let on: Vec<_> = wiring.attachments.iter().filter_map(|one| one.port.port().cloned()).collect();
    let steps = |wiring: &Wiring, iface: &str| {
        let scene = Scene::new(wiring, None);
        let jack = scene.jacks().find(|jack| jack.port == iface).unwrap().clone();
        jack.evidence.len()
    };
    let before = [&on[0], &on[1]].map(|port| steps(&wiring, &port.iface));
    let one = wiring.attachments.iter_mut().find(|one| one.port.port().is_some()).unwrap();
    one.port = AttachmentState::Several { ports: on[..2].to_vec() };
    let after = [&on[0], &on[1]].map(|port| steps(&wiring, &port.iface));
    assert!(after[0] > 0 && after[1] > before[1], "{before:?} {after:?}");
}

#[test]
fn what_can_move_has_an_id_of_its_own() {
    let text = figure(&scene(ARTICLE));
    let ids: Vec<_> =
        text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    let count = |kind: &str| ids.iter().filter(|id| id.starts_with(kind)).count();
    assert_eq!(["jack-", "front-", "bridge-", "cord-"].map(count), [10, 3, 3, 1]);
}

#[test]
fn hostile_words_have_no_meaning_in_any_notation() {
    let scene = scene(HOSTILE);
    for text in [svg(&scene), figure(&scene)] {
        assert!(text.contains("&lt;script&gt;,&quot;x&quot;"), "{text}");
        assert!(
            !text.contains("<script>") && !text.contains('\u{1b}') && !text.contains('\u{202e}')
        );
    }
    assert!(dot(&scene).contains(r#"label="<script>,\"x\"""#));
    assert!(mermaid(&scene).contains(r##"(["#60;script#62;#44;#34;x#34;"])"##));
}

#[test]
fn an_empty_host_says_so() {
    assert!(svg(&Scene::new(&empty(), None)).contains("no bridges"));
    assert_eq!(mermaid(&Scene::new(&empty(), None)).lines().next(), Some("flowchart LR"));
}

fn empty() -> model::Wiring {
    let mut wiring = model::resolve(&serde_json::from_str(ARTICLE).unwrap());
    wiring.ports.clear();
    wiring.attachments.clear();
    wiring
}
