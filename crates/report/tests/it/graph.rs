//! The picture, as its callers see it.

use docker_ovs_report::graph::{Scene, dot, figure, mermaid, svg};
use docker_ovs_report::v1::Occupant;

use super::{FULL, HOSTILE, host};

fn scene(text: &str) -> Scene {
    Scene::new(&host(text).1, None)
}

#[test]
fn every_port_of_the_wiring_is_a_jack() {
    for text in [FULL, HOSTILE] {
        let jacks: usize = scene(text).fronts.iter().map(|front| front.jacks.len()).sum();
        assert_eq!(jacks, host(text).1.ports.len());
    }
}

#[test]
fn counts_tell_orphaned_ports() {
    let scene = scene(FULL);
    let jacks = scene.fronts.iter().flat_map(|front| &front.jacks);
    let orphaned = jacks.filter(|jack| jack.occupant == Occupant::Orphaned).count();
    assert_eq!((scene.counts().orphaned, orphaned), (1, 1));
}

#[test]
fn no_notation_has_a_control_character() {
    let scene = scene(HOSTILE);
    for text in [svg(&scene), figure(&scene), dot(&scene), mermaid(&scene)] {
        let odd = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(odd), "{text:?}");
    }
}

#[test]
fn the_same_wiring_gives_the_same_picture() {
    assert_eq!(svg(&scene(FULL)), svg(&scene(FULL)));
    assert_eq!(dot(&scene(HOSTILE)), dot(&scene(HOSTILE)));
}
