//! What the pages say holds: links lead somewhere, commands can be typed, every page is in the book,
//! every metric has its line, and alerts and dashboard ask for metrics that there are.
#![allow(clippy::disallowed_methods, reason = "promtool is asked")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use docker_ovs::args::Cli;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_page(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "md")
}

/// The names of the Markdown files in a folder of the checkout.
fn in_folder(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    let mut pages: Vec<String> = names.filter(|name| is_page(name)).collect();
    pages.sort();
    pages
}

/// Each page, from the root of the checkout.
fn pages() -> Vec<String> {
    let of = |folder: &String| {
        let names = in_folder(folder);
        names.into_iter().map(|name| format!("{folder}/{name}")).collect::<Vec<_>>()
    };
    let mut pages = in_folder(".");
    pages.extend(of(&"docs".to_owned()));
    pages.extend(folders_of("examples").iter().flat_map(of));
    pages.extend(folders_of("crates").iter().flat_map(of));
    pages
}

/// The folders in a folder of the checkout, from its root.
fn folders_of(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| format!("{folder}/{}", entry.file_name().display())).collect();
    names.sort();
    names
}

/// The lines outside of code, and those of code.
fn split(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut fenced, mut prose, mut code) = (false, Vec::new(), Vec::new());
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            code.push(line);
        } else {
            prose.push(line);
        }
    }
    (prose, code)
}

/// What the links of a text lead to; code between backticks has none.
fn links(prose: &[&str]) -> Vec<String> {
    let text = prose.join("\n");
    let outside: String = text.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let ends = outside.split("](").skip(1);
    ends.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.trim().to_owned()).collect()
}

/// The anchors of a page, as GitHub and mdBook make them of its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let (prose, _) = split(text);
    let headings = prose.into_iter().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Why a link leads nowhere.
fn broken(page: &str, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
    let folder = root().join(page).parent().unwrap().to_owned();
    let target = if file.is_empty() { root().join(page) } else { folder.join(file) };
    if !target.exists() {
        return Some(format!("{page}: {link}: there is no such file"));
    }
    if fragment.is_empty() || !file.is_empty() && !is_page(file) {
        return None;
    }
    let there = anchors(&fs::read_to_string(&target).unwrap());
    (!there.contains(fragment)).then(|| format!("{page}: {link}: there is no such heading"))
}

#[test]
fn links_of_pages_lead_somewhere() {
    let of_page = |page: String| {
        let text = read(&page);
        let (prose, _) = split(&text);
        links(&prose).into_iter().filter_map(|link| broken(&page, &link)).collect::<Vec<_>>()
    };
    // mdBook itself makes sure of its summary's.
    let pages = pages().into_iter().filter(|page| page != "docs/SUMMARY.md");
    let broken: Vec<String> = pages.flat_map(of_page).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let text = "# A b: `c`\n[x](no.md) `[no](link.md)`\n    [no](code.md)\n```\n[no](fence.md)\n```\n[y](#a-b-c)";
    let (prose, code) = split(text);
    assert_eq!(links(&prose), ["no.md", "#a-b-c"]);
    assert_eq!(code, ["    [no](code.md)", "[no](fence.md)"]);
    assert!(anchors(text).contains("a-b-c"));
    for (link, leads) in [
        ("serve.md", true),
        ("serve.md#metrics", true),
        ("../README.md", true),
        ("openapi.json", true),
        ("#events", true),
        ("nothing.md", false),
        ("serve.md#nothing", false),
        ("#nothing", false),
    ] {
        assert_eq!(broken("docs/serve.md", link).is_none(), leads, "{link}");
    }
}

/// Every page of docs stands in the summary once.
#[test]
fn the_book_has_every_page_once() {
    let summary = read("docs/SUMMARY.md");
    let (prose, _) = split(&summary);
    let mut named: Vec<String> =
        links(&prose).into_iter().filter(|link| !link.contains('/')).collect();
    named.sort();
    let once: BTreeSet<_> = named.iter().collect();
    assert_eq!(once.len(), named.len(), "{named:?}");
    let mut there = in_folder("docs").into_iter().filter(|name| name != "SUMMARY.md");
    let missing: Vec<_> = there.by_ref().filter(|name| !named.contains(name)).collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
}

/// The words of a command as a shell takes them apart, up to the first thing that is the shell's own.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '&' | ';' | '>' | '<') => {
                // The number of a descriptor that is sent elsewhere.
                word.take_if(|word| c == '>' && word.chars().all(|digit| digit.is_ascii_digit()));
                break;
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    // What a page leaves open cannot be typed.
    let open = |word: &String| word.contains('…') || word.contains("...") || word == "\\";
    (quote.is_none() && !words.iter().any(open)).then_some(words)
}

/// The command lines of ours in a line of code.
fn ours(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches(['$', '#']).trim_start();
    let rest = line.strip_prefix("docker ovs ").or_else(|| line.strip_prefix("docker-ovs "))?;
    let words = words(rest)?;
    Some([vec!["docker-ovs".to_owned()], words].concat())
}

/// Why clap refuses a command line.
fn refused(words: &[String]) -> Option<String> {
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    let error = Cli::command().try_get_matches_from(words).err()?;
    let is_answer = matches!(error.kind(), DisplayHelp | DisplayVersion);
    (!is_answer).then(|| format!("{}: {error}", words.join(" ")))
}

#[test]
fn commands_of_pages_can_be_typed() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        let text = read(&page);
        let (_, code) = split(&text);
        for words in code.into_iter().filter_map(ours) {
            seen += 1;
            wrong.extend(refused(&words).map(|why| format!("{page}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 40, "commands are found: {seen}");
}

#[test]
fn commands_that_cannot_be_typed_are_found() {
    for (line, fine) in [
        ("$ docker ovs port web br0 --format '{{.OFPort}}'", true),
        ("docker ovs serve &", true),
        ("docker ovs events    # what changes", true),
        ("$ docker ovs nmae web", false),
        ("# docker-ovs ls --nothing", false),
        ("docker ovs port", false),
    ] {
        assert_eq!(refused(&ours(line).unwrap()).is_none(), fine, "{line}");
    }
    for line in ["docker ovs port … | x", "docker network create -d ovs lan", "ovs-vsctl show"] {
        assert_eq!(ours(line), None, "{line}");
    }
}

/// Name and type of each.
pub(crate) type Metrics = BTreeSet<(String, String)>;

/// The metrics of a daemon, as Prometheus' text says them.
pub(crate) fn told_metrics(text: &str) -> Metrics {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(pair).collect()
}

fn pair(text: &str) -> Option<(String, String)> {
    text.split_once(' ').map(|(name, kind)| (name.to_owned(), kind.to_owned()))
}

/// Those in the tables of docs/metrics.md.
fn documented_metrics() -> Metrics {
    let page = read("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let typed = rows.map(|(name, rest)| (name, rest.split(" |").next().unwrap_or_default()));
    typed.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// Those of a fleet, which a daemon has with `--etcd` alone, and all others.
pub(crate) fn documented_of_fleet_and_others() -> (Metrics, Metrics) {
    documented_metrics().into_iter().partition(|(name, _)| is_of_fleet(name))
}

pub(crate) fn is_of_fleet(metric: &str) -> bool {
    metric.starts_with("docker_ovs_fleet_")
}

/// The words of a text that are names of metrics of ours or of the process.
fn asked_metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("docker_ovs_") || word.starts_with("process_"));
    ours.map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned()).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let there: BTreeSet<String> = documented_metrics().into_iter().map(|(name, _)| name).collect();
    assert!(there.len() > 25, "{there:?}");
    let dashboard = read("packaging/grafana/docker-ovs.json");
    for (file, text) in [
        ("the alerts", read("packaging/prometheus/docker-ovs.rules.yml")),
        ("the dashboard", dashboard.clone()),
    ] {
        let asked = asked_metrics(&text);
        // Alerts may speak of a group of counters in their words.
        let missing: Vec<_> = asked.iter().filter(|name| !there.contains(*name)).collect();
        assert!(missing.iter().all(|name| *name == "docker_ovs_port"), "{file}: {missing:?}");
        assert!(asked.len() > 8, "{file}: {asked:?}");
    }
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
}

#[test]
fn the_alerts_are_what_their_tests_expect() {
    let folder = root().join("packaging/prometheus");
    if !lab::is_there(lab::Need::Promtool) {
        return;
    }
    let mut promtool = lab::program("promtool");
    let ran = promtool.args(["test", "rules", "docker-ovs.test.yml"]).current_dir(folder).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

/// A daemon that serves a recording has all but the ports' counters.
#[test]
fn every_metric_of_a_recording_is_documented() {
    let daemon = crate::tool::Served::start(&["--from", "tests/scenes/article.json"]);
    let told = told_metrics(&daemon.get("/metrics").body);
    let documented = documented_metrics();
    let missing: Vec<_> = told.difference(&documented).collect();
    assert!(missing.is_empty() && told.len() > 15, "{missing:?} of {told:?}");
}

/// What a row of docs/quirks.md names between backticks as holding it, is there: a test, a module of
/// tests, or a path.
fn holds(name: &str, tests: &BTreeSet<String>) -> bool {
    if let Some(module) = name.strip_suffix("::") {
        return root().join(format!("crates/cli/tests/it/{module}.rs")).exists();
    }
    if let Some((module, _)) = name.split_once("::") {
        return root().join(format!("crates/cli/tests/it/{module}")).exists();
    }
    tests.contains(name) || name.contains('/') && root().join(name).exists()
}

#[test]
fn every_quirk_is_held_by_something_that_there_is() {
    let (page, tests) = (read("docs/quirks.md"), crate::security::all_tests());
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what"));
    let mut seen = 0;
    for row in rows {
        let held = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        assert!(!held.is_empty(), "{row}");
        for name in held.split('`').skip(1).step_by(2) {
            assert!(holds(name, &tests), "{name} is not there: {row}");
        }
        seen += 1;
    }
    assert!(seen > 20, "the tables are there: {seen}");
    assert!(!holds("no_such_test", &tests) && !holds("nowhere::", &tests));
}
