//! Texts in colour, by the escape sequences of ECMA-48: `--color=always` of ovs-ofctl(8), of grep(1), of diff(1).

use docker_ovs_flowtext::Style;

use crate::{annotated, in_pieces};

/// What Open vSwitch begins its colours with (ovs-ofctl(8), `OVS_COLORS`), and what ends them.
const COLOURS: [(&str, &str); 4] = [
    ("\x1b[36m", "\x1b[m"),
    ("\x1b[01;31m", "\x1b[m"),
    ("\x1b[01;31m\x1b[K", "\x1b[m\x1b[K"),
    ("\x1b[38:5:1m", "\x1b[0m"),
];

fn said(text: &str, style: &Style) -> String {
    String::from_utf8(annotated(text.as_bytes(), style)).unwrap()
}

/// Each with `{` where a colour begins, `}` where it ends, and `@` after what is a port; it is marked as it is without
/// colours.
fn marks(kind: &str, texts: &[&str]) {
    let style = Style { macs: true, ips: true, ..Style::default() };
    for text in texts {
        for (begins, ends) in COLOURS {
            let coloured = text.replace('{', begins).replace('}', ends);
            let expected = coloured.replace('@', &format!("<{kind}>"));
            let bare = coloured.replace('@', "");
            assert_eq!(said(&bare, &style), expected);
            let many = format!("in_port=3 actions=drop\n{bare}\nin_port=3\n");
            let expected = format!("in_port=3<o> actions=drop\n{expected}\nin_port=3<o>\n");
            assert_eq!(said(&many, &style), expected);
            assert_eq!(in_pieces(many.as_bytes(), 5, &style), expected.as_bytes());
        }
        let plain = text.replace(['{', '}'], "");
        assert_eq!(said(&plain.replace('@', ""), &style), plain.replace('@', &format!("<{kind}>")));
    }
}

/// As lib/ofp-match.c and lib/ofp-actions.c write them.
#[test]
fn what_open_vswitch_colours_is_marked_as_without() {
    marks(
        "o",
        &[
            " {cookie=}0x0, {duration=}5s, {table=}0, {priority=}10,{in_port=}3@ {actions=}{output:}4@",
            "{ip},{in_port=}LOCAL@ {actions=}{drop}",
            "{actions=}3@,{output:}4@",
            "{actions=}{resubmit(}3@,4{)},{resubmit(},5{)},{enqueue:}3@:4",
            "{actions=}LOCAL@",
            "{actions=}{clone(}{output:}3@{)},{bundle(}eth_src,50,hrw,ofport,{members:}3@,4@{)}",
            "{load:}0x3@{->}NXM_OF_IN_PORT[],{set_field:}3@{->}in_port",
            "{output:}NXM_NX_REG3[],{output:}NXM_NX_REG3{[}0..15]",
        ],
    );
}

/// grep(1) colours any part of a line: of a key, of a number, across both.
#[test]
fn a_word_is_one_however_it_is_coloured() {
    marks(
        "o",
        &[
            "{in_port=3@}",
            "{in_port}=3@ actions=drop",
            "in_{port}=3@,actions=out{put}:4@",
            "in_port={1}2@ actions=drop",
            "in_port=1{2@} actions={NORM}AL",
            "actions={1}2@,{3@}",
            "{}in_port{}={}3@{} {}actions{}={}4@{}",
            "{+in_port=3@ actions=output:4@}",
            "{+}in_port=3@",
        ],
    );
    marks(
        "m",
        &["dl_src={02:42:ac:11:00:03@}", "dl_src={}02:{42}:ac:11:00:03@,x", "{02:42:ac:11:00:03@}"],
    );
    marks("i", &["nw_src={10.0.0.2@}", "{nw_src=}10.{0}.0.2@,x", "ipv6_src=fd00:{:}2@"]);
}

/// A word that a label takes the place of loses none of its colours.
#[test]
fn a_replaced_word_leaves_its_colours() {
    let style = Style { replace: true, ..Style::default() };
    assert_eq!(said("in_port=\x1b[31m12\x1b[m,x", &style), "in_port=\x1b[31mo\x1b[m,x");
    assert_eq!(said("in_port=\x1b[31m1\x1b[m2,x", &style), "in_port=\x1b[31mo\x1b[m,x");
}

/// What begins like a sequence and is none: it is as any other byte.
#[test]
fn what_is_no_sequence_is_no_colour() {
    let style = Style::default();
    for text in
        ["\x1b", "\x1b[", "\x1b[3", "\x1b]in_port=3@", "\x1b[3\nin_port=3@", "\x1b in_port=3@"]
    {
        assert_eq!(said(&text.replace('@', ""), &style), text.replace('@', "<o>"));
    }
}
