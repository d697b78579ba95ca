//! Words of datapath actions in texts that are none.

use docker_ovs_flowtext::Style;

use crate::annotated;

fn plain(text: &str) -> String {
    String::from_utf8(annotated(text.as_bytes(), &Style::default())).unwrap()
}

/// What a controller calls its ports is of its own.
#[test]
fn words_of_datapath_actions_mean_nothing_outside_of_these() {
    for text in [
        "packet from here sent to output_port=3",
        "tunnel_out_port=3",
        "tnl_port(3) out_port(4)",
        "seen tnl_pop(3)",
        "send(output_port=3)",
        "userspace(tunnel_out_port=3)",
        "actions=drop output_port=3",
    ] {
        assert_eq!(plain(text), text);
    }
    assert_eq!(plain("in_port=1 output_port=3"), "in_port=1<o> output_port=3");
    for (text, expected) in [
        ("actions:userspace(pid=1,ipfix(output_port=3))", "ipfix(output_port=3<d>))"),
        ("actions:tnl_pop(3),4", "tnl_pop(3<d>),4<d>"),
        ("actions:userspace(pid=1,tunnel_out_port=3),4", "tunnel_out_port=3<d>),4<d>"),
        (
            "actions:clone(tnl_push(tnl_port(3),header(size=1),out_port(4)),5)",
            "out_port(4<d>)),5<d>)",
        ),
    ] {
        assert!(plain(text).ends_with(expected), "{}", plain(text));
    }
}
