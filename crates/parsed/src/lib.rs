//! Every parser of the project, fed with any bytes: of what engines, peers, other hosts, the kernel, clients
//! and users say, and of what is kept. `fuzz/` calls these functions with what libFuzzer invents, the tests
//! here with the corpora that are kept in `fuzz/corpus`, one folder for each of [`TARGETS`].
//!
//! A parser that is not public is reached by its crate's module `parsing`, which is hidden in the docs. The
//! test of this crate knows every crate of the workspace, and why one has no target here.
//!
//! A function panics where the parser does, or where what follows from its result breaks a promise.
#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "that is how a promise that is broken is told"
)]

mod engines;
mod files;
mod hosts;
mod http;
mod kernel;
mod look;
mod networks;
mod peers;
mod records;
mod texts;
mod words;

pub use engines::{containerd, cri, docker, docker_context, grpc, incus, lxc, nspawn, oci, podman};
pub use files::{journal, recording};
pub use hosts::{etcd, fleet};
pub use http::{answers, headers, malformed, query};
pub use kernel::{netlink, nftables, procfs};
pub use look::{ends, snapshot};
pub use networks::{docker_calls, driver_options, netavark};
pub use peers::{dpif_show, jsonrpc, openflow, ovsdb};
pub use records::records;
pub use texts::{annotate, flows, pattern};
pub use words::{completion, moments, template, words};

/// A parser fed with bytes.
pub type Target = fn(&[u8]);

/// All of them, each by the name of its folder in `fuzz/corpus` and its file in `fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Target); 38] = [
    ("annotate", annotate),
    ("answers", answers),
    ("completion", completion),
    ("containerd", containerd),
    ("cri", cri),
    ("docker", docker),
    ("docker_calls", docker_calls),
    ("docker_context", docker_context),
    ("dpif_show", dpif_show),
    ("driver_options", driver_options),
    ("ends", ends),
    ("etcd", etcd),
    ("fleet", fleet),
    ("flows", flows),
    ("grpc", grpc),
    ("headers", headers),
    ("incus", incus),
    ("journal", journal),
    ("jsonrpc", jsonrpc),
    ("lxc", lxc),
    ("malformed", malformed),
    ("moments", moments),
    ("netavark", netavark),
    ("netlink", netlink),
    ("nftables", nftables),
    ("nspawn", nspawn),
    ("oci", oci),
    ("openflow", openflow),
    ("ovsdb", ovsdb),
    ("pattern", pattern),
    ("podman", podman),
    ("procfs", procfs),
    ("query", query),
    ("recording", recording),
    ("records", records),
    ("snapshot", snapshot),
    ("template", template),
    ("words", words),
];

/// What a function allows for headers, defaults and words of its own, in bytes.
pub(crate) const HEADER: usize = 4096;

/// What was read of `input` takes no more than so many bytes for each of its.
pub(crate) fn is_bounded(length: usize, input: &[u8], times: usize) {
    let most = HEADER + input.len() * times;
    assert!(length <= most, "{length} bytes of {}", input.len());
}
