//! Writing to stdout and stderr. Whatever is printed passes here, and nothing else may write there
//! (clippy.toml): the macros of the standard library panic where a disk is full or a reader gone.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use report::{Cells, Format, FormatError, View, printable, printable_lines, render_cells};
use serde::Serialize;

/// What is meant for stdout, whole lines: JSON as it is, and of anything else only what no terminal
/// obeys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Lines for people, or for programs that read lines.
    pub fn lines(text: &str) -> Self {
        Self(printable_lines(text).into_owned())
    }

    /// JSON, which has escapes of its own.
    pub fn json(text: String) -> Self {
        Self(text)
    }

    /// Rows, as `--format` has them.
    ///
    /// # Errors
    /// A template that asks a row for something it does not have.
    pub fn rows<T: Serialize>(
        format: &Format,
        view: &View<T>,
        rows: &[T],
    ) -> Result<Self, FormatError> {
        Self::cells(format, Cells::Cut, view, rows)
    }

    /// The same with cells of a table as long as that.
    ///
    /// # Errors
    /// As [`Text::rows`].
    pub fn cells<T: Serialize>(
        format: &Format,
        cells: Cells,
        view: &View<T>,
        rows: &[T],
    ) -> Result<Self, FormatError> {
        // What is not JSON was made printable cell by cell.
        render_cells(format, cells, view, rows).map(Self)
    }

    /// Rows of what was done already. Where they do not suit a template they are a table all the same, as
    /// what was done must be known, and the second part says why.
    pub fn done<T: Serialize>(
        format: &Format,
        cells: Cells,
        view: &View<T>,
        rows: &[T],
    ) -> (Self, Option<String>) {
        match Self::cells(format, cells, view, rows) {
            Ok(text) => (text, None),
            Err(error) => {
                let table = Self::cells(&Format::Table, cells, view, rows);
                (table.unwrap_or_default(), Some(error.to_string()))
            }
        }
    }

    /// This, and the other one after it.
    pub fn then(self, next: &Self) -> Self {
        Self(self.0 + &next.0)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes to stdout, and waits until it is taken.
///
/// # Errors
/// What the system says of it, as of a full disk; a reader that is gone is
/// [`io::ErrorKind::BrokenPipe`].
#[allow(clippy::disallowed_methods, reason = "the one place that writes there")]
pub fn print(Text(text): &Text) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes bytes to stdout as they are: what was read, with labels that are printable.
///
/// # Errors
/// As [`print()`].
#[allow(clippy::disallowed_methods, reason = "the one place that writes there")]
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Whether stdout is a terminal.
#[allow(clippy::disallowed_methods, reason = "the one place that writes there")]
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Tells something on stderr: a line in one call, so that it stays whole among those of other
/// programs. One that cannot be written is lost, as nothing could tell of that.
pub fn tell(program: &str, line: &str) {
    tell_line(&format!("{program}: {line}"));
}

/// The same without the name of a program before it.
pub fn tell_line(line: &str) {
    write_bytes((printable(line) + "\n").as_bytes());
}

/// Asks on stderr; false if the question could not be written.
#[allow(clippy::disallowed_methods, reason = "the one place that writes there")]
pub fn ask(question: &str) -> bool {
    io::stderr().write_all(printable_lines(question).as_bytes()).is_ok()
}

/// Whether a person reads stderr.
#[allow(clippy::disallowed_methods, reason = "the one place that writes there")]
pub fn is_read_by_a_person() -> bool {
    io::stderr().is_terminal()
}

/// What a log writes to: as [`tell`].
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that writes there")]
fn write_bytes(bytes: &[u8]) {
    let _ = io::stderr().write_all(bytes);
}
