//! docs/man has the manual pages (man-pages(7)), made of the command line's own definition.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use docker_ovs::args::{Cli, DROP_IN};

/// A page, by its file's name.
type Page = (String, String);

/// The tool's page, and one for each verb that its help lists.
fn pages() -> Vec<Page> {
    // The commit and its date are of a build, not of the manual.
    let mut tool =
        Cli::documented().version(env!("CARGO_PKG_VERSION")).disable_help_subcommand(true);
    tool.build();
    // The page docker-ovs-port(1) is of the verb and of the program: both are called so.
    let tool = without_help(tool).mut_subcommand("port", |verb| {
        let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        verb.after_help(format!("{help}\n\n{DROP_IN}"))
    });
    let listed = |command: &Command| -> Vec<Command> {
        command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect()
    };
    let verbs = listed(&tool);
    let behind: Vec<_> = verbs.iter().flat_map(listed).collect();
    verbs.into_iter().chain(behind).chain([tool]).map(page).collect()
}

/// `help` has no page of its own: it shows the others.
fn without_help(command: Command) -> Command {
    command.mut_subcommands(|verb| {
        let is_hidden = verb.is_hide_set() || verb.get_name() == "help";
        without_help(verb.hide(is_hidden))
    })
}

fn page(command: Command) -> Page {
    let page = Man::new(command)
        .source(concat!("docker-ovs ", env!("CARGO_PKG_VERSION")))
        .manual("docker-ovs manual");
    let mut text = Vec::new();
    page.render(&mut text).unwrap();
    (page.get_filename(), String::from_utf8(text).unwrap())
}

/// `BLESS=1` writes them instead.
#[test]
fn the_pages_are_what_the_command_line_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man");
    let pages = pages();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &pages {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    for (name, text) in &pages {
        let there = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(there == *text, "docs/man/{name} is out of date: BLESS=1 rewrites it");
    }
    let names = |file: std::io::Result<std::fs::DirEntry>| file.unwrap().file_name();
    let there: BTreeSet<_> = std::fs::read_dir(&folder).unwrap().map(names).collect();
    assert_eq!(there, pages.iter().map(|(name, _)| name.into()).collect(), "a page of no verb");
}

#[test]
fn where_to_look_stands_in_the_page_of_the_tool_alone() {
    let with_it: Vec<_> = pages()
        .into_iter()
        .filter(|(_, text)| text.contains("ovs\\-db") || text.contains("OVSDB server"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(with_it, ["docker-ovs.1"]);
}

#[test]
fn the_page_of_the_small_program_tells_of_it() {
    let pages = pages();
    let (_, page) = pages.iter().find(|(name, _)| name == "docker-ovs-port.1").unwrap();
    assert!(page.contains("docker\\-ovs\\-port CONTAINER OVS_BRIDGE"), "{page}");
}

#[test]
fn every_page_that_one_names_is_there() {
    let pages = pages();
    let there: BTreeSet<_> = pages.iter().map(|(name, _)| name.trim_end_matches(".1")).collect();
    for (page, text) in &pages {
        let words = text.lines().filter_map(|line| line.strip_suffix("(1)"));
        for named in words.map(|line| line.replace("\\-", "-")) {
            if !named.starts_with("docker-ovs") {
                continue;
            }
            assert!(there.contains(&*named), "{page} names {named}(1)");
        }
    }
}
