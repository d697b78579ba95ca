//! `docker ovs explain CONTAINER [BRIDGE]`.

use host::{Host, Question};
use model::switch::Via;
use model::{query, resolve};
use report::{Format, render, v1, views};

use crate::outcome::{Failure, Outcome};
use crate::words::ExplainArgs;

/// Answers `docker ovs explain`, by all roads to the switch that there are.
///
/// # Errors
/// No such container, bridge, or no road at all.
pub async fn run(host: &Host, args: &ExplainArgs) -> Result<Outcome, Failure> {
    let every = || vec![Via::Ovsdb, Via::OpenFlow, Via::Dpif];
    let question = Question {
        container: Some(args.container.clone()),
        bridge: args.bridge.clone(),
        tenants: true,
        roads: args.via.map_or_else(every, |road| vec![road.into()]),
    };
    let snapshot = host.look(&question).await;
    let target = query::target(&snapshot, &args.container)?;
    let wiring = resolve(&snapshot);
    let found = query::attachments(&snapshot, &wiring, target)?;
    if let Some(bridge) = &args.bridge {
        query::bridge(&snapshot, bridge)?;
    }
    let rows: Vec<_> = found.iter().map(|found| v1::Explanation::new(found)).collect();
    let wanted = |row: &v1::Explanation| {
        args.bridge.as_ref().is_none_or(|bridge| row.attachment.is_on(bridge))
    };
    let rows: Vec<_> = rows.into_iter().filter(wanted).collect();
    let text = match &args.format {
        Format::Table => report::explain(&rows),
        format => render(format, &views::EXPLANATION, &rows)?,
    };
    let nothing = args.bridge.is_some() && rows.is_empty();
    let mut remarks: Vec<_> = wiring.troubles.iter().map(ToString::to_string).collect();
    remarks.extend(target.remark());
    Ok(Outcome { text, remarks, nothing })
}
