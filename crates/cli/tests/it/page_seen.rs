//! What is seen of the page by day and by night, and what a screen reader is told of it.

use lab::{Browser, wait_until};

use crate::page::{NAMES, shown_by};
use crate::tool::Served;

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenes/article.json");

/// JavaScript: `light(colour)` is a colour's relative luminance, `least(pairs)` the least contrast of pairs of colours
/// (WCAG 2.2), `behind(element)` the colour that an element's text stands on.
const CONTRAST: &str = r"
    const light = (colour) => {
        const parts = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
        const [r, g, b] = parts.map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const contrast = ([one, other]) => {
        const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
        return (bright + .05) / (dark + .05);
    };
    const least = (pairs) => Math.min(...pairs.map(contrast));
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (colour.startsWith('rgb(')) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const ground = light(getComputedStyle(document.documentElement).backgroundColor);
    const texts = [...document.querySelectorAll('h1, #details h2, #details dt, #details dd, #list tbody td')];
    const written = texts.map((text) => [getComputedStyle(text).color, behind(text)]);
    const plate = getComputedStyle(document.querySelector('#picture .plate')).fill;
    const labels = [...document.querySelectorAll('#picture .jack text:not(.what, .sign)')];
    const drawn = labels.map((label) => [getComputedStyle(label).fill, plate]);
    return [ground, written.length && least(written), drawn.length && least(drawn)];
";

/// Letters of the page and of the picture stand out from their ground, by day and by night.
#[test]
fn letters_are_legible_by_day_and_by_night() {
    lab::need!(Lab, Browser);
    let (_daemon, browser) = shown_by(Served::start(&["--from", RECORDED]));
    let jack = browser.run("return document.querySelector('#picture .jack').id");
    let jack = jack.as_str().unwrap();
    browser.run(&format!("location.hash = 'show=both&density=labels&jack={jack}'"));
    browser.waits_for("document.querySelector('#details h2')");
    browser.waits_for("document.querySelectorAll('#list tbody tr').length === 10");
    for is_dark in [true, false] {
        browser.is_dark(is_dark);
        browser.waits_for(&format!(
            "matchMedia('(prefers-color-scheme: dark)').matches === {is_dark}"
        ));
        wait_until("letters stand out from their ground", || {
            let told = browser.run(CONTRAST);
            let [ground, written, drawn] = [0, 1, 2].map(|at| told[at].as_f64().unwrap());
            println!("dark {is_dark}: ground {ground:.3}, least contrast {written:.1}, {drawn:.1}");
            let is_ground = if is_dark { ground < 0.1 } else { ground > 0.7 };
            // The least that WCAG 2.2 allows, 1.4.3.
            is_ground && written >= 4.5 && drawn >= 4.5
        });
    }
    browser.complains_of_nothing();
}

/// Whether the browser tells a screen reader of something of that role with that name.
fn tells(tree: &[(String, String)], role: &str, name: &str) -> bool {
    tree.iter().any(|(its_role, its_name)| its_role == role && its_name.starts_with(name))
}

/// Waits until a screen reader is told of all these; whatever can be operated has a name then.
fn waits_to_be_told(browser: &Browser, all: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut tree = Vec::new();
    wait_until(&format!("a screen reader is told of {all:?}"), || {
        tree = browser.accessible();
        all.iter().all(|(role, name)| tells(&tree, role, name))
    });
    let operated = ["button", "combobox", "link", "searchbox", "slider", "spinbutton", "textbox"];
    let nameless: Vec<_> = tree
        .iter()
        .filter(|(role, name)| operated.contains(&role.as_str()) && name.trim().is_empty())
        .collect();
    assert!(nameless.is_empty(), "{nameless:?}");
    tree
}

/// Table, panel and trace in the tree that the browser gives a screen reader.
#[test]
fn a_screen_reader_is_told_of_table_panel_and_trace() {
    lab::need!(Lab, Browser);
    let (_daemon, browser) = shown_by(Served::start(&["--from", RECORDED]));
    let ids = browser.run(
        "return [...document.querySelectorAll('#picture .jack')].slice(0, 2).map(jack => jack.id)",
    );
    let (one, other) = (ids[0].as_str().unwrap(), ids[1].as_str().unwrap());
    let names = browser.run(&format!("return {NAMES}"));
    let names: Vec<_> =
        names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();

    browser.run(&format!("location.hash = 'show=both&sort=-port&jack={one}'"));
    browser.waits_for("document.querySelectorAll('#list tbody tr').length === 10");
    let tree = waits_to_be_told(
        &browser,
        &[
            ("region", "Table of ports"),
            ("columnheader", "Bridge"),
            ("columnheader", "Traffic"),
            ("rowheader", names[0]),
            ("region", "Details"),
            ("heading", names[0]),
            ("button", "Let go"),
        ],
    );
    // Each port has its jack and its row.
    assert_eq!(names.len(), 10);
    for name in names {
        let buttons = tree.iter().filter(|(role, its_name)| role == "button" && its_name == name);
        assert_eq!(buttons.count(), 2, "{name}");
        assert!(tells(&tree, "rowheader", name), "{name}");
    }

    browser.run(&format!("location.hash = 'show=picture&from={one}&to={other}&packet=tcp/80'"));
    let tree = waits_to_be_told(
        &browser,
        &[
            ("region", "Trace"),
            ("combobox", "Packet"),
            ("spinbutton", "Port"),
            ("button", "Ask again"),
            ("button", "End tracing"),
            ("status", ""),
        ],
    );
    // What is not shown is not told.
    assert!(!tells(&tree, "region", "Table of ports"));
    browser.types("\u{e00c}");
    wait_until("a screen reader is told that tracing has ended", || {
        !tells(&browser.accessible(), "region", "Trace")
    });
}
