//! How much is read of what others made.

use std::io::{self, Read};

/// All that is read of one recording, unpacked, in bytes: a report of sos has a tenth of that.
pub(crate) const ALL: u64 = 8 << 30;
/// One text, in bytes: what a command prints of ten thousand ports.
pub(crate) const TEXT: usize = 32 << 20;
/// So many files.
pub(crate) const FILES: usize = 200_000;

/// A stream of which no more is read than is allowed.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, left: ALL }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let why = format!("it unpacks to more than {} GiB", ALL >> 30);
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left = self.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
