//! The service manager's watchdog (sd_watchdog_enabled(3)): a daemon falls silent whose thread that serves hangs, or for
//! long the one that looks, and is started anew.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, interval};

use crate::look_thread::LookThread;

/// So often it is told that the daemon lives while the thread of looks takes no turn: ten intervals. A look may be long,
/// where the kernel is slow; one that hangs would end `--restore` and the mesh's tunnels without a word.
const TOLD_MEANWHILE: u32 = 20;

/// Tells the service manager twice in each interval that it gives (`WATCHDOG_USEC`) that the
/// daemon lives; where it gives none, nothing.
pub(crate) async fn keep_alive(looks: LookThread) {
    let Some(usual) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval((usual / 2).max(Duration::from_millis(1)));
    loop {
        let tell = || {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        };
        tell_during_a_turn(&looks, &mut ticks, tell).await;
    }
}

/// Tells it [`TOLD_MEANWHILE`] times, and waits until the thread of looks has had its turn.
async fn tell_during_a_turn(looks: &LookThread, ticks: &mut Interval, tell: impl Fn()) {
    let telling = async {
        for _ in 0..TOLD_MEANWHILE {
            ticks.tick().await;
            tell();
        }
    };
    // The thread ends with the daemon alone.
    let _ = tokio::join!(telling, looks.run(async {}));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc::channel;

    use tokio::time::timeout;

    use super::*;

    /// Longer than any test waits for.
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn while_the_thread_of_looks_hangs_it_is_told_for_some_time_only() {
        let looks = LookThread::start();
        let (go_on, wait) = channel::<()>();
        looks.spawn(async move {
            let _ = wait.recv_timeout(LONG);
        });
        let told = Cell::new(0);
        let mut ticks = interval(Duration::from_millis(1));
        let tell = || told.set(told.get() + 1);
        let mut turn = Box::pin(tell_during_a_turn(&looks, &mut ticks, tell));
        assert!(timeout(Duration::from_millis(500), &mut turn).await.is_err(), "it hangs");
        assert_eq!(told.get(), TOLD_MEANWHILE);
        go_on.send(()).unwrap();
        turn.await;
        tell_during_a_turn(&looks, &mut ticks, tell).await;
        assert_eq!(told.get(), 2 * TOLD_MEANWHILE, "it goes on");
        looks.end().await;
    }
}
