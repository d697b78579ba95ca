//! Lines that begin with a sign: `ovs-ofctl diff-flows`, and diff(1) of saved texts.

use docker_ovs_flowtext::Style;

use crate::annotated;

fn plain(text: &str) -> String {
    String::from_utf8(annotated(text.as_bytes(), &Style::default())).unwrap()
}

/// `ofctl_diff_flows` of utilities/ovs-ofctl.c writes no blank behind the sign, and of a flow of table 0 with the usual
/// priority the match comes first.
#[test]
fn the_sign_that_a_line_begins_with_is_no_part_of_a_word() {
    for text in [
        "+in_port=3@ actions=output:4@",
        "-in_port=LOCAL@ actions=NORMAL",
        "+actset_output=3@ actions=drop",
        "-actions=LOCAL@",
        "+actions=3@,4@",
        "-priority=3,in_port=3@ actions=drop",
        "+ cookie=0x0, table=0, in_port=3@ actions=output:4@",
        "+3@(eth3): addr:02:00:00:00:00:01",
        // One sign, and there alone.
        "++in_port=3 actions=output:4@",
        " +in_port=3 actions=output:4@",
        "x +in_port=3",
        "ct_state=+new-est,in_port=3@",
        "+",
        "-",
        "",
    ] {
        let bare = text.replace('@', "");
        assert_eq!(plain(&bare), text.replace('@', "<o>"));
        // As lines of a text, too.
        let twice = format!("{bare}\n{bare}\n");
        assert_eq!(plain(&twice), format!("{text}\n{text}\n").replace('@', "<o>"));
    }
}

#[test]
fn an_address_behind_the_sign_is_one() {
    let style = Style { macs: true, ips: true, ..Style::default() };
    for text in ["+10.0.0.2@", "-fd00::2@", "+10.0.0.2@-10.0.0.3@"] {
        let marked = annotated(text.replace('@', "").as_bytes(), &style);
        assert_eq!(String::from_utf8(marked).unwrap(), text.replace('@', "<i>"));
    }
}
