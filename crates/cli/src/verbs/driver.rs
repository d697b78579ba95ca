//! `docker ovs driver`.

use driver::core::Driver;

use crate::args::{DriverArgs, SourceOptions};
use crate::outcome::{CliError, Outcome};

/// Serves Docker's calls until it is told to end.
///
/// # Errors
/// A socket that cannot be listened on.
pub async fn run(sources: &SourceOptions, args: &DriverArgs) -> Result<Outcome, CliError> {
    let driver = Driver::new(sources.settings())?;
    driver::docker::serve(driver, &args.socket).await?;
    Ok(Outcome::default())
}
