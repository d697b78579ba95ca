//! The page in a real browser: live, searchable, and deaf to hostile names.
#![allow(
    clippy::disallowed_methods,
    reason = "a test changes addresses at the pace of a busy host"
)]

use std::sync::atomic::{AtomicBool, Ordering};

use lab::{Bridge, Browser, Container, Link, Plug, Plugged, run, unique};

use crate::serve_traffic::neighbours;
use crate::tool::Served;

/// The README's picture.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/page.png");

/// A daemon and a browser that shows its page and is told of changes.
fn shown() -> (Served, Browser) {
    shown_by(Served::start(&[]))
}

fn shown_by(daemon: Served) -> (Served, Browser) {
    let browser = Browser::at(&format!("http://{}/", daemon.tcp()));
    browser.waits_for("document.getElementById('live').textContent === 'live'");
    (daemon, browser)
}

/// JavaScript for the names of the jacks, as a screen reader says them.
const NAMES: &str = "[...document.querySelectorAll('#picture .jack')].map(jack => jack.ariaLabel)";

#[test]
fn a_jack_fills_without_reload_and_the_focus_stays() {
    lab::need!(Docker, Browser);
    // A bridge above the one that is looked at comes later.
    let above = unique("br");
    let (bridge, container) = (Bridge::new(), Container::run());
    let (_daemon, browser) = shown();
    let name = bridge.name();
    browser.waits_for(&format!("{NAMES}.includes('port LOCAL of {name}: the bridge itself')"));
    browser.run(&format!(
        "window.first = document.querySelector('.jack[data-bridge=\"{name}\"]'); first.focus()"
    ));
    let _plug =
        Plugged::new(&container, "eth0", &bridge, Plug { port: &["tag=7"], ..Plug::default() });
    let _above = Bridge::named(&above);
    let filled = format!("port 1 of {name}: {} eth0", container.name());
    browser.waits_for(&format!("{NAMES}.includes('{filled}')"));
    browser.waits_for(&format!("{NAMES}.includes('port LOCAL of {above}: the bridge itself')"));
    assert_eq!(browser.run("return document.activeElement === window.first"), true);
    assert_eq!(browser.run("return window.first.isConnected"), true);
    // Others' containers come and go too, so whose news comes last is open.
    browser.waits_for("document.getElementById('news').textContent !== ''");
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

#[test]
fn a_hostile_name_stays_text() {
    lab::need!(Docker, Browser);
    let (bridge, hostile) = (Bridge::new(), "<script>alert(1)</script><img src=x>");
    let link = Link::add(&["type", "veth"]);
    let id = format!("external_ids:container_id=\"{hostile}\"");
    bridge.add(
        link.name(),
        &["--", "set", "interface", link.name(), &id, "external_ids:container_iface=eth0"],
    );
    let (_daemon, browser) = shown();
    drop(link);
    browser.waits_for(&format!("{NAMES}.some(name => name.includes('{hostile}'))"));
    browser.run(&format!(
        "document.querySelector('.jack[data-bridge=\"{}\"]').focus()",
        bridge.name()
    ));
    browser.waits_for(&format!(
        "document.getElementById('details').textContent.includes('{hostile}')"
    ));
    assert_eq!(browser.run("return document.scripts.length"), 2, "its own");
    assert_eq!(browser.run("return document.images.length"), 0);
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

#[test]
fn search_finds_by_name_mac_address_and_number() {
    lab::need!(Docker, Browser);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plug {
        ip: Some("10.78.3.4/24"),
        inner: &["address", "02:42:0a:4e:03:04"],
        ..Plug::default()
    };
    let _plug = Plugged::new(&container, "eth0", &bridge, plug);
    let (_daemon, browser) = shown();
    let found = format!(
        "[...document.querySelectorAll('.hit')].some(jack => jack.dataset.bridge === '{}' \
         && jack.dataset.ofport === '1')",
        bridge.name()
    );
    browser.waits_for(&format!("{NAMES}.some(name => name.includes('{}'))", container.name()));
    browser.types("/");
    for query in [container.name(), "02-42-0A-4E-03-04", "10.78.3.4", "1"] {
        browser.run("document.getElementById('find').value = ''");
        browser.types(query);
        browser.waits_for(&found);
    }
    browser.run("document.getElementById('find').value = ''");
    browser.types("nobody is called that");
    browser.waits_for("document.getElementById('found').textContent.startsWith('0 of ')");
    // Enter keeps the next one that is found, and tells of it.
    browser.run("document.getElementById('find').value = ''");
    browser.types(&format!("{}\u{e007}", container.name()));
    browser.waits_for(
        "document.getElementById('details').textContent.includes('confirmed from both ends')",
    );
    browser.waits_for("document.querySelector('#details .counters table')");
}

/// Addresses of the browser's own machine come and go while the page loads and asks: browsers give up
/// what they are loading then.
#[test]
fn links_that_come_and_go_stop_no_request() {
    lab::need!(Docker, Browser);
    let (_daemon, browser) = shown();
    let page = browser.run("return location.href");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let link = Link::add(&["type", "veth"]);
                run("ip", &["address", "add", "198.51.100.9/32", "dev", link.name()]);
                std::thread::sleep(std::time::Duration::from_millis(150));
            }
        });
        let _over = Over(&over);
        for _ in 0..5 {
            browser.goes_to(page.as_str().unwrap());
            browser.waits_for("document.getElementById('live').textContent === 'live'");
            let asked = "return import('/script/api.js').then(async ({ json, figure }) => {
                for (let i = 0; i < 40; i += 1) await Promise.all([json('/v1/bridges'), figure({ width: 800 })]);
                return 'all';
            }).catch(String)";
            assert_eq!(browser.run(asked), "all");
        }
    });
}

/// Ends the other thread, however the test goes on.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

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
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// JavaScript for the rows of the table, the texts of their cells joined.
const ROWS: &str = "[...document.querySelectorAll('#list tbody tr')].map(row => \
     [...row.children].map(cell => cell.textContent).join('|'))";

/// In one run of one browser, as each takes a second to start.
#[test]
fn a_link_shows_table_filters_traffic_and_trace() {
    lab::need!(Docker, Browser);
    let bridge = Bridge::new();
    let ([a, b], _plugs) = neighbours(&bridge, &["tag=3077"]);
    let daemon = Served::start(&[]);
    let address = daemon.tcp();
    let link = format!("http://{address}/#show=both&vlan=3077&sort=-port");
    let browser = Browser::at(&link);
    let row = |number: usize, who: &Container| {
        format!("{ROWS}[{number}]?.includes('|{}|docker|3077|10.79.5.')", who.name())
    };

    // The link says how the table is sorted, and which VLAN it has.
    browser.waits_for(&format!("{ROWS}.length === 2 && {} && {}", row(0, &b), row(1, &a)));
    let sorted = "document.querySelector('#list th[data-key=port]').ariaSort";
    browser.waits_for(&format!("{sorted} === 'descending'"));
    browser.waits_for("document.getElementById('by-vlan').value === '3077'");
    browser.waits_for("document.querySelectorAll('.jack.hit').length === 2");
    browser.run("document.querySelector('#list th[data-key=port] button').click()");
    browser.waits_for("location.hash === '#show=both&vlan=3077'");
    browser.run("document.querySelector('#list th[data-key=port] button').click()");
    browser.waits_for(&format!("{sorted} === 'ascending' && {} && {}", row(0, &a), row(1, &b)));

    // Filters come together; by state and engine as well.
    choose(&browser, "by-state", "local");
    browser.waits_for(&format!("{ROWS}.length === 0"));
    choose(&browser, "by-state", "");
    choose(&browser, "by-engine", "docker");
    browser.types("/");
    browser.types(b.name());
    browser.waits_for(&format!("{ROWS}.length === 1 && {}", row(0, &b)));
    browser.types("\u{e00c}");
    browser.waits_for(&format!("{ROWS}.length === 2"));

    // A row keeps its jack in the panel, and what passes is told there and shines on the jack.
    browser.run("document.querySelector('#list tbody button').click()");
    let shows =
        format!("document.querySelector('#details h2').textContent.includes('{}')", a.name());
    browser.waits_for(&format!("{shows} && location.hash.includes('jack=')"));
    let shines =
        "document.querySelectorAll('.jack.hit:is(.light-1,.light-2,.light-3)').length === 2";
    let told = "/\\d\\sB\\/s$/.test(document.querySelector('#details td').textContent)";
    lab::wait_until("the jacks shine", || {
        lab::ping(&a, "10.79.5.2");
        browser.run(&format!("return {shines} && {told}")) == true
    });

    // Two jacks, and vswitchd says whether a packet would pass; the link says the same anew.
    browser.run("document.querySelector('#show-trace').click()");
    browser.run("document.querySelectorAll('.jack.hit')[1].focus()");
    browser.types("\u{e007}");
    let verdicts = "[...document.querySelectorAll('#trace .verdict')].map(told => told.className)";
    let reached = format!("{verdicts}.join() === 'verdict reaches,verdict reaches'");
    browser.waits_for(&reached);
    // The verdict names who is there, not the port that was clicked.
    let named = format!(
        "document.querySelector('#trace .verdict').textContent.includes('delivered to {}:')",
        b.name()
    );
    browser.waits_for(&named);
    browser.waits_for("document.querySelector('.jack.to').classList.contains('way')");
    browser.run("location.reload()");
    browser.waits_for(&reached);
    choose(&browser, "trace-kind", "arp");
    browser.waits_for("location.hash.includes('packet=arp')");
    browser.waits_for("document.querySelectorAll('#trace .verdict').length === 2");
    browser.types("\u{e00c}");
    browser
        .waits_for("document.getElementById('trace').hidden && !location.hash.includes('from=')");

    // On paper there is what is seen, and nothing to press.
    browser.is_paper(true);
    let is_shown = |what: &str| format!("document.querySelector('{what}').checkVisibility()");
    browser.waits_for(&format!(
        "!{} && {} && {}",
        is_shown(".tools"),
        is_shown("#picture .jack"),
        is_shown("#list tbody tr")
    ));
    browser.is_paper(false);
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// Single characters can be turned off (WCAG 2.2, 2.1.4), which the browser remembers.
#[test]
fn letters_are_keys_only_where_they_are_wanted() {
    lab::need!(Lab, Browser);
    let bridge = Bridge::new();
    let (_daemon, browser) = shown();
    let jack = format!(".jack[data-bridge=\"{}\"]", bridge.name());
    browser.waits_for(&format!("document.querySelector('{jack}')"));
    let presses = |keys: &str| {
        browser.run("document.activeElement.blur()");
        browser.types(keys);
    };
    browser.run("location.hash = 'show=picture'");
    let has_table = "document.getElementById('show-table').ariaPressed === 'true'";
    let shortcuts = "document.querySelectorAll('[aria-keyshortcuts]').length";
    browser.waits_for(&format!("!({has_table})"));
    presses("l");
    browser.waits_for(has_table);
    browser.waits_for(&format!("{shortcuts} === 5"));

    browser.run("document.getElementById('use-keys').click()");
    let is_off = "document.getElementById('use-keys').ariaPressed === 'false'";
    browser.waits_for(&format!("{is_off} && {shortcuts} === 0"));
    presses("l/");
    // What follows comes after them: a jack is kept and let go by keys that are no characters.
    browser.run(&format!("document.querySelector('{jack}').focus()"));
    browser.types("\u{e007}");
    browser.waits_for("location.hash.includes('jack=')");
    browser.types("\u{e00c}");
    browser.waits_for("!location.hash.includes('jack=')");
    assert_eq!(browser.run(&format!("return {has_table}")), true);
    assert_eq!(browser.run("return document.activeElement.id !== 'find'"), true);

    browser.run("location.reload()");
    browser.waits_for(&format!("{is_off} && {shortcuts} === 0"));
    browser.run("document.getElementById('use-keys').click()");
    browser.waits_for(&format!("!({is_off}) && {shortcuts} === 5"));
    browser.waits_for(has_table);
    presses("l");
    browser.waits_for(&format!("!({has_table})"));
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// JavaScript that is true where the page has no picture, and says so.
const NOTHING_KNOWN: &str = "document.querySelector('#picture > .unknown')\
     ?.textContent.includes('is not known') && !document.querySelector('#picture .jack, .counts')";

#[test]
fn a_moment_of_the_past_is_shown_as_it_was_or_as_not_known() {
    lab::need!(Docker, Browser);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let folder = tempfile::tempdir().unwrap();
    let kept = ["--history-dir", folder.path().to_str().unwrap()];
    let (daemon, browser) = shown_by(Served::start(&kept));
    let is_on =
        format!("{NAMES}.includes('port 1 of {}: {} eth0')", bridge.name(), container.name());
    browser.waits_for(&is_on);
    let then = host::now();
    lab::wait_until("the journal knows that", || {
        host::now() > then + 2 && daemon.get(&format!("/v1/snapshot?at={then}")).status == 200
    });
    drop(plug);
    browser.waits_for(&format!("!{is_on}"));

    // A key shows the slider: its beginning is when the daemon began, and its end is now.
    browser.types("p");
    browser
        .waits_for("document.activeElement.id === 'past-slider' && document.activeElement.min > 1");
    browser.types("\u{e011}");
    let is_past = "document.getElementById('live').textContent === 'as it was' \
         && document.getElementById('past-told').textContent.startsWith('As it was at ')";
    browser.waits_for(&format!("{is_on} && {is_past} && location.hash.includes('at=')"));
    browser.waits_for("document.getElementById('show-trace').disabled");
    browser.types("\u{e010}");
    browser.waits_for(&format!("!{is_on} && !location.hash.includes('at=')"));
    browser.waits_for("document.getElementById('live').textContent === 'live'");

    // From change to change, and back.
    lab::wait_until("a change that it was there before", || {
        browser.run("document.getElementById('past-before').click()");
        browser.run(&format!("return {is_on}")) == true
    });
    lab::wait_until("a change after which it was not", || {
        browser.run("document.getElementById('past-after').click()");
        browser.run(&format!("return !{is_on}")) == true
    });

    // A link shows the same anew, with what a jack was and without what passes now.
    let jack = format!(".jack[data-bridge=\"{}\"][data-ofport=\"1\"]", bridge.name());
    browser.run(&format!("location.hash = 'at={then}'"));
    browser.waits_for("document.getElementById('past-told').textContent.includes('is no moment')");
    let time = humantime::format_rfc3339_millis(
        std::time::UNIX_EPOCH + std::time::Duration::from_millis(then),
    );
    browser.run(&format!("location.hash = 'at={time}'"));
    browser.waits_for(&format!("{is_on} && {is_past}"));
    browser.run("location.reload()");
    browser.waits_for(&format!("{is_on} && {is_past}"));
    browser.run(&format!("document.querySelector('{jack}').focus()"));
    browser.waits_for("document.querySelector('#details .counters')?.childElementCount === 0");
    browser.types("\u{e007}");
    browser.waits_for("location.hash.includes('jack=')");

    // Of what was before the daemon nothing is known, and nothing is shown.
    browser.run("location.hash = location.hash.replace(/at=[^&]*/, 'at=2020-01-01T00:00:00Z')");
    browser.waits_for(NOTHING_KNOWN);
    browser
        .waits_for("document.querySelector('#details .gone').textContent.includes('is not known')");
    browser.run("document.getElementById('past-at').focus()");
    browser.types("\u{e00c}");
    browser.waits_for(
        "document.getElementById('past').hidden && document.activeElement.id === 'show-past'",
    );
    browser.waits_for("document.getElementById('live').textContent === 'live'");

    // Where nothing is kept it says so.
    let other = Served::start(&["--history-dir", "none"]);
    browser.goes_to(&format!("http://{}/#at=2020-01-01T00:00:00Z", other.tcp()));
    let why =
        "document.getElementById('past-told')?.textContent === 'this daemon keeps no history'";
    let says = format!("{why} && document.getElementById('past-slider').disabled");
    browser.waits_for(&says);
    browser.waits_for("document.querySelector('#picture > .unknown')");
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// Chooses in a list, as a user does.
fn choose(browser: &Browser, list: &str, value: &str) {
    browser.run(&format!(
        "const list = document.getElementById('{list}'); list.value = '{value}'; \
         list.dispatchEvent(new Event('change', {{bubbles: true}}))"
    ));
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
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// A recording with so many ports on its last bridge, and the folder that it is in.
fn crowded(count: u64) -> (tempfile::TempDir, String) {
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
