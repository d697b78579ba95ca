//! Words in each other's operand: a bridge where a verb takes a container, a container where it
//! takes a bridge.

use host::{Observe, Origin, Question};
use model::snapshot::{Container, Observed};
use model::{Snapshot, query};

use crate::args::Operand;
use crate::outcome::{CliError, Unknown};

/// So many digits of an id are no accident.
const SHORT_ID: usize = 12;

/// The error, with what the word is that named nothing; `verb` takes `operands`. Costs another
/// look, and only where a word named nothing.
pub async fn with_swap_hint(
    origin: &Origin,
    (verb, operands): (&str, Vec<Operand<'_>>),
    cli_error: CliError,
) -> CliError {
    let Some(unknown) = cli_error.unknown().cloned() else { return cli_error };
    let snapshot = origin.observe(&Question::default()).await;
    match hint(&snapshot, verb, &operands, &unknown) {
        Some(hint) => cli_error.hint(hint),
        None => cli_error,
    }
}

fn hint(
    snapshot: &Snapshot,
    verb: &str,
    operands: &[Operand<'_>],
    unknown: &Unknown,
) -> Option<String> {
    let swapped = || is_swapped(snapshot, operands).then(|| other_order(verb, operands));
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
fn is_swapped(snapshot: &Snapshot, operands: &[Operand<'_>]) -> bool {
    operands.len() == 2
        && operands.iter().all(|operand| match operand {
            Operand::Container(word) => is_bridge(snapshot, word),
            Operand::Bridge(word) => is_container(snapshot, word),
        })
}

fn other_order(verb: &str, operands: &[Operand<'_>]) -> String {
    let is = |operand: &Operand<'_>| match operand {
        Operand::Container(word) => format!("{word} is a bridge"),
        Operand::Bridge(word) => format!("{word} is a container"),
    };
    let word = |operand: &Operand<'_>| match operand {
        Operand::Container(word) | Operand::Bridge(word) => (*word).to_owned(),
    };
    let both: Vec<_> = operands.iter().map(is).collect();
    let turned: Vec<_> = operands.iter().rev().map(word).collect();
    format!("{}: {verb} {}", both.join(", "), turned.join(" "))
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
