//! What engines say, read from any bytes.

use std::path::PathBuf;

use model::ids::ContainerId;
use model::snapshot::Container;
use serde::de::DeserializeOwned;

use super::inspected::HELD_OF_ONE;
use super::oci::{Network, Spec};
use super::{EngineContainer, EngineNetwork};
use super::{lxc, nspawn, rest};

pub use super::containerd::parsing::containerd;
pub use super::cri::parsing::cri;
pub use super::docker::parsing::{docker_address, docker_context};
pub use super::incus::parsing::incus;

/// What Docker says, as whichever of its answers it is read.
#[derive(Debug)]
pub struct ReadDocker {
    /// Its containers.
    pub rows: Vec<Container>,
    /// Its networks.
    pub networks: Vec<EngineNetwork>,
    /// Its own id, and its version.
    pub words: Vec<String>,
    /// Whom an event is about.
    pub event: Option<ContainerId>,
}

/// What Podman says, likewise.
#[derive(Debug)]
pub struct ReadPodman {
    /// Its containers.
    pub rows: Vec<Container>,
    /// What it and its pods are called.
    pub words: Vec<String>,
}

/// Reads an answer, or an event, of Docker.
pub fn docker(bytes: &[u8]) -> ReadDocker {
    ReadDocker {
        rows: rows(super::docker::parsing::containers(bytes)),
        networks: super::docker::parsing::networks(bytes),
        words: super::docker::parsing::words(bytes),
        event: rest::about(bytes).ok().flatten(),
    }
}

/// Reads an answer of Podman.
pub fn podman(bytes: &[u8]) -> ReadPodman {
    ReadPodman {
        rows: rows(super::podman::parsing::containers(bytes)),
        words: super::podman::parsing::words(bytes),
    }
}

/// The namespace that a runtime's configuration names, and whether there is one at all.
pub fn oci_network(bytes: &[u8]) -> (Option<PathBuf>, bool) {
    match read::<Spec>(bytes).map(Spec::network) {
        Some(Network::At(path)) => (Some(path), true),
        Some(Network::Host) => (None, false),
        Some(Network::Other) | None => (None, true),
    }
}

/// The first process that a monitor of LXC names; none where its answer is none.
pub fn lxc_process(answer: &[u8]) -> Option<u32> {
    lxc::init_in(*answer.first_chunk()?).ok().flatten()
}

/// The name and the first process that a file of systemd-machined names.
pub fn nspawn_machine(text: &str) -> Option<(String, u32)> {
    nspawn::machine_in(text)
}

/// What the words name that systemd-nspawn was started with.
pub fn nspawn_name(words: &[String]) -> Option<String> {
    nspawn::name_in(words)
}

/// Whether cgroups (cgroups(7)) are those of a container that is called `own`, by any engine's rule.
pub fn cgroups(own: &str, cgroups: &str) -> bool {
    let of_lxc = lxc::cgroups_are_of(own, cgroups);
    let of_nspawn = nspawn::cgroups_are_of(own, cgroups);
    of_lxc || of_nspawn
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    bounded::from_slice(bytes, HELD_OF_ONE).ok()
}

pub(super) fn rows(found: Vec<EngineContainer>) -> Vec<Container> {
    found.into_iter().map(|found| found.row).collect()
}
