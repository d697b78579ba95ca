//! `docker ovs disconnect BRIDGE CONTAINER`.

use host::{Origin, plan_disconnect};
use model::plan::{Disconnect, Plan};
use report::printable;

use super::connect::steps;
use crate::args::DisconnectArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs disconnect`; prints what was removed, as `CONTAINER:INTERFACE`.
///
/// # Errors
/// A request that is refused, or could not be fulfilled.
pub async fn run(origin: &Origin, args: &DisconnectArgs) -> Result<Outcome, CliError> {
    let request = Disconnect {
        bridge: args.bridge.clone(),
        container: args.container.clone(),
        interface: args.interface.clone(),
        force: args.force,
    };
    let text = if args.dry_run {
        &steps(&plan_disconnect(origin, &request).await?.1)
    } else {
        &removed(&origin.live()?.disconnect(&request).await?.plan)
    };
    Ok(Outcome { text: Text::lines(text), is_done: !args.dry_run, ..Outcome::default() })
}

fn removed(plan: &Plan) -> String {
    printable(&format!("{}:{}", plan.container.name, plan.interface)) + "\n"
}
