//! MAC tables of several bridges: `ovs-appctl fdb/show` of Open vSwitch 4.0 with more than one of them, or with none
//! named, which means all. The texts are by the description of the patch that made them.

use docker_ovs_flowtext::Style;

use crate::annotated;

fn plain(text: &str) -> String {
    String::from_utf8(annotated(text.as_bytes(), &Style::default())).unwrap()
}

/// The lines with all labels taken out and set again.
fn is_labelled_so(lines: &[&str]) {
    for end in ["\n", "\r\n"] {
        let text: String = lines.iter().flat_map(|line| [*line, end]).collect();
        let labels = ["<o>", "<o flw0>", "<o flw1>", "<o elsewhere>"];
        let bare = labels.iter().fold(text.clone(), |text, label| text.replace(label, ""));
        assert_eq!(plain(&bare), text);
        // Where each line comes by itself, too.
        assert_eq!(
            String::from_utf8(crate::in_pieces(bare.as_bytes(), 7, &Style::default())).unwrap(),
            text
        );
    }
}

const HEADER: &str = "Bridge   Port  VLAN  MAC                Age";

/// The name of a bridge stands in its first row alone.
#[test]
fn a_row_is_of_the_bridge_whose_name_came_last() {
    is_labelled_so(&[
        HEADER,
        "flw0        1<o flw0>     0  02:00:00:00:00:01    3",
        "            2<o flw0>     0  02:00:00:00:00:02    3",
        "        LOCAL<o flw0>     0  02:00:00:00:00:05    static",
        "flw1        1<o flw1>    20  02:00:00:00:00:03    3",
        "            2<o flw1>     0  02:00:00:00:00:04    3",
    ]);
}

/// One that has learnt nothing has a row of its name.
#[test]
fn a_bridge_with_an_empty_table_has_no_rows() {
    is_labelled_so(&[
        HEADER,
        "flw1     1<o flw1>     0  02:00:00:00:00:03    3",
        "other",
        "flw0  ",
        "         1<o flw0>     0  02:00:00:00:00:01    3",
        "empty",
        "         1<o elsewhere>     0  02:00:00:00:00:01    3",
    ]);
}

/// What comes behind it is of the bridge that was asked about, and so is what came before.
#[test]
fn a_table_ends_with_the_first_line_that_is_no_row() {
    let row = "    2<o>     0  02:00:00:00:00:02    3";
    let within = "         2<o flw1>     0  02:00:00:00:00:02    3";
    let begins = "flw1     1<o flw1>     0  02:00:00:00:00:03    3";
    for end in [
        "",
        " Port  VLAN  MAC                Age",
        "$ ovs-appctl fdb/show",
        "in_port=3<o>,actions=4<o>",
    ] {
        is_labelled_so(&[row, HEADER, begins, within, end, row, "in_port=3<o>,actions=4<o>"]);
    }
    // One more, and a trace before it.
    is_labelled_so(&[HEADER, begins, HEADER, "flw0  1<o flw0>  0  02:00:00:00:00:03  3", "", row]);
    is_labelled_so(&[
        "bridge(\"flw1\")",
        " 0. in_port=3<o flw1>",
        HEADER,
        "flw0     1<o flw0>     0  02:00:00:00:00:03    3",
        "bridge(\"flw1\")",
        " 0. in_port=3<o flw1>",
    ]);
}

/// Other lines that begin with the word.
#[test]
fn other_bridges_begin_no_table() {
    let row = "    2<o>     0  02:00:00:00:00:02    3";
    for line in ["Bridge br0", "Bridge", "Bridge Port", "Bridge table", "Bridge  Ports  VLAN  MAC"]
    {
        is_labelled_so(&[line, "flw1     1     0  02:00:00:00:00:03    3", row]);
    }
}
