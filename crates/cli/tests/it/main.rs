//! The two binaries as a user runs them: on recorded hosts, and on real Docker and Open vSwitch.

mod acting;
mod acting_faults;
mod bad_peers;
mod connect;
mod daemon_restarts;
mod errors;
mod graph;
mod live;
mod live_faults;
mod openapi;
mod os_ken;
mod page;
mod prune;
mod random_scene;
mod restore;
mod script_2014;
mod serve;
mod serve_doors;
mod serve_tls;
mod steady;
mod steady_clock;
mod steady_outages;
mod switch_sources;
mod tool;
mod transcripts;
mod unit;
