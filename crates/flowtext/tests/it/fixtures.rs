//! Texts that Open vSwitch printed, and what is marked in them; `BLESS=1` writes that.

use std::path::Path;

use docker_ovs_flowtext::{Style, parse_flows, parse_trace, unquoted};

use crate::annotated;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

#[test]
fn every_fixture_is_marked_as_it_was_looked_at() {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|kind| kind == "txt"));
    let style = Style { macs: true, ..Style::default() };
    for path in texts {
        let marked = annotated(&std::fs::read(&path).unwrap(), &style);
        let expected = path.with_extension("marked");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &marked).unwrap();
        }
        assert!(
            std::fs::read(&expected).unwrap_or_default() == marked,
            "{}: BLESS=1",
            path.display()
        );
    }
}

/// With names there are marks at the same places as with numbers.
#[test]
fn names_are_marked_where_numbers_are() {
    let shape = |text: &str| -> Vec<usize> {
        let marked = String::from_utf8(annotated(text.as_bytes(), &Style::default())).unwrap();
        marked.lines().map(|line| line.matches("<o").count()).collect()
    };
    assert_eq!(shape(&read("3.1_dump_flows.txt")), [0, 1, 0, 0, 0, 10][..].to_vec());
    assert_eq!(shape(&read("3.1_dump_flows_names.txt")), [1, 0, 0, 0, 10][..].to_vec());
    assert_eq!(&*unquoted(b"\"flw-a\""), b"flw-a");
}

#[test]
fn flows_of_both_programs_are_read() {
    let flows = read("3.1_bridge_dump_flows.txt");
    assert_eq!(parse_flows(&flows).count(), flows.lines().count());
    let dump = read("3.1_dump_flows.txt");
    assert_eq!(parse_flows(&dump).count(), dump.lines().count() - 1, "all but the header");
}

#[test]
fn a_trace_tells_rules_with_their_bridges() {
    let trace = parse_trace(&read("3.1_trace_patch_nested.txt"));
    let [pass] = trace.passes.as_slice() else { panic!("{trace:?}") };
    let rules: Vec<_> =
        pass.rules.iter().map(|rule| (&*rule.bridge, rule.table, rule.priority)).collect();
    assert_eq!(rules, [("flw0", 0, 10), ("flw1", 0, 0), ("flw0", 1, 10), ("flw1", 0, 0)]);
    assert!(
        pass.datapath_actions
            .as_deref()
            .unwrap()
            .starts_with("5,3,5,push_vlan(vid=5,pcp=0),4,userspace(")
    );
    assert!(pass.megaflow.starts_with("recirc_id=0,eth,ip,in_port=1,"));
    assert_eq!(pass.warnings, ["native tunnel routing failed"]);
    let trace = parse_trace(&read("3.1_trace_conntrack_names.txt"));
    let [first, second] = trace.passes.as_slice() else { panic!("{trace:?}") };
    assert_eq!(
        (first.recirculation.as_deref(), second.recirculation.as_deref()),
        (None, Some("0x1"))
    );
    assert_eq!(second.rules[0].matches.as_deref(), Some("ct_state=+new,ip"));
    let missing = second.rules.iter().find(|rule| rule.matches.is_none()).unwrap();
    assert_eq!((missing.table, &*missing.actions[0]), (5, "drop"));
    let trace = parse_trace(&read("3.1_trace_unknown_port.txt"));
    assert_eq!(trace.passes[0].errors, ["received packet on unknown port 77"]);
    assert_eq!(trace.passes[0].datapath_actions.as_deref(), Some("drop"));
}
