//! `docker ovs version`.

use report::{v1, views};

use crate::args::VersionArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs version`; no source is asked.
///
/// # Errors
/// A template that asks for what is not there.
pub fn run(args: &VersionArgs) -> Result<Outcome, CliError> {
    let build = v1::Version {
        version: env!("CARGO_PKG_VERSION"),
        commit: env!("DOCKER_OVS_COMMIT"),
        date: env!("DOCKER_OVS_DATE"),
    };
    let text = Text::rows(&args.format, &views::BUILD, &[build])?;
    Ok(Outcome { text, ..Outcome::default() })
}
