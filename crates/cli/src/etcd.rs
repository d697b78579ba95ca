//! What the command line says of etcd and of this host's place in its fleet.

use std::fs;
use std::time::Duration;

use etcd::{Client, Settings, TlsFiles};
use fleet::{Machine, keys};

use crate::args::EtcdArgs;
use crate::outcome::CliError;

/// What helps an etcd whose quota is used up.
pub(crate) const NO_SPACE: &str = "etcdctl compact, defrag, then alarm disarm";

impl From<etcd::Error> for CliError {
    fn from(error: etcd::Error) -> Self {
        let hint = match &error {
            etcd::Error::Late(_) => {
                Some("is it hung or overloaded? --timeout SECONDS waits longer")
            }
            error if error.is_denied() => {
                Some("docs/fleet.md says which role of etcd a host and an administrator need")
            }
            error if error.is_no_space() => Some(NO_SPACE),
            _ => None,
        };
        let told = Self::new(error.to_string());
        match hint {
            Some(hint) => told.hint(hint),
            None => told,
        }
    }
}

impl EtcdArgs {
    /// What is said of etcd; none where nothing is.
    ///
    /// # Errors
    /// An address that is none, `https:` without an authority, a name that cannot be one.
    pub fn settings(&self) -> Result<Option<Settings>, CliError> {
        checked("--fleet", &self.fleet)?;
        if self.etcd.is_empty() {
            return Ok(None);
        }
        let endpoints = self.etcd.iter().map(|url| url.parse());
        let endpoints: Vec<etcd::Endpoint> = endpoints.collect::<Result<_, _>>()?;
        if endpoints.iter().any(|endpoint| endpoint.tls) && self.etcd_ca.is_none() {
            return Err(CliError::new("--etcd https://: no authority is named")
                .hint("--etcd-ca FILE names the certificate that signed those of etcd's members"));
        }
        let own = self.etcd_cert.clone().zip(self.etcd_key.clone());
        let tls = self.etcd_ca.clone().map(|authorities| TlsFiles { authorities, own });
        Ok(Some(Settings { endpoints, tls }))
    }

    /// A client of etcd that waits no longer than `timeout` in all, and the keys of the fleet.
    ///
    /// # Errors
    /// As [`EtcdArgs::settings`], and where nothing is said.
    pub fn client(&self, timeout: Duration) -> Result<(Client, keys::Keys), CliError> {
        let settings = self.settings()?.ok_or_else(|| {
            CliError::new("which etcd? --etcd URL is missing").hint(
                "it is what docker ovs serve was given: --etcd, --etcd-ca, --etcd-cert, --etcd-key",
            )
        })?;
        Ok((Client::within(timeout, settings), keys::Keys::new(&self.fleet)))
    }
}

/// A name that a host, a fleet or a mesh can have.
///
/// # Errors
/// It cannot.
pub fn checked<'n>(option: &str, name: &'n str) -> Result<&'n str, CliError> {
    if keys::is_name(name) {
        return Ok(name);
    }
    Err(CliError::new(format!("{option} {name}: this cannot be a name"))
        .hint("use letters, digits, '.', '_' and '-', of which the first is a letter or a digit; up to 63"))
}

/// The name of this host in its fleet: the one that is given, or else that of the machine.
///
/// # Errors
/// It cannot be one.
pub fn host_name(named: Option<&str>) -> Result<String, CliError> {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let named = named.map(|name| checked("--fleet-host", name)).transpose()?;
    Ok(named.map_or_else(|| keys::name_of(&machine), str::to_owned))
}

/// Which machine and run this is.
#[must_use]
pub fn machine(fleet: &str) -> Machine {
    let read = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned());
    let ids = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    let hashes = ids.map(|path| fleet::machine_hash(&read(path).unwrap_or_default(), fleet));
    let uptime = read("/proc/uptime").unwrap_or_default();
    let seconds = uptime.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    let started = std::time::Duration::try_from_secs_f64(seconds.unwrap_or_default());
    let started = started.unwrap_or_default().as_millis();
    Machine {
        machine: hashes.into_iter().find(|hash| !hash.is_empty()).unwrap_or_default(),
        boot: read("/proc/sys/kernel/random/boot_id").unwrap_or_default(),
        run: format!("{:016x}", host::random()),
        started: u64::try_from(started).unwrap_or_default(),
        blocks_kept: false,
    }
}
