//! The page in use: what a link, a key, a tab that is put away and a change meanwhile do to it.
#![allow(clippy::disallowed_methods, reason = "a test waits for what must not come")]

use std::time::Duration;

use lab::{Bridge, Container, Link};
use rustix::process::Signal;

use crate::page::{NAMES, ROWS, shown, shown_by};
use crate::page_sizes::crowded;
use crate::tool::{Served, says};

/// The article's host, which never changes.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenes/article.json");

/// JavaScript that is true where the panel has nothing but that a jack is not there.
const IS_MISSING: &str = "document.querySelector('#details .gone')?.textContent === \
     'There is no such port now.' && !document.querySelector('#details h2')";

/// The id of a bridge's own jack.
fn local_jack(bridge: &str) -> String {
    let slug = bridge.replace('-', "_2d");
    format!("jack-{slug}-{slug}")
}

#[test]
fn a_link_to_a_jack_that_is_not_there_shows_no_other_one() {
    lab::need!(Lab, Browser);
    let (_daemon, browser) = shown_by(Served::start(&["--from", RECORDED]));
    let local = "document.querySelector('#details h2')?.textContent.includes('LOCAL')";
    // The last three are no jacks.
    for id in ["jack-vlanswitch-other", "main", "picture", "front-vlanswitch"] {
        browser.run(&format!("location.hash = 'jack={}'", local_jack("vlanswitch")));
        browser.waits_for(local);
        browser.run(&format!("location.hash = 'jack={id}&from={id}&to={id}'"));
        browser.waits_for(IS_MISSING);
        browser.waits_for("document.getElementById('trace-from').textContent === 'gone'");
        browser.run("location.reload()");
        browser.waits_for("document.getElementById('live').textContent === 'live'");
        browser.waits_for(IS_MISSING);
    }
    browser.run("document.querySelector('#details button').click()");
    browser
        .waits_for("document.querySelector('#details .hint') && !location.hash.includes('jack=')");
    browser.complains_of_nothing();
}

#[test]
fn a_jack_that_a_link_names_is_shown_as_soon_as_it_is_there() {
    lab::need!(Lab, Browser);
    let name = lab::unique("br");
    let (_daemon, browser) = shown();
    browser.run(&format!("location.hash = 'jack={}'", local_jack(&name)));
    browser.waits_for(IS_MISSING);
    let _bridge = Bridge::named(&name);
    let shows = format!("document.querySelector('#details h2')?.textContent.includes('{name}')");
    browser.waits_for(&format!("{shows} && !document.querySelector('#details .gone')"));
    browser.complains_of_nothing();
}

/// A port without a number gets one, and loses it again.
#[test]
fn a_trace_is_asked_for_again_when_a_jack_has_another_number() {
    lab::need!(Lab, Browser);
    let (bridge, name) = (Bridge::new(), lab::unique("l"));
    bridge.add_without_waiting(&name, &[]);
    let (_daemon, browser) = shown();
    let (local, jack) = (local_jack(bridge.name()), format!("jack-{}-{name}", bridge.name()));
    browser.waits_for(&format!("document.getElementById('{jack}')"));
    browser.run(&format!("location.hash = 'from={jack}&to={local}'"));
    let told = "document.getElementById('trace-verdicts').textContent";
    let has_none = format!("{told}.includes('has no number')");
    browser.waits_for(&has_none);
    let link = Link::named(&name, &["type", "veth"]);
    browser.waits_for(&format!("!{has_none} && {told} !== '' && !{told}.includes('is asked')"));
    let was = browser.run(&format!("return {told}"));
    lab::run("ovs-vsctl", &["set", "interface", &name, "ofport_request=77"]);
    browser.waits_for(&format!("document.getElementById('{jack}').dataset.ofport === '77'"));
    browser.waits_for(&format!("{told} !== {was} && !{told}.includes('is asked')"));
    drop(link);
}

/// Paper has the width of a small window, whose table leaves columns out.
#[test]
fn a_sheet_of_paper_has_every_column_of_the_table() {
    lab::need!(Lab, Browser);
    let (_daemon, browser) = shown_by(Served::start(&["--from", RECORDED]));
    browser.run("location.hash = 'show=table'");
    browser.resize(700, 900);
    let columns = |state: &str| {
        format!(
            "[...document.querySelectorAll('#list tr > *')].every(cell => {state}) \
             && document.querySelectorAll('#list tbody tr').length === 10"
        )
    };
    browser.waits_for(&format!("!({})", columns("cell.checkVisibility()")));
    browser.is_paper(true);
    browser.waits_for(&columns("cell.checkVisibility()"));
    browser.waits_for(&columns("cell.getBoundingClientRect().right <= window.innerWidth"));
    browser.is_paper(false);
    browser.waits_for(&format!("!({})", columns("cell.checkVisibility()")));
}

/// The stream of a daemon that hangs stays open: its answers alone tell.
#[test]
fn a_page_without_answers_is_not_live_until_there_are_some() {
    lab::need!(Lab, Browser);
    let (daemon, browser) = shown_by(Served::start(&["--from", RECORDED]));
    let says = |word: &str| format!("document.getElementById('live').textContent === '{word}'");
    browser.run("location.hash = 'density=small'");
    browser.waits_for(&says("density is auto, labels or dense"));
    browser.run("location.hash = 'density=labels'");
    browser.waits_for(&says("live"));
    daemon.signal(Signal::STOP);
    browser.waits_for(&says("the daemon does not answer"));
    daemon.signal(Signal::CONT);
    browser.waits_for(&says("live"));
    // An answer that is none of the daemon's, as of a proxy before it.
    browser.run(
        "window.asks = window.fetch; window.fetch = (path, options) => path.startsWith('/figure') \
         ? Promise.resolve(new Response('bad gateway', {status: 502})) : asks(path, options)",
    );
    browser.waits_for(&says("the daemon answered 502"));
    browser.run("window.fetch = window.asks");
    browser.waits_for(&says("live"));
}

#[test]
fn a_page_that_is_not_seen_asks_for_nothing() {
    lab::need!(Lab, Browser);
    let (daemon, browser) = shown();
    let streams = |count: u32| {
        let metrics = daemon.get("/metrics").body;
        let line = metrics.lines().find(|line| {
            line.starts_with("docker_ovs_connections{")
                && ["listener=\"http:", "kind=\"stream\""].iter().all(|word| line.contains(word))
        });
        line.is_some_and(|line| line.ends_with(&format!(" {count}")))
    };
    let is_hidden = |is_hidden: bool| {
        browser.run(&format!(
            "Object.defineProperty(document, 'hidden', {{configurable: true, value: {is_hidden}}}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        ));
    };
    lab::wait_until("the page has a stream", || streams(1));
    is_hidden(true);
    lab::wait_until("the page has none", || streams(0));
    // What was asked for before has come, and pages of a browser that kept them are not seen either.
    let asked = "performance.getEntriesByType('resource').length";
    let count = || browser.run(&format!("return {asked}"));
    lab::wait_until("nothing more comes", || {
        let before = count();
        std::thread::sleep(Duration::from_secs(1));
        count() == before
    });
    browser.run("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))");
    browser.run("location.hash = 'density=dense'");
    let before = count();
    let bridge = Bridge::new();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(count(), before);
    assert!(streams(0), "{}", daemon.get("/metrics").body);
    is_hidden(false);
    browser.waits_for(&format!("{NAMES}.some(name => name.includes('{}'))", bridge.name()));
    browser.waits_for("document.querySelector('#picture .dense')");
    browser.waits_for("document.getElementById('live').textContent === 'live'");
    lab::wait_until("the page has one again", || streams(1));
    browser.complains_of_nothing();
}

/// What passes changes each second, and what is at hand does not move away.
#[test]
fn a_table_in_use_stays_in_its_order_and_keeps_the_focus() {
    lab::need!(Lab, Browser);
    let (_daemon, browser) = shown_by(Served::start(&["--from", RECORDED]));
    browser.run(
        "window.asks = window.fetch; window.most = 1; \
         const rate = port => ({Bridge: 'vlanswitch', OFPort: port, RxBytesPerSecond: port === most ? 5e6 : 5e3 / port}); \
         window.fetch = (path, options) => path.startsWith('/v1/rates') \
         ? Promise.resolve(new Response(JSON.stringify([1, 2, 3].map(rate)))) : asks(path, options)",
    );
    let order = format!("{ROWS}.slice(0, 3).map(row => row.split('|')[1]).join()");
    let stands = |ports: &str| format!("{order} === '{ports}'");
    let button = |port: u16| {
        format!(
            "document.querySelector('#list tbody tr[data-jack=\"' + document.querySelector(\
             '.jack[data-bridge=vlanswitch][data-ofport=\"{port}\"]').id + '\"] button')"
        )
    };
    browser.run("location.hash = 'show=both&sort=-traffic'");
    browser.waits_for(&stands("1,2,3"));
    browser.run(&format!("{}.focus()", button(1)));
    let has_focus = format!("document.activeElement === {}", button(1));
    browser.run("window.most = 3");
    browser.waits_for("document.querySelectorAll('.jack.light-3')[0]?.dataset.ofport === '3'");
    // A jack is kept, and a filter is set: the rows are written anew.
    for (more, written) in [
        ("jack=jack-vlanswitch-vlanswitch", "document.querySelector('#list [aria-pressed=true]')"),
        ("find=veth", "document.querySelectorAll('#list tbody tr').length === 5"),
    ] {
        browser.run(&format!("location.hash = 'show=both&sort=-traffic&{more}'"));
        browser.waits_for(written);
        assert_eq!(browser.run(&format!("return {}", stands("1,2,3"))), true, "{more}");
        assert_eq!(browser.run(&format!("return {has_focus}")), true, "{more}");
    }
    // Where another order is asked for the row moves, and keeps the focus.
    for (sort, ports) in [("-port", "5,4,3"), ("-traffic", "3,1,2"), ("port", "1,2,3")] {
        browser.run(&format!("location.hash = 'show=both&find=veth&sort={sort}'"));
        browser.waits_for(&format!("{} && {has_focus}", stands(ports)));
    }
    browser.run("location.hash = 'show=both&sort=-traffic'; document.activeElement.blur()");
    browser.waits_for(&stands("3,1,2"));
    browser.run("window.most = 2");
    browser.waits_for(&stands("2,1,3"));
    browser.complains_of_nothing();
}

#[test]
fn the_panel_keeps_the_focus_when_the_host_changes() {
    lab::need!(Lab, Browser);
    let bridge = Bridge::new();
    let (_daemon, browser) = shown();
    let jack = local_jack(bridge.name());
    browser.waits_for(&format!("document.getElementById('{jack}')"));
    browser.run(&format!("location.hash = 'jack={jack}'"));
    browser.waits_for("document.querySelector('#details button')");
    browser.run("document.querySelector('#details button').focus()");
    let other = Bridge::new();
    browser.waits_for(&format!("document.getElementById('{}')", local_jack(other.name())));
    browser.waits_for("document.activeElement.matches('#details button')");
    browser.types("\u{e007}");
    browser.waits_for(&format!(
        "document.activeElement.id === '{jack}' && document.querySelector('#details .hint')"
    ));
}

/// In a small window the panel lies over the foot of the page, and the bar over its head (WCAG 2.2, 2.4.11).
#[test]
fn what_has_the_focus_is_beneath_no_panel_and_no_bar() {
    lab::need!(Lab, Browser);
    let (_folder, scene) = crowded(300);
    let (_daemon, browser) = shown_by(Served::start(&["--from", &scene]));
    browser.resize(1000, 700);
    let kept = "jack=jack-vlanswitch-v1";
    let place = |what: &str| format!("document.querySelector('{what}').getBoundingClientRect()");
    let focused = "document.activeElement.getBoundingClientRect()";
    let is_free = format!(
        "{focused}.bottom <= {}.top && {focused}.top >= {}.bottom",
        place("#side"),
        place(".tools")
    );
    let goes = |key: char, steps: usize| {
        for _ in 0..steps {
            browser.types(&key.to_string());
            browser.waits_for(&is_free);
        }
    };
    // Among jacks with the arrows, down and up.
    browser.run(&format!("location.hash = 'show=picture&density=labels&{kept}'"));
    browser.waits_for("document.querySelector('#details h2') && !document.querySelector('.dense')");
    browser.run("document.querySelector('.jack').focus()");
    goes('\u{e015}', 8);
    goes('\u{e013}', 8);
    // Among rows with Tab, and back; with the past the bar is twice as high.
    browser.run(&format!("location.hash = 'show=table&density=labels&{kept}'"));
    browser.waits_for(&format!("{ROWS}.length >= 300"));
    browser.run("document.getElementById('show-past').click()");
    browser.waits_for("!document.getElementById('past').hidden");
    browser.run("document.querySelector('#list tbody button').focus()");
    goes('\u{e004}', 15);
    browser.run("document.activeElement.closest('tr').scrollIntoView({block: 'start'})");
    let tabs_back = "\u{e008}\u{e004}\u{e008}";
    for _ in 0..15 {
        browser.types(tabs_back);
        browser.waits_for(&is_free);
    }
    browser.complains_of_nothing();
}

/// The interface that is made again has another name on the bridge.
#[test]
fn a_jack_stays_the_same_when_its_container_is_restarted() {
    lab::need!(Docker, Browser);
    let (bridge, container) = (Bridge::new(), Container::run_with(&["--network", "none"]));
    let (web, local) = (container.name(), local_jack(bridge.name()));
    says(&["connect", bridge.name(), web, "--interface", "lan0", "--ofport", "77"]);
    let (_daemon, browser) = shown();
    let jack = format!(
        "document.querySelector('.jack[data-bridge=\"{}\"][data-ofport=\"77\"]')",
        bridge.name()
    );
    browser.waits_for(&format!("{jack}?.ariaLabel.endsWith(': {web} lan0')"));
    let [id, port] =
        ["id", "dataset.port"].map(|what| browser.run(&format!("return {jack}.{what}")));
    let hash = format!("#show=both&jack={0}&from={0}&to={local}", id.as_str().unwrap());
    browser.run(&format!("location.hash = '{hash}'"));
    let is_kept = format!(
        "{jack}?.id === {id} && {jack}.ariaPressed === 'true' && {jack}.classList.contains('from') \
         && location.hash.startsWith('{hash}') \
         && document.querySelector('#details h2').textContent === {jack}.ariaLabel \
         && !document.querySelector('#details .gone')"
    );
    browser.waits_for(&is_kept);
    container.stop();
    browser.waits_for(&format!("{jack}?.dataset.condition === 'orphaned' && {is_kept}"));
    container.start();
    says(&["restore", web]);
    browser.waits_for(&format!(
        "{jack}?.dataset.condition === 'container' && {jack}.dataset.port !== {port} && {is_kept}"
    ));
    // From one port to the next there is none of that number, and its counters are not found.
    let mut complaints = browser.complaints();
    complaints.retain(|line| !line["message"].to_string().contains("/ports/77 - Failed"));
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// A jack is called after its container, and the port is the same one.
#[test]
fn a_view_keeps_its_ports_when_their_container_is_renamed() {
    lab::need!(Docker, Browser);
    let (bridge, mut container) = (Bridge::new(), Container::run_with(&["--network", "none"]));
    let local = local_jack(bridge.name());
    says(&["connect", bridge.name(), container.name(), "--interface", "lan0", "--ofport", "77"]);
    let (_daemon, browser) = shown();
    let jack = format!(
        "document.querySelector('.jack[data-bridge=\"{}\"][data-ofport=\"77\"]')",
        bridge.name()
    );
    let is_called = |name: &str| format!("{jack}?.ariaLabel.endsWith(': {name} lan0')");
    let is_kept = |name: &str| {
        format!(
            "{} && {jack}.ariaPressed === 'true' && {jack}.classList.contains('from') \
             && location.hash.startsWith(`#show=both&jack=${{{jack}.id}}&from=${{{jack}.id}}&to={local}`) \
             && document.querySelector('#details h2').textContent === {jack}.ariaLabel \
             && !document.querySelector('#details .gone')",
            is_called(name)
        )
    };
    browser.waits_for(&is_called(container.name()));
    browser.run(&format!(
        "location.hash = `#show=both&jack=${{{jack}.id}}&from=${{{jack}.id}}&to={local}`"
    ));
    browser.waits_for(&is_kept(container.name()));
    let other = lab::unique("other");
    container.rename(&other);
    browser.waits_for(&is_kept(&other));
    // An address that was kept tells whose interface is meant, whatever its container is called by then.
    let kept = browser.run("return location.hash");
    let third = lab::unique("third");
    container.rename(&third);
    browser.waits_for(&is_kept(&third));
    browser.run("location.hash = ''");
    browser.waits_for(&format!("{jack}.ariaPressed === 'false'"));
    browser.run(&format!("location.hash = {kept}"));
    browser.waits_for(&is_kept(&third));
    browser.complains_of_nothing();
}
