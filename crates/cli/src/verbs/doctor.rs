//! `docker ovs doctor`.

use host::{Origin, examine_recording};
use report::{Cells, views};

use crate::args::DoctorArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs doctor`; exit 1 when something is missing.
///
/// # Errors
/// A template that asks for what is not there.
pub async fn run(origin: &Origin, args: &DoctorArgs) -> Result<Outcome, CliError> {
    let checks = match origin {
        Origin::Live(host) => host.examine().await,
        Origin::Recorded(snapshot) => examine_recording(snapshot),
    };
    let rows: Vec<_> = checks.iter().map(report::v1::Check::from).collect();
    let text = Text::cells(&args.format, Cells::Whole, &views::DOCTOR, &rows)?;
    let nothing = checks.iter().any(|check| check.verdict.is_bad());
    Ok(Outcome { text, nothing, ..Outcome::default() })
}
