//! A dockerd of the test's own.

use std::rc::Rc;

use lab::{IMAGE, InnerDocker, try_run};

use super::docker_like::{ALL, ALONE, STATE, by_cgroups, words_of};
use super::{ALL_DEEDS, DOCKER, Deed, Engine, Told};

pub(super) struct Docker(pub(super) Rc<InnerDocker>);

impl Engine for Docker {
    fn kind(&self) -> &'static str {
        DOCKER
    }

    fn words(&self) -> Vec<String> {
        ["--host", &self.0.host(), "--engine", DOCKER].map(str::to_owned).into()
    }

    fn deeds(&self) -> &'static [Deed] {
        &ALL_DEEDS
    }

    fn make(&mut self, name: &str) -> String {
        let words = ["run", "--detach", "--stop-signal", "KILL", "--name", name];
        self.0.docker(&[&words[..], &ALONE, &[IMAGE, "sleep", "86400"]].concat())
    }

    fn does(&mut self, deed: Deed, id: &str, name: &str) -> Result<String, String> {
        try_run("docker", &[&["--host", &self.0.host()], &words_of(deed, id, name)[..]].concat())
    }

    fn told(&self) -> Vec<Told> {
        by_cgroups(&self.0.docker(&ALL))
    }

    fn runs(&self, id: &str) -> bool {
        self.0.docker(&[&STATE[..], &[id]].concat()) == "true"
    }
}
