//! `docker ovs ports [BRIDGE]`.

use host::{Origin, Question};
use model::switch::SwitchSource;
use report::{Cells, v1, views};

use crate::args::PortsArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs ports`.
///
/// # Errors
/// No such bridge, or the switch cannot be asked. Where it told a part, that is listed, and the exit code is 2.
pub async fn run(origin: &Origin, args: &PortsArgs) -> Result<Outcome, CliError> {
    // Only the control socket knows datapath ports.
    let sources = vec![args.look.source.into(), SwitchSource::Appctl];
    let bridge = args.bridge.clone();
    let look = origin.look(&Question { bridge, sources, ..Question::default() }).await;
    look.switch(args.look.source.into())?;
    if let Some(bridge) = &args.bridge {
        look.bridge(bridge)?;
    }
    let wanted = args.bridge.as_ref();
    let ports =
        look.wiring.ports.iter().filter(|row| wanted.is_none_or(|bridge| row.is_on(bridge)));
    let rows: Vec<_> = ports.map(v1::Port::from).collect();
    let remarks = look.remarks();
    let hints = if rows.is_empty() { vec!["no port to list".to_owned()] } else { Vec::new() };
    let cells = Cells::no_trunc(args.no_trunc);
    let text = Text::cells(&args.format, cells, &views::PORTS, &rows)?;
    // What is not listed may be there: a script would take it for gone.
    let unknown = look.wiring.unseen.ports;
    Ok(Outcome { text, remarks, hints, unknown, ..Outcome::default() })
}
