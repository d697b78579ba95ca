//! The source appctl, the control socket: what `ovs-appctl dpif/show` answers, and the only one that knows
//! datapath ports (ovs-vswitchd(8)).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::ids::{DpPort, OfPort, name};
use model::snapshot::Observed;
use model::switch::{Bridge, OfPortState, Port};
use model::{SourceError, SourceErrorKind};
use unixctl::{Client, Error, VSWITCHD, control_socket};

use crate::Host;
use crate::deadline::Deadline;
use crate::failure;

/// The most that is held of what it tells, in bytes: the ports of a datapath that has a port for each number.
const MAX_BYTES: usize = 48 << 20;

/// What an option takes beside its text, in bytes, with its allocations.
const OPTION: usize = 2 * (size_of::<String>() + 16);

/// How the socket is called in messages.
pub(crate) fn what(rundir: &Path) -> String {
    format!("the control socket of ovs-vswitchd in {}", rundir.display())
}

/// The version of the running ovs-vswitchd.
pub(crate) async fn version(rundir: &Path) -> Result<String, SourceError> {
    let ask = async { open(rundir).await?.version().await };
    ask.await.map(|version| version.trim().to_owned()).map_err(|error| source_error(rundir, &error))
}

/// What [`super::sources`] calls.
pub(super) fn read<'a>(
    host: &'a Host,
    due: Deadline,
    _bridge: Option<&'a str>,
) -> BoxFuture<'a, Observed<Bridge>> {
    due.hold(|| what(&host.rundir), all(&host.rundir)).map(Observed::from).boxed()
}

/// Every bridge with every port that has a number.
async fn all(rundir: &Path) -> Result<Vec<Bridge>, SourceError> {
    let ask = async { open(rundir).await?.dpif_show().await };
    let bridges = ask.await.map_err(|error| source_error(rundir, &error))?;
    if !is_held(&bridges) {
        let why = format!("its bridges and ports take more than {} MiB", MAX_BYTES >> 20);
        return Err(SourceError::new(SourceErrorKind::Unusable, what(rundir), why));
    }
    Ok(bridges.into_iter().map(bridge).collect())
}

/// Whether what is made of them is little enough: a bound on the answer is none on that, for an option of six
/// letters is an entry of a map.
fn is_held(bridges: &[unixctl::DpBridge]) -> bool {
    let of_port = |port: &unixctl::DpPort| {
        let options = port.options.len() + port.options.matches('=').count() * OPTION;
        size_of::<Port>() + port.name.len() + port.kind.len() + options
    };
    let of_bridge = |bridge: &unixctl::DpBridge| {
        let ports = bridge.ports.iter().map(of_port).sum::<usize>();
        size_of::<Bridge>() + bridge.name.len() + bridge.datapath.len() + ports
    };
    bridges.iter().map(of_bridge).sum::<usize>() <= MAX_BYTES
}

async fn open(rundir: &Path) -> Result<Client, Error> {
    Client::connect(&control_socket(rundir, VSWITCHD)?).await
}

pub(crate) fn bridge(row: unixctl::DpBridge) -> Bridge {
    let datapath = row.datapath.split('@').next().map(str::to_owned);
    let ports = row.ports.into_iter().map(port).map(Arc::new).collect();
    Bridge { name: name(&row.name), datapath, ports, ..Bridge::default() }
}

fn port(row: unixctl::DpPort) -> Port {
    Port {
        iface: name(&row.name),
        ofport: OfPortState::Assigned(OfPort(row.ofport)),
        dp_port: row.dp_port.map(DpPort),
        // The userspace datapath makes its internal ports of tap devices, and says so.
        kind: if row.kind == "tap" { "internal".to_owned() } else { row.kind },
        options: options(&row.options),
        ..Port::default()
    }
}

/// `key=flow, remote_ip=192.0.2.1`
fn options(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(", ").filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn source_error(rundir: &Path, error: &Error) -> SourceError {
    failure::of_switch(what(rundir), error, Some(rundir), "root may use it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ports: Vec<unixctl::DpPort>) -> Vec<unixctl::DpBridge> {
        vec![unixctl::DpBridge { name: "b".to_owned(), datapath: "system@s".to_owned(), ports }]
    }

    fn with_options(name: &str, options: String) -> unixctl::DpPort {
        let (name, kind) = (name.to_owned(), "system".to_owned());
        unixctl::DpPort { name, ofport: 1, dp_port: None, kind, options }
    }

    #[test]
    fn what_becomes_of_an_answer_is_bounded() {
        let many = (0..u16::MAX).map(|n| with_options(&format!("veth{n}"), String::new()));
        assert!(is_held(&of(many.collect())), "a datapath may be full");
        let options: Vec<_> = (0..1_000_000).map(|n| format!("{n:x}=")).collect();
        let options = options.join(", ");
        assert!(options.len() < 16 << 20, "the answer is short enough");
        assert!(!is_held(&of(vec![with_options("p", options)])));
    }
}
