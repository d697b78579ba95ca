//! By what containers are known: their ids, which may be cut, and the engine that has them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Name;

/// Full id of a container: 64 hexadecimal digits with Docker and Podman.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainerId(pub Name);

impl ContainerId {
    /// The first 12 characters, as `docker ps` shows it.
    pub fn short(&self) -> &str {
        short_id(&self.0)
    }
}

/// The name of a container as its user gives it, where the API, and so `docker inspect`, has a
/// slash before it: `/web` is `web`.
pub fn without_slash(wanted: &str) -> &str {
    wanted.strip_prefix('/').unwrap_or(wanted)
}

/// The first 12 characters of an id, as `docker ps` shows it.
pub fn short_id(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// Words that name a container: cut to 12 characters if they are a full id, as they are if
/// not.
pub fn short_if_id(words: &str) -> &str {
    if is_full_id(words) { short_id(words) } else { words }
}

/// Whether words are the full id of a container: 64 hexadecimal digits.
pub fn is_full_id(words: &str) -> bool {
    words.len() == 64 && words.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether the id of a container is unique in its engine only: it is the container's name there, with what has
/// that name behind it, as in `web@lxc`.
pub fn is_local_id(id: &str) -> bool {
    id.contains('@')
}

/// Whether words are enough of an id to tell one: what `docker ps` shows has 12 hexadecimal digits. A name may
/// look like fewer.
pub fn is_short_id(words: &str) -> bool {
    words.len() >= 12 && words.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a word means a container by the beginning of its id: four digits at least, as fewer may as well be a
/// number. Of what is recorded the id may be the beginning of the word.
pub fn begins_id(word: &str, id: &str) -> bool {
    let is_beginning = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_beginning && (id.starts_with(word) || (is_short_id(id) && word.starts_with(id)))
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who runs containers, by the API it speaks: `docker` also for Podman's
/// Docker-compatible socket. Of several of one kind the others are called after where they are, as
/// `docker@/run/other.sock`, or after the user who runs them: `podman@1000`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EngineName(pub Name);

impl EngineName {
    /// Its kind: `docker` of `docker@/run/other.sock`.
    pub fn kind(&self) -> &str {
        self.0.split_once('@').map_or(&*self.0, |(kind, _)| kind)
    }

    /// What stands behind its kind: the address of `docker@/run/other.sock`, the user of `podman@1000`.
    pub fn place(&self) -> Option<&str> {
        Some(self.0.split_once('@')?.1)
    }

    /// The user who runs it for themselves: 1000 of `podman@1000`.
    pub fn user(&self) -> Option<u32> {
        self.place()?.parse().ok()
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
