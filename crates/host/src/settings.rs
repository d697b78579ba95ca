//! Where the sources are: options first, then the environment, then the usual places.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{SourceError, SourceErrorKind};

use crate::Host;
use crate::act::{Observer, StepObserver};
use crate::engine::docker::address::EngineOptions;
use crate::engine::{Configured, Engine, discovery::Discovery, known::Engines};
use crate::switch::openflow;

/// Where Open vSwitch keeps its sockets unless told otherwise (ovs-vswitchd(8)).
const DEFAULT_RUNDIR: &str = "/var/run/openvswitch";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a user may say about where to look.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--engine`: the container engines to ask, each `KIND`, `KIND=ADDRESS` or `none`; those that
    /// are found by themselves if it is empty.
    pub engines: Vec<String>,
    /// Where Docker is.
    pub engine: EngineOptions,
    /// `--db`: the database server, an active connection method of ovsdb(7).
    pub db: Option<String>,
    /// `--private-key`, for `ssl:`.
    pub private_key: Option<PathBuf>,
    /// `--certificate`, for `ssl:`.
    pub certificate: Option<PathBuf>,
    /// `--ca-cert`, for `ssl:`.
    pub ca_cert: Option<PathBuf>,
    /// `--openflow`: where bridges listen, each `BRIDGE=tcp:IP[:PORT]`.
    pub openflow: Vec<String>,
    /// The folder of Open vSwitch's sockets.
    pub rundir: PathBuf,
    /// How long all waiting together may take.
    pub timeout: Duration,
}

impl Settings {
    /// The settings of a user who says nothing: `OVS_RUNDIR` and Docker's own variables count.
    pub fn from_env() -> Self {
        let rundir = env("OVS_RUNDIR").filter(|dir| !dir.is_empty());
        Self {
            engines: Vec::new(),
            engine: EngineOptions::default(),
            db: None,
            private_key: None,
            certificate: None,
            ca_cert: None,
            openflow: Vec::new(),
            rundir: rundir.map_or_else(|| DEFAULT_RUNDIR.into(), PathBuf::from),
            timeout: DEFAULT_TIMEOUT,
        }
    }

    fn remote(&self) -> Result<ovsdb::Remote, SourceError> {
        let Some(text) = &self.db else {
            return Ok(ovsdb::Remote::Unix(self.rundir.join("db.sock")));
        };
        let remote: Result<ovsdb::Remote, _> = text.parse();
        let remote = remote.map_err(|error| {
            SourceError::new(SourceErrorKind::Unusable, format!("--db {text}"), error)
                .hint("write unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]")
        })?;
        Ok(remote.in_rundir(&self.rundir))
    }

    fn tls(&self) -> Option<ovsdb::Tls> {
        Some(ovsdb::Tls {
            private_key: self.private_key.clone()?,
            certificate: self.certificate.clone()?,
            ca_cert: self.ca_cert.clone()?,
        })
    }
}

impl Host {
    /// A host with these settings. Wrong ones show when they are needed.
    ///
    /// # Errors
    /// A listener of `--openflow` that is none, or a kind of engine that is not known.
    pub fn open(settings: &Settings) -> Result<Self, SourceError> {
        let listeners = settings.openflow.iter().map(|text| openflow::listener(text));
        let discovery = Discovery::of(&settings.engines, &settings.engine)?;
        Ok(Self {
            openflow: listeners.collect::<Result<_, _>>()?,
            engines: Engines::found_by(discovery),
            db: settings.remote(),
            tls: settings.tls(),
            rundir: rundir(settings),
            timeout: settings.timeout,
            observer: Observer::default(),
        })
    }

    /// The same host, whose plans `observer` follows.
    pub fn observed_by(self, observer: Arc<dyn StepObserver>) -> Self {
        Self { observer: Observer(Some(observer)), ..self }
    }

    /// The same host with other engines, whatever speaks for them.
    pub fn with_engines(self, engines: Vec<Arc<dyn Engine>>) -> Self {
        let engines = engines.into_iter().map(Configured::of).collect();
        Self { engines: Engines::given(engines), ..self }
    }
}

/// With a socket named by `--db unix:`, the other sockets are beside it.
fn rundir(settings: &Settings) -> PathBuf {
    match settings.remote() {
        Ok(ovsdb::Remote::Unix(path)) => {
            path.parent().map_or(settings.rundir.clone(), Path::to_owned)
        }
        _ => settings.rundir.clone(),
    }
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
