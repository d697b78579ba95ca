//! The page: a picture of the switches, kept up to date by a little JavaScript.
//!
//! Everything is rendered here and escaped here; the script only puts it in place. No style
//! and no script is inline, so that [`POLICY`] can hold.

pub(crate) mod routes;

use report::graph::{Counts, Scene, clean, figure, stylesheet, xml};
use report::v1::Source;

/// What the page may do: nothing that does not come from here.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// `GET /page.js`.
pub(crate) const SCRIPT: &str = include_str!("page.js");

const STYLE: &str = include_str!("page.css");

/// A socket, as the page's icon.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 44 44'%3E\
    %3Crect y='4' width='44' height='36' rx='5' fill='%237a4fd0'/%3E\
    %3Cpath d='M5 9h34v20h-7v6H12v-6H5z' fill='%23fff'/%3E%3C/svg%3E";

/// `GET /page.css`.
pub(crate) fn style() -> String {
    format!("{STYLE}{}", stylesheet())
}

/// `GET /`: the whole page.
pub(crate) fn page(scene: &Scene, sources: &[Source]) -> String {
    let host = xml(&scene.host);
    let fragment = fragment(scene, sources);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n\
        <title>{host} · docker ovs</title>\n<link rel=\"icon\" href=\"{ICON}\">\n\
        <link rel=\"stylesheet\" href=\"/page.css\">\n<script type=\"module\" src=\"/page.js\"></script>\n\
        </head>\n<body>\n{SKIP}{TOOLS}<main id=\"figure\">\n{fragment}</main>\n{DETAILS}\
        </body>\n</html>\n"
    )
}

const SKIP: &str = "<a class=\"skip\" href=\"#picture\">Skip to the switches</a>\n";

/// What does not change with the wiring: the search box and the state of the connection.
const TOOLS: &str = "<div class=\"tools\">\n\
    <p class=\"brand\">docker <b>ovs</b></p>\n\
    <search><label for=\"find\">Find</label>\
    <input id=\"find\" type=\"search\" placeholder=\"name, MAC, address or number\" \
    autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"found\" aria-keyshortcuts=\"/\">\
    <kbd>/</kbd><output id=\"found\" for=\"find\"></output></search>\n\
    <p id=\"live\" role=\"status\">still</p>\n</div>\n";

/// Where one jack is told of in full.
const DETAILS: &str = "<aside id=\"details\" aria-label=\"Details\">\
    <p class=\"hint\">Point at a jack, or go to one with the arrow keys, \
    to see who is on it and how that is known. Enter keeps it.</p></aside>\n\
    <p id=\"news\" class=\"unseen\" role=\"status\"></p>\n";

/// `GET /figure`: what changes with the wiring, the head and the picture.
pub(crate) fn fragment(scene: &Scene, sources: &[Source]) -> String {
    let host = xml(&scene.host);
    let badges: String = sources.iter().map(badge).collect();
    format!(
        "<header id=\"head\"><h1>{host}</h1><p class=\"counts\">{}</p>\
        <ul class=\"sources\" aria-label=\"Sources\">{badges}</ul></header>\n\
        <div id=\"picture\">{}</div>\n",
        counts(scene.counts()),
        figure(scene)
    )
}

fn counts(counts: Counts) -> String {
    let Counts { bridges, ports, containers, left_behind } = counts;
    let some = [(bridges, "bridge"), (ports, "port"), (containers, "container")];
    let mut words: Vec<_> = some.iter().map(|(number, what)| count(*number, what)).collect();
    if left_behind > 0 {
        words.push(format!("<span class=\"left\"><b>{left_behind}</b> left behind</span>"));
    }
    words.join(" ")
}

fn count(number: usize, what: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("<span><b>{number}</b> {what}{end}</span>")
}

/// How a source is; why, if it is not up.
fn badge(source: &Source) -> String {
    let (name, state) = (xml(&clean(&source.source)), source.state);
    let why = source.why.as_deref().map(|why| xml(&clean(why)));
    let why = why.map(|why| format!(" <span class=\"why\" title=\"{why}\">{why}</span>"));
    let (word, why) = (if state == "up" { "fresh" } else { state }, why.unwrap_or_default());
    format!("<li class=\"{state}\"><b>{name}</b> <span class=\"state\">{word}</span>{why}</li>")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = include_str!("../../../cli/tests/scenes/hostile.json");

    fn shown() -> String {
        let snapshot = serde_json::from_str(HOSTILE).unwrap();
        let scene = Scene::new(&model::resolve(&snapshot), None);
        let why = Some("<img src=x onerror=alert(1)>\u{202e}".to_owned());
        let stale = Source { source: "docker".to_owned(), state: "stale", why };
        page(&scene, &[stale])
    }

    #[test]
    fn nothing_in_the_page_needs_more_than_the_policy_allows() {
        let page = shown();
        let inline = ["<style", " style=", " onload=", " onclick=", "javascript:", "http:", "//"];
        for inline in inline {
            assert!(!page.replace("http://www.w3.org/2000/svg", "").contains(inline), "{inline}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("<script type=\"module\" src=\"/page.js\"></script>"));
    }

    #[test]
    fn hostile_names_and_reasons_are_text() {
        let page = shown();
        assert!(page.contains("&lt;script&gt;,&quot;x&quot;"));
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;\\u{202e}"));
        assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    }

    #[test]
    fn the_head_counts_and_says_which_source_is_not_fresh() {
        let page = shown();
        assert!(page.contains("<b>1</b> bridge<"), "{page}");
        assert!(page.contains("<b>1</b> left behind"));
        assert!(page.contains("<li class=\"stale\"><b>docker</b>"));
    }

    #[test]
    fn the_style_sheet_has_the_picture_in_it() {
        assert!(style().contains(".wiring ") && style().contains("prefers-reduced-motion"));
    }
}
