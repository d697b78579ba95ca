//! An authority of the test's own, and certificates that it signs.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};

use crate::names::unique;

/// Its key, its certificate, and the files of those that it signed; gone with the guard.
#[derive(Debug)]
pub struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// What `serve` is given.
#[derive(Debug)]
pub struct Signed {
    /// Path of the certificate (PEM).
    pub cert: String,
    /// Path of its private key (PEM).
    pub key: String,
}

impl Authority {
    /// One with a key and a certificate of its own.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn new() -> Self {
        let (mut params, key) = (named(&[], "authority"), KeyPair::generate().expect("a key"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let cert = params.self_signed(&key).expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        let us = Self { folder, issuer: Issuer::new(params, key) };
        us.write("ca.pem", &cert.pem());
        us
    }

    /// What `--tls-ca` takes.
    pub fn cert(&self) -> String {
        self.file("ca.pem")
    }

    /// The path of its file `name`, which there may be.
    ///
    /// # Panics
    /// When the path is not UTF-8.
    pub fn file(&self, name: &str) -> String {
        self.path(name).to_str().expect("a path in UTF-8").to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file with `text` in it, which only its owner can read.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        let _ = std::fs::remove_file(&path);
        let mut how = std::fs::OpenOptions::new();
        let mut file = how.write(true).create_new(true).mode(0o600).open(&path).expect("a file");
        file.write_all(text.as_bytes()).expect("a file of the authority");
        self.file(name)
    }

    /// A certificate for `names`, IP addresses or of DNS, that is valid today.
    ///
    /// # Panics
    /// When a name is none.
    pub fn sign(&self, names: &[&str]) -> Signed {
        self.sign_until(names, 2099)
    }

    /// One that ended years ago.
    ///
    /// # Panics
    /// When a name is none.
    pub fn sign_expired(&self, names: &[&str]) -> Signed {
        self.sign_until(names, 2021)
    }

    /// A certificate of the client that is called `common`, valid today.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn sign_for(&self, common: &str) -> Signed {
        let mut params = named(&[], common);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2099, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        self.keep(&cert, &key)
    }

    fn sign_until(&self, names: &[&str], year: i32) -> Signed {
        let mut params = named(names, "daemon");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        self.keep(&cert, &key)
    }

    fn keep(&self, cert: &Certificate, key: &KeyPair) -> Signed {
        let name = unique("c");
        Signed {
            cert: self.write(&format!("{name}.pem"), &cert.pem()),
            key: self.write(&format!("{name}.key"), &key.serialize_pem()),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn named(names: &[&str], common: &str) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names that a certificate can have");
    params.distinguished_name.push(DnType::CommonName, common);
    params
}
