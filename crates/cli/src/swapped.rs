//! Words in each other's operand: a bridge where a verb takes a container, a container where it
//! takes a bridge.

use host::{Observe, Origin, Question};
use model::snapshot::{Container, Observed};
use model::{Snapshot, Target, query};

use crate::args::Operand;
use crate::outcome::{CliError, Unknown};

/// So many digits of an id are no accident.
const SHORT_ID: usize = 12;

/// The error, with what the word is that named nothing; `verb` takes `operands`. Costs a few
/// questions more, and only where a word named nothing.
pub async fn with_swap_hint(
    origin: &Origin,
    (verb, operands): (&str, Vec<Operand<'_>>),
    cli_error: CliError,
) -> CliError {
    let Some(unknown) = cli_error.unknown().cloned() else { return cli_error };
    match hint(origin, verb, &operands, &unknown).await {
        Some(hint) => cli_error.hint(hint),
        None => cli_error,
    }
}

async fn hint(
    origin: &Origin,
    verb: &str,
    operands: &[Operand<'_>],
    unknown: &Unknown,
) -> Option<String> {
    let alone = match unknown {
        Unknown::Container(word) if origin.has_bridge(word).await => {
            format!("{word} is a bridge: docker ovs ports {word}")
        }
        Unknown::Bridge(word) if has_container(origin, word).await => {
            format!("{word} is a container: docker ovs port {word}")
        }
        _ => return None,
    };
    let swapped = is_swapped(origin, operands).await;
    Some(if swapped { other_order(verb, operands) } else { alone })
}

/// Whether each word is what the other one should be.
async fn is_swapped(origin: &Origin, operands: &[Operand<'_>]) -> bool {
    for operand in operands {
        let is_other = match operand {
            Operand::Container(word) => origin.has_bridge(word).await,
            Operand::Bridge(word) => has_container(origin, word).await,
        };
        if !is_other {
            return false;
        }
    }
    operands.len() == 2
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

async fn has_container(origin: &Origin, word: &str) -> bool {
    let target = Some(Target::Container(word.to_owned()));
    let snapshot = origin.observe(&Question { target, ..Question::default() }).await;
    is_container(&snapshot, word)
}

/// By name, or by so much of the id that no name is likely to begin it.
pub fn is_container(snapshot: &Snapshot, word: &str) -> bool {
    let word = query::without_slash(word);
    let fits = |row: &Container| {
        *row.name == *word || (word.len() >= SHORT_ID && row.id.0.starts_with(word))
    };
    snapshot.engines.values().flat_map(Observed::rows).any(fits)
}
