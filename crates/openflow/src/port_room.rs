//! How many ports are listed of several bridges together: each by itself is bounded, and how many there are is not.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;

/// Room for the ports of several bridges, which their clients share.
#[derive(Debug)]
pub struct PortRoom {
    left: AtomicUsize,
    most: usize,
}

impl PortRoom {
    /// Room for so many ports.
    pub fn of(most: usize) -> Self {
        Self { left: AtomicUsize::new(most), most }
    }

    /// Takes room for so many more.
    ///
    /// # Errors
    /// [`Error::TooManyPorts`]: there is not enough left.
    pub(crate) fn take(&self, ports: usize) -> Result<(), Error> {
        let less = |left: usize| left.checked_sub(ports);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(drop).map_err(|_| Error::TooManyPorts(self.most))
    }
}
