//! Why a question has no answer, and what to do about it.

use thiserror::Error;

use crate::engine_commands::EngineCommands;
use crate::ids::EngineName;
use crate::source_error::{SourceError, SourceErrorKind};
use crate::told::{TENANTS, joined};

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum QueryError {
    /// No container has that name or id.
    #[error("no such container: {wanted}")]
    NoSuchContainer {
        /// What was asked for.
        wanted: String,
        /// Names that look like it.
        near: Vec<String>,
        /// The engines that answered that they have none.
        engines: Vec<EngineName>,
    },
    /// The id prefix fits several containers.
    #[error("ambiguous container id prefix: {wanted}")]
    AmbiguousContainer {
        /// What was asked for.
        wanted: String,
        /// Those it fits, as `short-id (name)`.
        candidates: Vec<String>,
    },
    /// Containers of several engines have that name.
    #[error("ambiguous container name: {wanted}")]
    AmbiguousName {
        /// What was asked for.
        wanted: String,
        /// Those that have it, as `engine:name`.
        candidates: Vec<String>,
    },
    /// No network namespace has that name.
    #[error("no such network namespace: {wanted}")]
    NoSuchNetns {
        /// What was asked for, as `netns:NAME`.
        wanted: String,
    },
    /// Nothing that was read tells which network namespace a process or a path is.
    #[error("{wanted}: which network namespace that is cannot be told from here")]
    UnknownNetns {
        /// What was asked for, as `pid:N` or `netns:PATH`.
        wanted: String,
    },
    /// The container exists but has no process, and so no interfaces.
    #[error("container {called} is not running (it is {state})")]
    NotRunning {
        /// How it is called: with its engine where another one has a container of that name.
        called: String,
        /// Its name in its engine.
        name: String,
        /// The engine that has it, where that is known.
        engine: Option<EngineName>,
        /// Its state in the engine's words.
        state: String,
    },
    /// A container or namespace has no interface of that name.
    #[error("{of} has no interface {wanted}")]
    NoSuchInterface {
        /// The container or namespace, in the words of the question.
        of: String,
        /// The interface that was asked for.
        wanted: String,
        /// Those that it has.
        have: Vec<String>,
    },
    /// No bridge has that name.
    #[error("no such bridge: {wanted}")]
    NoSuchBridge {
        /// What was asked for.
        wanted: String,
        /// The bridges there are, fake ones among them.
        have: Vec<String>,
        /// Whether it may be a fake bridge, as only the database tells of those.
        fakes_unknown: bool,
    },
    /// A list would miss some.
    #[error("the interfaces of {}{} are missing: {why}", .names.join(", "), and_more(*.more))]
    Incomplete {
        /// Whose interfaces could not be read.
        names: Vec<String>,
        /// How many more there are.
        more: usize,
        /// Why those of the first could not.
        why: SourceError,
    },
    /// A source that the answer needs is missing.
    #[error("{0}")]
    SourceUnavailable(SourceError),
}

impl QueryError {
    /// That no container has that name, of no engine in particular.
    pub fn no_such_container(wanted: &str) -> Self {
        Self::NoSuchContainer { wanted: wanted.to_owned(), near: Vec::new(), engines: Vec::new() }
    }

    /// Of a word that is read in several ways (`NamedInterface::readings`), the error that says more: what came of those
    /// before, or of the next one.
    #[must_use]
    pub fn of_readings(before: Option<Self>, next: Self) -> Self {
        match before {
            Some(before) if !before.says_nothing() || next.says_nothing() => before,
            _ => next,
        }
    }

    /// Whether it tells no more than that the word cannot be meant so.
    fn says_nothing(&self) -> bool {
        match self {
            Self::NoSuchContainer { near, .. } => near.is_empty(),
            Self::SourceUnavailable(why) => why.kind == SourceErrorKind::Unusable,
            _ => false,
        }
    }

    /// Whether it is for what was not seen. Another one stays however much is seen: the word means nothing, or
    /// several.
    pub fn is_for_the_unseen(&self) -> bool {
        match self {
            Self::SourceUnavailable(why) => why.kind != SourceErrorKind::Unusable,
            Self::Incomplete { .. } | Self::UnknownNetns { .. } => true,
            _ => false,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSuchContainer { near, engines, .. } if near.is_empty() => lists_of(engines),
            Self::NoSuchContainer { near, .. } => {
                Some(format!("did you mean {}?", near.join(" or ")))
            }
            Self::AmbiguousContainer { candidates, .. } => {
                Some(format!("it fits {}", candidates.join(", ")))
            }
            Self::AmbiguousName { candidates, .. } => {
                Some(format!("name its engine too: {}", candidates.join(" or ")))
            }
            Self::NoSuchNetns { .. } => {
                Some("ip netns list names the network namespaces there are".to_owned())
            }
            Self::UnknownNetns { .. } => Some(
                "a container, its first process and a name under /run/netns are known; on the host itself \
                 docker ovs port takes any process and path, without --server and --from"
                    .to_owned(),
            ),
            Self::NotRunning { name, state, engine, .. } => {
                Some(not_running(name, state, engine.as_ref()))
            }
            Self::NoSuchInterface { have, .. } => {
                Some(format!("there are {}", joined(have, ", ", TENANTS)))
            }
            Self::NoSuchBridge { have, fakes_unknown, .. } => {
                Some(other_bridges(have, *fakes_unknown))
            }
            Self::Incomplete { why, .. } => {
                let partial = "--partial answers from what was seen";
                let hints = [why.hint.as_str(), partial];
                let told: Vec<_> = hints.into_iter().filter(|hint| !hint.is_empty()).collect();
                Some(told.join("; "))
            }
            Self::SourceUnavailable(source_error) => {
                Some(source_error.hint.clone()).filter(|hint| !hint.is_empty())
            }
        }
    }
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" and {more} more") }
}

fn other_bridges(have: &[String], fakes_unknown: bool) -> String {
    let there = match have {
        [] => "no bridge was found; ovs-vsctl add-br makes one".to_owned(),
        have => format!("there are {}", joined(have, ", ", TENANTS)),
    };
    let fakes = "; of fake bridges the source ovsdb alone tells";
    there + if fakes_unknown { fakes } else { "" }
}

/// What lists the containers of these engines.
fn lists_of(engines: &[EngineName]) -> Option<String> {
    let mut all: Vec<_> =
        engines.iter().filter_map(|engine| EngineCommands::of(engine)?.list()).collect();
    all.dedup();
    let verb = if all.len() == 1 { "lists" } else { "list" };
    (!all.is_empty())
        .then(|| format!("{} {verb} the containers there are", joined(&all, ", ", TENANTS)))
}

/// What to do about a container without a process. An engine starts a restarting one by itself.
fn not_running(name: &str, state: &str, engine: Option<&EngineName>) -> String {
    let commands = engine.and_then(EngineCommands::of);
    let logs = || commands.as_ref().and_then(|commands| commands.logs(name));
    let start = || commands.as_ref().and_then(|commands| commands.start(name));
    let advice = match state {
        "restarting" => logs().map_or_else(
            || "it restarts by itself".to_owned(),
            |logs| format!("it restarts by itself; {logs} shows why it ends"),
        ),
        "removing" | "dead" => "it is being removed".to_owned(),
        _ if commands.as_ref().is_some_and(EngineCommands::starts_none) => {
            "what has ended in a pod is not started again, another one takes its place".to_owned()
        }
        _ => {
            start().map_or_else(|| "start it".to_owned(), |start| format!("start it with {start}"))
        }
    };
    format!("only a running container has interfaces; {advice}")
}
