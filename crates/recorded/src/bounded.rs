//! How much is read of what others made.

use std::io::{self, Read};

use lzma_rust2::XzReader;

/// All that is read of one recording, unpacked, in bytes: a report of sos has a tenth of that.
pub(crate) const ALL: u64 = 8 << 30;
/// One text, in bytes: what a command prints of ten thousand ports.
pub(crate) const TEXT: usize = 32 << 20;
/// All texts of which something is kept, in bytes: flows and links of the largest hosts are a tenth of that.
pub(crate) const KEPT: usize = 128 << 20;
/// So many files.
pub(crate) const FILES: usize = 200_000;

/// What xz may take to unpack, in KiB. `xz -9` wants half of it; a head may want 4 GiB (The .xz File Format,
/// section 5.3.1), of which nothing says that they are of use.
pub(crate) const XZ: u32 = 128 << 10;

/// A stream of xz that is refused where it wants more memory than [`XZ`], before any is taken.
pub(crate) struct Xz<R: Read>(XzReader<R>);

impl<R: Read> Xz<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self(XzReader::new_mem_limit(inner, true, XZ))
    }
}

impl<R: Read> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => {
                let why =
                    format!("xz wants more than {} MiB to unpack it: unpack it first", XZ >> 10);
                io::Error::new(io::ErrorKind::InvalidData, why)
            }
            _ => error,
        })
    }
}

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
