//! The client against real members.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

/// Skips a test where there is no etcd. The modules below see it as it stands before them.
macro_rules! need_etcd {
    () => {
        if !lab::is_there(lab::Need::Etcd) {
            return;
        }
    };
}

mod changes;
mod keys;
mod members;
mod tls;

use std::future::Future;

use docker_ovs_etcd::{Client, Settings, TlsFiles};
use lab::{Etcd, patience};
use tokio::time::timeout;

/// Runs a test that must come to an end.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(patience(), test).await.expect("it comes to an end") });
}

fn client(etcd: &Etcd) -> Client {
    client_with(&etcd.endpoints(), None)
}

fn client_with(endpoints: &str, tls: Option<TlsFiles>) -> Client {
    let endpoints = endpoints.split(',').map(|url| url.parse().unwrap()).collect();
    Client::new(Settings { endpoints, tls })
}
