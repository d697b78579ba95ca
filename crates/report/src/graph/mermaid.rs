//! The picture for Mermaid: <https://mermaid.js.org/syntax/flowchart.html>.

use std::fmt::Write;

use super::colour::{hex, hue, shade};
use super::escape::mermaid as escape;
use super::jack::{Alert, Jack, JackLink};
use super::scene::{Front, Scene};
use super::style::LIGHT_CARD;

/// A flowchart with a subgraph for each bridge, a box for each port and one for each container.
///
/// In a line, names come before addresses: Mermaid takes a semicolon that follows a colon
/// and `#` for the end of a style, if the line also says `style`.
pub fn mermaid(scene: &Scene) -> String {
    let mut out = "flowchart LR\n".to_owned();
    out.extend(scene.fronts.iter().enumerate().map(subgraph));
    out.extend(
        scene
            .namespaces()
            .into_iter()
            .map(|plug| format!("  {}([\"{}\"])\n", plug.key(), escape(&plug.who))),
    );
    let mut edges = 0;
    for jack in scene.jacks() {
        for plug in &jack.plugs {
            out += &cable(jack, plug);
            out.extend(jack.own_vlan().map(|tag| colour(edges, tag)));
            edges += 1;
        }
    }
    for cord in &scene.cords {
        let from = &scene.at(cord.from).1.id;
        let to = &scene.at(cord.to).1.id;
        let _ = writeln!(out, "  {from} ===|\"patch\"| {to}");
    }
    out + "  classDef warn stroke:#a85b00,stroke-dasharray:4 3\n  \
           classDef fail stroke:#b3261e,stroke-dasharray:4 3\n"
}

fn subgraph((number, front): (usize, &Front)) -> String {
    let name = escape(&front.bridge);
    let jacks: String = front.jacks.iter().map(node).collect();
    format!("  subgraph bridge-{number}[\"{name}\"]\n{jacks}  end\n")
}

fn node(jack: &Jack) -> String {
    let what = jack.plugs.is_empty().then(|| escape(&jack.who));
    let lines = [jack.label(), escape(&jack.port)].into_iter().chain(what);
    let class = match jack.alert() {
        Some(Alert::Warn) => ":::warn",
        Some(Alert::Fail) => ":::fail",
        None => "",
    };
    format!("    {}[\"{}\"]{class}\n", jack.id, lines.collect::<Vec<_>>().join("<br/>"))
}

fn cable(jack: &Jack, plug: &JackLink) -> String {
    let vlan = jack.vlans();
    let words = [escape(&plug.interface)].into_iter().chain(vlan).chain(plug.mac.clone());
    let words: Vec<_> = words.chain(plug.addresses.clone()).collect();
    format!("  {} ---|\"{}\"| {}\n", jack.id, words.join("<br/>"), plug.key())
}

fn colour(edge: usize, tag: u16) -> String {
    format!("  linkStyle {edge} stroke:{},stroke-width:3px\n", hex(shade(hue(tag), LIGHT_CARD)))
}
