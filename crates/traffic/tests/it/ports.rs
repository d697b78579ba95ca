//! A port is the same end in a look at the container that is there alone as in one at everything.

use docker_ovs_traffic::End;
use model::Look;
use model::ids::{Name, NetnsId};
use model::snapshot::{Namespace, Scope};

use crate::{end, look};

/// What a look at the containers of one namespace reads of the same host: those, the namespace, the links of the
/// switch's that lead there, and the ports that are called as these.
fn alone(whole: &Look, home: NetnsId) -> Look {
    let mut cut = model::Snapshot::clone(&whole.snapshot);
    cut.scope = Scope::One;
    for rows in cut.engines.values_mut() {
        let there = rows.rows().iter().filter(|row| row.netns == Some(home)).cloned();
        *rows = Ok(there.collect()).into();
    }
    let switch = cut.switch_netns;
    let is_near = |row: &&Namespace| row.id == home || Some(row.id) == switch;
    let mut spaces: Vec<_> = cut.kernel.rows().iter().filter(is_near).cloned().collect();
    let mut names: Vec<Name> = Vec::new();
    for space in spaces.iter_mut().filter(|row| row.id != home) {
        let Namespace { nsids, links, .. } = space;
        links.retain(|link| link.peer.and_then(|peer| nsids.get(&peer.nsid?)) == Some(&home));
        names.extend(links.iter().map(|link| link.name.clone()));
    }
    cut.kernel = Ok(spaces).into();
    for rows in cut.switch.values_mut() {
        for bridge in rows.rows_mut() {
            bridge.ports.retain(|port| names.contains(&port.iface));
        }
    }
    Look::new(cut)
}

#[test]
fn a_port_is_the_same_end_in_a_look_at_its_container_alone() {
    let whole = look();
    let told = |end: &End| {
        let (called, at) = (end.called.clone(), end.bridge().cloned());
        let addresses = (end.mac, end.addresses.clone(), end.local.clone());
        let passes = (end.tags.clone(), end.doubts.clone(), end.broken.clone());
        (called, at, end.ofport(), end.netns, end.is_bound, addresses, passes)
    };
    for word in ["vlanswitch:1", "vlanswitch:2", "vlanswitch:3", "vlanswitch:vethp11240eth0"] {
        let (bridge, port) = End::port_in(word).unwrap();
        let all = end(&whole, word);
        let few = end(&alone(&whole, all.netns.unwrap()), word);
        assert!(bridge == "vlanswitch" && port.is(&few.port.as_ref().unwrap().port), "{word}");
        assert_eq!(told(&few), told(&all), "{word}");
    }
}

#[test]
fn an_address_and_a_container_are_no_port() {
    for word in ["webserver", "172.31.2.80", "fe80::1", "vlanswitch:70000"] {
        assert_eq!(End::port_in(word), None, "{word}");
    }
}
