//! What users write: names, addresses, filters, templates.

use std::hint::black_box;

use model::filter::Filter;
use model::ids::{LONGEST_NAME, Mac, is_cut, name};
use model::moment::{LAST, rfc3339};
use model::published::PublishedPort;
use model::snapshot::Cidr;
use model::vlan::LAST_VLAN;
use model::vlan_range::{VlanRange, tags};
use model::who::WhoQuery;
use model::{NamedInterface, Target};
use report::{Format, printable, render, v1, views};

/// Reads a text as every kind of word.
///
/// # Panics
/// What was read is written as something else.
pub fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    black_box(WhoQuery::from(&*text));
    drop(black_box(Target::parse(&text)));
    for (container, interface) in NamedInterface::from(&*text).readings() {
        assert!(text.starts_with(container) && interface.is_none_or(|name| text.ends_with(name)));
        drop(black_box(Target::parse(container)));
    }
    drop(black_box(text.parse::<Filter>()));
    if let Ok(cidr) = text.parse::<Cidr>() {
        assert_eq!(cidr.to_string().parse(), Ok(cidr));
    }
    if let Ok(mac) = text.parse::<Mac>() {
        assert_eq!(mac.to_string().parse(), Ok(mac));
    }
    if let Ok(remote) = text.parse::<ovsdb::Remote>() {
        assert_eq!(remote.to_string().parse(), Ok(remote));
    }
    if let Ok(remote) = text.parse::<openflow::Remote>() {
        assert_eq!(remote.to_string().parse(), Ok(remote));
    }
    if let Ok(published) = text.parse::<PublishedPort>() {
        assert_eq!(published.to_string().parse(), Ok(published));
    }
    if let Ok(range) = text.parse::<VlanRange>() {
        let all = tags(&[range]);
        assert!(!all.is_empty() && all.iter().all(|tag| *tag <= LAST_VLAN));
    }
    if let Some(place) = client::parsing::place(&text) {
        assert_eq!(client::parsing::place(&place).as_ref(), Some(&place));
    }
    black_box((address::parse(&text, 6640).ok(), address::parse_listen(&text).ok()));
    let shown = printable(&text);
    assert_eq!(printable(&shown), shown, "what is printable stays as it is");
    let kept = name(&text);
    assert!(kept.len() <= LONGEST_NAME && (*kept == *text || is_cut(&kept)), "{kept}");
}

/// Reads a text as the line that is completed, a word between two spaces.
///
/// # Panics
/// Words are told that were not typed.
pub fn completion(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let line = docker_ovs::completion::parsing::line(&words);
    let last = words.last().filter(|last| words.len() > 1 || *last != "ovs");
    assert_eq!(Some(&line.prefix), last.or(Some(&String::new())), "what is being typed");
    assert!(line.global.iter().all(|word| words.contains(word)), "{:?}", line.global);
    assert!(line.verb.len() < words.len(), "{:?}", line.verb);
}

/// Reads a text as a moment: as a question has it, and as a user writes it.
///
/// # Panics
/// What is written of it is read as another one.
pub fn moments(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(at) = model::moment::parse(&text) {
        assert!(at <= LAST);
        assert_eq!(model::moment::parse(&rfc3339(at)), Some(at));
    }
    match docker_ovs::moment::parse(&text) {
        // RFC 3339 has no notation for what comes later.
        Ok(at) if at <= LAST => {
            assert_eq!(docker_ovs::moment::parse(&rfc3339(at)), Ok(at));
        }
        Ok(_) => {}
        Err(why) => assert!(why.len() < 4096, "{why}"),
    }
}

/// The longest template that is tried: what a user writes in it costs that user time alone.
const LONGEST: usize = 256;

/// Reads a text as a template, and lays out a row by it.
///
/// # Panics
/// What is laid out is not printable.
pub fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if text.len() > LONGEST || text.contains("range") || text.contains("define") {
        return;
    }
    let Ok(format) = text.parse::<Format>() else { return };
    let row = v1::Version { version: "1\u{1b}[31m", commit: "\u{202e}", date: "\u{2028}" };
    if let Ok(text) = render(&format, &views::BUILD, &[row]) {
        assert!(format == Format::Json || report::printable_lines(&text) == text, "{text:?}");
    }
}
