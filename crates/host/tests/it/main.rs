//! Look, watch and act with sources that the tests make, on paused time: no root, no Docker, no
//! Open vSwitch.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

extern crate docker_ovs_host as host;

mod act;
mod act_inside;
mod alike;
mod asked_kernel;
mod between;
mod commands;
mod docker;
mod engine_watch;
mod fake_database;
mod fake_engine;
mod fake_http;
mod fake_switch;
mod fake_transaction;
mod fake_vswitchd;
mod gateway;
mod http;
mod identity;
mod incus;
mod kernel_watch;
mod look;
mod own_kernel;
mod podman;
mod real_database;
mod recorded;
mod recording;
mod rows;
mod settings;
mod sources;
mod switch;
mod watch;
