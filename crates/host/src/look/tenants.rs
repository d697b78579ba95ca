//! Who else is in a namespace, among the host's engines: those of whom a process there is, by its cgroup or its number.

use std::collections::BTreeSet;
use std::io;
use std::sync::OnceLock;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use model::SourceError;
use model::ids::NetnsId;
use model::snapshot::EngineName;

use super::container::OTHERS_WITHIN;
use crate::deadline::Deadline;
use crate::engine::budget::Budget;
use crate::engine::netns::find_namespaces;
use crate::engine::{Configured, Engine, EngineContainer};
use crate::identity::process::{Process, seen};
use crate::kernel;

/// What an engine said of containers.
type Said = (EngineName, Result<Vec<EngineContainer>, SourceError>);

/// The engines that are to be asked for the containers in a namespace.
pub(super) struct Tenants<'e> {
    engines: Vec<&'e Configured>,
    home: Option<NetnsId>,
    due: Deadline,
}

impl<'e> Tenants<'e> {
    /// Of a namespace that the engine `owner` has told a container of, with the others there, or that no engine leads
    /// to; none are asked where there is no namespace.
    pub(super) fn of(
        engines: &'e [Configured],
        home: Option<NetnsId>,
        owner: Option<&EngineName>,
        due: Deadline,
    ) -> Self {
        let is_asked = |known: &&Configured| {
            let is_named = known.named && Some(&known.name) != owner;
            // A namespace needs no engine: one that is not there has nothing to say of it.
            let has_part = || has_a_say(&known.name, owner) && !known.is_absent();
            home.is_some() && (is_named || has_part())
        };
        Self { engines: engines.iter().filter(is_asked).collect(), home, due }
    }

    /// What `others` gives, and what these engines say: where they are waited for, none for longer than for another
    /// one's container of the same name; else what they have said by then, and no failure. Costs a list of each engine,
    /// an inspection of each of these containers, and a walk over all processes.
    pub(super) async fn beside<T>(
        self,
        others: impl Future<Output = T>,
        waits: bool,
    ) -> (T, Vec<Said>) {
        // Boxed, as the future around it would have room for it twice.
        let mut others = Box::pin(others);
        let Some(home) = self.home else { return (others.await, Vec::new()) };
        let inside = OnceLock::new();
        let due = self.due.or_after(OTHERS_WITHIN);
        let asked = self.engines.into_iter().map(|configured| {
            let inside = &inside;
            async move { (configured.name.clone(), tenants_of(configured, due, home, inside).await) }
        });
        let mut asked: FuturesUnordered<_> = asked.collect();
        let mut said = Vec::new();
        let told = loop {
            tokio::select! {
                biased;
                told = &mut others => break told,
                Some(one) = asked.next() => said.push(one),
            }
        };
        if waits {
            while let Some(one) = asked.next().await {
                said.push(one);
            }
        } else {
            while let Some(Some(one)) = asked.next().now_or_never() {
                said.push(one);
            }
            said.retain(|(_, said): &Said| said.is_ok());
        }
        (told, said)
    }
}

/// Whether an engine that was not named is asked who is in a namespace. What users run has a say only where a container of the same user
/// was asked for; and its own engine has told that already.
fn has_a_say(name: &EngineName, owner: Option<&EngineName>) -> bool {
    let user = name.user();
    Some(name) != owner && (user.is_none() || user == owner.and_then(EngineName::user))
}

async fn tenants_of(
    configured: &Configured,
    due: Deadline,
    home: NetnsId,
    inside: &OnceLock<Result<Vec<Inside>, SourceError>>,
) -> Result<Vec<EngineContainer>, SourceError> {
    let engine = configured.engine()?;
    let mut found = due.hold(|| engine.what(), in_namespace(engine, home, inside)).await?;
    find_namespaces(engine, due, &mut found).await;
    found.retain(|found| found.row.namespaces().any(|netns| netns == home));
    Ok(found)
}

/// Adds those that were not told already, and of an engine that told of none why it could not be asked.
pub(super) fn add_tenants(told: &mut Vec<Said>, said: Vec<Said>) {
    for (name, said) in said {
        let Some((_, known)) = told.iter_mut().find(|(known, _)| *known == name) else {
            // One that has none there has no part in the answer.
            if !said.as_ref().is_ok_and(Vec::is_empty) {
                told.push((name, said));
            }
            continue;
        };
        let is_untold = known.as_ref().is_ok_and(Vec::is_empty);
        match said {
            Ok(found) => add_new(known, found),
            Err(why) if is_untold => *known = Err(why),
            Err(_) => {}
        }
    }
}

fn add_new(told: &mut Result<Vec<EngineContainer>, SourceError>, found: Vec<EngineContainer>) {
    let Ok(rows) = told else { return };
    let is_new = |new: &EngineContainer| rows.iter().all(|row| row.row.id != new.row.id);
    let new: Vec<_> = found.into_iter().filter(is_new).collect();
    rows.extend(new);
}

/// A process, and its cgroups (cgroups(7)).
pub(super) struct Inside {
    pub(super) pid: u32,
    pub(super) cgroups: String,
}

/// The processes in a namespace, of those that may be looked at.
///
/// # Errors
/// Which processes there are is not known, or there was no room to look at all of them.
fn processes_in(home: NetnsId) -> Result<Vec<Inside>, SourceError> {
    let unknown = |error: netns::Error| kernel::source_error("the processes".to_owned(), &error);
    let all = kernel::processes().map_err(unknown)?;
    let inside = all.into_iter().filter_map(|pid| where_seen(pid, in_it(pid, home)).transpose());
    inside.collect::<Result<_, _>>().map_err(unknown)
}

/// A process, if it is in a namespace.
pub(super) fn in_it(pid: u32, home: NetnsId) -> io::Result<Option<Inside>> {
    let process = Process::open(pid)?;
    let (dev, ino) = process.netns_file()?;
    if (NetnsId { dev, ino }) != home {
        return Ok(None);
    }
    // It may have ended by now; its number tells all the same whose it was.
    let cgroups = seen(process.read("cgroup"))?.unwrap_or_default();
    Ok(Some(Inside { pid, cgroups: String::from_utf8_lossy(&cgroups).into_owned() }))
}

/// What was asked of a process, as [`seen`] has it.
///
/// # Errors
/// As [`seen`]: nothing follows about where it is.
pub(super) fn where_seen<T>(
    pid: u32,
    asked: io::Result<Option<T>>,
) -> Result<Option<T>, netns::Error> {
    let failed = |source| netns::Error::Open { path: format!("/proc/{pid}").into(), source };
    seen(asked).map(Option::flatten).map_err(failed)
}

/// The containers that may be in a namespace with the processes inside, each once and as it is now.
async fn in_namespace(
    engine: &dyn Engine,
    home: NetnsId,
    inside: &OnceLock<Result<Vec<Inside>, SourceError>>,
) -> Result<Vec<EngineContainer>, SourceError> {
    let (mut found, mut seen, mut budget) = (Vec::new(), BTreeSet::new(), Budget::default());
    for listed in engine.list().await? {
        let is_its = |process: &Inside| {
            listed.row.pid == Some(process.pid)
                || engine.names_in_cgroups(&listed.row, &process.cgroups)
        };
        let processes = inside.get_or_init(|| processes_in(home));
        let is_inside = processes.as_ref().map_err(Clone::clone)?.iter().any(is_its);
        if !is_inside || !seen.insert(listed.row.id.clone()) {
            continue;
        }
        let one = if engine.may_have_a_process(&listed.row) {
            engine.inspect(&listed.row.id.0).await?
        } else {
            Some(listed)
        };
        if let Some(one) = one {
            budget.add(engine, &one.row)?;
            found.push(one);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use model::SourceErrorKind;
    use model::ids::ContainerId;
    use model::snapshot::Container;

    use super::*;
    use crate::engine::docker;

    fn found(id: &str) -> EngineContainer {
        let row = Container::new(ContainerId(id.into()), id.into(), "running".to_owned());
        let row = Container { pid: Some(7), ..row };
        EngineContainer { row, sandbox: None }
    }

    fn name(name: &str) -> EngineName {
        EngineName(name.into())
    }

    #[test]
    fn each_container_is_told_once_and_the_failure_of_an_engine_that_told_of_none() {
        let why = |what: &str| SourceError::new(SourceErrorKind::TimedOut, what, "it is silent");
        let mut told = vec![
            (name("docker"), Ok(vec![found("a"), found("b")])),
            (name("podman"), Err(why("podman"))),
            (name("incus"), Ok(Vec::new())),
        ];
        let two = |of: &str| -> Said { (name(of), Ok(vec![found("b"), found("c")])) };
        let failed = |of: &str| -> Said { (name(of), Err(why(of))) };
        let mut said: Vec<Said> = ["docker", "podman", "nerdctl"].into_iter().map(two).collect();
        said.extend(["docker", "incus", "lxc"].into_iter().map(failed));
        said.push((name("cri"), Ok(Vec::new())));
        add_tenants(&mut told, said);
        let ids = |(name, rows): &Said| {
            let rows = rows.as_ref().ok();
            let ids = rows.map(|rows| rows.iter().map(|found| found.row.id.to_string()));
            (name.to_string(), ids.map(|ids| ids.collect::<Vec<_>>().join(" ")))
        };
        let ids: Vec<_> = told.iter().map(ids).collect();
        let ids: Vec<_> = ids.iter().map(|(name, ids)| (&**name, ids.as_deref())).collect();
        let ended = [("docker", Some("a b c")), ("podman", None), ("incus", None)];
        assert_eq!(ids, [&ended[..], &[("nerdctl", Some("b c")), ("lxc", None)]].concat());
    }

    #[tokio::test]
    async fn an_engine_that_is_not_on_this_host_is_asked_only_where_it_was_named() {
        let folder = tempfile::tempdir().unwrap();
        let (gone, there) = (folder.path().join("gone.sock"), folder.path().join("there.sock"));
        let _listener = std::os::unix::net::UnixListener::bind(&there).unwrap();
        let docker = |path: &std::path::Path, named| {
            let engine = (docker::KIND.open)(&path.to_string_lossy());
            Configured::new(name("docker"), engine, named)
        };
        let home = Some(NetnsId { dev: 4, ino: 1 });
        for (path, named, asked) in [(&gone, false, 0), (&gone, true, 1), (&there, false, 1)] {
            let engines = [docker(path, named)];
            let due = Deadline::after(OTHERS_WITHIN);
            assert_eq!(Tenants::of(&engines, home, None, due).engines.len(), asked, "{path:?}");
        }
    }

    #[test]
    fn where_a_process_is_that_there_was_no_room_to_look_at_is_not_known() {
        let seen = |errno| where_seen::<()>(7, Err(io::Error::from_raw_os_error(errno)));
        // EMFILE, ENFILE, ENOMEM
        for errno in [24, 23, 12] {
            assert!(seen(errno).unwrap_err().is_exhausted(), "{errno}");
        }
        // ENOENT, EACCES
        for errno in [2, 13] {
            assert!(matches!(seen(errno), Ok(None)), "{errno}");
        }
    }

    #[test]
    fn what_users_run_has_a_say_among_their_own() {
        let (docker, podman) = (name("docker"), name("podman"));
        let (own, same, other) = (name("podman@1000"), name("docker@1000"), name("podman@1001"));
        assert!(!has_a_say(&docker, Some(&docker)), "it has told");
        assert!(has_a_say(&podman, Some(&docker)) && has_a_say(&podman, None));
        assert!(!has_a_say(&own, Some(&docker)) && !has_a_say(&own, None));
        assert!(has_a_say(&docker, Some(&own)) && has_a_say(&same, Some(&own)));
        assert!(!has_a_say(&other, Some(&own)));
    }
}
