//! Acting on the real kernel, in namespaces of the test's own, and on a database of the tests'.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use host::{ActError, Done, Host, PruneFate, Question, StepObserver};
use model::ids::OfPort;
use model::plan::{Connect, Disconnect, OfPortChoice, Prune, Restore, RestoreAction};
use model::wiring::{Attachment, AttachmentState};
use model::{Look, Snapshot, SourceErrorKind, resolve};
use netns::RouteSocket;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::fake_database::FakeDatabase;
use crate::fake_engine::FakeEngine;
use crate::fake_vswitchd::FakeVswitchd;
use crate::own_kernel::{Process, is_inside};
use crate::rows::host;

/// A running container `web`, and the bridge br0 with nothing on it.
struct Scene {
    host: Host,
    database: FakeDatabase,
    _vswitchd: FakeVswitchd,
    engine: Arc<FakeEngine>,
    _process: Process,
    _folder: TempDir,
}

fn scene() -> Scene {
    let process = Process::start();
    let engine = FakeEngine::new("docker", vec![process.container("d1", "web")]);
    let (host, folder) = host(vec![Arc::clone(&engine) as _]);
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[]);
    let vswitchd = FakeVswitchd::start(folder.path());
    Scene { host, database, _vswitchd: vswitchd, engine, _process: process, _folder: folder }
}

fn wish() -> Connect {
    Connect {
        bridge: "br0".to_owned(),
        container: "web".to_owned(),
        addresses: vec!["192.0.2.7/24".parse().unwrap()],
        gateways: vec!["192.0.2.1".parse().unwrap()],
        ..Connect::default()
    }
}

fn only(snapshot: &Snapshot) -> Attachment {
    let wiring = resolve(snapshot);
    let [one] = wiring.attachments.as_slice() else { panic!("{wiring:#?}") };
    one.clone()
}

/// The links of the switch's namespace, but for its loopback.
fn links() -> usize {
    RouteSocket::here().unwrap().links().unwrap().len() - 1
}

#[tokio::test]
async fn what_is_connected_is_there_and_is_disconnected_again() {
    if !is_inside("act_inside::what_is_connected_is_there_and_is_disconnected_again") {
        return;
    }
    let scene = scene();
    let done = scene.host.connect(&wish()).await.unwrap();
    let found = only(&done.snapshot);
    let AttachmentState::On(port) = &found.port else { panic!("{found:#?}") };
    assert_eq!((&*port.bridge, found.port.ofport()), ("br0", Some(OfPort(32768))));
    assert_eq!(&*found.link.name, "eth0");
    // The kernel may have added a link-local one already.
    assert!(found.link.addresses.contains(&wish().addresses[0]), "{found:#?}");
    assert!(found.link.up && links() == 1);
    let whole = scene.host.look(&Question { traffic: true, ..Question::default() }).await;
    assert_eq!(only(&whole).link.tx_checksum_offload, Some(false), "netdev does not finish them");
    let auto = Connect { ofport: OfPortChoice::Auto, ..wish() };
    let auto = Connect { addresses: Vec::new(), gateways: Vec::new(), ..auto };
    let second = scene.host.connect(&auto).await.unwrap();
    assert_eq!((&*second.plan.interface, links()), ("eth1", 2));
    for interface in ["eth0", "eth1"] {
        let (bridge, container) = ("br0".to_owned(), "web".to_owned());
        let interface = Some(interface.to_owned());
        let wish = Disconnect { bridge, container, interface, force: false };
        scene.host.disconnect(&wish).await.unwrap();
    }
    assert_eq!(links(), 0);
    let empty = Look::new(scene.host.look(&Question::default()).await);
    assert!(empty.bridge("br0").unwrap().bridge.ports.is_empty());
}

#[tokio::test]
async fn what_fails_leaves_nothing_behind() {
    if !is_inside("act_inside::what_fails_leaves_nothing_behind") {
        return;
    }
    let scene = scene();
    scene.database.stray("uplink");
    let taken = Connect { host_interface: Some("uplink".to_owned()), ..wish() };
    let act_error = scene.host.connect(&taken).await.unwrap_err();
    let ActError::Failed { why, left } = &act_error else { panic!("{act_error}") };
    assert_eq!((why.kind, left.len(), links()), (SourceErrorKind::Gone, 0, 0));
    assert!(act_error.to_string().contains("called uplink already"), "{act_error}");
    assert_eq!(act_error.hint().as_deref(), Some("ask again"));
    let far = Connect { addresses: vec!["2001:db8::7/64".parse().unwrap()], ..wish() };
    let refused = scene.host.connect(&far).await.unwrap_err();
    assert!(matches!(refused, ActError::Refused(_)), "the gateway is far: {refused}");
    assert_eq!(refused.hint().unwrap(), "--ip gives the interface an address in its network");
    scene.database.fail("could not open network device");
    let act_error = scene.host.connect(&wish()).await.unwrap_err();
    assert!(act_error.to_string().contains("could not open network device"), "{act_error}");
    assert_eq!(links(), 0, "the veth is gone again");
    let after = Look::new(scene.host.look(&Question::default()).await);
    assert!(after.bridge("br0").unwrap().bridge.ports.is_empty());
}

/// What vswitchd writes in a row between its being read and its removal is no other port.
#[tokio::test]
async fn what_fails_is_undone_whatever_vswitchd_writes_meanwhile() {
    if !is_inside("act_inside::what_fails_is_undone_whatever_vswitchd_writes_meanwhile") {
        return;
    }
    for columns in [&["ofport"][..], &["ifindex"], &["ofport", "ifindex", "mac_in_use"]] {
        let scene = scene();
        scene.database.fail("could not open network device");
        scene.database.never_rests(columns);
        let act_error = scene.host.connect(&wish()).await.unwrap_err();
        let ActError::Failed { left, .. } = &act_error else { panic!("{act_error}") };
        assert!(left.is_empty(), "{columns:?}: {act_error}");
        assert_eq!(links(), 0);
        let after = Look::new(scene.host.look(&Question::default()).await);
        assert!(after.bridge("br0").unwrap().bridge.ports.is_empty(), "{columns:?}");
    }
}

/// A word of RFC 7047 section 3 and the rows tell a taken name; the details tell nothing.
#[tokio::test]
async fn a_refusal_whose_details_speak_of_names_is_no_taken_name() {
    if !is_inside("act_inside::a_refusal_whose_details_speak_of_names_is_no_taken_name") {
        return;
    }
    let scene = scene();
    for (error, details) in [
        ("constraint violation", "identical values for index on column \"name\""),
        ("referential integrity violation", "identical values for index on column \"name\""),
        ("resources exhausted", "a port called so is there already"),
    ] {
        scene.database.refuse(error, details);
        let act_error = scene.host.connect(&wish()).await.unwrap_err();
        let ActError::Failed { why, .. } = &act_error else { panic!("{act_error}") };
        assert_ne!(why.kind, SourceErrorKind::Gone, "{act_error}");
        assert!(act_error.to_string().contains(error), "{act_error}");
        assert_eq!(links(), 0);
    }
}

#[tokio::test]
async fn what_a_container_lost_is_restored_and_what_it_left_is_pruned() {
    if !is_inside("act_inside::what_a_container_lost_is_restored_and_what_it_left_is_pruned") {
        return;
    }
    let scene = scene();
    // This vswitchd opens no link: on the userspace datapath each port would be deaf.
    scene.database.bridge_of("system", "br0", &[]);
    scene.host.connect(&wish()).await.unwrap();
    let all = Restore::default();
    let there = scene.host.restore(&all).await.unwrap();
    assert!(matches!(there[0].how, Done::As(RestoreAction::There)), "{there:?}");
    lose(&scene.host.look(&Question::default()).await);
    let restored = scene.host.restore(&all).await.unwrap();
    assert!(matches!(restored[0].how, Done::As(RestoreAction::Again(_))), "{restored:?}");
    let whole = scene.host.look(&Question::default()).await;
    assert_eq!(only(&whole).port.ofport(), Some(OfPort(32768)), "the number is the same");
    lose(&whole);
    scene.engine.set(Vec::new());
    let request = Prune { bridge: None, until: None, all: true, stopped: true };
    let left = scene.host.prune_candidates(&request).await.unwrap().prunable;
    assert_eq!(left.len(), 1, "{left:?}");
    let pruned = scene.host.prune(&request, &left).await.unwrap();
    assert!(pruned.len() == 1 && matches!(pruned[0].how, PruneFate::Removed), "{pruned:?}");
    assert!(scene.host.prune_candidates(&request).await.unwrap().prunable.is_empty());
}

/// Deletes the host's end of the only attachment.
fn lose(snapshot: &Snapshot) {
    let found = only(snapshot);
    let socket = RouteSocket::here().unwrap();
    let link = socket.link_named(found.host_interface().unwrap()).unwrap().unwrap();
    socket.delete_link(link.ifindex).unwrap();
}

/// Counts the steps.
struct Count(AtomicUsize);

impl StepObserver for Count {
    fn taken(&self, steps: usize) {
        self.0.store(steps, Ordering::Relaxed);
    }

    fn needs(&self, _steps: usize) -> bool {
        true
    }
}

#[tokio::test]
async fn an_observer_is_told_of_every_step() {
    if !is_inside("act_inside::an_observer_is_told_of_every_step") {
        return;
    }
    let scene = scene();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let host = scene.host.clone().observed_by(Arc::clone(&count) as _);
    let done = host.connect(&wish()).await.unwrap();
    assert_eq!(count.0.load(Ordering::Relaxed), done.plan.steps.len());
}

#[tokio::test]
async fn a_new_attachment_is_followed_from_nothing_to_its_number() {
    if !is_inside("act_inside::a_new_attachment_is_followed_from_nothing_to_its_number") {
        return;
    }
    let scene = scene();
    let mut watch = scene.host.watch();
    let first = timeout(Duration::from_secs(20), watch.next()).await.unwrap();
    assert!(resolve(&first).attachments.is_empty());
    scene.host.connect(&wish()).await.unwrap();
    let followed = async {
        loop {
            let snapshot = watch.next().await;
            let wiring = resolve(&snapshot);
            if wiring.attachments.iter().any(|found| found.port.ofport() == Some(OfPort(32768))) {
                return;
            }
        }
    };
    timeout(Duration::from_secs(20), followed).await.expect("it is seen in time");
}
