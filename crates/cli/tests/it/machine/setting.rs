//! Settings of the kernel.

use lab::{run, try_run};

/// A sysctl(8) variable, as it was before once its guard is gone.
pub(super) struct Setting(&'static str, String);

impl Setting {
    /// Namespaces that are made meanwhile have no fallback devices of tunnels.
    pub(super) fn no_fallback_tunnels() -> Self {
        Self::new("net.core.fb_tunnels_only_for_init_net", "1")
    }

    fn new(name: &'static str, value: &str) -> Self {
        let before = run("sysctl", &["--values", name]);
        run("sysctl", &["--quiet", "--write", &format!("{name}={value}")]);
        Self(name, before)
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        let _ = try_run("sysctl", &["--quiet", "--write", &format!("{}={}", self.0, self.1)]);
    }
}
