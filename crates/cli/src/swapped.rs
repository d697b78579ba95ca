//! Words in each other's operand: a bridge where a verb takes a container, a container where it
//! takes a bridge.

use host::{Observe, Origin, Question};
use model::snapshot::{Container, Observed};
use model::{Snapshot, Target, query};

use crate::args::{Cli, Operand, Operands};
use crate::outcome::{CliError, Unknown};

/// So many digits of an id are no accident.
const SHORT_ID: usize = 12;

/// The error, with what the word is that named nothing. Costs a few questions more, and only where a word named
/// nothing.
pub async fn with_swap_hint(origin: &Origin, operands: &Operands, cli_error: CliError) -> CliError {
    let Some(unknown) = cli_error.unknown().cloned() else { return cli_error };
    match hint(origin, operands, &unknown).await {
        Some(hint) => cli_error.hint(hint),
        None => cli_error,
    }
}

async fn hint(origin: &Origin, operands: &Operands, unknown: &Unknown) -> Option<String> {
    let alone = match unknown {
        Unknown::Container(word) if operands.verb == "flows" && word.contains('=') => {
            return Some(matches_of_flows(operands, word));
        }
        Unknown::Container(word) if origin.has_bridge(word).await => {
            is_a_bridge(&operands.verb, word)
        }
        Unknown::Container(word) if is_port(origin, word).await => {
            format!("{word} is a port of a bridge: docker ovs who {word}")
        }
        Unknown::Bridge(word) if has_container(origin, word).await => {
            is_a_container(&operands.verb, word)
        }
        _ => return None,
    };
    let swapped = is_swapped(origin, &operands.words).await;
    Some(if swapped { other_order(operands) } else { alone })
}

/// As `ovs-ofctl dump-flows` takes them.
fn matches_of_flows(operands: &Operands, word: &str) -> String {
    let bridge = operands.words.iter().find_map(|operand| match operand {
        Operand::Bridge(bridge) => Some(bridge.as_str()),
        Operand::Container(_) => None,
    });
    let bridge = bridge.unwrap_or("BRIDGE");
    format!("{word} is a match of flows, not a container: docker ovs flows {bridge} | grep {word}")
}

fn is_a_bridge(verb: &str, word: &str) -> String {
    match verb {
        "trace" => format!(
            "{word} is a bridge: docker ovs trace {word}:PORT DST, with --raw FLOW for a packet as ofproto/trace \
             takes it"
        ),
        _ => format!("{word} is a bridge: docker ovs ports {word}"),
    }
}

fn is_a_container(verb: &str, word: &str) -> String {
    if Cli::takes_container_after_bridge(verb) {
        return format!("{word} is a container: docker ovs {verb} BRIDGE {word}");
    }
    format!("{word} is a container: docker ovs port {word}")
}

/// Whether each of two words is what the other one should be.
async fn is_swapped(origin: &Origin, operands: &[Operand]) -> bool {
    let ([Operand::Container(container), Operand::Bridge(bridge)]
    | [Operand::Bridge(bridge), Operand::Container(container)]) = operands
    else {
        return false;
    };
    origin.has_bridge(container).await && has_container(origin, bridge).await
}

fn other_order(operands: &Operands) -> String {
    let is = |operand: &Operand| match operand {
        Operand::Container(word) => format!("{word} is a bridge"),
        Operand::Bridge(word) => format!("{word} is a container"),
    };
    let word = |operand: &Operand| match operand {
        Operand::Container(word) | Operand::Bridge(word) => word.clone(),
    };
    let both: Vec<_> = operands.words.iter().map(is).collect();
    let turned: Vec<_> = operands.words.iter().rev().map(word).collect();
    format!("{}: {} {}", both.join(", "), operands.called, turned.join(" "))
}

/// Whether a bridge stands before the last colon.
async fn is_port(origin: &Origin, word: &str) -> bool {
    match word.rsplit_once(':') {
        Some((bridge, _)) => origin.has_bridge(bridge).await,
        None => false,
    }
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
