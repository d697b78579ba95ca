//! What a link of the host is enslaved to, or carries, may lead on.

use docker_ovs_model::snapshot::Link;
use docker_ovs_model::wiring::AttachmentState;
use docker_ovs_model::{Snapshot, resolve};

use crate::likeness::{link, names, plug, put, to};
use crate::plans::scene::{SWITCH, home, host};

/// A container whose `eth0` ends on `h0` of the host, of index 20, which is enslaved to that of index
/// `master`; and these links of the host. The port `p0` is on br0.
fn ending(master: u32, links: &[Link]) -> Snapshot {
    let mut host = host();
    put(&mut host, home(1), [to(link(10, "eth0", "veth", 0), 20, Some(0))]);
    put(&mut host, SWITCH, [to(link(20, "h0", "veth", master), 10, Some(1))]);
    put(&mut host, SWITCH, links.iter().cloned());
    names(&mut host, SWITCH, 1, home(1));
    plug(&mut host, "p0", "system");
    host
}

fn state(host: &Snapshot, interface: &str) -> AttachmentState {
    let wiring = resolve(host);
    let mut found = wiring.attachments.iter().filter(|found| *found.link.name == *interface);
    found.next().unwrap().port.clone()
}

fn on(host: &Snapshot) -> Option<String> {
    state(host, "eth0").port().map(|port| port.iface.to_string())
}

#[test]
fn a_master_of_any_kind_that_is_enslaved_itself_is_followed() {
    let uplink = |master| {
        [to(link(40, "up", "veth", master), 41, None), to(link(41, "p0", "veth", 0), 40, None)]
    };
    for kind in ["bond", "team", "hsr", "batadv", "of a kind to come"] {
        let [up, port] = uplink(31);
        let links = [link(30, "m0", kind, 31), link(31, "lb", "bridge", 0), up, port];
        assert_eq!(on(&ending(30, &links)).as_deref(), Some("p0"), "{kind}");
        let port = link(31, "p0", "bond", 0);
        assert_eq!(
            on(&ending(30, &[link(30, "m0", kind, 31), port])).as_deref(),
            Some("p0"),
            "{kind}"
        );
    }
}

#[test]
fn where_a_master_of_another_kind_leads_is_not_known() {
    for kind in ["hsr", "batadv", "of a kind to come"] {
        // The container's link itself, a link above it, and one in a Linux bridge that it is in.
        let straight = ending(30, &[link(30, "m0", kind, 0)]);
        let above = ending(31, &[link(31, "bond0", "bond", 30), link(30, "m0", kind, 0)]);
        let bridged = ending(
            32,
            &[
                link(32, "lb", "bridge", 0),
                to(link(40, "a", "veth", 32), 41, None),
                to(link(41, "b", "veth", 30), 40, None),
                link(30, "m0", kind, 0),
            ],
        );
        for host in [straight, above, bridged] {
            let AttachmentState::Unknown { why } = state(&host, "eth0") else {
                panic!("{kind}: {:?}", state(&host, "eth0"))
            };
            assert!(why.contains("m0"), "{why}");
        }
    }
}

#[test]
fn what_is_routed_or_goes_by_members_that_lead_nowhere_is_on_no_port() {
    for kind in ["vrf", "bond", "team", "bridge"] {
        let host = ending(30, &[link(30, "m0", kind, 0)]);
        assert!(matches!(state(&host, "eth0"), AttachmentState::NotOnSwitch), "{kind}");
    }
}
