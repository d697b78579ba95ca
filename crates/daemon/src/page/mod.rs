//! The page: a picture of the switches, kept up to date by a little JavaScript.
//!
//! Everything is rendered here, and the template escapes what it is given; the script only puts
//! it in place. No style is inline, and no script but [`AGAIN`], so that [`POLICY`] can hold.

pub(crate) mod fleet;
pub(crate) mod past;
pub(crate) mod routes;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use askama::Template;
use model::switch::SwitchSource;
use report::graph::{Counts, Density, Fit, Scene, clean, figure, stylesheet};
use report::v1::{Source, SourceState};

/// What the page may do: nothing that does not come from here. The digest is that of [`AGAIN`] (Content
/// Security Policy Level 3, section 2.3.1).
pub(crate) const POLICY: &str = "default-src 'none'; \
    script-src 'self' 'sha256-7t2k0PxcWn4W+XusAF5hUeuGVHdxIY0rPwJJXFPM/9A='; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Stands in the page itself, for what has not been loaded can load nothing.
const AGAIN: &str = include_str!("again.js");

/// The modules of the page, by name: `page.js` imports the others.
const SCRIPTS: [(&str, &str); 14] = [
    ("page.js", include_str!("page.js")),
    ("script/api.js", include_str!("script/api.js")),
    ("script/counters.js", include_str!("script/counters.js")),
    ("script/details.js", include_str!("script/details.js")),
    ("script/dom.js", include_str!("script/dom.js")),
    ("script/filter.js", include_str!("script/filter.js")),
    ("script/keyboard.js", include_str!("script/keyboard.js")),
    ("script/list.js", include_str!("script/list.js")),
    ("script/morph.js", include_str!("script/morph.js")),
    ("script/past.js", include_str!("script/past.js")),
    ("script/rates.js", include_str!("script/rates.js")),
    ("script/search.js", include_str!("script/search.js")),
    ("script/trace.js", include_str!("script/trace.js")),
    ("script/view.js", include_str!("script/view.js")),
];

/// The rules of each part of the page, in the order in which they count.
const STYLE: &str = concat!(
    include_str!("page.css"),
    include_str!("style/tools.css"),
    include_str!("style/past.css"),
    include_str!("style/figure.css"),
    include_str!("style/list.css"),
    include_str!("style/side.css"),
    include_str!("style/narrow.css"),
    include_str!("style/print.css"),
);

/// The picture that comes with the page, before the size of the window is known.
pub(crate) const FIRST: Fit = Fit { width: None, density: Density::Auto };

/// What the page loads: its modules and its style.
#[derive(Debug)]
pub(crate) struct Files {
    /// Of what is in them. It is part of their paths: modules of one version never import those of
    /// another one, and what a browser has it need not ask for again.
    version: String,
    style: String,
}

/// The files of this daemon.
pub(crate) static FILES: LazyLock<Files> = LazyLock::new(Files::new);

impl Files {
    fn new() -> Self {
        let style = format!("{STYLE}{}", stylesheet());
        let mut hasher = DefaultHasher::new();
        (SCRIPTS, &style).hash(&mut hasher);
        Self { version: format!("{:016x}", hasher.finish()), style }
    }

    /// The folder that all of them are in, without a slash at its end.
    fn folder(&self) -> String {
        format!("/page/{}", self.version)
    }

    /// What kind of file `name` is, and what is in it, if it is one of this version.
    fn get(&self, version: &str, name: &str) -> Option<(&'static str, &str)> {
        if version != self.version {
            return None;
        }
        if name == "page.css" {
            return Some(("text/css; charset=utf-8", &self.style));
        }
        let (_, text) = SCRIPTS.iter().find(|(script, _)| *script == name)?;
        Some(("text/javascript; charset=utf-8", text))
    }
}

/// `GET /`: the whole page.
pub(crate) fn page(scene: &Scene, sources: &[Source]) -> String {
    written(&Page::new(scene, sources))
}

/// `GET /figure`: what changes with the wiring, the head and the picture.
pub(crate) fn fragment(scene: &Scene, sources: &[Source]) -> String {
    written(&Page::new(scene, sources).as_figure())
}

/// The same where nothing is known, and why.
pub(super) fn unknown(host: &str, why: &str) -> String {
    written(&Page { host: &clean(host), unknown: Some(clean(why)), ..Page::default() }.as_figure())
}

/// To write into a string never fails.
fn written(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

#[derive(Default, Template)]
#[template(path = "page.html", blocks = ["figure"])]
struct Page<'a> {
    again: &'static str,
    folder: String,
    host: &'a str,
    counts: [(usize, &'static str); 3],
    orphaned: usize,
    sources: Vec<Badge>,
    /// SVG, the one part that is escaped where it is drawn.
    picture: String,
    /// Why nothing, or no bridge, is in the picture.
    unknown: Option<String>,
}

/// How a source is; why, if it is not fresh.
struct Badge {
    name: String,
    state: &'static str,
    reason: Option<String>,
}

impl<'a> Page<'a> {
    fn new(scene: &'a Scene, sources: &[Source]) -> Self {
        let Counts { bridges, ports, containers, orphaned } = scene.counts();
        Self {
            again: AGAIN,
            folder: FILES.folder(),
            host: &scene.host,
            counts: [(bridges, "bridge"), (ports, "port"), (containers, "container")],
            orphaned,
            sources: sources.iter().map(Badge::new).collect(),
            picture: figure(scene),
            unknown: unseen_switch(sources).filter(|_| bridges == 0),
        }
    }
}

/// Why there are no bridges to be seen, where the switch's database was never reached.
fn unseen_switch(sources: &[Source]) -> Option<String> {
    let is_unseen = |one: &&Source| {
        one.source == SwitchSource::Ovsdb.to_string() && one.state == SourceState::Absent
    };
    let reason = sources.iter().find(is_unseen)?.reason.as_deref();
    let why = reason.map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
    Some(format!("the switch has not been reached{why}"))
}

impl Badge {
    fn new(source: &Source) -> Self {
        let reason = source.reason.as_deref().map(clean);
        Self { name: clean(&source.source), state: source.state.word(), reason }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use base64::prelude::{BASE64_STANDARD, Engine};
    use model::Wiring;
    use sha2::{Digest, Sha256};

    use super::*;

    const HOSTILE: &str = include_str!("../../../cli/tests/scenes/hostile.json");

    fn wiring() -> Wiring {
        model::resolve(&serde_json::from_str(HOSTILE).unwrap())
    }

    fn shown() -> String {
        let scene = Scene::new(&wiring(), None);
        let reason = Some("<img src=x onerror=alert(1)>\u{202e}".to_owned());
        let stale = Source {
            source: "docker".to_owned(),
            state: SourceState::Stale,
            reason,
            world: None,
            evidence: None,
            pid: None,
            id: None,
        };
        page(&scene, &[stale])
    }

    #[test]
    fn nothing_in_the_page_needs_more_than_the_policy_allows() {
        let page = shown();
        let inline = ["<style", " style=", " onload=", " onclick=", "javascript:", "http:", "//"];
        let without = page.replace("http://www.w3.org/2000/svg", "").replace(AGAIN, "");
        for inline in inline {
            assert!(!without.contains(inline), "{inline}");
        }
        assert_eq!(page.matches("<script").count(), 2);
        let folder = FILES.folder();
        for part in ["type=\"module\" src=\"FOLDER/page.js\"", "href=\"FOLDER/page.css\""] {
            let part = part.replace("FOLDER", &folder);
            assert!(page.contains(&part), "{part}");
        }
        let (_, rest) = page.split_once("<script>").unwrap();
        let (inline, _) = rest.split_once("</script>").unwrap();
        let digest = BASE64_STANDARD.encode(Sha256::digest(inline));
        assert!(POLICY.contains(&format!("'sha256-{digest}'")), "it is {digest}");
    }

    #[test]
    fn every_module_that_a_script_imports_is_served() {
        let imports = SCRIPTS.iter().flat_map(|(_, text)| text.split("from \"").skip(1));
        let imported: BTreeSet<_> = imports
            .filter_map(|rest| rest.split('"').next())
            .filter_map(|path| path.rsplit('/').next())
            .collect();
        let served = SCRIPTS.iter().filter_map(|(name, _)| name.strip_prefix("script/"));
        assert_eq!(imported, served.collect());
    }

    #[test]
    fn files_of_another_version_are_not_given() {
        assert!(FILES.get(&FILES.version, "script/api.js").is_some());
        assert!(FILES.get("0123456789abcdef", "script/api.js").is_none());
        assert!(FILES.get(&FILES.version, "script/../page.js").is_none());
    }

    #[test]
    fn a_switch_that_was_never_reached_has_no_count_of_bridges() {
        let source = |name: &str, state| Source {
            source: name.to_owned(),
            state,
            reason: Some("no such socket".to_owned()),
            world: None,
            evidence: None,
            pid: None,
            id: None,
        };
        let nothing = Wiring { attachments: Vec::new(), ports: Vec::new(), ..wiring() };
        let nothing = Scene::new(&nothing, None);
        let unseen = fragment(&nothing, &[source("ovsdb", SourceState::Absent)]);
        assert!(unseen.contains("the switch has not been reached: no such socket"));
        assert!(!unseen.contains("0 bridges"), "{unseen}");
        let empty = fragment(&nothing, &[source("ovsdb", SourceState::Fresh)]);
        assert!(empty.contains("bridges") && !empty.contains("not been reached"), "{empty}");
        let stale = fragment(&nothing, &[source("ovsdb", SourceState::Stale)]);
        assert!(!stale.contains("not been reached"), "{stale}");
    }

    #[test]
    fn hostile_names_and_reasons_are_text() {
        let page = shown();
        assert!(page.contains("&lt;script&gt;,&quot;x&quot;"));
        assert!(page.contains("&#60;img src=x onerror=alert(1)&#62;\\u{202e}"));
        assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    }

    #[test]
    fn where_nothing_is_known_it_says_why_and_counts_nothing() {
        let part = unknown("host", "2026-11-27T02:10:00Z is not known: <b>");
        assert!(part.contains("is not known: &#60;b&#62;</p>"), "{part}");
        assert!(part.contains("id=\"picture\"") && part.contains("id=\"head\""));
        assert!(!part.contains("bridge") && !part.contains("<svg"), "{part}");
    }

    #[test]
    fn the_head_counts_and_says_which_source_is_not_fresh() {
        let page = shown();
        assert!(page.contains("<b>1</b> bridge<"), "{page}");
        assert!(page.contains("<b>1</b> orphaned"));
        assert!(page.contains("<li class=\"stale\"><b>docker</b>"));
    }

    #[test]
    fn the_style_sheet_has_the_picture_in_it() {
        let style = &FILES.style;
        assert!(style.contains(".wiring ") && style.contains("prefers-reduced-motion"));
    }
}
