//! Whatever is long in a Snapshot: one text makes no printed format longer than some times itself, however many
//! rows stand beside it.

use std::collections::BTreeMap;

use model::{Look, anonymise};
use report::graph::{Scene, dot, figure, mermaid, svg};
use report::{Cells, Format, Wanted, explain, list, render, render_cells, v1, views};
use serde_json::{Value, json};

/// A host with all that is usual.
const SCENE: &str = include_str!("../../../cli/tests/scenes/article.json");

/// Further ports of its largest bridge.
const PORTS: usize = 100;

/// A long text, in bytes: the rows of a table that is as wide as this are `PORTS` times as much.
const LONG: usize = 1 << 16;

/// So many times a text may stand in what is printed, names as far as they are told with each row.
const TIMES: usize = 20;

/// Objects whose keys are words of users.
const OF_USERS: [&str; 4] = ["labels", "external_ids", "options", "port_external_ids"];

/// The scene, and where its texts are and the objects that may have more of them, as JSON pointers.
fn scene() -> (Value, Vec<String>, Vec<String>) {
    let mut scene: Value = serde_json::from_str(SCENE).unwrap();
    let (mut texts, mut objects) = (Vec::new(), Vec::new());
    walk(&scene, String::new(), &mut texts, &mut objects);
    let bridges = scene["switch"]["ovsdb"]["rows"].as_array_mut().unwrap();
    let largest = bridges.iter_mut().max_by_key(|row| row["ports"].as_array().unwrap().len());
    let ports = largest.unwrap()["ports"].as_array_mut().unwrap();
    for n in 0..PORTS {
        let mut port = ports[0].clone();
        port["iface"] = json!(format!("more{n}"));
        port["ofport"] = json!({ "assigned": 1000 + n });
        ports.push(port);
    }
    (scene, texts, objects)
}

fn walk(value: &Value, at: String, texts: &mut Vec<String>, objects: &mut Vec<String>) {
    match value {
        Value::String(_) => texts.push(at),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, format!("{at}/{i}"), texts, objects);
            }
        }
        Value::Object(fields) => {
            if OF_USERS.iter().any(|name| at.ends_with(&format!("/{name}"))) {
                objects.push(at.clone());
            }
            for (key, field) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(field, format!("{at}/{key}"), texts, objects);
            }
        }
        _ => {}
    }
}

/// How long each printed format of a Snapshot is, in bytes; none where it is no Snapshot.
fn printed(scene: &Value) -> Option<BTreeMap<&'static str, usize>> {
    let snapshot = host::read_recording("the scene", scene.to_string().as_bytes()).ok()?;
    let mut all = BTreeMap::new();
    all.insert("snapshot", serde_json::to_string(&snapshot).unwrap().len());
    all.insert("anonymised", serde_json::to_string(&anonymise(&snapshot)).unwrap().len());
    let look = Look::new(snapshot);
    let rows = list(&look.snapshot, &look.wiring, &Wanted { all: true, ..Wanted::default() });
    let ports: Vec<_> = look.wiring.ports.iter().map(v1::Port::from).collect();
    for (format, ls, of_ports) in [
        (Format::Table, "ls", "ports"),
        (Format::Csv, "ls, CSV", "ports, CSV"),
        (Format::Json, "ls, JSON", "ports, JSON"),
    ] {
        all.insert(ls, render(&format, &views::LIST_ALL, &rows).unwrap().len());
        all.insert(of_ports, render(&format, &views::PORTS, &ports).unwrap().len());
    }
    let whole = render_cells(&Format::Table, Cells::Whole, &views::LIST_ALL_NO_TRUNC, &rows);
    all.insert("ls --no-trunc", whole.unwrap().len());
    let whole = render_cells(&Format::Table, Cells::Whole, &views::PORTS, &ports);
    all.insert("ports --no-trunc", whole.unwrap().len());
    let explained: Vec<_> = look.wiring.attachments.iter().map(v1::Explanation::new).collect();
    all.insert("explain", explain(&explained).len());
    all.insert("explain, JSON", serde_json::to_string(&explained).unwrap().len());
    let scene = Scene::new(&look.wiring, None);
    all.insert("SVG", svg(&scene).len());
    all.insert("page", figure(&scene).len());
    all.insert("DOT", dot(&scene).len());
    all.insert("Mermaid", mermaid(&scene).len());
    Some(all)
}

#[test]
fn a_long_text_makes_nothing_longer_than_some_times_itself() {
    let (scene, texts, objects) = scene();
    let short = printed(&scene).unwrap();
    let long = "n".repeat(LONG);
    let mut tried = 0;
    let mut is_bounded = |at: &str, marked: &Value| {
        let Some(now) = printed(marked) else { return };
        tried += 1;
        for (format, length) in now {
            let most = short[format] + TIMES * LONG;
            assert!(length <= most, "{format} is {length} bytes with a long text at {at}");
        }
    };
    for at in &texts {
        let mut marked = scene.clone();
        *marked.pointer_mut(at).unwrap() = json!(long);
        is_bounded(at, &marked);
    }
    for at in &objects {
        let mut marked = scene.clone();
        marked.pointer_mut(at).unwrap()[&long] = json!("");
        is_bounded(at, &marked);
    }
    assert!(tried > 50, "{tried} of {} were Snapshots", texts.len() + objects.len());
}
