//! Links that are alike, in namespaces of the test's own: which is the port's a look at one cannot tell.

use std::sync::Arc;

use host::Question;
use model::Look;
use model::wiring::AttachmentState;

use crate::fake_database::FakeDatabase;
use crate::fake_engine::FakeEngine;
use crate::fake_vswitchd::FakeVswitchd;
use crate::own_kernel::{Process, is_inside};
use crate::rows::host;

/// Whether the port of the container's `int0` is not known.
fn is_unknown(look: &Look) -> bool {
    let mut found = look.wiring.attachments.iter().filter(|one| &*one.link.name == "int0");
    matches!(found.next().unwrap().port, AttachmentState::Unknown { .. })
}

#[tokio::test]
async fn two_looks_at_once_see_as_much_as_one_alone() {
    if !is_inside("alike::two_looks_at_once_see_as_much_as_one_alone") {
        return;
    }
    if std::fs::File::open("/dev/net/tun").is_err() {
        eprintln!("skipped: taps may not be made");
        return;
    }
    let homes = [(); 2].map(|()| Process::start());
    for home in &homes {
        let pid = home.id().to_string();
        let tap = ["ip", "tuntap", "add", "dev", "int0", "mode", "tap"];
        lab::run("nsenter", &[&["--target", &*pid, "--net"], &tap[..]].concat());
    }
    let containers = vec![homes[0].container("d1", "a"), homes[1].container("d2", "b")];
    let (host, folder) = host(vec![FakeEngine::new("docker", containers) as Arc<_>]);
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("int0", Some(7))]);
    database.make_internal("int0", 7);
    let _vswitchd = FakeVswitchd::start(folder.path());
    let question = |name: &str| Question { target: Some(name.into()), ..Question::default() };
    for name in ["a", "b"] {
        assert!(is_unknown(&host.resolved(&question(name)).await), "{name}");
    }
    let both = host.resolved_both(&question("a"), &question("b")).await;
    assert!(both.iter().all(is_unknown));
}
