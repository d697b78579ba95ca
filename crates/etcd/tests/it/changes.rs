//! What changes is told by a watch; what was compacted is told no more.

use docker_ovs_etcd::{Error, Event};
use lab::Etcd;

use crate::{client, run};

#[test]
fn a_watch_tells_what_changes_from_a_revision_on() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let first = client.put("/w/a", "1", 0).await.unwrap();
        let mut watcher = client.watch("/w/", first + 1).await.unwrap();
        let lease = client.grant(60).await.unwrap();
        client.put("/w/b", "2", lease).await.unwrap();
        client.put("/x", "3", 0).await.unwrap();
        client.revoke(lease).await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(watcher.next().await.unwrap().events);
        }
        let Event::Put(row) = &seen[0] else { panic!("{seen:?}") };
        assert_eq!((&*row.key, &*row.value, row.lease), (&b"/w/b"[..], &b"2"[..], lease));
        let Event::Deleted { key, revision } = &seen[1] else { panic!("{seen:?}") };
        assert_eq!(&**key, b"/w/b");
        assert!(*revision > row.mod_revision);
        assert!(matches!(client.keep_alive(lease).await, Err(Error::LeaseGone)));
        assert!(matches!(client.put("/w/c", "", lease).await, Err(Error::LeaseGone)));
    });
}

#[test]
fn what_was_compacted_is_said_by_list_and_watch() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let first = client.put("/a", "1", 0).await.unwrap();
        let last = client.put("/a", "2", 0).await.unwrap();
        client.put("/a", "3", 0).await.unwrap();
        etcd.says(&["compact", &last.to_string()]);
        let page = client.pages("/", first).next().await;
        assert!(matches!(page, Err(Error::Compacted)), "{page:?}");
        let mut watcher = client.watch("/", first).await.unwrap();
        let told = loop {
            if let Err(error) = watcher.next().await {
                break error;
            }
        };
        assert!(matches!(told, Error::Compacted), "{told:?}");
    });
}
