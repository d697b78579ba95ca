//! The firewall's tables, as nft(8) lists them.

use crate::run::try_run;

/// What stands in the tables of family `inet` whose names begin with `name`.
pub fn tables_called(name: &str) -> String {
    let all = try_run("nft", &["list", "tables", "inet"]).unwrap_or_default();
    let names = all.lines().filter_map(|line| line.strip_prefix("table inet "));
    let names = names.filter(|table| table.starts_with(name));
    names.filter_map(|table| try_run("nft", &["list", "table", "inet", table]).ok()).collect()
}
