//! `ssl:`, with the certificates that ovs-pki(8) makes.

use std::io::ErrorKind;
use std::path::Path;

use docker_ovs_ovsdb::{Client, Remote, Tls};

use crate::lab_ovsdb::server::{Server, run};

/// Two authorities, and keys with certificates of the first for `server` and `client`.
fn make_certificates(dir: &Path) {
    let pki = ["--dir=pki", "--log=pki.log"];
    run(dir, "ovs-pki", &[&pki[..], &["init"]].concat());
    for name in ["server", "client"] {
        run(dir, "ovs-pki", &[&pki[..], &["req+sign", name, "switch"]].concat());
    }
}

fn tls(dir: &Path, authority: &str) -> Tls {
    Tls {
        private_key: dir.join("client-privkey.pem"),
        certificate: dir.join("client-cert.pem"),
        ca_cert: dir.join(format!("pki/{authority}/cacert.pem")),
    }
}

fn listen_tls(dir: &Path) -> Vec<String> {
    make_certificates(dir);
    vec![
        "--private-key=server-privkey.pem".into(),
        "--certificate=server-cert.pem".into(),
        "--ca-cert=pki/switchca/cacert.pem".into(),
        "--remote=pssl:0:127.0.0.1".into(),
    ]
}

impl Server {
    /// The server logs the port the kernel chose.
    fn tls_remote(&self) -> Remote {
        let log = self.log();
        let (_, rest) = log.split_once("listening on port ").expect("no TLS port in the log");
        let port = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        format!("ssl:127.0.0.1:{port}").parse().unwrap()
    }
}

#[tokio::test]
async fn tls_works_with_the_certificates_of_ovs_pki() {
    let server = lab!(listen_tls);
    let remote = server.tls_remote();
    let tls = tls(server.dir.path(), "switchca");
    let mut client = Client::connect(&remote, Some(&tls)).await.unwrap();
    assert_eq!(client.list_dbs().await.unwrap().len(), 2);
    client.close().await.unwrap();
    // A second conversation, after which the server has seen the first one end.
    let mut client = Client::connect(&remote, Some(&tls)).await.unwrap();
    client.list_dbs().await.unwrap();
    assert!(!server.log().contains("|WARN|"), "{}", server.log());
}

#[tokio::test]
async fn tls_refuses_a_server_of_another_authority() {
    let server = lab!(listen_tls);
    let tls = tls(server.dir.path(), "controllerca");
    let Err(error) = Client::connect(&server.tls_remote(), Some(&tls)).await else {
        panic!("connected to a server of an unknown authority")
    };
    assert_eq!(error.kind(), Some(ErrorKind::InvalidData), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let server = lab!(listen_tls);
    let tls = tls(server.dir.path(), "switchca");
    for mode in [0o644, 0o640, 0o602] {
        set_permissions(&tls.private_key, Permissions::from_mode(mode)).unwrap();
        let Err(error) = Client::connect(&server.tls_remote(), Some(&tls)).await else {
            panic!("{mode:o}: it is no secret")
        };
        assert_eq!(error.kind(), Some(ErrorKind::PermissionDenied), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    set_permissions(&tls.private_key, Permissions::from_mode(0o400)).unwrap();
    Client::connect(&server.tls_remote(), Some(&tls)).await.unwrap();
}
