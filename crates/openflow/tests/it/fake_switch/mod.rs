//! The client against a switch that answers slowly, half, or wrongly.

mod answers;
mod switch;
mod trouble;

use std::time::Duration;

use docker_ovs_openflow::{Client, Error, Port, Remote, Version};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::time::timeout;

use self::switch::Switch;

/// Far more than any conversation takes: a client that hangs fails its test.
const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs `client` against `switch`, a script for the other end of its socket.
async fn converse<T>(
    version: Version,
    switch: impl AsyncFnOnce(Switch),
    client: impl AsyncFnOnce(Result<Client, Error>) -> T,
) -> T {
    let dir = TempDir::new().unwrap();
    let remote = Remote::mgmt(dir.path(), "br0");
    let Remote::Unix(path) = &remote else { panic!("{remote}") };
    let listener = UnixListener::bind(path).unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        switch(Switch { stream, version: version as u8 }).await;
    };
    let ask = async { client(Client::connect(&remote, &Version::ALL).await).await };
    let both = async { tokio::join!(ask, serve).0 };
    timeout(TEST_TIMEOUT, both).await.expect("one side waits for ever")
}

/// The ports that a switch of `version` lists, whose answer to the request is `switch`.
async fn ports_from(
    version: Version,
    switch: impl AsyncFnOnce(&mut Switch, u32),
) -> Result<Vec<Port>, Error> {
    let script = async |mut other_end: Switch| {
        other_end.greet().await;
        let (_, xid, _) = other_end.request().await;
        switch(&mut other_end, xid).await;
    };
    converse(version, script, async |client| client.unwrap().ports().await).await
}
