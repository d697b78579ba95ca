//! Look, watch and act with sources that the tests make, on paused time: no root, no Docker, no
//! Open vSwitch.

extern crate docker_ovs_host as host;

mod act;
mod engine_watch;
mod fake_database;
mod fake_engine;
mod kernel_watch;
mod look;
mod recording;
mod rows;
mod switch;
mod watch;
