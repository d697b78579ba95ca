//! Container engines: whatever can list containers with the PID of their first process.
//!
//! A new engine is one more folder beside [`docker`] that gives [`Found`] rows.

pub(crate) mod docker;
mod inspections;
pub(crate) mod netns;
pub(crate) mod watch;

use std::path::PathBuf;

use model::snapshot::Container;

/// A container, and where its engine says its namespace can be checked.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The row; `netns` is filled in by [`netns`].
    pub(crate) row: Container,
    /// Docker's own handle on the namespace (`NetworkSettings.SandboxKey`).
    pub(crate) sandbox: Option<PathBuf>,
}
