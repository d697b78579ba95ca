//! What a user may say about where to look, right and wrong.

use std::io::Write;

use host::transport::{Tls, trusted_authorities};
use host::{Host, Question, Settings, token};
use model::switch::SwitchSource;
use model::{SourceError, SourceErrorKind};
use tempfile::NamedTempFile;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn a_token_is_one_long_word() {
    let good = file("  0123456789abcdef\n");
    assert_eq!(&*token(good.path()).unwrap(), "0123456789abcdef");
    for bad in ["", "short", "0123456789 abcdef", "0123456789abcdefü"] {
        let source_error = token(file(bad).path()).unwrap_err();
        assert_eq!(source_error.kind, SourceErrorKind::Unusable, "{bad}");
        assert!(source_error.hint.contains("openssl rand"), "{}", source_error.hint);
    }
    let missing = token("/nonexistent/token".as_ref()).unwrap_err();
    assert!(missing.what.contains("/nonexistent/token"), "{missing}");
}

#[test]
fn a_file_without_a_certificate_is_no_authority() {
    let name = || "localhost".try_into().unwrap();
    let empty = file("no certificate here");
    let broken = file("-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
    for path in [empty.path(), broken.path(), "/nonexistent/ca.pem".as_ref()] {
        let Err(source_error) = Tls::new(Some(path), name()) else { panic!("{}", path.display()) };
        assert_eq!(source_error.kind, SourceErrorKind::Unusable);
        assert_eq!(source_error.what, trusted_authorities(Some(path)));
    }
    assert!(trusted_authorities(None).contains("this system"));
}

fn open(openflow: &str) -> Result<Host, SourceError> {
    Host::open(&Settings { openflow: vec![openflow.to_owned()], ..Settings::from_env() })
}

#[test]
fn a_listener_names_its_bridge_and_where_it_is() {
    assert!(open("br0=tcp:127.0.0.1:6653").is_ok() && open("br0=unix:/run/x").is_ok());
    for (bad, why) in [("br0", "no bridge is named"), ("br0=ftp:somewhere", "")] {
        let source_error = open(bad).unwrap_err();
        assert!(
            source_error.what.contains(bad) && source_error.why.contains(why),
            "{source_error}"
        );
        assert!(source_error.hint.contains("BRIDGE=tcp:IP[:PORT]"));
    }
}

#[tokio::test]
async fn a_database_that_makes_no_sense_shows_when_it_is_asked() {
    let settings = Settings { db: Some("carrier-pigeon:7".to_owned()), ..Settings::from_env() };
    let host = Host::open(&settings).unwrap().with_engines(Vec::new());
    let snapshot = host.look(&Question::default()).await;
    let why = snapshot.switch[&SwitchSource::Ovsdb].absence().unwrap();
    assert_eq!((why.kind, why.what.as_str()), (SourceErrorKind::Unusable, "--db carrier-pigeon:7"));
}

#[tokio::test]
async fn the_other_sockets_are_beside_the_database_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let db = Some(format!("unix:{}/db.sock", folder.path().display()));
    let host = Host::open(&Settings { db, ..Settings::from_env() }).unwrap();
    let checks = host.with_engines(Vec::new()).examine().await;
    let vswitchd = checks.iter().find(|check| check.name == "vswitchd").unwrap();
    assert_eq!(vswitchd.target, folder.path().display().to_string());
}
