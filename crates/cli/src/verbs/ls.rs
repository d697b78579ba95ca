//! `docker ovs ls`.

use host::{Host, Question};
use model::filter::{Facts, Filters};
use model::query;
use model::snapshot::{Container, Observed};
use model::wiring::{LastTenant, Occupant, SwitchPort};
use model::{Snapshot, Wiring, resolve};
use report::{render, v1, views};

use crate::outcome::{Failure, Outcome};
use crate::words::LsArgs;

/// Answers `docker ovs ls`.
///
/// # Errors
/// No such bridge, or a source that the list needs is missing.
pub async fn run(host: &Host, args: &LsArgs) -> Result<Outcome, Failure> {
    let question = Question {
        bridge: args.bridge.clone(),
        roads: vec![args.via.into()],
        ..Question::default()
    };
    let snapshot = host.look(&question).await;
    query::sighted(&snapshot)?;
    if let Some(bridge) = &args.bridge {
        query::bridge(&snapshot, bridge)?;
    }
    let wiring = resolve(&snapshot);
    let rows = rows(&snapshot, &wiring, args);
    let remarks = wiring.troubles.iter().map(ToString::to_string).collect();
    Ok(Outcome { text: lay_out(&rows, args)?, remarks, nothing: false })
}

fn rows(snapshot: &Snapshot, wiring: &Wiring, args: &LsArgs) -> Vec<v1::Attachment> {
    let mut rows = living(snapshot, wiring, args);
    if args.all {
        rows.extend(left_behind(wiring, args));
    }
    rows.retain(|row| args.bridge.as_ref().is_none_or(|bridge| row.is_on(bridge)));
    rows.sort_by(|a, b| {
        (&a.container, a.ifindex, &a.port).cmp(&(&b.container, b.ifindex, &b.port))
    });
    rows
}

/// A row for each tenant of each attachment.
fn living(snapshot: &Snapshot, wiring: &Wiring, args: &LsArgs) -> Vec<v1::Attachment> {
    let filters = Filters(&args.filter);
    let known = |id| {
        let mut all = snapshot.engines.values().flat_map(Observed::rows);
        all.find(|row: &&Container| row.id == id)
    };
    let labels = args.filter.iter().any(model::filter::Filter::needs_labels);
    let tenancies =
        wiring.attachments.iter().flat_map(|a| a.tenants.iter().map(move |who| (a, who)));
    tenancies
        .filter(|(a, who)| filters.pass(a, who, labels.then(|| known(who.id.clone())).flatten()))
        .map(|(a, who)| v1::Attachment::new(a, Some(who)))
        .collect()
}

fn left_behind<'a>(wiring: &'a Wiring, args: &'a LsArgs) -> impl Iterator<Item = v1::Attachment> {
    let orphans = wiring.ports.iter().filter_map(|row| match &row.occupant {
        Occupant::LeftBehind { last: Some(last) } => Some((row, last)),
        _ => None,
    });
    let passing = orphans.filter(|(row, last)| Filters(&args.filter).agree(&facts(row, last)));
    passing
        .map(|(row, last)| v1::Attachment::left_behind(row, last))
        .collect::<Vec<_>>()
        .into_iter()
}

fn facts<'a>(row: &'a SwitchPort, last: &'a LastTenant) -> Facts<'a> {
    let known = last.container.as_ref();
    Facts {
        name: known.map_or(&last.words, |known| &known.name),
        id: known.map_or(&last.words, |known| &known.id.0),
        bridge: Some(&row.bridge),
        vlan: row.port.tag,
        status: "left-behind",
        labels: None,
    }
}

fn lay_out(rows: &[v1::Attachment], args: &LsArgs) -> Result<String, Failure> {
    if args.quiet {
        return Ok(ids(rows, args.no_trunc));
    }
    let view = match (args.all, args.no_trunc) {
        (true, _) => &views::LIST_ALL,
        (false, true) => &views::LIST_NO_TRUNC,
        (false, false) => &views::LIST,
    };
    Ok(render(&args.format, view, rows)?)
}

/// Each container once, as `docker ps -q` prints them.
fn ids(rows: &[v1::Attachment], full: bool) -> String {
    let mut seen = std::collections::BTreeSet::new();
    let once = rows.iter().map(|row| &row.id).filter(|id| !id.is_empty() && seen.insert(*id));
    let cut = |id: &String| if full { id.clone() } else { id.chars().take(12).collect() };
    once.map(|id| cut(id) + "\n").collect()
}
