//! The commands by which users of each engine list its containers, start one and read what it printed.

use crate::ids::EngineName;

/// The programs of one kind of engine.
struct Programs {
    /// The kind, as [`EngineName::kind`].
    kind: &'static str,
    /// Lists all containers, those that do not run among them; `{at}` is [`Programs::elsewhere`].
    list: &'static str,
    /// Starts `{name}`. None where no command of a user starts what has ended.
    start: Option<&'static str>,
    /// Shows what `{name}` printed.
    logs: Option<&'static str>,
    /// How the programs are told that the engine is at `{address}`. None where they cannot be told.
    elsewhere: Option<&'static str>,
    /// What stands for the part of a name before its slash, where that is `{group}` of the name: a namespace or a
    /// project. None where a slash is part of the name.
    group: Option<&'static str>,
}

/// Of every kind that docker-ovs asks: docker(1), podman(1), crictl(1), nerdctl(1), incus(1), lxc(1) of LXD,
/// lxc-start(1), machinectl(1).
const PROGRAMS: [Programs; 8] = [
    Programs {
        kind: "docker",
        list: "docker{at} ps -a",
        start: Some("docker{at} start {name}"),
        logs: Some("docker{at} logs {name}"),
        elsewhere: Some(" -H {address}"),
        group: None,
    },
    Programs {
        kind: "podman",
        list: "podman{at} ps -a",
        start: Some("podman{at} start {name}"),
        logs: Some("podman{at} logs {name}"),
        elsewhere: Some(" --url {address}"),
        group: None,
    },
    Programs {
        kind: "cri",
        list: "crictl{at} pods",
        start: None,
        logs: None,
        elsewhere: Some(" -r {address}"),
        group: None,
    },
    Programs {
        kind: "containerd",
        list: "nerdctl{at} ps -a",
        start: Some("nerdctl{at}{group} start {name}"),
        logs: Some("nerdctl{at}{group} logs {name}"),
        elsewhere: Some(" --address {address}"),
        group: Some(" -n {group}"),
    },
    Programs {
        kind: "incus",
        list: "{at}incus list --all-projects",
        start: Some("{at}incus start {name}{group}"),
        logs: Some("{at}incus info --show-log {name}{group}"),
        elsewhere: Some("INCUS_SOCKET={path} "),
        group: Some(" --project {group}"),
    },
    Programs {
        kind: "lxd",
        list: "{at}lxc list --all-projects",
        start: Some("{at}lxc start {name}{group}"),
        logs: Some("{at}lxc info --show-log {name}{group}"),
        elsewhere: Some("LXD_SOCKET={path} "),
        group: Some(" --project {group}"),
    },
    Programs {
        kind: "lxc",
        list: "lxc-ls{at} -f",
        start: Some("lxc-start{at} -n {name}"),
        logs: None,
        elsewhere: Some(" -P {path}"),
        group: None,
    },
    // What is in another folder was started by hand or by a unit: machinectl knows neither.
    Programs {
        kind: "nspawn",
        list: "machinectl list-images",
        start: Some("machinectl start {name}"),
        logs: Some("journalctl -M {name}"),
        elsewhere: None,
        group: None,
    },
];

/// Whether docker-ovs asks engines of this kind.
pub(crate) fn is_kind(word: &str) -> bool {
    PROGRAMS.iter().any(|programs| programs.kind == word)
}

/// The commands of one engine, at its place and by its user.
pub struct EngineCommands<'a> {
    programs: &'static Programs,
    engine: &'a EngineName,
}

impl<'a> EngineCommands<'a> {
    /// Of an engine; none of a kind that is not known, as in a recording of a later version.
    pub fn of(engine: &'a EngineName) -> Option<Self> {
        let programs = PROGRAMS.iter().find(|programs| programs.kind == engine.kind())?;
        Some(Self { programs, engine })
    }

    /// What lists all its containers.
    pub fn list(&self) -> Option<String> {
        self.filled(self.programs.list, "")
    }

    /// What starts the container that it calls `name`.
    pub fn start(&self, name: &str) -> Option<String> {
        self.filled(self.programs.start?, name)
    }

    /// What shows what the container that it calls `name` printed.
    pub fn logs(&self, name: &str) -> Option<String> {
        self.filled(self.programs.logs?, name)
    }

    /// Whether no command starts what has ended, as with pods.
    pub fn starts_none(&self) -> bool {
        self.programs.start.is_none()
    }

    fn filled(&self, command: &str, name: &str) -> Option<String> {
        let (group, name) = match (self.programs.group, name.split_once('/')) {
            (Some(option), Some((group, name))) => (option.replace("{group}", group), name),
            _ => (String::new(), name),
        };
        let user = self.engine.user();
        let place = self.engine.place().filter(|_| user.is_none());
        let at = match place {
            Some(place) => elsewhere(self.programs.elsewhere?, place),
            None => String::new(),
        };
        let command = command.replace("{at}", &at).replace("{group}", &group);
        let command = command.replace("{name}", name);
        Some(user.map_or_else(|| command.clone(), |user| format!("{command} (as user {user})")))
    }
}

/// The option that names a place, which is a path unless it says what it is.
fn elsewhere(option: &str, place: &str) -> String {
    let path = place.strip_prefix("unix:").unwrap_or(place);
    let address = if place.starts_with('/') { format!("unix://{place}") } else { place.to_owned() };
    option.replace("{address}", &address).replace("{path}", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_is_told_of_by_its_own_programs() {
        let start = |engine: &str, name: &str| {
            let engine = EngineName(engine.into());
            EngineCommands::of(&engine).and_then(|commands| commands.start(name))
        };
        for (engine, name, wanted) in [
            ("docker", "web", "docker start web"),
            ("docker@/run/b.sock", "web", "docker -H unix:///run/b.sock start web"),
            ("docker@tcp://127.0.0.1:1", "web", "docker -H tcp://127.0.0.1:1 start web"),
            ("podman", "web", "podman start web"),
            ("podman@1000", "web", "podman start web (as user 1000)"),
            ("containerd", "web", "nerdctl start web"),
            ("containerd", "build/web", "nerdctl -n build start web"),
            ("incus", "web", "incus start web"),
            ("incus", "lab/web", "incus start web --project lab"),
            ("lxd@/run/lxd.sock", "web", "LXD_SOCKET=/run/lxd.sock lxc start web"),
            ("lxc@/srv/lxc", "web", "lxc-start -P /srv/lxc -n web"),
            ("nspawn", "web", "machinectl start web"),
        ] {
            assert_eq!(start(engine, name).as_deref(), Some(wanted), "{engine}");
        }
        assert_eq!(start("cri", "default/web-0"), None);
        assert_eq!(start("nspawn@/run/none", "web"), None);
        assert_eq!(start("later", "web"), None);
    }
}
