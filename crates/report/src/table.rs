//! Plain aligned columns, as Docker prints them.

use crate::cell::{printable, width};

/// Blanks between columns.
const GAP: usize = 3;

/// Lines of cells under a header, each ended by a newline.
pub(crate) fn lay_out(lines: &[Vec<String>]) -> String {
    let lines: Vec<Vec<String>> =
        lines.iter().map(|line| line.iter().map(|cell| printable(cell)).collect()).collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns)
        .map(|i| lines.iter().filter_map(|line| line.get(i)).map(|c| width(c)).max().unwrap_or(0))
        .collect();
    lines.iter().map(|line| one(line, &widths)).collect()
}

fn one(line: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (cell, full) in line.iter().zip(widths) {
        out.push_str(cell);
        out.extend(std::iter::repeat_n(' ', full + GAP - width(cell)));
    }
    let mut out = out.trim_end().to_owned();
    out.push('\n');
    out
}
