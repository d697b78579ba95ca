//! How long the daemon takes, for its metrics.

use std::time::Duration;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// How long things take.
#[derive(Clone, Debug)]
pub(crate) struct Timings {
    pub(crate) look: Histogram,
    pub(crate) resolve: Histogram,
}

impl Default for Timings {
    fn default() -> Self {
        // From 0.1 ms to 3 s.
        let buckets = || exponential_buckets(0.0001, 2.0, 16);
        Self { look: Histogram::new(buckets()), resolve: Histogram::new(buckets()) }
    }
}

impl Timings {
    /// A whole look took so long.
    pub(crate) fn looked(&self, took: Duration) {
        self.look.observe(took.as_secs_f64());
    }

    /// To relate its rows took so long.
    pub(crate) fn resolved(&self, took: Duration) {
        self.resolve.observe(took.as_secs_f64());
    }
}
