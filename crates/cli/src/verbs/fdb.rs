//! `docker ovs fdb BRIDGE`.

use flowtext::{parse_fdb, parse_fdb_statistics};
use host::{Origin, Question, SwitchCommand};
use report::{Cells, v1, views};
use traffic::seen_macs;

use crate::args::FdbArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs fdb`; exit 1 when an address is where it does not belong.
///
/// # Errors
/// No such bridge, or vswitchd cannot be asked.
pub async fn run(origin: &Origin, args: &FdbArgs) -> Result<Outcome, CliError> {
    let bridge = &args.bridge;
    let question = Question { bridge: Some(bridge.clone()), ..Question::default() };
    let look = origin.look(&question).await;
    look.switch(model::switch::SwitchSource::Ovsdb)?;
    let named = look.bridge(bridge)?;
    let name = named.bridge.name.clone();
    let vlan = named.fake.map(|fake| fake.vlan);
    let (table, counts) = tokio::join!(
        origin.ask_vswitchd(SwitchCommand::Fdb(&name)),
        origin.ask_vswitchd(SwitchCommand::FdbStatistics(&name)),
    );
    let mut entries: Vec<_> = parse_fdb(&table?).collect();
    // A fake bridge is a VLAN of the one beneath it.
    entries.retain(|entry| vlan.is_none_or(|vlan| entry.vlan == vlan));
    entries.sort_by_key(|entry| (entry.vlan, entry.mac));
    // Older releases do not count.
    let counts = counts.map(|text| parse_fdb_statistics(&text)).unwrap_or_default();
    let seen = seen_macs(&look, &name, &entries);
    let rows: Vec<_> =
        seen.iter().map(|seen| v1::FdbEntry::new(&name, counts.moved, seen)).collect();
    let rows: Vec<_> = rows.into_iter().filter(|row| !args.misplaced || row.misplaced).collect();
    let text = Text::cells(&args.format, Cells::no_trunc(args.no_trunc), &views::FDB, &rows)?;
    let mut remarks = look.remarks();
    let nothing = rows.iter().any(|row| row.misplaced);
    if let Some(moved) = counts.moved.filter(|moved| *moved > 0) {
        remarks.push(format!("{name}: addresses moved from one port to another {moved} times"));
    }
    if let (Some(evicted), Some(room)) = (counts.evicted.filter(|n| *n > 0), counts.room) {
        remarks.push(format!(
            "{name}: {evicted} addresses were forgotten, as there is room for {room}"
        ));
    }
    let hints = if rows.is_empty() { vec!["no address to list".to_owned()] } else { Vec::new() };
    Ok(Outcome { text, remarks, hints, nothing, ..Outcome::default() })
}
