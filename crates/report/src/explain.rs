//! `explain` for a person: one block for each interface, one line for each finding.

use crate::cell::printable;
use crate::table::{self, Cells};
use crate::v1::{Explanation, Source, State};

/// The blocks, separated by empty lines; the last one has who was asked, where that is known.
pub fn explain(rows: &[Explanation]) -> String {
    let sources = rows.first().and_then(|row| asked(&row.sources));
    rows.iter().map(block).chain(sources).collect::<Vec<_>>().join("\n")
}

fn asked(sources: &[Source]) -> Option<String> {
    let known = sources.iter().filter_map(|source| {
        let (world, evidence) = source.world.zip(source.evidence.clone())?;
        Some(vec![format!("  {}", source.source), world.to_string(), evidence])
    });
    let known: Vec<_> = known.collect();
    (!known.is_empty())
        .then(|| format!("sources\n{}", table::lay_out(|| known.iter().cloned(), Cells::Whole)))
}

fn block(row: &Explanation) -> String {
    let steps: Vec<Vec<String>> = row
        .steps
        .iter()
        .map(|step| {
            vec![
                format!("  {}  {}", step.number, step.name.word().replace('-', " ")),
                step.found.clone(),
                step.source.clone(),
            ]
        })
        .collect();
    let notes: String =
        row.attachment.notes.iter().map(|note| format!("  !  {}\n", printable(note))).collect();
    let steps = table::lay_out(|| steps.iter().cloned(), Cells::Whole);
    format!("{}\n{steps}{notes}", printable(&title(row)))
}

fn title(row: &Explanation) -> String {
    let it = &row.attachment;
    let home = if it.container.is_empty() { &it.netns } else { &it.container };
    let end = match (&it.bridge, it.ofport) {
        (Some(bridge), Some(port)) => format!("OpenFlow port {port} of {bridge}"),
        (Some(bridge), None) => format!("on {bridge}, {}", it.state),
        (None, _) if it.state == State::None => "on no bridge".to_owned(),
        (None, _) => it.state.to_string(),
    };
    format!("{home} {}: {end}", it.interface)
}
