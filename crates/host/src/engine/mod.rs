//! Container engines: whoever can list containers with the PID of their first process.
//!
//! A new engine is one more file beside [`docker`] that gives [`Found`] rows.

pub(crate) mod address;
pub(crate) mod docker;
pub(crate) mod events;

use std::path::PathBuf;

use model::snapshot::Container;

/// A container, and where its engine says its namespace can be checked.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The row; `netns` is filled in by [`crate::kernel`].
    pub(crate) row: Container,
    /// Docker's own handle on the namespace (`NetworkSettings.SandboxKey`).
    pub(crate) sandbox: Option<PathBuf>,
}
