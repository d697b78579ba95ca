//! Operations by chance under `serve --restore` and a stream of events: containers of Docker, Podman, LXC,
//! containerd, Incus (or LXD) and systemd-nspawn come and go and are renamed, interfaces are connected,
//! disconnected, restored, pruned and deleted by hand, bridges of two hosts join meshes and leave them, and all
//! that the test has made is killed (SIGKILL) and stopped (SIGSTOP) meanwhile: the daemons, the verbs, vswitchd,
//! the database's server, dockerd, etcd. At every quiet point what the verbs, the daemon and a client of its
//! stream say is compared with what `docker`, `podman`, `lxc-info`, `ctr`, `incus`, `ip`, `ovs-vsctl`,
//! `ovs-ofctl` and `etcdctl` say, and what was connected is there, whole, or it is not there at all. A bridge
//! has the tunnels that the members of its mesh call for, and no other one. The daemon keeps a journal, which
//! knows of each quiet point what there was, or that it does not know.
//!
//! Engines, switch and database are the test's own, in namespaces or folders of their own. `make soak
//! MINUTES=10` runs it; it prints its seed, and `SEED=N` has the same operations again. Where the kills
//! fall is up to the machine.

mod engines;
mod happens;
mod mesh;
mod past;
mod scene;
mod truth;
mod tunnels;
mod verbs;
mod wanted;

use std::time::{Duration, Instant};

use crate::tool::dice::Dice;
use crate::tool::number;

use scene::Scene;

/// How many operations lie between two quiet points, at most.
const BETWEEN: usize = 14;

#[test]
fn what_is_connected_stays_and_what_is_told_is_true_whatever_happens() {
    let minutes = number("DOCKER_OVS_TEST_SOAK", 0);
    if minutes == 0 {
        return;
    }
    if ![lab::Need::Docker, lab::Need::Etcd].into_iter().all(lab::is_there) {
        return;
    }
    let (start, minutes) = (Instant::now(), Duration::from_secs(60 * minutes as u64));
    let mut dice = Dice::seeded("DOCKER_OVS_TEST_SOAK_SEED");
    // Switch and engine are its own. Between two stretches a test that must be alone gets its turn.
    let hold = || lab::share(&[lab::Need::Docker]);
    let begins = hold();
    let mut scene = Scene::new();
    scene.begins_meshed();
    scene.quiet();
    drop(begins);
    while start.elapsed() < minutes {
        let _hold = hold();
        for _ in 0..=dice.throw(BETWEEN) {
            scene.happens(&mut dice.apart());
        }
        scene.quiet();
        if dice.throw(4) == 0 {
            scene.remembers();
        }
    }
    scene.remembers();
    scene.leaves_all();
    println!("{}", scene.told());
}
