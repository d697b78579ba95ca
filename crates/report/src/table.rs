//! Plain aligned columns, as Docker prints them.

use std::borrow::Cow;

use crate::cell::{CELL, cut, printable, width};

/// Blanks between columns.
const GAP: usize = 3;

/// How wide a column gets at most, in columns of the terminal: a cell that is longer stands out. Of each row otherwise
/// as much would be printed as the longest cell has, which a name or an option of any length makes.
const WIDEST: usize = 256;

/// How long a cell may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// At most [`CELL`] columns; the rest is an ellipsis. Only [`Cells::no_trunc`] makes it outside of this crate:
    /// nothing is cut that no option shows whole.
    #[non_exhaustive]
    Cut,
    /// As long as what is in it.
    Whole,
}

impl Cells {
    /// As `--no-trunc` has it.
    pub fn no_trunc(whole: bool) -> Self {
        if whole { Self::Whole } else { Self::Cut }
    }

    fn shown(self, cell: &str) -> String {
        let kept = match self {
            // Escapes are longer than what they stand for: no more is escaped than can be shown.
            Self::Cut => cut(cell, CELL),
            Self::Whole => Cow::Borrowed(cell),
        };
        let shown = printable(&kept);
        match self {
            Self::Cut => cut(&shown, CELL).into_owned(),
            Self::Whole => shown,
        }
    }
}

/// Lines of cells under a header, each ended by a newline. They are made twice, first to measure
/// them: no more than one is held.
pub(crate) fn lay_out<L>(lines: impl Fn() -> L, cells: Cells) -> String
where
    L: Iterator<Item = Vec<String>>,
{
    lay_out_wider(lines, cells, &mut Vec::new())
}

/// The same in columns that are at least so wide, which tells afterwards how wide they are.
pub(crate) fn lay_out_wider<L>(
    lines: impl Fn() -> L,
    cells: Cells,
    widths: &mut Vec<usize>,
) -> String
where
    L: Iterator<Item = Vec<String>>,
{
    for line in lines() {
        widths.resize(widths.len().max(line.len()), 0);
        for (cell, widest) in line.iter().zip(widths.iter_mut()) {
            *widest = (*widest).max(width(&cells.shown(cell)).min(WIDEST));
        }
    }
    let mut out = String::new();
    for line in lines() {
        let start = out.len();
        let mut blanks = 0;
        for (cell, widest) in line.iter().zip(widths.iter()) {
            let cell = cells.shown(cell);
            out.extend(std::iter::repeat_n(' ', blanks));
            out.push_str(&cell);
            blanks = widest.saturating_sub(width(&cell)) + GAP;
        }
        let end = out.trim_end_matches(' ').len().max(start);
        out.truncate(end);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Cells, lay_out};

    fn table(lines: &[&[&str]], cells: Cells) -> String {
        let line = |line: &&[&str]| line.iter().map(|cell| (*cell).to_owned()).collect();
        lay_out(|| lines.iter().map(line), cells)
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines: [&[&str]; 3] = [&["A", "B", "C"], &["long", "", "x"], &["名", "b"]];
        assert_eq!(table(&lines, Cells::Cut), "A      B   C\nlong       x\n名     b\n");
    }

    #[test]
    fn one_long_cell_does_not_make_the_others_long() {
        let long = "x".repeat(1 << 20);
        let lines: [&[&str]; 2] = [&[&long, "b"], &["a", "b"]];
        let cut = table(&lines, Cells::Cut);
        assert!(cut.len() < 200 && cut.contains('…'), "{cut}");
        let whole = table(&lines, Cells::Whole);
        assert!((1 << 20..(1 << 20) + 1024).contains(&whole.len()), "{}", whole.len());
    }

    #[test]
    fn a_cell_of_control_characters_is_not_longer_than_others() {
        let lines: [&[&str]; 1] = [&[&"\u{1b}".repeat(1 << 20), "b"]];
        assert!(table(&lines, Cells::Cut).len() < 200);
    }
}
