//! Look, watch and act with sources that the tests make, on paused time: no root, no Docker, no
//! Open vSwitch.

extern crate docker_ovs_host as host;

mod act;
mod act_inside;
mod docker;
mod engine_watch;
mod fake_database;
mod fake_engine;
mod fake_http;
mod fake_switch;
mod fake_transaction;
mod fake_vswitchd;
mod http;
mod kernel_watch;
mod look;
mod own_kernel;
mod recording;
mod rows;
mod settings;
mod sources;
mod switch;
mod watch;
