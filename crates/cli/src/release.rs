//! Which release this is, as the build wrote it down.

/// What `--version` prints after the name of the program.
pub const LINE: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    ", commit ",
    env!("DOCKER_OVS_COMMIT"),
    ", ",
    env!("DOCKER_OVS_DATE")
);

/// The same for the daemon's metrics.
pub const BUILD: daemon::Build = daemon::Build {
    version: env!("CARGO_PKG_VERSION"),
    commit: env!("DOCKER_OVS_COMMIT"),
    date: env!("DOCKER_OVS_DATE"),
};
