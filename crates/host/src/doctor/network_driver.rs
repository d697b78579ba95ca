//! Whether Docker finds the network driver `ovs`, now and after a reboot.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use model::health::{Check, Verdict};
use model::switch::Bridge;
use model::{Observed, Snapshot};

use crate::identity::peer;
use crate::identity::process::Process;

/// Where Docker looks first (moby, `pkg/plugins/discovery.go`).
const SOCKET: &str = "/run/docker/plugins/ovs.sock";
/// Where it looks next.
const OTHERS: [&str; 4] = [
    "/etc/docker/plugins/ovs.spec",
    "/etc/docker/plugins/ovs.json",
    "/usr/lib/docker/plugins/ovs.spec",
    "/usr/lib/docker/plugins/ovs.json",
];
/// What `docker ovs driver` records of a network on its bridge.
pub(super) const NETWORK: &str = "docker-ovs.network.";
/// sd_booted(3), and what `systemctl enable` makes.
const SYSTEMD: &str = "/run/systemd/system";
const ENABLED: &str = "/etc/systemd/system/sockets.target.wants/docker-ovs-driver.socket";

const START: &str = "docker ovs driver serves it; systemctl enable --now docker-ovs-driver.socket \
                     has systemd listen there before dockerd starts";
const ENABLE: &str = "systemctl enable docker-ovs-driver.socket docker-ovs-driver.service: dockerd \
                      starts containers before anything that is started later";

/// What there is.
#[derive(Debug, Default)]
struct DriverState {
    /// Who listens at the socket; none where nothing does.
    listener: Option<String>,
    /// Whether there is a file of that name all the same.
    dead: bool,
    /// Another driver that has the name.
    other: Option<PathBuf>,
    /// How many networks are recorded.
    networks: usize,
    /// Whether the socket is there after a reboot; none without systemd.
    enabled: Option<bool>,
}

/// One line, where the driver is used or its name is taken.
pub(super) fn check(snapshot: &Snapshot) -> Option<Check> {
    let bridges = snapshot.switch.values().flat_map(Observed::rows);
    let networks =
        |bridge: &Bridge| bridge.external_ids.keys().filter(|key| key.starts_with(NETWORK)).count();
    let found = peer::listener(Path::new(SOCKET));
    let dead = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
    let full = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    let listener = found.ok().map(called).or_else(|| full.then(|| "a process".to_owned()));
    let other = OTHERS.iter().map(PathBuf::from).find(|path| path.exists());
    let enabled = Path::new(SYSTEMD).is_dir().then(|| Path::new(ENABLED).exists());
    judge(&DriverState { listener, dead, other, networks: bridges.map(networks).sum(), enabled })
}

fn called(pid: u32) -> String {
    let comm = Process::open(pid).map(|process| process.comm()).unwrap_or_default();
    if comm.is_empty() { format!("process {pid}") } else { format!("{comm} (process {pid})") }
}

fn judge(state: &DriverState) -> Option<Check> {
    let networks = match state.networks {
        1 => "1 network is recorded".to_owned(),
        count => format!("{count} networks are recorded"),
    };
    let (verdict, detail, hint) = match (&state.listener, &state.other) {
        (Some(who), _) if state.enabled == Some(false) => {
            (Verdict::Note, format!("{who} listens; {networks}; not after a reboot"), ENABLE)
        }
        (Some(who), _) => (Verdict::Ok, format!("{who} listens; {networks}"), ""),
        (None, Some(path)) => {
            let why = format!("{} gives the name to another driver; {networks}", path.display());
            (Verdict::Note, why, START)
        }
        (None, None) if state.dead => {
            (Verdict::Note, format!("nothing listens there any more; {networks}"), START)
        }
        (None, None) if state.networks > 0 => {
            (Verdict::Note, format!("there is no such socket; {networks}"), START)
        }
        (None, None) => return None,
    };
    let name = "driver".to_owned();
    Some(Check { name, target: SOCKET.to_owned(), verdict, detail, hint: hint.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(state: &DriverState) -> (Verdict, String) {
        let check = judge(state).unwrap();
        assert_eq!(check.hint.is_empty(), check.verdict == Verdict::Ok);
        (check.verdict, check.detail)
    }

    #[test]
    fn a_host_without_the_driver_has_no_line() {
        assert!(judge(&DriverState::default()).is_none());
        assert!(judge(&DriverState { enabled: Some(false), ..DriverState::default() }).is_none());
    }

    #[test]
    fn who_listens_is_told_and_whether_it_lasts() {
        let listener = || Some("systemd (process 1)".to_owned());
        let lasting =
            DriverState { listener: listener(), enabled: Some(true), ..DriverState::default() };
        assert_eq!(told(&lasting).0, Verdict::Ok);
        let without = DriverState { listener: listener(), networks: 1, ..DriverState::default() };
        let detail = "systemd (process 1) listens; 1 network is recorded".to_owned();
        assert_eq!(told(&without), (Verdict::Ok, detail));
        let passing =
            DriverState { listener: listener(), enabled: Some(false), ..DriverState::default() };
        assert!(told(&passing).1.ends_with("not after a reboot"));
    }

    #[test]
    fn a_name_that_leads_nowhere_or_elsewhere_is_told() {
        let (verdict, detail) = told(&DriverState { networks: 2, ..DriverState::default() });
        assert_eq!(verdict, Verdict::Note);
        assert!(detail.contains("no such socket; 2 networks"), "{detail}");
        assert!(told(&DriverState { dead: true, ..DriverState::default() }).1.contains("any more"));
        let other = Some(PathBuf::from("/etc/docker/plugins/ovs.spec"));
        let (_, detail) = told(&DriverState { other, ..DriverState::default() });
        assert!(detail.contains("ovs.spec gives the name to another driver"), "{detail}");
    }
}
