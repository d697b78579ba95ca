//! The page in a real browser: live, searchable, and deaf to hostile names.
#![allow(
    clippy::disallowed_methods,
    reason = "a test changes addresses at the pace of a busy host"
)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lab::{Bridge, Browser, Container, Link, Plug, Plugged, run, unique};

use crate::serve_traffic::neighbours;
use crate::tool::Served;

/// A daemon and a browser that shows its page and is told of changes.
pub(crate) fn shown() -> (Served, Browser) {
    shown_by(Served::start(&[]))
}

pub(crate) fn shown_by(daemon: Served) -> (Served, Browser) {
    let browser = Browser::at(&format!("http://{}/", daemon.tcp()));
    browser.waits_for("document.getElementById('live').textContent === 'live'");
    (daemon, browser)
}

/// JavaScript for the names of the jacks, as a screen reader says them.
pub(crate) const NAMES: &str =
    "[...document.querySelectorAll('#picture .jack')].map(jack => jack.ariaLabel)";

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
    browser.complains_of_nothing();
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
    browser.complains_of_nothing();
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
/// what they are loading then, those of other tests too.
#[test]
fn links_that_come_and_go_stop_no_request() {
    lab::alone!(Docker, Browser);
    let (_daemon, browser) = shown();
    let page = browser.run("return location.href");
    while_addresses_change(Duration::from_millis(150), || {
        for _ in 0..5 {
            browser.goes_to(page.as_str().unwrap());
            browser.waits_for("document.getElementById('live').textContent === 'live'");
            let asked = "const main = document.querySelector('script[type=module]').src;
            return import(main.replace('page.js', 'script/api.js')).then(async ({ json, figure }) => {
                for (let i = 0; i < 40; i += 1) await Promise.all([json('/v1/bridges'), figure({ width: 800 })]);
                return 'all';
            }).catch(String)";
            assert_eq!(browser.run(asked), "all");
        }
    });
}

/// A slow browser gives so much up that no loading of the page brings all of it.
#[test]
fn a_page_that_was_long_given_up_comes_at_last() {
    lab::alone!(Docker, Browser);
    let (_daemon, browser) = shown();
    browser.waits_for_answers(Duration::from_millis(100));
    while_addresses_change(Duration::from_millis(150), || {
        browser.run("location.reload()");
        std::thread::sleep(Duration::from_secs(10));
    });
    browser.waits_for("document.getElementById('live').textContent === 'live'");
}

/// Runs `act` while an address of this machine comes and goes, with a pause between.
fn while_addresses_change(pause: Duration, act: impl FnOnce()) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let link = Link::add(&["type", "veth"]);
                run("ip", &["address", "add", "198.51.100.9/32", "dev", link.name()]);
                std::thread::sleep(pause);
            }
        });
        let _over = Over(&over);
        act();
    });
}

/// Ends the other thread, however the test goes on.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// JavaScript for the rows of the table, the texts of their cells joined.
pub(crate) const ROWS: &str = "[...document.querySelectorAll('#list tbody tr')].map(row => \
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
    browser.complains_of_nothing();
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
    browser.complains_of_nothing();
}

/// Chooses in a list, as a user does.
fn choose(browser: &Browser, list: &str, value: &str) {
    browser.run(&format!(
        "const list = document.getElementById('{list}'); list.value = '{value}'; \
         list.dispatchEvent(new Event('change', {{bubbles: true}}))"
    ));
}

/// The address has the view, which the link would replace.
#[test]
fn the_link_that_skips_to_the_switches_moves_the_focus_alone() {
    lab::need!(Docker, Browser);
    let bridge = Bridge::new();
    let (_daemon, browser) = shown();
    browser.waits_for(&format!("{NAMES}.some(name => name.includes('{}'))", bridge.name()));
    browser.run("location.hash = 'show=picture&find=bridge'");
    browser.waits_for("document.getElementById('find').value === 'bridge'");
    browser.run("document.querySelector('.skip').click()");
    browser.waits_for("document.activeElement.matches('#picture .jack')");
    assert_eq!(browser.run("return location.hash"), "#show=picture&find=bridge");
    browser.run("location.hash = 'show=table'");
    browser.waits_for("document.getElementById('picture').hidden");
    browser.run("document.querySelector('.skip').click()");
    browser.waits_for("document.getElementById('list').contains(document.activeElement)");
    browser.complains_of_nothing();
}

/// The picture is brought up to date also where it is not shown.
#[test]
fn a_part_that_is_not_shown_stays_so_when_the_host_changes() {
    lab::alone!(Docker, Browser);
    let (_daemon, browser) = shown();
    for (show, hidden) in [("table", "picture"), ("picture", "list")] {
        browser.run(&format!("location.hash = 'show={show}'"));
        browser.waits_for(&format!("document.getElementById('{hidden}').hidden"));
        let bridge = Bridge::new();
        browser.waits_for(&format!("{NAMES}.some(name => name.includes('{}'))", bridge.name()));
        assert_eq!(
            browser.run(&format!("return document.getElementById('{hidden}').hidden")),
            true
        );
        drop(bridge);
    }
}

/// A browser keeps a page that was left, and shows it as it was.
#[test]
fn a_page_that_is_shown_again_follows_the_host_again() {
    lab::need!(Docker, Browser);
    let (mut daemon, browser) = shown();
    browser.run("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))");
    browser.run("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))");
    let bridge = Bridge::new();
    browser.waits_for(&format!("{NAMES}.some(name => name.includes('{}'))", bridge.name()));
    // The bridge came with an address, for which a browser may give up what it loads and load the page anew: that is
    // over once it is live.
    browser.waits_for("document.getElementById('live')?.textContent === 'live'");
    daemon.stop();
    browser.waits_for("document.getElementById('live')?.textContent === 'reconnecting…'");
}
