//! The source appctl, the control socket: what `ovs-appctl dpif/show` answers, and the only one that knows
//! datapath ports (ovs-vswitchd(8)).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::SourceError;
use model::ids::{DpPort, OfPort, name};
use model::snapshot::Observed;
use model::switch::{Bridge, OfPortState, Port};
use unixctl::{Client, Error, VSWITCHD, control_socket};

use crate::Host;
use crate::deadline::Deadline;
use crate::failure;

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
    Ok(bridges.into_iter().map(bridge).collect())
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
