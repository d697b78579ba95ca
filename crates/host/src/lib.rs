//! The live host: asks the container engine, the kernel and the switch, and gives a
//! [`model::Snapshot`]; carries out a [`model::plan::Plan`].
//!
//! The only place where protocols and the model meet; no foreign type leaves the file
//! that speaks to its owner.
//!
//! ```no_run
//! # async fn example() -> Result<(), model::SourceError> {
//! use docker_ovs_host::{Host, Question, Settings};
//! let host = Host::open(&Settings::from_env())?;
//! let question = Question { target: Some("web".into()), ..Question::default() };
//! let wiring = model::resolve(&host.look(&question).await);
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

mod act;
pub mod activation;
mod clock;
pub mod deadline;
mod doctor;
pub mod engine;
pub mod engine_feeds;
pub mod failure;
mod generate;
mod identity;
pub mod kernel;
mod look;
mod origin;
#[doc(hidden)]
pub mod parsing;
mod question;
mod reader;
pub mod recorded;
mod recording;
mod settings;
pub mod signals;
pub mod source;
mod switch;
mod token;
pub mod transport;
pub mod unix_socket;
pub mod watch;

use std::path::PathBuf;
use std::time::Duration;

use engine::known::Engines;
use model::SourceError;
use switch::openflow::Listener;

pub use act::{
    ActError, Connected, Done, Endpoints, GatewayLink, LastingDoubts, PruneCandidates, PruneFate,
    Pruned, Restored, StepObserver, TargetNetns, forward_ipv4, link_with_address,
};
pub use act::{plan_connect, plan_disconnect, plan_restore};
pub use clock::now;
pub use doctor::examine_recording;
pub use engine::docker::address::EngineOptions;
pub use engine::{EngineEndpoint, EngineNetwork};
pub use generate::random;
pub use kernel::{AskedLink, EndpointLink, EndpointVeth, HostLink};
pub use look::{AskedPort, PortHolder};
pub use netns::tcp_socket_owner;
pub use origin::{Observe, Origin};
pub use question::Question;
pub use recording::{read_recording, read_recording_of_peer};
pub use settings::Settings;
pub use switch::{
    Counters, ExternalIdsGuard, GatewayTurn, KnownMeshes, MeshOfBridge, OpenVSwitchIds,
    PortCounters, PortRoom, RecordedAnswers, SwitchCommand, Tunnel, TunnelChange, TunnelSettings,
    own_address, port_room, tunnels_of,
};
pub use token::token;
pub use watch::Watch;

/// A host that can be looked at. Opening one does no I/O.
#[derive(Clone, Debug)]
pub struct Host {
    engines: Engines,
    db: Result<ovsdb::Remote, SourceError>,
    tls: Option<ovsdb::Tls>,
    openflow: Vec<Listener>,
    rundir: PathBuf,
    timeout: Duration,
    observer: act::Observer,
}
