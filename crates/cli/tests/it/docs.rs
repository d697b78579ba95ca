//! What the pages say holds: here, that links lead somewhere, and that every page is in the book.

mod commands;
mod metrics;
mod quirks;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) use metrics::{documented_of_fleet_and_others, is_of_fleet, told_metrics};

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
