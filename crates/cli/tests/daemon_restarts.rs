//! What survives a restart of the daemons. Runs only by leave, and alone
//! (`DOCKER_OVS_TEST_RESTARTS=1`): everybody's containers end.

mod acting;
mod tool;

use acting::Scene;
use lab::{Container, daemons, flow};
use tool::says;

/// dockerd, vswitchd, both; one after the other, as no two of them may overlap.
#[test]
fn after_restarts_everything_is_on_its_old_number_and_traffic_flows() {
    if !daemons::may_restart() {
        return;
    }
    let scene = Scene::new("10.79.1");
    let before = scene.row();
    let start = |who: &Container| {
        // A container whose restart policy starts it may be running already.
        if who.pid() == "0" {
            who.start();
        }
    };
    let restore = || {
        start(&scene.client);
        start(&scene.server);
        let names = [scene.client.name(), scene.server.name()];
        says(&["restore", names[0], names[1], "--format", "{{.Result}}"])
    };
    assert!(daemons::restart_dockerd());
    assert_eq!(restore(), "restored\nrestored\n");
    scene.is_as_it_was(&before);

    assert!(daemons::restart_vswitchd());
    assert_eq!(restore(), "there\nthere\n", "ports outlive vswitchd");
    // Flows do not.
    flows(&scene);
    scene.is_as_it_was(&before);

    assert!(daemons::restart_dockerd() && daemons::restart_vswitchd());
    assert_eq!(restore(), "restored\nrestored\n");
    flows(&scene);
    scene.is_as_it_was(&before);
}

fn flows(scene: &Scene) {
    lab::run("ovs-ofctl", &["del-flows", scene.bridge.name()]);
    flow(&scene.bridge, "in_port=40000,actions=normal");
    flow(&scene.bridge, "in_port=32768,actions=normal");
}
