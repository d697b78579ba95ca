//! The control road: what `ovs-appctl` asks ovs-vswitchd.

use std::path::Path;

use model::Trouble;
use unixctl::{Client, control_socket};

use crate::failure;

/// How the socket is called in messages.
pub(crate) fn what(rundir: &Path) -> String {
    format!("the control socket of ovs-vswitchd in {}", rundir.display())
}

/// The version of the running ovs-vswitchd.
pub(crate) async fn version(rundir: &Path) -> Result<String, Trouble> {
    let ask = async {
        let socket = control_socket(rundir, "ovs-vswitchd")?;
        let mut client = Client::connect(&socket).await?;
        client.version().await
    };
    ask.await.map(|version| version.trim().to_owned()).map_err(|error| trouble(rundir, &error))
}

fn trouble(rundir: &Path, error: &unixctl::Error) -> Trouble {
    failure::of_chain(what(rundir), error, "root may use it")
}
