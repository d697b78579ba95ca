//! The picture, as its callers see it.

use docker_ovs_report::graph::{Scene, dot, figure, mermaid, svg};
use docker_ovs_report::v1::Occupant;
use model::evidence::Note;

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

/// As `ls` and `explain` tell it, and once, however many of its links and the port itself have it.
#[test]
fn what_is_uncertain_about_a_link_is_told_with_its_jack() {
    let mut wiring = host(FULL).1;
    let deaf = Note::Deaf.to_string();
    let not_proven = |port: String| Note::NotProven { port, by: "its name".to_owned() };
    let mut told = Vec::new();
    for found in &mut wiring.attachments {
        let Some(port) = found.port.ports().first().cloned() else { continue };
        let note = not_proven(format!("{}/{}", port.bridge, port.iface));
        told.push((port, note.to_string()));
        found.notes.extend([note.clone(), note, Note::Deaf]);
    }
    for port in &mut wiring.ports {
        port.notes.push(Note::Deaf);
    }
    assert!(told.len() > 1, "there are links on ports");
    let scene = Scene::new(&wiring, None);
    for (port, note) in told {
        let fronts = scene.fronts.iter().filter(|front| *front.bridge == *port.bridge);
        let jack = fronts.flat_map(|front| &front.jacks).find(|jack| *jack.port == *port.iface);
        let details = &jack.unwrap().details;
        for once in [&note, &deaf] {
            assert_eq!(details.iter().filter(|line| *line == once).count(), 1, "{details:#?}");
        }
        assert!(figure(&scene).contains(&deaf));
    }
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
