//! What conntrack keeps of a connection besides its state.

use std::fmt::Write as _;

use docker_ovs_traffic::{Direction, Outcome, Packet, PacketKind, Verdict, judge};
use flowtext::{Tracked, parse_trace};

use crate::{end, look, on_link};

/// The verdict about a datagram of which these passes are traced: `FIELDS > ACTIONS; …`. A pass is recirculated by its
/// place among them.
fn verdict(direction: Direction, passes: &str, committed: Option<Vec<Tracked>>) -> Verdict {
    let look = look();
    let (from, to) = (end(&look, "trivial_firewall:eth1"), end(&look, "webserver"));
    let kind = PacketKind::Udp(53);
    let packet = Packet::new(&kind, direction, (&from, &to), &on_link(), None).unwrap();
    let packet = Packet { committed, ..packet };
    let mut text = "Flow: udp\n".to_owned();
    for (at, pass) in passes.split("; ").enumerate() {
        let (fields, actions) = pass.split_once(" > ").unwrap();
        if at > 0 {
            writeln!(text, "\n====\nrecirc({at:#x}) - resume conntrack with ct_state=trk\n====")
                .unwrap();
        }
        writeln!(
            text,
            "\nbridge(\"vlanswitch\")\n--\n {at}. ip, priority 7\n    drop\n\nMegaflow: \
             recirc_id={at:#x},{fields}\nDatapath actions: {actions}"
        )
        .unwrap();
    }
    judge(&look, &kind, &packet, &from, &to, &parse_trace(&text))
}

/// A trace has a mark as the rules before wrote it: it forgets what they wrote once another `ct(…)` follows, or keeps
/// it for one of another zone, and of an answer it knows nothing.
#[test]
fn a_mark_is_known_where_the_pass_before_wrote_it_alone() {
    // WRITE is a ct(…) that writes it, and LOOK one that does not.
    for (passes, of_new, of_answer) in [
        // By the ct(…) that begins the pass.
        ("ip > WRITE,recirc(0x1); ct_mark=0x1,ip > 7", true, true),
        ("ip > WRITE,recirc(0x1); ip,ct_mark=0x1/0x1 > drop", true, true),
        // Nothing wrote it: of a new connection it is zero, of an answer's it may be any.
        ("ip > LOOK,recirc(0x1); ct_mark=0,ip > 7", true, false),
        ("ct_mark=0,ip > 7", true, false),
        // What the pass writes itself comes after its match.
        ("ip > LOOK,recirc(0x1); ct_mark=0,ip > WRITE,7", true, false),
        // Another one looks again, in that zone or another.
        ("ip > WRITE,LOOK,recirc(0x1); ct_mark=0,ip > drop", false, false),
        ("ip > WRITE,recirc(0x1); ip > ct(zone=2),recirc(0x2); ct_mark=0x1,ip > 7", false, false),
        ("ip > WRITE,recirc(0x1); ip > WRITE,recirc(0x2); ct_mark=0x1,ip > 7", false, false),
        ("ip > clone(WRITE),LOOK,recirc(0x1); ct_mark=0/0x1,ip > drop", false, false),
        // The pass begins by something else.
        ("ip > WRITE,set(ipv4(ttl=9)),recirc(0x1); ct_mark=0,ip > 7", false, false),
        // In a pass beside it, which may come first.
        ("ip > LOOK,recirc(0x1),LOOK,recirc(0x2); ip > WRITE,6; ct_mark=0,ip > drop", false, false),
        ("ip > LOOK,recirc(0x1),LOOK,recirc(0x2); ct_mark=0,ip > drop; ip > WRITE,6", false, false),
        // A part of it is written, and another one decides.
        ("ip > ct(commit,mark=0x1/0x1),recirc(0x1); ct_mark=0/0x2,ip > drop", true, false),
        ("ip > ct(commit,mark=0x3/0x3),recirc(0x1); ct_mark=0x2/0x2,ip > 7", true, true),
        // No rule looks at it.
        ("ip > WRITE,LOOK,recirc(0x1); ip > 7", true, true),
    ] {
        let marked = passes.replace("WRITE", "ct(commit,zone=1,mark=0x1/0xffffffff)");
        let marked = marked.replace("LOOK", "ct(zone=1)");
        let all = format!("{:#x}", u128::MAX);
        let labelled = marked.replace("mark", "label").replace("0xffffffff", &all);
        for (passes, field) in [(marked, "ct_mark"), (labelled, "ct_label")] {
            for (direction, is_known) in
                [(Direction::Original, of_new), (Direction::Reply, of_answer)]
            {
                let told = verdict(direction, &passes, None);
                assert_eq!(told.outcome != Outcome::Unknown, is_known, "{passes}: {told:?}");
                let why = format!("depends on {field}, which the connection has");
                assert!(is_known || told.sentence.contains(&why), "{told:?}");
            }
        }
    }
}

/// conntrack has nothing to keep of an answer to what was not committed.
#[test]
fn a_mark_of_what_is_not_committed_is_not_known() {
    let passes = "ip > ct(commit,mark=0x1/0xffffffff),recirc(0x1); ct_mark=0x1,ip > 7";
    assert_eq!(verdict(Direction::Reply, passes, Some(Vec::new())).outcome, Outcome::Unknown);
    assert_eq!(verdict(Direction::Original, passes, Some(Vec::new())).reaches(), Some(true));
}
