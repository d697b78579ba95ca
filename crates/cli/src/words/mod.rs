//! The verbs and their own words: those that read, those that go on, those that act.

mod acting;
mod live;
mod reading;

use clap::Subcommand;
use model::switch::Via;

pub use acting::{ConnectArgs, DisconnectArgs, PruneArgs, RestoreArgs, Until};
pub use live::{DEFAULT_SOCKET, EventsArgs, ServeArgs, Switch, WaitArgs};
pub use reading::{
    DoctorArgs, ExplainArgs, GraphArgs, LsArgs, Picture, PortArgs, PortsArgs, Road, SnapshotArgs,
    WhoArgs,
};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the OpenFlow ports of a container's interfaces
    Port(PortArgs),
    /// List every container's interfaces and where they are on the switch
    #[command(visible_alias = "ps")]
    Ls(LsArgs),
    /// List the ports of a bridge, or of all, and who is on them
    Ports(PortsArgs),
    /// Tell whose an OpenFlow port, MAC, IP address, host interface or ifindex is
    Who(WhoArgs),
    /// Show how the answer comes about, step by step, and what each source says
    Explain(ExplainArgs),
    /// Draw the bridges and who is plugged into them
    Graph(GraphArgs),
    /// Tell whenever an interface appears, changes or vanishes, or a port is orphaned
    Events(EventsArgs),
    /// Wait until a container has an OpenFlow port, and show it
    Wait(WaitArgs),
    /// Save everything there is to see, to be read again with --from
    Snapshot(SnapshotArgs),
    /// Keep looking, and answer programs and browsers: HTTP, events, metrics
    Serve(ServeArgs),
    /// Check what can be reached, and say what to do about the rest
    Doctor(DoctorArgs),
    /// Give a running container an interface, and the interface an OpenFlow port
    Connect(ConnectArgs),
    /// Take an interface from a container, and its port from the bridge
    Disconnect(DisconnectArgs),
    /// Make interfaces again that restarted containers lost, on the same OpenFlow ports
    Restore(RestoreArgs),
    /// Remove orphaned ports: those whose link is gone
    Prune(PruneArgs),
}

impl Verb {
    /// The roads to the switch that it takes, if it is one whose answer a daemon can give.
    pub fn roads(&self) -> Option<Vec<Via>> {
        let every = || Via::ALL.to_vec();
        match self {
            Self::Port(PortArgs { via, .. })
            | Self::Ls(LsArgs { via, .. })
            | Self::Graph(GraphArgs { via, .. })
            | Self::Who(WhoArgs { via, .. }) => Some(vec![(*via).into()]),
            Self::Ports(args) => Some(vec![args.via.into(), Via::Dpif]),
            Self::Explain(args) => Some(args.via.map_or_else(every, |via| vec![via.into()])),
            Self::Snapshot(_) => Some(every()),
            _ => None,
        }
    }
}
