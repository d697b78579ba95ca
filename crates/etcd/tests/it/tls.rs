//! Certificates and keys: who the caller is, and whether a member is trusted.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use docker_ovs_etcd::{Client, Error, Settings, TlsFiles};
use lab::{Authority, Etcd};

use crate::{client_with, run};

#[test]
fn the_user_is_the_name_in_the_certificate_and_may_do_what_its_role_says() {
    need_etcd!();
    let etcd = Etcd::start_tls(1, Authority::new());
    let authority = etcd.authority();
    let files = |common: &str| {
        let own = authority.sign_for(common);
        TlsFiles {
            authorities: authority.cert().into(),
            own: Some((own.cert.into(), own.key.into())),
        }
    };
    for words in [
        &["user", "add", "root", "--new-user-password", "r"][..],
        &["user", "grant-role", "root", "root"],
        &["role", "add", "host-a"],
        &["role", "grant-permission", "host-a", "--prefix=true", "read", "/f/"],
        &["role", "grant-permission", "host-a", "--prefix=true", "readwrite", "/f/a/"],
        &["user", "add", "a", "--no-password"],
        &["user", "grant-role", "a", "host-a"],
        &["auth", "enable"],
    ] {
        etcd.says(words);
    }
    run(async {
        let client = client_with(&etcd.endpoints(), Some(files("a")));
        client.put("/f/a/x", "1", 0).await.unwrap();
        assert_eq!(client.list("/f/", Some).await.unwrap().0.len(), 1);
        let error = client.put("/f/b/x", "1", 0).await.unwrap_err();
        assert!(error.is_denied(), "{error:?}");
        let mut watcher = client.watch("/g/", 0).await.unwrap();
        let error = watcher.next().await.unwrap_err();
        assert!(error.is_denied(), "{error:?}");
        let unknown = client_with(&etcd.endpoints(), Some(files("nobody")));
        assert!(unknown.put("/f/a/x", "1", 0).await.is_err());
        // One without a certificate is hung up on, one of another authority's is not trusted.
        let none = TlsFiles { authorities: authority.cert().into(), own: None };
        let error = client_with(&etcd.endpoints(), Some(none)).get("/f/").await.unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        let other = Authority::new();
        let other = TlsFiles { authorities: other.cert().into(), own: None };
        let error = client_with(&etcd.endpoints(), Some(other)).get("/f/").await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    });
}

#[test]
fn a_certificate_that_is_renewed_is_used_without_a_restart() {
    need_etcd!();
    let etcd = Etcd::start_tls(1, Authority::new());
    let authority = etcd.authority();
    let expired = authority.sign_expired(&["a"]);
    let files = TlsFiles {
        authorities: authority.cert().into(),
        own: Some((expired.cert.clone().into(), expired.key.clone().into())),
    };
    run(async {
        let client = client_with(&etcd.endpoints(), Some(files));
        // etcd says so after the handshake, by when the connection may be gone.
        let error = client.get("/").await.unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        let good = authority.sign(&["a"]);
        std::fs::rename(good.cert, &expired.cert).unwrap();
        std::fs::rename(good.key, &expired.key).unwrap();
        client.get("/").await.unwrap();
    });
}

#[test]
fn files_of_no_use_are_named() {
    let none = TlsFiles { authorities: "/nonexistent/ca.pem".into(), own: None };
    run(async {
        // Something listens there, so that it comes to TLS.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let error = client_with(&url, Some(none)).get("/").await.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/ca.pem"), "{error}");
        let error = client_with(&url, None).get("/").await.unwrap_err().to_string();
        assert!(error.contains("authority"), "{error}");
    });
}

/// It is the caller's identity, whatever the member is.
#[test]
fn a_key_that_others_can_read_or_write_is_refused() {
    let authority = Authority::new();
    let own = authority.sign_for("a");
    let files = TlsFiles {
        authorities: authority.cert().into(),
        own: Some((own.cert.into(), own.key.clone().into())),
    };
    run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let error = async |mode: u32| {
            std::fs::set_permissions(&own.key, Permissions::from_mode(mode)).unwrap();
            let allowed = Duration::from_millis(300);
            let endpoints = vec![url.parse().unwrap()];
            let settings = Settings { endpoints, tls: Some(files.clone()) };
            Client::within(allowed, settings).get("/").await.unwrap_err()
        };
        for mode in [0o644, 0o640, 0o620, 0o602, 0o666] {
            let error = error(mode).await;
            assert!(matches!(error, Error::Unusable { .. }), "{mode:o}: {error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        for mode in [0o600, 0o400] {
            let error = error(mode).await;
            assert!(matches!(error, Error::Late(_)), "{mode:o}: {error}");
        }
    });
}
