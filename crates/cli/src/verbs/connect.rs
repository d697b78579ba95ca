//! `docker ovs connect BRIDGE CONTAINER`.

use host::{Connected, Origin, plan_connect};
use model::plan::{Connect, Plan, Step};
use model::query::Subject;
use model::{Snapshot, query, rehearse, resolve, vlan_range};
use report::{Cells, Format, printable, v1, views};

use crate::args::ConnectArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs connect`; exit 1 when the port got another number than was asked for.
///
/// # Errors
/// A request that is refused, or could not be fulfilled; then nothing is left of it.
pub async fn run(origin: &Origin, args: &ConnectArgs) -> Result<Outcome, CliError> {
    let request = request(args);
    let cells = Cells::no_trunc(args.no_trunc);
    // A template is tried on what is planned, before anything is done.
    if args.dry_run || (args.format.is_template() && !args.quiet) {
        let (snapshot, plan) = plan_connect(origin, &request).await?;
        let rows = rows(&rehearse(&snapshot, &plan.steps), &plan)?;
        let text = Text::cells(format(args), cells, &views::PORT, &rows)?;
        if args.dry_run {
            return Ok(Outcome { text: planned(args, &plan, &rows, text), ..Outcome::default() });
        }
    }
    let Connected { plan, snapshot } = origin.live()?.connect(&request).await?;
    let rows = rows(&snapshot, &plan)?;
    let other = refused(&plan, &rows);
    let (text, unsuited) = Text::done(format(args), cells, &views::PORT, &rows);
    let text = if args.quiet { numbers(&rows) } else { text };
    let remarks: Vec<_> = other.into_iter().chain(unsuited).collect();
    Ok(Outcome { text, nothing: !remarks.is_empty(), remarks, is_done: true, ..Outcome::default() })
}

/// What there would be, after the steps where people read it.
fn planned(args: &ConnectArgs, plan: &Plan, rows: &[v1::Attachment], text: Text) -> Text {
    match args.format {
        _ if args.quiet => numbers(rows),
        Format::Table => Text::lines(&(steps(plan) + "\n")).then(&text),
        _ => text,
    }
}

/// With `--quiet` there are no rows to be laid out.
fn format(args: &ConnectArgs) -> &Format {
    if args.quiet { &Format::Table } else { &args.format }
}

fn numbers(rows: &[v1::Attachment]) -> Text {
    let numbers = rows.iter().filter_map(|row| row.ofport);
    Text::lines(&numbers.map(|number| format!("{number}\n")).collect::<String>())
}

fn request(args: &ConnectArgs) -> Connect {
    Connect {
        bridge: args.bridge.clone(),
        container: args.container.clone(),
        interface: args.interface.clone(),
        ofport: args.ofport.unwrap_or_default(),
        addresses: args.ip.clone(),
        gateways: args.gateway.clone(),
        mac: args.mac,
        mtu: args.mtu,
        vlan: args.vlan,
        trunks: vlan_range::tags(&args.trunk),
        vlan_mode: args.vlan_mode,
        host_interface: args.host_interface.clone(),
    }
}

/// The steps of a plan, a line each, numbered.
pub(super) fn steps(plan: &Plan) -> String {
    let lines = plan.steps.iter().map(Step::to_string);
    (1..).zip(lines).map(|(n, line)| format!("{n}. {}\n", printable(&line))).collect()
}

/// The new interface as `docker ovs port` would show it.
fn rows(snapshot: &Snapshot, plan: &Plan) -> Result<Vec<v1::Attachment>, CliError> {
    // By its engine too, which the id alone may not tell.
    let target = match snapshot.container_of(&plan.container) {
        Some(row) => row,
        None => query::container(snapshot, &plan.container.id.0)?,
    };
    let target = Subject::Container(target);
    let wiring = resolve(snapshot);
    let found = query::attachments(snapshot, &wiring, target)?;
    let new = found.into_iter().filter(|found| found.link.name == plan.interface);
    let row = new.map(|found| {
        let who = found.tenants.iter().find(|who| who.id == plan.container.id);
        v1::Attachment::new(found, who)
    });
    Ok(row.collect())
}

/// What is to be said where vswitchd gave another number.
fn refused(plan: &Plan, rows: &[v1::Attachment]) -> Option<String> {
    let wanted = plan.ofport()?.0;
    let given = rows.iter().find_map(|row| row.ofport).filter(|given| *given != wanted)?;
    Some(format!("OpenFlow port {wanted} was asked for, Open vSwitch gave {given}"))
}
