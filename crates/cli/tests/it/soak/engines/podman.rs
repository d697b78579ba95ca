//! A Podman, which is asked by a socket of its own.

use std::path::Path;

use super::docker_like::{ALL, ALONE, STATE, by_cgroups, words_of};
use super::{Deed, Engine, Told};

pub(super) struct Podman(lab::Podman);

impl Podman {
    pub(super) fn start(folder: &Path) -> Self {
        Self(lab::Podman::serve(folder))
    }
}

impl Engine for Podman {
    fn kind(&self) -> &'static str {
        "podman"
    }

    fn words(&self) -> Vec<String> {
        ["--engine", &self.0.engine()].map(str::to_owned).into()
    }

    fn deeds(&self) -> &'static [Deed] {
        &[Deed::Restart, Deed::Restart, Deed::Stop, Deed::Start, Deed::Start, Deed::Remove]
    }

    fn make(&mut self, name: &str) -> String {
        self.0.run_named(name, &ALONE);
        self.0.id_of(name)
    }

    fn does(&mut self, deed: Deed, id: &str, name: &str) -> Result<String, String> {
        self.0.try_podman(&words_of(deed, id, name))
    }

    fn told(&self) -> Vec<Told> {
        by_cgroups(&self.0.podman(&ALL))
    }

    fn runs(&self, id: &str) -> bool {
        self.0.podman(&[&STATE[..], &[id]].concat()) == "true"
    }
}
