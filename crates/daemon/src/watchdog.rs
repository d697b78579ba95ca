//! The service manager's watchdog (sd_watchdog_enabled(3)): a daemon whose only thread hangs falls
//! silent, and is started anew.

use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the service manager twice in each interval that it gives (`WATCHDOG_USEC`) that the
/// daemon lives; where it gives none, nothing.
pub(crate) async fn keep_alive() {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval((interval / 2).max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
    }
}
