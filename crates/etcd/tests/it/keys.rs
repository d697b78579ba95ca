//! Keys are set, listed, deleted, and changed in transactions; what there is no room for is refused.

use docker_ovs_etcd::{Compare, Error, KeyValue, Op, Txn};
use lab::Etcd;

use crate::{client, run};

#[test]
fn keys_are_set_read_page_by_page_and_deleted() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        for from in (0..2_500).step_by(100) {
            let put = |n| Op::Put { key: format!("/k/{n:04}"), value: "v".into(), lease: 0 };
            let ops = (from..from + 100).map(put).collect();
            assert!(client.txn(Txn { compare: Vec::new(), ops }).await.unwrap().is_some());
        }
        client.put("/l", "beside", 0).await.unwrap();
        let (rows, header) = client.list("/k/", Some).await.unwrap();
        assert_eq!((rows.len(), &*rows[0].key), (2_500, b"/k/0000".as_slice()));
        assert_eq!(&*rows[2_499].key, b"/k/2499");
        assert!(header.revision > 1 && header.cluster_id != 0);
        client.delete("/k/0000").await.unwrap();
        assert_eq!(client.get("/k/0000").await.unwrap().0, None);
        client.delete_all("/k/").await.unwrap();
        assert_eq!(client.list("/", Some).await.unwrap().0.len(), 1);
        assert_eq!(etcd.says(&["get", "--prefix", "/", "--print-value-only"]), "beside");
    });
}

/// Whatever others have written, the keys beside it are read.
#[test]
fn values_that_are_too_long_for_one_answer_are_read_in_several() {
    need_etcd!();
    let etcd = Etcd::start_with(1, &["--max-request-bytes", "40000000"]);
    run(async {
        let client = client(&etcd);
        let long = |bytes: usize| "x".repeat(bytes);
        for (key, value) in [
            ("/k/a", "first".to_owned()),
            ("/k/b", long(9 << 20)),
            ("/k/c", long(9 << 20)),
            ("/k/d", "between".to_owned()),
            // No answer has room for these.
            ("/k/e", long(17 << 20)),
            ("/k/f", long(17 << 20)),
            ("/k/g", "last".to_owned()),
        ] {
            client.put(key, value, 0).await.unwrap();
        }
        for number in 0..20 {
            client.put(format!("/m/{number:02}"), long(1 << 20), 0).await.unwrap();
        }
        let length = |row: KeyValue| {
            assert!(row.mod_revision > 0);
            Some((String::from_utf8(row.key.to_vec()).unwrap(), row.value.len()))
        };
        let (rows, header) = client.list("/k/", length).await.unwrap();
        let lengths: Vec<_> = rows.iter().map(|(_, length)| *length).collect();
        assert_eq!(lengths, [5, 9 << 20, 9 << 20, 7, 0, 0, 4]);
        assert_eq!((rows[4].0.as_str(), rows[5].0.as_str()), ("/k/e", "/k/f"));
        let (rows, _) = client.list("/m/", length).await.unwrap();
        assert_eq!((rows.len(), rows[19].1), (20, 1 << 20));
        // Also as of then, where it is another one now.
        let mut then = client.pages("/k/e", header.revision);
        client.put("/k/e", "short", 0).await.unwrap();
        let page = then.next().await.unwrap().unwrap();
        assert_eq!((page.header.revision, page.rows[0].value.len()), (header.revision, 0));
        let now = client.pages("/k/e", 0).next().await.unwrap().unwrap();
        assert_eq!(now.rows[0].value, "short");
        let now = client.pages("/k/f", 0).next().await.unwrap().unwrap();
        assert_eq!((now.rows.len(), now.rows[0].value.len()), (1, 0));
        assert!(client.get("/k/f").await.is_err());
        // What is no page of a list is refused all the same.
        let error = client.pages("/k/", header.revision + 1_000).next().await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    });
}

#[test]
fn of_two_that_claim_a_key_one_gets_it() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let claim = |who: &str| Txn {
            compare: vec![Compare::Missing("/c".into())],
            ops: vec![Op::Put { key: "/c".into(), value: who.to_owned().into(), lease: 0 }],
        };
        let (a, b) = tokio::join!(client.txn(claim("a")), client.txn(claim("b")));
        assert!(a.unwrap().is_some() != b.unwrap().is_some());
        let (row, _) = client.get("/c").await.unwrap();
        let row = row.unwrap();
        let change = |revision| Txn {
            compare: vec![Compare::Unchanged("/c".into(), revision)],
            ops: vec![Op::Delete("/c".into())],
        };
        assert!(client.txn(change(row.mod_revision + 1)).await.unwrap().is_none());
        assert!(client.txn(change(row.mod_revision)).await.unwrap().is_some());
    });
}

#[test]
fn what_rests_on_a_list_is_done_as_long_as_it_is_the_same() {
    need_etcd!();
    let etcd = Etcd::start(1);
    run(async {
        let client = client(&etcd);
        let after = |revision: i64, key: &str| Txn {
            compare: vec![Compare::NoneSince("/l/".into(), revision)],
            ops: vec![Op::Put { key: key.into(), value: "".into(), lease: 0 }],
        };
        // An empty list is one, too.
        let (_, empty) = client.list("/l/", Some).await.unwrap();
        client.put("/m", "beside", 0).await.unwrap();
        assert!(client.txn(after(empty.revision, "/l/a")).await.unwrap().is_some());
        assert!(client.txn(after(empty.revision, "/l/b")).await.unwrap().is_none());
        let (rows, full) = client.list("/l/", Some).await.unwrap();
        assert_eq!(rows.len(), 1);
        client.put("/l/a", "changed", 0).await.unwrap();
        assert!(client.txn(after(full.revision, "/l/b")).await.unwrap().is_none());
        let (_, now) = client.list("/l/", Some).await.unwrap();
        assert!(client.txn(after(now.revision, "/l/b")).await.unwrap().is_some());
    });
}

#[test]
fn no_room_is_said() {
    need_etcd!();
    let etcd = Etcd::start_with(1, &["--quota-backend-bytes", "1000000"]);
    run(async {
        let client = client(&etcd);
        let lease = client.grant(60).await.unwrap();
        let error = loop {
            let filled = client.put("/fill", "x".repeat(200_000), 0).await;
            if let Err(error) = filled {
                break error;
            }
        };
        assert!(error.is_no_space(), "{error:?}");
        let status = client.status().await.unwrap();
        assert!(status.has_leader && status.size > 0, "{status:?}");
        assert!(status.errors.iter().any(|error| error.contains("NOSPACE")), "{status:?}");
        // What has a lease goes on.
        client.keep_alive(lease).await.unwrap();
    });
}
