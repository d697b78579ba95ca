//! Addresses at the ends of rewrites and ranges, and within quotation marks.

use docker_ovs_flowtext::Style;

use crate::annotated;

fn with_addresses(text: &str) -> String {
    let style = Style { macs: true, ips: true, ..Style::default() };
    String::from_utf8(annotated(text.as_bytes(), &style)).unwrap()
}

/// Each with an `@` after what is an address, of IPv4, of IPv6 and of Ethernet alike.
fn marks(texts: &[&str]) {
    for (first, second, kind) in [
        ("10.0.0.2", "10.0.0.9", "i"),
        ("fd00::2", "fd00::9", "i"),
        ("02:42:ac:11:00:03", "02:42:ac:11:00:04", "m"),
    ] {
        for text in texts {
            let text = text.replace('A', first).replace('B', second);
            let expected = text.replace('@', &format!("<{kind}>"));
            assert_eq!(with_addresses(&text.replace('@', "")), expected);
        }
    }
}

/// OpenFlow 1.2 and later have all rewrites so, and NAT its ranges.
#[test]
fn an_address_ends_where_an_arrow_or_the_end_of_a_range_comes() {
    marks(&[
        "actions=set_field:A@->field,output:port",
        "learn(table=1,load:A@->field)",
        "A@->B@",
        "A@-B@",
        "actions=ct(commit,nat(src=A@-B@)),drop",
        "ct(commit,nat(dst=A@-B@,random))",
        "A@ - B@",
    ]);
    assert_eq!(
        with_addresses("ct(commit,nat(dst=10.0.0.2-10.0.0.9:80-90))"),
        "ct(commit,nat(dst=10.0.0.2<i>-10.0.0.9<i>:80-90))"
    );
    for text in ["10.0.0.2-web", "10.0.0.2-9", "1.2.3-4.5.6", "web-10.0.0.2", "10.0.0.2-1.2.3"] {
        assert_eq!(with_addresses(text), text);
    }
}

/// As `ovs-vsctl` has them, and the logs of controllers.
#[test]
fn addresses_are_marked_within_quotation_marks() {
    marks(&[
        "{\"src\": \"A@\", \"dst\": \"B@\"}",
        "options: {local_ip=\"A@\", remote_ip=\"B@\"}",
        "mac_in_use          : \"A@\"",
        "\"from A@ to B@, \\\"A@\\\"\"",
        "{'src': 'A@', 'dst': 'B@'}",
    ]);
    // What is quoted in the place of a port is a port's name.
    for text in ["in_port=\"10.0.0.2\"", "\"x10.0.0.2\"", "\"10.0.0.2x\"", "\"1.2.3\"", "\"\""] {
        assert_eq!(with_addresses(text).replace("<o>", ""), text);
    }
    let text = "\"10.0.0.2\" \"02:42:ac:11:00:03\"";
    assert_eq!(annotated(text.as_bytes(), &Style::default()), text.as_bytes());
}
