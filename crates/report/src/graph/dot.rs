//! The picture for Graphviz: <https://graphviz.org/doc/info/lang.html>.

use super::colour::{hex, hue, shade};
use super::escape::dot as escape;
use super::jack::{Alert, Jack, JackLink};
use super::scene::{Cord, Front, Scene};
use super::style::LIGHT_CARD;

/// A graph with a cluster for each bridge, a box for each port and one for each container.
pub fn dot(scene: &Scene) -> String {
    let fronts: String = scene.fronts.iter().enumerate().map(cluster).collect();
    let plugs: String = scene.jacks().map(plugged).collect();
    let namespaces: String = scene.namespaces().into_iter().map(namespace).collect();
    let cords: String = scene.cords.iter().map(|cord| patch(scene, cord)).collect();
    format!(
        "graph wiring {{\n  graph [rankdir=LR, fontname=\"sans-serif\", label=\"{}\"]\n  \
        node [shape=box, fontname=\"sans-serif\"]\n  edge [fontname=\"sans-serif\", fontsize=10]\n\
        {fronts}{namespaces}{plugs}{cords}}}\n",
        escape(&scene.host)
    )
}

fn cluster((number, front): (usize, &Front)) -> String {
    let id = front.datapath_id.as_deref().map(|id| format!("\\n{id}")).unwrap_or_default();
    let name = escape(&front.bridge);
    let jacks: String = front.jacks.iter().map(node).collect();
    format!(
        "  subgraph cluster_{number} {{\n    label=\"{name}{id}\"\n    style=rounded\n{jacks}  }}\n"
    )
}

fn node(jack: &Jack) -> String {
    let lines = [escape(&jack.label()), escape(&jack.port)];
    let what = (jack.plugs.is_empty()).then(|| escape(&jack.who));
    let text = lines.into_iter().chain(what).collect::<Vec<_>>().join("\\n");
    let look = match jack.alert() {
        Some(Alert::Warn) => ", style=dashed, color=\"#a85b00\"",
        Some(Alert::Fail) => ", style=dashed, color=\"#b3261e\"",
        None => "",
    };
    format!("    \"{}\" [label=\"{text}\"{look}]\n", jack.id)
}

fn namespace(plug: &JackLink) -> String {
    format!("  \"{}\" [label=\"{}\", shape=component]\n", plug.key(), escape(&plug.who))
}

/// The cables from a port to who is on it.
fn plugged(jack: &Jack) -> String {
    let look = match jack.own_vlan() {
        Some(tag) => format!("color=\"{}\", penwidth=2", hex(shade(hue(tag), LIGHT_CARD))),
        None => "penwidth=2".to_owned(),
    };
    let cable = |plug: &JackLink| {
        let vlan = jack.vlans();
        let words = [escape(&plug.interface)].into_iter().chain(plug.mac.clone());
        let words = words.chain(plug.addresses.clone()).chain(vlan).collect::<Vec<_>>();
        format!(
            "  \"{}\" -- \"{}\" [label=\"{}\", {look}]\n",
            jack.id,
            plug.key(),
            words.join("\\n")
        )
    };
    jack.plugs.iter().map(cable).collect()
}

fn patch(scene: &Scene, cord: &Cord) -> String {
    let from = &scene.at(cord.from).1.id;
    let to = &scene.at(cord.to).1.id;
    format!("  \"{from}\" -- \"{to}\" [label=\"patch\", color=\"#7a4fd0\", penwidth=3]\n")
}
