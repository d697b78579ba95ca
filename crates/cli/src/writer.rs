//! Writing to stdout and stderr. Whatever is printed passes here, and nothing else may write there
//! (clippy.toml): the macros of the standard library panic where a disk is full or a reader gone.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use report::{Cells, Format, FormatError, Stream, View, printable, printable_lines, render_cells};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde::Serialize;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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

    /// Rows, as `--format` has them, with cells of a table as long as what is in them.
    ///
    /// # Errors
    /// A template that asks a row for something it does not have.
    pub fn rows<T: Serialize>(
        format: &Format,
        view: &View<T>,
        rows: &[T],
    ) -> Result<Self, FormatError> {
        Self::cells(format, Cells::Whole, view, rows)
    }

    /// The same with cells of a table as long as that: [`Cells::no_trunc`] of a verb that has the option.
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

    /// More rows of a verb that goes on.
    ///
    /// # Errors
    /// As [`Text::rows`].
    pub fn more<T: Serialize>(stream: &mut Stream<T>, rows: &[T]) -> Result<Self, FormatError> {
        stream.more(rows).map(Self)
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

/// The same for what goes on until a signal: while stdout takes nothing it is waited for without holding up
/// the thread. Dropped, it has written a part.
///
/// # Errors
/// As [`print()`].
pub(crate) async fn print_as_it_is_taken(text: &Text) -> io::Result<()> {
    let stdout = rustix::io::dup(rustix::stdio::stdout())?;
    #[allow(deprecated, reason = "its successor is unsafe; the descriptor is our own")]
    let watched = AsyncFd::with_interest(stdout, Interest::WRITABLE);
    // A file, which epoll(7) does not watch, takes all at once.
    let Ok(stdout) = watched else { return print(text) };
    let mut left = text.0.as_bytes();
    while !left.is_empty() {
        let mut ready = stdout.writable().await?;
        if !takes_more(stdout.get_ref().as_fd()) {
            ready.clear_ready();
            continue;
        }
        let part = left.get(..PIPE_BUF).unwrap_or(left);
        match rustix::io::write(stdout.get_ref(), part) {
            Ok(written) => left = left.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // Whoever made it may have said that it never waits.
            Err(Errno::AGAIN) => ready.clear_ready(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
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

/// Tells several lines on stderr, in one call. Each ends by itself.
pub fn tell_lines(lines: &str) {
    write_bytes(printable_lines(lines).as_bytes());
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

/// Whether lines are lost that stderr does not take at once.
static LOSES_LINES: AtomicBool = AtomicBool::new(false);
/// How many were, since one was taken.
static LOST: AtomicUsize = AtomicUsize::new(0);

/// So many bytes fit into a pipe that can be written to: POSIX's `PIPE_BUF` as Linux has it (pipe(7)).
const PIPE_BUF: usize = 4096;

/// From now on no line is waited for on stderr: a reader that has stopped would hold up all that one thread
/// does, signals too. How many lines were lost is told as soon as it reads on.
pub(crate) fn lose_lines_that_are_not_taken() {
    LOSES_LINES.store(true, Ordering::Relaxed);
}

/// From now on each line is waited for again: it is among the last ones, and no signal ends the program.
pub(crate) fn wait_for_readers() {
    LOSES_LINES.store(false, Ordering::Relaxed);
}

#[allow(clippy::disallowed_methods, reason = "the one place that writes there")]
fn write_bytes(bytes: &[u8]) {
    let mut stderr = io::stderr();
    if !LOSES_LINES.load(Ordering::Relaxed) {
        let _ = stderr.write_all(bytes);
        return;
    }
    let lost = LOST.load(Ordering::Relaxed);
    let told = if lost == 0 {
        String::new()
    } else {
        format!("docker-ovs: {lost} lines of this log were lost\n")
    };
    for part in [told.as_bytes(), bytes].into_iter().flat_map(|text| text.chunks(PIPE_BUF)) {
        if !takes_more(rustix::stdio::stderr()) {
            LOST.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let _ = stderr.write_all(part);
        LOST.store(0, Ordering::Relaxed);
    }
}

/// Whether a pipe takes [`PIPE_BUF`] bytes without a wait. What cannot be asked is written to.
fn takes_more(pipe: BorrowedFd<'_>) -> bool {
    let mut asked = [PollFd::new(&pipe, PollFlags::OUT)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    !matches!(poll(&mut asked, Some(&at_once)), Ok(0))
}
