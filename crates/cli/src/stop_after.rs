//! Only in debug builds: lets a test end the program between two steps of a plan, or change the
//! host there. `DOCKER_OVS_STOP_AFTER=N` stops after N steps; the program goes on when its stdin
//! ends.

use std::sync::Arc;

use host::{Host, StepObserver};

const VARIABLE: &str = "DOCKER_OVS_STOP_AFTER";

struct StopAfter(usize);

impl StepObserver for StopAfter {
    fn taken(&self, steps: usize) {
        if self.needs(steps) {
            crate::writer::tell_line(&format!("stopped after {steps} steps"));
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        }
    }

    fn needs(&self, steps: usize) -> bool {
        steps == self.0
    }
}

/// The host, stopped where the environment says so.
pub(crate) fn observed(host: Host) -> Host {
    let steps = std::env::var(VARIABLE).ok().and_then(|steps| steps.parse().ok());
    match steps {
        Some(steps) => host.observed_by(Arc::new(StopAfter(steps))),
        None => host,
    }
}
