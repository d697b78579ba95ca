//! Which container, which bridge, which attachments were asked for.

use thiserror::Error;

use crate::snapshot::{Container, Observed, Snapshot};
use crate::switch::Bridge;
use crate::trouble::Trouble;
use crate::wiring::{Attachment, Wiring};

/// At most so many near names or candidates are told.
const TOLD: usize = 8;

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
    },
    /// The id prefix fits several containers.
    #[error("ambiguous container id prefix: {wanted}")]
    AmbiguousContainer {
        /// What was asked for.
        wanted: String,
        /// Those it fits, as `short-id (name)`.
        candidates: Vec<String>,
    },
    /// The container exists but has no process, and so no interfaces.
    #[error("container {name} is not running (it is {state})")]
    NotRunning {
        /// Its name.
        name: String,
        /// Its state in the engine's words.
        state: String,
    },
    /// No bridge has that name.
    #[error("no such bridge: {wanted}")]
    NoSuchBridge {
        /// What was asked for.
        wanted: String,
        /// The bridges there are.
        have: Vec<String>,
    },
    /// A source that the answer needs is missing.
    #[error("{0}")]
    Blind(Trouble),
}

impl QueryError {
    /// What to do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NoSuchContainer { near, .. } if near.is_empty() => {
                Some("docker ps -a lists the containers there are".to_owned())
            }
            Self::NoSuchContainer { near, .. } => {
                Some(format!("did you mean {}?", near.join(" or ")))
            }
            Self::AmbiguousContainer { candidates, .. } => {
                Some(format!("it fits {}", candidates.join(", ")))
            }
            Self::NotRunning { name, .. } => Some(format!(
                "only a running container has interfaces; start it with docker start {name}"
            )),
            Self::NoSuchBridge { have, .. } if have.is_empty() => {
                Some("there is no bridge at all; make one with ovs-vsctl add-br".to_owned())
            }
            Self::NoSuchBridge { have, .. } => Some(format!("there are {}", have.join(", "))),
            Self::Blind(trouble) => {
                Some(trouble.remedy.clone()).filter(|remedy| !remedy.is_empty())
            }
        }
    }
}

/// Finds a container as Docker does: by full id, then name, then unambiguous id prefix.
///
/// # Errors
/// [`QueryError::NoSuchContainer`], [`QueryError::AmbiguousContainer`], or
/// [`QueryError::Blind`] when no engine could be asked.
pub fn container<'a>(snapshot: &'a Snapshot, wanted: &str) -> Result<&'a Container, QueryError> {
    let all = || snapshot.engines.values().flat_map(Observed::rows);
    if let Some(exact) = all().find(|row| row.id.0 == wanted) {
        return Ok(exact);
    }
    if let Some(named) = all().find(|row| row.name == wanted.trim_start_matches('/')) {
        return Ok(named);
    }
    let fits: Vec<_> = all().filter(|row| is_prefix(wanted, row)).collect();
    match fits.as_slice() {
        [one] => Ok(one),
        [] => Err(nobody(snapshot, wanted)),
        many => Err(QueryError::AmbiguousContainer {
            wanted: wanted.to_owned(),
            candidates: told(many.iter().map(|row| format!("{} ({})", row.id.short(), row.name))),
        }),
    }
}

fn is_prefix(wanted: &str, row: &Container) -> bool {
    !wanted.is_empty() && row.id.0.starts_with(wanted)
}

fn nobody(snapshot: &Snapshot, wanted: &str) -> QueryError {
    let blind = snapshot.engines.values().find_map(|rows| match rows {
        Observed::Absent { why } => Some(QueryError::Blind(why.clone())),
        Observed::Fresh { .. } | Observed::Stale { .. } => None,
    });
    blind.unwrap_or_else(|| QueryError::NoSuchContainer {
        wanted: wanted.to_owned(),
        near: near(snapshot, wanted),
    })
}

fn near(snapshot: &Snapshot, wanted: &str) -> Vec<String> {
    let names = snapshot.engines.values().flat_map(Observed::rows).map(|row| row.name.as_str());
    let allowed = wanted.chars().count().div_ceil(3).min(3);
    let mut near: Vec<_> =
        names.map(|name| (distance(wanted, name), name)).filter(|(d, _)| *d <= allowed).collect();
    near.sort_unstable();
    told(near.into_iter().map(|(_, name)| name.to_owned()))
}

fn told(names: impl Iterator<Item = String>) -> Vec<String> {
    names.take(TOLD).collect()
}

/// Levenshtein distance; a name that merely begins with `wanted` counts as one step away.
fn distance(wanted: &str, name: &str) -> usize {
    if wanted.len() >= 3 && name.starts_with(wanted) {
        return 1;
    }
    let name: Vec<char> = name.chars().collect();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, a) in wanted.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in name.iter().enumerate() {
            let step = (diagonal + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], step);
        }
    }
    row[name.len()]
}

/// Finds a bridge by its exact name.
///
/// # Errors
/// [`QueryError::NoSuchBridge`], or [`QueryError::Blind`] when the switch could not be asked.
pub fn bridge<'a>(snapshot: &'a Snapshot, wanted: &str) -> Result<&'a Bridge, QueryError> {
    let all = || snapshot.switch.values().flat_map(Observed::rows);
    if let Some(found) = all().find(|bridge| bridge.name == wanted) {
        return Ok(found);
    }
    let blind = snapshot.switch.values().find_map(Observed::trouble);
    if let Some(trouble) = blind {
        return Err(QueryError::Blind(trouble.clone()));
    }
    let mut have: Vec<_> = all().map(|bridge| bridge.name.clone()).collect();
    have.sort();
    have.dedup();
    Err(QueryError::NoSuchBridge { wanted: wanted.to_owned(), have })
}

/// The attachments of one running container.
///
/// # Errors
/// [`QueryError::NotRunning`], or [`QueryError::Blind`] when its namespace or the switch
/// could not be read: an empty answer would be a guess.
pub fn attachments<'a>(
    snapshot: &Snapshot,
    wiring: &'a Wiring,
    container: &Container,
) -> Result<Vec<&'a Attachment>, QueryError> {
    let Some(netns) = container.netns else { return Err(no_namespace(snapshot, container)) };
    let home = snapshot.kernel.rows().iter().find(|ns| ns.id == netns);
    let unread = home.and_then(|ns| ns.trouble.as_ref()).or(snapshot.kernel.trouble());
    if let Some(trouble) = unread {
        return Err(QueryError::Blind(trouble.clone()));
    }
    let switch = snapshot.switch.values().all(|rows| matches!(rows, Observed::Absent { .. }));
    match snapshot.switch.values().find_map(Observed::trouble) {
        Some(trouble) if switch => Err(QueryError::Blind(trouble.clone())),
        _ => Ok(wiring.attachments.iter().filter(|a| a.netns == netns).collect()),
    }
}

fn no_namespace(snapshot: &Snapshot, container: &Container) -> QueryError {
    let trouble = container.netns_trouble.as_ref().or(snapshot.kernel.trouble());
    match (container.pid, trouble) {
        (Some(_), Some(trouble)) => QueryError::Blind(trouble.clone()),
        _ => {
            QueryError::NotRunning { name: container.name.clone(), state: container.state.clone() }
        }
    }
}
