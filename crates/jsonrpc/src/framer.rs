//! Cutting a byte stream into messages.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::scanner::{ByteKind, FrameError, Limits, Scanner};

/// How many bytes one read asks for.
const READ: usize = 64 << 10;

/// Cuts a byte stream into the JSON objects it is made of.
///
/// No byte is looked at twice, however the stream was chopped: the scanner's state
/// is kept across reads, so a message of any length costs time linear in its size.
/// Memory is bounded by [`Limits::message`] plus one read. Once an error has been
/// returned the stream cannot be resynchronised and every later call repeats it.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the message being scanned begins.
    start: usize,
    /// Where the next unseen byte is.
    scanned: usize,
    scanner: Scanner,
    limits: Limits,
}

impl Framer {
    /// A framer with the default [`Limits`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A framer with limits of the caller's choice.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.compact();
        self.buffer.extend_from_slice(bytes);
    }

    /// Reads once from `stream`, up to 64 KiB, and returns how many bytes came; 0 is
    /// the end of the stream. Cancel safe: a dropped future has read nothing.
    ///
    /// # Errors
    /// What the read returned.
    pub async fn read_from<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<usize> {
        self.compact();
        self.buffer.reserve(READ);
        (&mut *stream).take(READ as u64).read_buf(&mut self.buffer).await
    }

    /// Takes the next complete message, if there is one.
    ///
    /// # Errors
    /// [`FrameError`] when the stream is not a sequence of JSON objects within the
    /// limits. Errors do not wait for the message to be complete.
    pub fn take(&mut self) -> Result<Option<&[u8]>, FrameError> {
        while let Some(&byte) = self.buffer.get(self.scanned) {
            if self.scanned - self.start >= self.limits.message {
                return Err(FrameError::TooLong(self.limits.message));
            }
            let step = self.scanner.step(byte, self.limits.depth)?;
            self.scanned += 1;
            match step {
                ByteKind::Inside => {}
                ByteKind::Between => self.start = self.scanned,
                ByteKind::Last => {
                    let start = std::mem::replace(&mut self.start, self.scanned);
                    return Ok(self.buffer.get(start..self.scanned));
                }
            }
        }
        Ok(None)
    }

    /// True when part of a message has come and the rest has not.
    pub fn is_inside_message(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// Gives up the room of the messages that were taken.
    fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
    }
}
