//! `docker ovs explain CONTAINER [BRIDGE]`.

use host::{Origin, Question};
use model::switch::SwitchSource;
use report::{Format, v1, views};

use super::named::NamedLook;
use super::port::{Missing, absence, unplaced};
use crate::args::ExplainArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs explain`, by every switch source.
///
/// # Errors
/// No such container, bridge, or no source at all.
pub async fn run(origin: &Origin, args: &ExplainArgs) -> Result<Outcome, CliError> {
    let every = || SwitchSource::ALL.to_vec();
    let question = |target| Question {
        target: Some(target),
        bridge: args.bridge.clone(),
        tenants: true,
        sources: args.source.map_or_else(every, |source| vec![source.into()]),
        traffic: true,
        identities: true,
        ..Question::default()
    };
    let asked = NamedLook::at(origin, args.words(), question).await?;
    let look = &asked.look;
    let (subject, found) = asked.found(args.bridge.as_deref())?;
    // Those that are not on the bridge most need to be explained.
    let sources = v1::sources(&look.snapshot);
    let sources = || sources.iter().filter(|source| source.world.is_some()).cloned().collect();
    let explained =
        found.iter().map(|found| v1::Explanation::of(found, subject).asked_of(sources()));
    let rows: Vec<_> = explained.collect();
    let text = match &args.format {
        Format::Table => Text::lines(&report::explain(&rows)),
        format => Text::rows(format, &views::EXPLANATION, &rows)?,
    };
    let on = |bridge: &String| found.iter().any(|found| found.is_on(bridge));
    let elsewhere = args.bridge.as_ref().filter(|bridge| !on(bridge));
    let mut remarks = look.remarks();
    remarks.extend(subject.remark(&look.snapshot));
    let unplaced = unplaced(&found);
    remarks.extend(elsewhere.map(|bridge| absence(&args.container, bridge, &unplaced)));
    let Missing { nothing, unknown } = Missing::where_it(elsewhere.is_some(), &unplaced);
    let empty = || format!("{} has no Ethernet interface", args.container);
    let hints = if rows.is_empty() { vec![empty()] } else { Vec::new() };
    Ok(Outcome { text, remarks, hints, nothing, unknown, ..Outcome::default() })
}
