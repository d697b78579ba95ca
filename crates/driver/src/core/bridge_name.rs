//! The name of a bridge that is to be made: vswitchd makes a link of that name, or takes over a tap that has it, which
//! goes with the bridge then.

use std::time::Duration;

use host::HostLink;
use tokio::time::{Instant, sleep};

use super::View;
use crate::DriverError;
use crate::options::NetworkOptions;

/// So long it takes vswitchd at most to take the link of a bridge down that was removed a moment ago.
const LINK_GOES: Duration = Duration::from_secs(1);
/// How often is looked whether it has.
const AGAIN: Duration = Duration::from_millis(100);

/// When a link that has the name of a bridge is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameWait(Instant);

impl NameWait {
    pub(super) fn from_now() -> Self {
        Self(Instant::now() + LINK_GOES)
    }

    /// Waits a little where the link may be that of a bridge which is gone.
    ///
    /// # Errors
    /// It is another one, or it is still there after a while.
    pub(super) async fn go_on(self, link: &HostLink) -> Result<(), DriverError> {
        if !may_be_left(link) || Instant::now() >= self.0 {
            return Err(DriverError::new(refusal(link)));
        }
        sleep(AGAIN).await;
        Ok(())
    }
}

impl View {
    /// The link of the switch's host that has the name of a bridge which is to be made.
    pub(super) fn namesake(
        &self,
        options: &NetworkOptions,
    ) -> Result<Option<HostLink>, DriverError> {
        let is_there = self.bridges.iter().any(|bridge| *bridge.name == *options.bridge);
        let mut ports = self.bridges.iter().flat_map(|bridge| &bridge.ports);
        let is_port = ports.any(|port| *port.iface == *options.bridge);
        // What is a port is refused as that.
        if is_there || is_port {
            return Ok(None);
        }
        Ok(self.endpoints.host_link(&options.bridge, None)?)
    }
}

/// Whether it is of a kind that the own links of bridges have.
fn may_be_left(link: &HostLink) -> bool {
    matches!(link.kind.as_str(), "tun" | "openvswitch")
}

fn refusal(link: &HostLink) -> String {
    let kind = match link.kind.as_str() {
        "" => String::new(),
        kind => format!(" ({kind})"),
    };
    format!("it is no bridge of Open vSwitch: a link of the host is called so{kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(kind: &str) -> HostLink {
        HostLink { kind: kind.to_owned(), names: vec!["n0".to_owned()], ..HostLink::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_be_a_removed_bridges_link_is_waited_for_and_nothing_else() {
        for kind in ["", "veth", "bridge"] {
            let why = NameWait::from_now().go_on(&link(kind)).await.unwrap_err().to_string();
            let told = if kind.is_empty() { "called so".to_owned() } else { format!("({kind})") };
            assert!(why.ends_with(&told), "{why}");
        }
        for kind in ["tun", "openvswitch"] {
            let wait = NameWait::from_now();
            let mut times = 0;
            while wait.go_on(&link(kind)).await.is_ok() {
                times += 1;
            }
            assert!((9..=10).contains(&times), "{kind}: {times}");
        }
    }
}
