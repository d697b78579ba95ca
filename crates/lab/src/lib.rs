//! A laboratory for tests and benches: real containers, bridges and links, each removed by
//! its guard, also when a test fails. Never a dependency of the product.
//!
//! A guard owns its name before anything of that name is made: what fails half-way is
//! removed as well.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a laboratory may panic"
)]
#![allow(clippy::disallowed_methods, reason = "a laboratory starts programs and waits for them")]

mod alone;
mod authority;
mod bridge;
mod browser;
mod calls;
mod clock;
mod container;
mod containerd;
pub mod daemons;
mod database;
mod datapath;
mod etcd;
mod events;
mod firewall;
mod hidden_proc;
mod home;
pub mod http;
mod inner;
mod known_meshes;
mod link;
mod lxc;
mod lxd;
mod missing;
mod names;
mod need;
mod netns;
mod nspawn;
mod places;
mod plugin;
mod podman;
mod relay;
mod rootless;
mod run;
mod switch;
mod traffic;

pub use alone::{Hold, Only, only};
pub use authority::{Authority, Signed};
pub use bridge::{Bridge, flow, has_userspace_datapath};
pub use browser::Browser;
pub use calls::{Calls, KillAtCall, kill_at_call};
pub use clock::Clock;
pub use container::{Container, IMAGE};
pub use containerd::{Containerd, Pod};
pub use database::{Database, IdleVswitchd};
pub use datapath::Datapath;
pub use etcd::Etcd;
pub use events::{Event, Events};
pub use firewall::tables_called;
pub use hidden_proc::{hidden_process, run_with_hidden_proc};
pub use home::{Home, ping, single_ping, wait_for_answer};
pub use inner::{InnerDocker, InnerSwitch};
pub use known_meshes::KnownMeshes;
pub use link::{Link, Plug, Plugged, here};
pub use lxc::{Lxc, StoppedMonitor};
pub use lxd::Lxd;
pub use missing::{Need, docker_is_at_least};
pub use names::{prefix, prefix_of, unique};
pub use need::{alone, is_there, share};
pub use netns::Netns;
pub use nspawn::Nspawn;
pub use places::{USUAL_ENGINE, engine, os_ken, rundir, task_limits};
pub use plugin::{Network, Plugin};
pub use podman::{Podman, PodmanContainer};
pub use relay::Relay;
pub use rootless::RootlessPodman;
pub use run::{
    comes_true, missing_program, ofport_of, patience, program, run, try_run, wait_until,
};
pub use switch::Switch;
pub use traffic::{
    assert_carries, assert_echoes, carries, echo, has_checksum_offload, set_checksum_offload,
};
