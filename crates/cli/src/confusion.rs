//! Words in each other's place: a bridge where a verb takes a container, a container where it
//! takes a bridge.

use host::{Observe, Origin, Question};
use model::snapshot::{Container, Observed};
use model::{Snapshot, query};

use crate::outcome::{CliError, Unknown};
use crate::words::Place;

/// So many digits of an id are no accident.
const SHORT_ID: usize = 12;

/// The cli_error, with what the word is that named nothing; `verb` takes `places`. Costs another
/// look, and only where a word named nothing.
pub async fn told_apart(
    origin: &Origin,
    (verb, places): (&str, Vec<Place<'_>>),
    cli_error: CliError,
) -> CliError {
    let Some(unknown) = cli_error.unknown().cloned() else { return cli_error };
    let snapshot = origin.observe(&Question::default()).await;
    match hint(&snapshot, verb, &places, &unknown) {
        Some(hint) => cli_error.hint(hint),
        None => cli_error,
    }
}

fn hint(
    snapshot: &Snapshot,
    verb: &str,
    places: &[Place<'_>],
    unknown: &Unknown,
) -> Option<String> {
    let swapped = || is_swapped(snapshot, places).then(|| other_order(verb, places));
    match unknown {
        Unknown::Container(word) if is_bridge(snapshot, word) => {
            let alone = || format!("{word} is a bridge: docker ovs ports {word}");
            Some(swapped().unwrap_or_else(alone))
        }
        Unknown::Bridge(word) if is_container(snapshot, word) => {
            let alone = || format!("{word} is a container: docker ovs port {word}");
            Some(swapped().unwrap_or_else(alone))
        }
        _ => None,
    }
}

/// Whether each word is what the other one should be.
fn is_swapped(snapshot: &Snapshot, places: &[Place<'_>]) -> bool {
    places.len() == 2
        && places.iter().all(|place| match place {
            Place::Container(word) => is_bridge(snapshot, word),
            Place::Bridge(word) => is_container(snapshot, word),
        })
}

fn other_order(verb: &str, places: &[Place<'_>]) -> String {
    let is = |place: &Place<'_>| match place {
        Place::Container(word) => format!("{word} is a bridge"),
        Place::Bridge(word) => format!("{word} is a container"),
    };
    let (Place::Container(word) | Place::Bridge(word)) = places[0];
    let (Place::Container(first) | Place::Bridge(first)) = places[1];
    let both: Vec<_> = places.iter().map(is).collect();
    format!("{}: {verb} {first} {word}", both.join(", "))
}

fn is_bridge(snapshot: &Snapshot, word: &str) -> bool {
    query::bridge(snapshot, word).is_ok()
}

/// By name, or by so much of the id that no name is likely to begin it.
pub fn is_container(snapshot: &Snapshot, word: &str) -> bool {
    let word = query::without_slash(word);
    let fits = |row: &Container| {
        *row.name == *word || (word.len() >= SHORT_ID && row.id.0.starts_with(word))
    };
    snapshot.engines.values().flat_map(Observed::rows).any(fits)
}
