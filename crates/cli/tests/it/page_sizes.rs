//! How the page looks: in windows of any size, with hundreds of ports, and in the README.

use lab::{Bridge, Link};

use crate::page::{ROWS, shown, shown_by};
use crate::tool::Served;

/// The README's picture.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/page.png");

/// Neither page nor picture scrolls to the side, on a phone nor on a wall, and letters stay as large
/// as they are.
#[test]
fn the_picture_fits_any_window() {
    lab::need!(Docker, Browser);
    let bridge = Bridge::new();
    let links: Vec<_> = (0..20).map(|_| Link::add(&["type", "veth"])).collect();
    for link in &links {
        bridge.add(link.name(), &[]);
    }
    let (_daemon, browser) = shown();
    let jacks =
        format!("[...document.querySelectorAll('.jack[data-bridge=\"{}\"]')]", bridge.name());
    browser.waits_for(&format!("{jacks}.length === 21"));
    let beside = "document.documentElement.scrollWidth <= window.innerWidth";
    let place = "document.getElementById('picture').getBoundingClientRect()";
    let whole =
        format!("{jacks}.every(jack => jack.getBoundingClientRect().right <= {place}.right)");
    let legible = format!("{jacks}[0].getBoundingClientRect().width >= 110");
    let in_a_row = format!(
        "{jacks}.filter(jack => jack.getBoundingClientRect().top === \
         {jacks}[0].getBoundingClientRect().top).length"
    );
    browser.run("location.hash = 'show=picture&density=labels'");
    for (width, most) in [(2500, 16), (1800, 11), (1400, 8), (1345, 8), (1000, 8), (500, 3)] {
        browser.resize(width, 900);
        browser.waits_for(&format!("window.innerWidth <= {width}"));
        browser.waits_for(&format!("{beside} && {whole} && {legible}"));
        browser.waits_for(&format!("{in_a_row} <= {most} && {in_a_row} > {most} / 2"));
    }
    browser.becomes_phone();
    browser.waits_for(&format!("window.innerWidth === 400 && {beside} && {whole} && {legible}"));
    // Small jacks are many in a row, also there.
    browser.types("d");
    browser.waits_for(&format!("{beside} && {whole} && {in_a_row} >= 4"));
    browser.waits_for("location.hash.includes('density=dense')");
    browser.complains_of_nothing();
}

#[test]
fn three_hundred_ports_are_seen_at_once() {
    lab::need!(Lab, Browser);
    let (_folder, scene) = crowded(300);
    let (_daemon, browser) = shown_by(Served::start(&["--from", &scene]));
    browser.resize(1400, 900);
    browser.waits_for("document.querySelectorAll('#picture .dense .jack').length >= 300");
    let high = "document.querySelector('#picture svg').getBoundingClientRect().height";
    browser.waits_for(&format!("{high} < 1400"));
    browser.types("d");
    browser.waits_for(&format!("!document.querySelector('#picture .dense') && {high} > 3000"));
    browser.types("l");
    browser.waits_for(&format!("{ROWS}.length >= 300"));
    browser.complains_of_nothing();
}

/// A recording with so many ports on its last bridge, and the folder that it is in.
pub(crate) fn crowded(count: u64) -> (tempfile::TempDir, String) {
    let text = include_str!("../scenes/article.json");
    let mut snapshot: serde_json::Value = serde_json::from_str(text).unwrap();
    let port = |number: u64| serde_json::json!({"iface": format!("v{number}"), "ofport": {"assigned": number}, "kind": "system"});
    snapshot["switch"]["ovsdb"]["rows"][2]["ports"] = (1..=count).map(port).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crowded.json");
    std::fs::write(&file, snapshot.to_string()).unwrap();
    (folder, file.to_str().unwrap().to_owned())
}

/// `BLESS=1` keeps what is seen as the README's picture. Browsers draw letters each in their own
/// way, so only its width is compared.
#[test]
fn the_page_shows_the_recorded_host() {
    lab::need!(Lab, Browser);
    let scene = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenes/article.json");
    let (_daemon, browser) = shown_by(Served::start(&["--from", scene]));
    let jack = "document.querySelector('.jack[data-bridge=\"vlanswitch\"][data-ofport=\"3\"]')";
    browser.run(&format!("{jack}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))"));
    browser.waits_for(
        "document.getElementById('details').textContent.includes('confirmed from both ends')",
    );
    let seen = browser.picture();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PICTURE, &seen).unwrap();
    }
    let kept = std::fs::read(PICTURE).unwrap();
    assert_eq!(size(&seen)[0], size(&kept)[0]);
    let window = browser.run("return [window.innerWidth, window.innerHeight]");
    assert_eq!(window, serde_json::json!(size(&seen)));
}

/// Width and height of a PNG (its IHDR chunk comes first).
fn size(png: &[u8]) -> [u32; 2] {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
}
