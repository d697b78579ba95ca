//! Plain aligned columns, as Docker prints them.

use std::io::Write;

use tabwriter::TabWriter;

use crate::cell::printable;

/// Blanks between columns.
const GAP: usize = 3;

/// Lines of cells under a header, each ended by a newline.
pub(crate) fn lay_out(lines: &[Vec<String>]) -> String {
    // A cell holds no tab and no newline: `printable` writes them as escapes.
    let rows = lines.iter().map(|line| line.iter().map(|cell| printable(cell)).collect());
    let rows: Vec<Vec<String>> = rows.collect();
    let text: String = rows.iter().map(|row| row.join("\t") + "\n").collect();
    let mut table = TabWriter::new(Vec::new()).padding(GAP).minwidth(0);
    let aligned = table.write_all(text.as_bytes()).and_then(|()| table.flush());
    let aligned = aligned.ok().and_then(|()| String::from_utf8(table.into_inner().ok()?).ok());
    let aligned = aligned.unwrap_or(text);
    aligned.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
