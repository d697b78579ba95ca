//! systemd-nspawn as one of the engines.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use model::ids::{ContainerId, name};
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};

use super::KIND;
use super::machines::{Nspawn, name_of};
use crate::engine::{Engine, EngineContainer, Events, Peer, listed};
use crate::identity::process::Process;
use crate::identity::store;

/// How often containers are listed: systemd-machined tells of them by D-Bus alone.
const PERIOD: Duration = Duration::from_secs(1);
/// What a container's id ends in: it has no other one than its name, by which it is started again.
const ID: &str = "@nspawn";

impl Engine for Nspawn {
    fn kind(&self) -> EngineName {
        EngineName(KIND.name.into())
    }

    fn address(&self) -> String {
        self.path.display().to_string()
    }

    fn what(&self) -> String {
        self.what()
    }

    fn peer(&self) -> Peer {
        Peer::Files
    }

    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        ready(Ok(Some(store::id("nspawn", &self.address(), self.peer(), &self.address())))).boxed()
    }

    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        ready(self.all().map(|all| format!("{} containers", all.len()))).boxed()
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        let wanted = query::without_slash(wanted);
        let own = wanted.strip_suffix(ID).unwrap_or(wanted);
        let one = self.one(own);
        ready(one.map(|one| one.iter().next().map(|(own, leader)| found(own, *leader)))).boxed()
    }

    /// As systemd names the groups of what it registers.
    fn names_in_cgroups(&self, row: &Container, cgroups: &str) -> bool {
        cgroups_are_of(&row.name, cgroups)
    }

    fn has_started(&self, row: &Container, parent: u32) -> bool {
        let name = Process::open(parent).and_then(|parent| name_of(&parent));
        name.ok().flatten().is_some_and(|own| own == *row.name)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        async {
            let all = self.listed().await?;
            Ok(all.iter().map(|(own, leader)| found(own, *leader)).collect())
        }
        .boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        async { listed::polled(self.on_a_thread()?, PERIOD).await }.boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        ready(self.all().map(|_| ())).boxed()
    }
}

fn id(own: &str) -> ContainerId {
    ContainerId(name(&format!("{own}{ID}")))
}

fn found(own: &str, leader: Option<u32>) -> EngineContainer {
    let row = Container {
        pid: leader,
        network_mode: if leader.is_some_and(shares_the_hosts_network) { "host" } else { "" }
            .to_owned(),
        ..Container::new(
            id(own),
            name(own),
            if leader.is_some() { "running" } else { "stopped" }.to_owned(),
        )
    };
    EngineContainer { row, sandbox: None }
}

/// Without `--private-network` and its like it stays where its systemd-nspawn is.
fn shares_the_hosts_network(leader: u32) -> bool {
    Process::open(leader).is_ok_and(|leader| leader.shares_netns_of_parent())
}

/// `machine-NAME.scope` or `systemd-nspawn@NAME.service`, with what systemd escapes
/// (systemd.unit(5)); the last container in a path counts.
pub(in crate::engine) fn cgroups_are_of(own: &str, cgroups: &str) -> bool {
    let escaped = escaped(own);
    let paths = cgroups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut last = paths.filter_map(|path| path.rsplit('/').find_map(container_of)).peekable();
    last.peek().is_some() && last.all(|container| container == escaped)
}

/// The container that a unit is of, as it is escaped there.
fn container_of(unit: &str) -> Option<&str> {
    let scope = || unit.strip_prefix("machine-")?.strip_suffix(".scope");
    scope().or_else(|| unit.strip_prefix("systemd-nspawn@")?.strip_suffix(".service"))
}

fn escaped(own: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':');
    let bytes = own.bytes().map(|byte| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cgroup_is_of_the_unit_that_has_the_name() {
        for its in [
            "0::/machine.slice/machine-web.scope/payload",
            "0::/machine.slice/systemd-nspawn@web.service/payload/init.scope",
            "1:name=systemd:/machine.slice/machine-web.scope\n0::/machine.slice/machine-web.scope",
        ] {
            assert!(cgroups_are_of("web", its), "{its}");
        }
        assert!(cgroups_are_of("a-b", "0::/machine.slice/machine-a\\x2db.scope"));
        for not in [
            "",
            "0::/payload",
            "0::/machine.slice/machine-web2.scope",
            "0::/machine.slice/machine-web.scope/machine-inner.scope",
            "0::/machine-web.scope\n1:pids:/machine-other.scope",
        ] {
            assert!(!cgroups_are_of("web", not), "{not}");
        }
    }
}
