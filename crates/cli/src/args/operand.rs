//! The words that name a container or a bridge.

use model::query::without_slash;

/// A container as Docker takes it: `/web`, as `docker inspect` prints the name, is `web`.
pub(super) fn container(text: &str) -> Result<String, String> {
    match without_slash(text) {
        "" => Err("the name is empty".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// The same, for verbs that need more of it than its namespace.
pub(super) fn connectable(text: &str) -> Result<String, String> {
    if text.starts_with("pid:") || text.starts_with("netns:") {
        return Err("only containers of an engine can be connected".to_owned());
    }
    container(text)
}

/// A word that names a container or a bridge, in the order in which a verb takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand<'a> {
    /// A container is meant.
    Container(&'a str),
    /// A bridge is meant.
    Bridge(&'a str),
}
