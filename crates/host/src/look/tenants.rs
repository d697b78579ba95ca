//! Who else is in a namespace, among all engines: those of whom a process there is, by its cgroup or its number.

use futures_util::future::join_all;
use model::SourceError;
use model::ids::NetnsId;
use model::snapshot::EngineName;

use super::container::OTHERS_WITHIN;
use crate::deadline::Deadline;
use crate::engine::netns::find_namespaces;
use crate::engine::{Configured, Engine, EngineContainer};
use crate::identity::process::Process;
use crate::kernel;

/// What the engines said of containers.
type ByEngine = Vec<(EngineName, Result<Vec<EngineContainer>, SourceError>)>;

/// The containers in a namespace, of all engines that answer; an engine that was not named is not waited for longer
/// than another one's container would be. Costs a list of each engine, an inspection of each of these containers, and a
/// walk over all processes.
pub(super) async fn tenants_of(
    engines: &[Configured],
    due: Deadline,
    home: NetnsId,
) -> Vec<(EngineName, Vec<EngineContainer>)> {
    let inside = &processes_in(home);
    let asked = engines.iter().map(|configured| async move {
        let engine = configured.engine().ok()?;
        let due = if configured.named { due } else { configured.due(due).or_after(OTHERS_WITHIN) };
        let found = due.hold(|| engine.what(), in_namespace(engine, inside)).await;
        let mut found = found.ok()?;
        find_namespaces(engine, due, &mut found).await;
        found.retain(|found| found.row.namespaces().any(|netns| netns == home));
        Some((configured.name.clone(), found))
    });
    join_all(asked).await.into_iter().flatten().filter(|(_, found)| !found.is_empty()).collect()
}

/// Adds those that were not told already.
pub(super) fn add_tenants(told: &mut ByEngine, tenants: Vec<(EngineName, Vec<EngineContainer>)>) {
    for (name, found) in tenants {
        match told.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Ok(rows))) => {
                let is_new =
                    |new: &EngineContainer| rows.iter().all(|row| row.row.id != new.row.id);
                let new: Vec<_> = found.into_iter().filter(is_new).collect();
                rows.extend(new);
            }
            Some((_, Err(_))) => {}
            None => told.push((name, Ok(found))),
        }
    }
}

/// A process, and its cgroups (cgroups(7)).
struct Inside {
    pid: u32,
    cgroups: String,
}

fn processes_in(home: NetnsId) -> Vec<Inside> {
    let all = kernel::processes().unwrap_or_default().into_iter();
    let inside = all.filter_map(|pid| {
        let process = Process::open(pid).ok()?;
        let (dev, ino) = process.netns_file().ok()?;
        let is_inside = NetnsId { dev, ino } == home;
        let cgroups = is_inside.then(|| process.read("cgroup").unwrap_or_default())?;
        Some(Inside { pid, cgroups: String::from_utf8_lossy(&cgroups).into_owned() })
    });
    inside.collect()
}

/// The containers that may be in a namespace with these processes, as each is now.
async fn in_namespace(
    engine: &dyn Engine,
    inside: &[Inside],
) -> Result<Vec<EngineContainer>, SourceError> {
    let mut found = Vec::new();
    for listed in engine.list().await? {
        let is_its = |process: &Inside| {
            listed.row.pid == Some(process.pid)
                || engine.names_in_cgroups(&listed.row, &process.cgroups)
        };
        if !inside.iter().any(is_its) {
            continue;
        }
        if engine.may_have_a_process(&listed.row) {
            found.extend(engine.inspect(&listed.row.id.0).await?);
        } else {
            found.push(listed);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::SourceErrorKind;
    use model::ids::ContainerId;
    use model::snapshot::Container;

    use super::*;

    fn found(id: &str) -> EngineContainer {
        let row = Container {
            id: ContainerId(id.into()),
            name: id.into(),
            state: "running".to_owned(),
            pid: Some(7),
            netns: None,
            netns_error: None,
            unread: false,
            sandbox: None,
            network_mode: String::new(),
            labels: BTreeMap::new(),
        };
        EngineContainer { row, sandbox: None }
    }

    fn name(name: &str) -> EngineName {
        EngineName(name.into())
    }

    #[test]
    fn each_container_is_told_once_and_an_engine_that_failed_has_none() {
        let why = SourceError::new(SourceErrorKind::TimedOut, "podman", "it is silent");
        let mut told =
            vec![(name("docker"), Ok(vec![found("a"), found("b")])), (name("podman"), Err(why))];
        let tenants =
            ["docker", "podman", "nerdctl"].map(|of| (name(of), vec![found("b"), found("c")]));
        add_tenants(&mut told, tenants.into());
        let ids = |(_, rows): &(_, Result<Vec<EngineContainer>, _>)| {
            let rows = rows.as_ref().ok()?;
            Some(rows.iter().map(|found| found.row.id.to_string()).collect::<Vec<_>>().join(" "))
        };
        let ids: Vec<_> = told.iter().map(ids).collect();
        assert_eq!(ids, [Some("a b c".to_owned()), None, Some("b c".to_owned())]);
    }
}
