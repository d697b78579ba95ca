//! An engine, as the test asks it and has it act.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use lab::{Podman, run, try_run};
use serde_json::Value;

use crate::tool::dice::Dice;

/// An engine, and its two networks on the bridge.
pub(super) struct Engine {
    pub(super) podman: Option<(Podman, PathBuf)>,
    pub(super) networks: [String; 2],
    pub(super) containers: Vec<String>,
}

/// A container as its engine has it.
struct Seen {
    id: String,
    pid: Option<String>,
    networks: BTreeSet<String>,
}

/// What a port of the bridge records: the container's id and the network's name.
pub(super) type Whose = (String, String);

impl Engine {
    pub(super) fn kind(&self) -> &str {
        if self.podman.is_some() { "podman" } else { "docker" }
    }

    pub(super) fn call(&self, words: &[&str]) -> Result<String, String> {
        match &self.podman {
            Some((podman, plugins)) => podman.try_podman_with(plugins, words),
            None => try_run("docker", words),
        }
    }

    fn seen(&self, name: &str) -> Option<Seen> {
        let format = "{{.Id}} {{.State.Pid}} {{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
        let told = self.call(&["inspect", "--type", "container", "--format", format, name]).ok()?;
        let mut words = told.split_whitespace().map(str::to_owned);
        let (id, pid) = (words.next()?, words.next().filter(|pid| pid != "0"));
        Some(Seen { id, pid, networks: words.collect() })
    }

    /// One operation by chance, of those that fit: its words.
    pub(super) fn choose(&self, name: &str, dice: &mut Dice) -> Vec<String> {
        let [lan, office] = &self.networks;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let image = self.podman.as_ref().map_or(lab::IMAGE, |(podman, _)| podman.image());
        let Some(seen) = self.seen(name) else {
            let of = if dice.throw(3) == 0 { office } else { lan };
            return words(&[
                "run",
                "--detach",
                "--name",
                name,
                "--network",
                of,
                image,
                "sleep",
                "86400",
            ]);
        };
        if seen.pid.is_none() {
            return words([&["start", name][..], &["rm", "--force", name]][dice.throw(2)]);
        }
        let other = match [lan, office].map(|network| seen.networks.contains(network)) {
            [true, true] => vec!["network", "disconnect", office, name],
            [true, false] => vec!["network", "connect", office, name],
            _ => vec!["network", "connect", lan, name],
        };
        let all: [&[&str]; 5] = [
            &["stop", "--time", "0", name],
            &["restart", "--time", "0", name],
            &["kill", name],
            &["rm", "--force", name],
            &other,
        ];
        words(all[dice.throw(all.len())])
    }

    /// Whose ports there are to be, and of each container that runs the indexes that its links lead to.
    pub(super) fn expected(&self) -> (BTreeSet<Whose>, BTreeMap<String, BTreeSet<u64>>) {
        let (mut ports, mut links) = (BTreeSet::new(), BTreeMap::new());
        for seen in self.containers.iter().filter_map(|name| self.seen(name)) {
            let Some(pid) = &seen.pid else { continue };
            ports.extend(seen.networks.iter().map(|network| (seen.id.clone(), network.clone())));
            let inside = run("nsenter", &["-t", pid, "-n", "ip", "-json", "link"]);
            let inside: Vec<Value> = serde_json::from_str(&inside).unwrap();
            let far = inside.iter().filter_map(|link| link["link_index"].as_u64());
            links.insert(seen.id, far.collect());
        }
        (ports, links)
    }
}
