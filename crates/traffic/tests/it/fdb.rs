//! Whose an address is, and where it belongs.

use docker_ovs_traffic::seen_macs;
use flowtext::parse_fdb;
use serde_json::{Value, json};

use crate::beneath::{FIREWALL, look_with};
use crate::{look, look_with_port_called};

#[test]
fn an_address_is_told_with_its_owner_and_its_place() {
    let look = look();
    let table = " port  VLAN  MAC                Age\n\
                 \x20   4    20  0a:7f:3e:52:11:c8    1\n\
                 \x20   3    10  0a:7f:3e:52:11:c8    1\n\
                 \x20   3    10  02:00:00:00:00:99    7\n\
                 LOCAL     0  3a:4e:12:00:00:03    1\n\
                 \x20  99     0  02:00:00:00:00:98    static\n";
    let rows: Vec<_> = parse_fdb(table).collect();
    let seen = seen_macs(&look, "vlanswitch", &rows);
    let [home, away, foreign, local, gone] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((home.owner.as_deref(), home.misplaced), (Some("webserver:eth0"), false));
    assert_eq!((away.owner.as_deref(), away.misplaced), (Some("webserver:eth0"), true));
    assert_eq!(away.who.as_deref(), Some("firewall_ext:eth0"));
    assert_eq!(away.notes, ["it belongs to webserver:eth0 on port 4 of vlanswitch"]);
    assert_eq!((foreign.owner.as_deref(), foreign.misplaced), (None, false));
    assert_eq!(foreign.notes, ["no interface of firewall_ext:eth0 has it"]);
    assert_eq!((local.owner.as_deref(), local.notes.len()), (Some("the bridge itself"), 0));
    assert_eq!((gone.age, gone.notes[0].as_str()), (None, "no port has this number any more"));
}

/// A bridge has an address as containers do: who else sends from it takes its packets away.
#[test]
fn the_address_of_the_bridge_itself_has_a_place_too() {
    let table = "    3    10  3a:4e:12:00:00:03    1\n    6     0  3a:4e:12:00:00:03    1\n\
                 LOCAL     0  3a:4e:12:00:00:03    1\n   99     0  3a:4e:12:00:00:03    1\n\
                 \x20   3    10  00:00:00:00:00:00    1\n    3    10  3a:4e:12:00:00:01    1\n";
    let rows: Vec<_> = parse_fdb(table).collect();
    let seen = seen_macs(&look(), "vlanswitch", &rows);
    let [away, patch, own, gone, zero, other] = seen.as_slice() else { panic!("{seen:?}") };
    let belongs = "it belongs to the bridge itself, port LOCAL of vlanswitch";
    for (row, is_misplaced) in [(away, true), (patch, false), (own, false)] {
        assert_eq!(row.owner.as_deref(), Some("the bridge itself"), "{row:?}");
        assert_eq!(row.misplaced, is_misplaced, "{row:?}");
    }
    assert_eq!(
        (&away.notes[..], &patch.notes[..]),
        (&[belongs.to_owned()][..], &[belongs.to_owned()][..])
    );
    assert_eq!((own.notes.len(), gone.misplaced), (0, false));
    // No address at all, and that of another bridge.
    for row in [zero, other] {
        assert_eq!((row.owner.as_deref(), row.misplaced), (None, false), "{row:?}");
    }
    // A container with a bridge inside passes it on.
    let master = (FIREWALL, json!({"ifindex": 60, "name": "b0", "kind": "bridge"}));
    let look = look_with(&[master], &[(FIREWALL, 27, json!({"master": 60}))]);
    let seen = seen_macs(&look, "vlanswitch", &rows);
    assert!(!seen[0].misplaced && seen[0].notes[0].contains("passed on by"), "{:?}", seen[0]);
    // A container has the very address of the bridge.
    let look = look_with(&[], &[(FIREWALL, 27, json!({"mac": "3a:4e:12:00:00:03"}))]);
    let seen = seen_macs(&look, "vlanswitch", &rows);
    for (row, owner, other) in [
        (&seen[0], "firewall_ext:eth0", "the bridge itself, port LOCAL of vlanswitch"),
        (&seen[2], "the bridge itself", "firewall_ext:eth0 on port 3 of vlanswitch"),
    ] {
        assert_eq!((row.owner.as_deref(), row.misplaced), (Some(owner), false), "{row:?}");
        assert_eq!(row.notes, [format!("{other} has the same address")], "{row:?}");
    }
}

/// Interfaces may be called as numbers are.
#[test]
fn a_number_is_a_port_of_that_number_whatever_ports_are_called() {
    let table = "    4    20  0a:7f:3e:52:11:c8    1\n 99  0  02:00:00:00:00:98  2\n";
    let rows: Vec<_> = parse_fdb(table).collect();
    for (name, told) in [("4", Some("webserver:eth0")), ("99", Some("webserver:eth0"))] {
        let look = look_with_port_called(name);
        let seen = seen_macs(&look, "vlanswitch", &rows);
        assert_eq!((seen[0].who.as_deref(), seen[0].misplaced), (told, false), "{name}");
        assert_eq!(seen[1].port, None, "{name}: {seen:?}");
    }
}

/// What a container's own bridge takes from one VLAN to another is seen at its port, and nothing is wrong.
#[test]
fn an_address_that_is_passed_on_is_not_misplaced() {
    let master = |kind: Value| (FIREWALL, json!({"ifindex": 60, "name": "b0", "kind": kind}));
    let tagged = json!({"ifindex": 61, "name": "eth0.10", "kind": "vlan", "vlan": 10,
                        "peer": {"ifindex": 27, "nsid": null}, "master": 60});
    let enslaved = || vec![(FIREWALL, 27, json!({"master": 60}))];
    let table = "    3    10  0a:7f:3e:52:11:c8    1\n    3    20  0a:7f:3e:52:11:c8    1\n";
    let rows: Vec<_> = parse_fdb(table).collect();
    for (more, changed, is_passed_on) in [
        (vec![master(json!("bridge"))], enslaved(), true),
        (vec![master(json!("openvswitch"))], enslaved(), true),
        (vec![], enslaved(), true),
        (vec![master(json!("bridge")), (FIREWALL, tagged)], vec![], true),
        (vec![master(json!("bond"))], enslaved(), false),
        (vec![master(json!("bridge"))], vec![], false),
    ] {
        let look = look_with(&more, &changed);
        let seen = seen_macs(&look, "vlanswitch", &rows);
        let [other, own] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(other.owner.as_deref(), Some("webserver:eth0"));
        assert_eq!(other.misplaced, !is_passed_on, "{more:?}: {other:?}");
        assert_eq!(other.notes[0].contains("passed on by firewall_ext"), is_passed_on, "{other:?}");
        // In its own VLAN it comes from its own port.
        assert!(own.misplaced, "{own:?}");
    }
}
