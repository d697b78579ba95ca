//! An authority of the test's own, and certificates that it signs.

use std::path::PathBuf;

use crate::run::run;

/// Its key and certificate, and those that it signed; gone with the guard.
#[derive(Debug)]
pub struct Authority(tempfile::TempDir);

/// What `serve` is given, and what belongs to it.
#[derive(Debug)]
pub struct Signed {
    /// Path of the certificate (PEM).
    pub cert: String,
    /// Path of its private key (PEM).
    pub key: String,
}

/// What openssl-ca(1) must be told, for it alone takes dates.
const RULES: &str = "[ca]\ndefault_ca=us\n[us]\ndatabase=DIR/signed\nnew_certs_dir=DIR\n\
    rand_serial=yes\ndefault_md=sha256\ncopy_extensions=copy\npolicy=any\n[any]\n\
    commonName=supplied\n";

const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// One with a key and a certificate of its own.
    pub fn new() -> Self {
        let us = Self(tempfile::tempdir().unwrap());
        let (cert, key) = (us.file("ca.pem"), us.file("ca.key"));
        let words = ["req", "-x509", "-subj", "/CN=authority", "-days", "2"];
        run("openssl", &[&words[..], &KEY, &["-keyout", &key, "-out", &cert]].concat());
        us
    }

    /// What `--tls-ca` takes.
    pub fn cert(&self) -> String {
        self.file("ca.pem")
    }

    /// The path of its file `name`, which there may be.
    pub fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file with `text` in it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.file(name)
    }

    /// A certificate for `names`, as in `IP:127.0.0.1,DNS:localhost`, that ends at `end`.
    fn sign_until(&self, names: &str, end: &str) -> Signed {
        let file = |kind: &str| self.file(&format!("{}.{kind}", crate::names::unique("c")));
        let (request, cert, key) = (file("csr"), file("pem"), file("key"));
        let names = format!("subjectAltName={names}");
        let asked = ["req", "-new", "-subj", "/CN=daemon", "-addext", &names];
        run("openssl", &[&asked[..], &KEY, &["-keyout", &key, "-out", &request]].concat());
        let rules = RULES.replace("DIR", self.0.path().to_str().unwrap());
        let rules = self.write("rules", &rules);
        self.write("signed", "");
        let signs = ["ca", "-batch", "-notext", "-config", &rules, "-startdate", "20200101000000Z"];
        let (by, with) = (self.file("ca.pem"), self.file("ca.key"));
        let paths = ["-cert", &by, "-keyfile", &with, "-in", &request, "-out", &cert];
        run("openssl", &[&signs[..], &["-enddate", end], &paths].concat());
        Signed { cert, key }
    }

    /// A certificate for `names` that is valid today.
    pub fn sign(&self, names: &str) -> Signed {
        self.sign_until(names, "20991231235959Z")
    }

    /// One that ended years ago.
    pub fn sign_expired(&self, names: &str) -> Signed {
        self.sign_until(names, "20210101000000Z")
    }
}
