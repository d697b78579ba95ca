//! A Host that a daemon looks at: for those who may ask it, but not the host itself.

use std::net::SocketAddr;
use std::time::Duration;

use model::switch::Via;
use model::{Trouble, TroubleKind};
use serde_json::value::RawValue;

use crate::Host;
use crate::deadline::Deadline;
use crate::engine::address::Address;
use crate::engine::http::{Http, HttpError};
use crate::failure;

impl Host {
    /// The host as the daemon at `server` sees it now: `unix://PATH` or `http://IP:PORT`.
    ///
    /// # Errors
    /// There is no daemon, it has not looked yet, or it is silent for longer than `timeout`.
    pub async fn served(server: &str, roads: &[Via], timeout: Duration) -> Result<Self, Trouble> {
        let address = address(server)?;
        let what = format!("the daemon at {server}");
        let http = Http::new(address);
        let path = path(roads);
        let ask = async {
            let asked = http.get::<Box<RawValue>>(&path).await;
            asked.map_err(|error| trouble(&what, &error))
        };
        let snapshot = Deadline::after(timeout).hold(|| what.clone(), ask).await?;
        Self::replay_json(&what, snapshot.get().as_bytes())
    }
}

/// The roads are named only if there is more than what the daemon follows anyway.
fn path(roads: &[Via]) -> String {
    let asked: Vec<_> = roads.iter().map(|via| format!("via={via}")).collect();
    format!("/v1/snapshot?{}", asked.join("&"))
}

fn address(server: &str) -> Result<Address, Trouble> {
    let unusable = || {
        Trouble::new(TroubleKind::Unusable, format!("--server {server}"), "names no daemon")
            .remedy("write unix:///run/docker-ovs.sock or http://127.0.0.1:9653")
    };
    if let Some(path) = server.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
        return Ok(Address::Unix(path.into()));
    }
    let place = server.strip_prefix("http://").ok_or_else(unusable)?.trim_end_matches('/');
    let numeric = place.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let at: Result<SocketAddr, _> = numeric.as_deref().unwrap_or(place).parse();
    at.map(Address::Tcp).map_err(|_| unusable())
}

fn trouble(what: &str, error: &HttpError) -> Trouble {
    failure::of_chain(what.to_owned(), error, "root may use its socket, and the socket's group")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_is_named_by_its_socket_or_its_address() {
        assert_eq!(address("unix:///run/d.sock"), Ok(Address::Unix("/run/d.sock".into())));
        let here = "127.0.0.1:9653".parse().unwrap();
        for text in ["http://127.0.0.1:9653", "http://localhost:9653/"] {
            assert_eq!(address(text), Ok(Address::Tcp(here)));
        }
        for bad in ["", "unix://", "unix://d.sock", "http://", "http://d:1", "https://127.0.0.1:1"]
        {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
