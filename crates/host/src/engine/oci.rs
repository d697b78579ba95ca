//! What a runtime's configuration of a container says of its network: config.json of the OCI runtime
//! specification (opencontainers/runtime-spec, config-linux.md), as far as it is used.

use std::path::PathBuf;

use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    linux: Option<Linux>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Linux {
    namespaces: Vec<SpecNamespace>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SpecNamespace {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

/// Which network a container has.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// It is the host's.
    Host,
    /// The container joins the namespace that this file is.
    At(PathBuf),
    /// It is the container's own, or a process's by its number; or nothing is known of it.
    Other,
}

impl Spec {
    pub(super) fn network(self) -> Network {
        let Some(linux) = self.linux else { return Network::Other };
        let network = linux.namespaces.into_iter().find(|space| space.kind == "network");
        match network {
            None => Network::Host,
            Some(at) => handle(at.path).map_or(Network::Other, Network::At),
        }
    }
}

/// A path that is a handle on a namespace. One below /proc is a process by its number, and none.
pub(super) fn handle(path: String) -> Option<PathBuf> {
    let is_handle = path.starts_with('/') && !path.starts_with("/proc/");
    is_handle.then(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(json: &str) -> Network {
        serde_json::from_str::<Spec>(json).unwrap().network()
    }

    #[test]
    fn a_network_is_the_hosts_a_file_or_its_own() {
        let with = |entry: &str| {
            network(&format!(r#"{{"linux":{{"namespaces":[{{"type":"pid"}}{entry}]}}}}"#))
        };
        assert_eq!(with(""), Network::Host);
        assert_eq!(
            with(r#",{"type":"network","path":"/run/netns/a"}"#),
            Network::At("/run/netns/a".into())
        );
        for own in [
            r#",{"type":"network"}"#,
            r#",{"type":"network","path":"/proc/7/ns/net"}"#,
            r#",{"type":"network","path":"netns/a"}"#,
        ] {
            assert_eq!(with(own), Network::Other, "{own}");
        }
        assert_eq!(network("{}"), Network::Other, "nothing is known");
    }
}
