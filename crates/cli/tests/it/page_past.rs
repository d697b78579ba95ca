//! The page's past in a real browser: as it was, or that it is not known.

use lab::{Bridge, Container, Plug, Plugged};

use crate::page::{NAMES, shown_by};
use crate::tool::Served;

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
    let time = model::moment::rfc3339(then);
    browser.run(&format!("location.hash = 'at={time}'"));
    browser.waits_for(&format!("{is_on} && {is_past}"));
    browser.run("location.reload()");
    browser.waits_for(&format!("{is_on} && {is_past}"));
    browser.run(&format!("document.querySelector('{jack}').focus()"));
    browser.waits_for("document.querySelector('#details .counters')?.childElementCount === 0");
    browser.types("\u{e007}");
    browser.waits_for("location.hash.includes('jack=')");

    // What is not known now may be known in a moment: the journal was busy.
    browser.run(
        "const asks = window.fetch; const said = '<header id=\"head\"></header><div id=\"picture\">' \
         + '<p class=\"unknown\">the history cannot be read: it is not known</p></div>'; \
         window.fetch = (path, options) => window.isReadable || !path.includes('at=') \
         ? asks(path, options) : Promise.resolve(new Response(said))",
    );
    browser.run("document.getElementById('past-now').click()");
    browser.waits_for(&format!("!{is_on}"));
    browser.run(&format!("location.hash = 'at={time}'"));
    browser.waits_for(NOTHING_KNOWN);
    browser.run("window.isReadable = true");
    browser.waits_for(&format!("{is_on} && {is_past}"));
    browser.run(&format!("document.querySelector('{jack}').focus()"));
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
    browser.complains_of_nothing();
}
