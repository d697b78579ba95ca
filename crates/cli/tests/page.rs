//! The page in a real browser: live, searchable, and deaf to hostile names.

mod tool;

use lab::{Bridge, Container, Link, Plug, Plugged, Tier, ready, unique};
use tool::{Browser, Served, browser_is_there};

/// A daemon and a browser that shows its page and is told of changes.
fn shown() -> (Served, Browser) {
    let daemon = Served::start(&[]);
    let browser = Browser::at(&format!("http://{}/", daemon.tcp()));
    browser.waits_for("document.getElementById('live').textContent === 'live'");
    (daemon, browser)
}

/// JavaScript for the names of the jacks, as a screen reader says them.
const NAMES: &str = "[...document.querySelectorAll('#picture .jack')].map(jack => jack.ariaLabel)";

#[test]
fn a_jack_fills_without_reload_and_the_focus_stays() {
    if !ready(Tier::Docker) || !browser_is_there() {
        return;
    }
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
    if !ready(Tier::Docker) || !browser_is_there() {
        return;
    }
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
    assert_eq!(browser.run("return document.scripts.length"), 1);
    assert_eq!(browser.run("return document.images.length"), 0);
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

#[test]
fn search_finds_by_name_mac_address_and_number() {
    if !ready(Tier::Docker) || !browser_is_there() {
        return;
    }
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
