//! Native VLANs: what was asked for, or set by hand, comes back whole, in whichever mode.

use docker_ovs_model::filter::{Filter, Filters};
use docker_ovs_model::plan::{Connect, RestoreAction, VlanMode};
use docker_ovs_model::switch::Port;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::memory::deleted;
use crate::plans::scene::{connected, host, port_of, request, restarted, restored};

/// The columns of the only port that say which VLANs it carries.
fn columns(host: &Snapshot) -> (Option<u16>, Vec<u16>, Option<String>, Vec<u16>) {
    let ports: Vec<Port> =
        host.bridges().flat_map(|row| &row.ports).map(|port| Port::clone(port)).collect();
    let [port] = &ports[..] else { panic!("{ports:#?}") };
    (port.tag, port.trunks.clone(), port.vlan_mode.clone(), port.cvlans.clone())
}

/// The host after everything that is missing was made again.
fn restored_on(host: &Snapshot) -> Snapshot {
    let [RestoreAction::Again(plan)] = &restored(host)[..] else { panic!("{:?}", restored(host)) };
    rehearse(host, &plan.steps)
}

/// c1 on br0 with these VLANs.
fn with(tag: Option<u16>, trunks: &[u16], mode: Option<VlanMode>) -> Snapshot {
    let trunks = trunks.to_vec();
    let wish = Connect { vlan: tag, trunks, vlan_mode: mode, ..request("br0", "c1") };
    connected(&host(), &wish, 1)
}

#[test]
fn a_restarted_container_is_on_its_native_vlan_again_in_the_mode_that_it_had() {
    let (tagged, untagged) = (Some(VlanMode::NativeTagged), Some(VlanMode::NativeUntagged));
    for (tag, trunks, mode) in [
        (Some(10), &[20, 30][..], tagged),
        (Some(10), &[], tagged),
        // VLAN 0 is one, too, and the native one may be among the trunks.
        (Some(0), &[20], untagged),
        (Some(20), &[20, 30], untagged),
        (Some(10), &[20], None),
    ] {
        let before = with(tag, trunks, mode);
        let wanted = columns(&before);
        assert_eq!((wanted.0, &wanted.1[..]), (tag, trunks), "{mode:?}");
        let restarted = restarted(&before, 1, true);
        assert_eq!(columns(&restored_on(&restarted)), wanted, "{mode:?}");
        // The bridge alone tells of it.
        assert_eq!(columns(&restored_on(&deleted(&restarted))), wanted, "{mode:?}");
    }
}

#[test]
fn a_mode_that_was_set_by_hand_outlives_a_restart() {
    for (mode, cvlans) in
        [("native-tagged", &[][..]), ("native-untagged", &[]), ("dot1q-tunnel", &[24, 25])]
    {
        let mut host = with(Some(10), &[20], None);
        port_of(&mut host, |port| {
            port.vlan_mode = Some(mode.to_owned());
            port.cvlans = cvlans.to_vec();
        });
        let wanted = columns(&host);
        assert_eq!(columns(&restored_on(&restarted(&host, 1, true))), wanted, "{mode}");
    }
}

#[test]
fn a_filter_finds_the_native_vlan_beside_the_trunks_in_either_mode() {
    let passes = |host: &Snapshot, vlan: u16| {
        let filters: [Filter; 1] = [format!("vlan={vlan}").parse().unwrap()];
        let wiring = resolve(host);
        let found = &wiring.attachments[0];
        Filters(&filters).pass(found, &found.tenants[0], None)
    };
    for mode in [VlanMode::NativeTagged, VlanMode::NativeUntagged] {
        let some = with(Some(10), &[20, 30], Some(mode));
        let told = [10, 20, 30, 40, 0].map(|vlan| passes(&some, vlan));
        assert_eq!(told, [true, true, true, false, false], "{mode}");
        // Without a list it carries all, but for VLAN 0, as there is another native one.
        let all = with(Some(10), &[], Some(mode));
        let told = [10, 20, 30, 40, 0].map(|vlan| passes(&all, vlan));
        assert_eq!(told, [true, true, true, true, false], "{mode}");
    }
}
