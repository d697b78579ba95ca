//! The two binaries as a user runs them: on recorded hosts, and on real Docker and Open vSwitch.
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

mod acting;
mod acting_faults;
mod annotate;
mod bad_peers;
mod between;
mod between_unread;
mod busy_host;
mod captures;
mod claim_paths;
mod completion_script;
mod connect;
mod daemon_restarts;
mod datapaths;
mod docs;
mod driver;
mod driver_asked;
mod driver_compose;
mod driver_dockerd;
mod driver_gateway;
mod driver_identity;
mod driver_ipam;
mod driver_killed;
mod driver_podman;
mod driver_segment;
mod driver_soak;
mod driver_socket;
mod driver_stopped;
mod driver_traffic;
mod driver_uplink;
mod engines;
mod errors;
mod fake_bridges;
mod fleet;
mod flows;
mod graph;
mod greedy_peers;
mod history;
mod history_unseen;
mod incus;
mod killed_anywhere;
mod listed;
mod live;
mod live_faults;
mod logging;
mod lookup_page;
mod lxc;
mod machine;
mod manual;
mod moments;
mod netavark_killed;
mod no_room;
mod nspawn;
mod old_databases;
mod openapi;
mod option_values;
mod os_ken;
mod page;
mod page_past;
mod page_seen;
mod page_sizes;
mod page_use;
mod plain_namespaces;
mod podman;
mod pods;
mod port_identity;
mod proof;
mod proof_kinds;
mod proof_scene;
mod prune;
mod question;
mod random_scene;
mod restore;
mod rootless;
mod script_2014;
mod secrets;
mod security;
mod serve;
mod serve_crowd;
mod serve_doors;
mod serve_process;
mod serve_restore;
mod serve_stream;
mod serve_tls;
mod serve_traffic;
mod soak;
mod starting;
mod steady;
mod steady_clock;
mod steady_outages;
mod switch_sources;
mod terminal;
mod tool;
mod top;
mod trace_proof;
mod traffic;
mod transcripts;
mod tutorial;
mod unit;
mod unnumbered;
mod unread;
mod version;
mod worlds;
