//! The words that name a container or a bridge.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
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

/// A word that names a container or a bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A container is meant.
    Container(String),
    /// A bridge is meant.
    Bridge(String),
}

/// The verb of a command line, and its words that name a container or a bridge, in the order in which they stand. They
/// are clap's own arguments of these ids, so that each verb that has them is among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operands {
    /// The verb, with the group that it is in: `flows`, `mesh join`.
    pub verb: String,
    /// How that is called: `docker ovs flows`.
    pub called: String,
    /// The words.
    pub words: Vec<Operand>,
}

const BRIDGE: &str = "bridge";
const CONTAINER: &str = "container";

impl Operands {
    /// Of a command line that was read.
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let (mut at, mut verb) = (matches, Vec::new());
        while let Some((name, of_verb)) = at.subcommand() {
            at = of_verb;
            // It is the tool itself, as Docker calls it.
            if name != "ovs" {
                verb.push(name);
            }
        }
        let bridges = typed(at, BRIDGE).map(|(index, word)| (index, Operand::Bridge(word)));
        let containers =
            typed(at, CONTAINER).map(|(index, word)| (index, Operand::Container(word)));
        let mut words: Vec<_> = bridges.chain(containers).collect();
        words.sort_by_key(|(index, _)| *index);
        let words = words.into_iter().map(|(_, operand)| operand).collect();
        let verb = verb.join(" ");
        Self { called: format!("docker ovs {verb}"), verb, words }
    }
}

/// The values of an argument that were typed, each with its place on the command line.
fn typed(matches: &ArgMatches, id: &str) -> impl Iterator<Item = (usize, String)> {
    let is_known = matches.ids().any(|known| known.as_str() == id);
    let is_typed = is_known && matches.value_source(id) == Some(ValueSource::CommandLine);
    let words = is_typed.then(|| matches.indices_of(id).zip(matches.get_raw(id))).flatten();
    let words = words.into_iter().flat_map(|(indices, words)| indices.zip(words));
    words.map(|(index, word)| (index, word.to_string_lossy().into_owned()))
}

/// Whether a verb takes a bridge, and then a container. `verb` is its command.
pub(super) fn takes_container_after_bridge(verb: &Command) -> bool {
    let ids: Vec<_> = verb.get_positionals().map(|argument| argument.get_id().as_str()).collect();
    let at = |id: &str| ids.iter().position(|own| *own == id);
    at(BRIDGE).zip(at(CONTAINER)).is_some_and(|(bridge, container)| bridge < container)
}
