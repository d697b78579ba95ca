//! `docker ovs trace SRC DST`.

use host::Origin;
use livetraffic::Trace;
use report::{Format, v1, views};

use crate::args::TraceArgs;
use crate::origin::asked_live;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs trace`: exit 0 delivered, 1 not, 2 not known.
///
/// # Errors
/// An end that is none, a packet that cannot be made, or vswitchd cannot be asked.
pub async fn run(origin: &Origin, args: &TraceArgs) -> Result<Outcome, CliError> {
    let host = asked_live(origin)?;
    let trace = Trace {
        source: args.source.clone(),
        destination: args.destination.clone(),
        kind: args.kind(),
        both: args.both,
        brief: args.format == Format::Table && !args.verbose,
    };
    let traced = trace.run(host).await?;
    let rows = traced.rows;
    let text = match &args.format {
        Format::Table => Text::lines(&sentences(&rows, args.verbose)),
        format => Text::rows(format, &views::TRACE, &rows)?,
    };
    let nothing = rows.iter().any(|row| row.reaches == Some(false));
    let unknown = rows.iter().any(|row| row.reaches.is_none());
    Ok(Outcome { text, remarks: traced.remarks, nothing, unknown, ..Outcome::default() })
}

/// A sentence for each way, and with `verbose` what vswitchd said.
fn sentences(rows: &[v1::Trace], verbose: bool) -> String {
    rows.iter().map(|row| paragraph(row, verbose)).collect()
}

fn paragraph(row: &v1::Trace, verbose: bool) -> String {
    let mut lines = vec![format!("{} to {}: {}", row.source.who, row.destination.who, row.verdict)];
    let is_new = |reason: &&String| !row.verdict.contains(reason.as_str());
    lines.extend(row.reasons.iter().filter(is_new).map(|reason| format!("  {reason}")));
    if verbose {
        lines.push(format!("  packet: {}\n\n{}", row.packet, row.text.trim_end()));
    }
    lines.join("\n") + "\n"
}
