//! Which rows a verb's `--format` is about.

use report::{FormatError, v1};

use super::{MeshCommand, Verb};

impl Verb {
    /// Refuses a template that names what no row has, before anything is asked or done.
    ///
    /// # Errors
    /// Which name that is.
    pub fn require_suiting_format(&self) -> Result<(), FormatError> {
        match self {
            Self::Port(args) => args.format.check::<v1::Attachment>(),
            Self::Ls(args) if args.look.fleet => args.format.check::<v1::FleetAttachment>(),
            Self::Ls(args) => args.format.check::<v1::Attachment>(),
            Self::Ports(args) if args.look.fleet => args.format.check::<v1::FleetPort>(),
            Self::Ports(args) => args.format.check::<v1::Port>(),
            Self::Who(args) if args.look.fleet => args.format.check::<v1::FleetMatch>(),
            Self::Who(args) => args.format.check::<v1::Match>(),
            Self::Explain(args) => args.format.check::<v1::Explanation>(),
            Self::Flows(args) if args.watch => args.format.check::<v1::FlowChange>(),
            Self::Flows(args) => args.format.check::<v1::Flow>(),
            Self::Fdb(args) => args.format.check::<v1::FdbEntry>(),
            Self::Trace(args) => args.format.check::<v1::Trace>(),
            Self::Top(args) => args.format.check::<v1::PortRates>(),
            Self::Events(args) if args.fleet => args.format.check::<v1::FleetEvent>(),
            Self::Events(args) => args.format.check::<v1::Event>(),
            Self::Wait(args) => args.format.check::<v1::Attachment>(),
            Self::Diff(args) => args.format.check::<v1::Event>(),
            Self::History(args) => args.format.check::<v1::Event>(),
            Self::Hosts(args) => args.format.check::<v1::FleetHost>(),
            Self::Mesh(args) => of_mesh(&args.command),
            Self::Doctor(args) => args.format.check::<v1::Check>(),
            Self::Connect(args) => args.format.check::<v1::Attachment>(),
            Self::Restore(args) => args.format.check::<v1::Restored>(),
            Self::Prune(args) => args.format.check::<v1::Orphan>(),
            Self::Version(args) => args.format.check::<v1::Version>(),
            Self::Graph(_)
            | Self::Annotate(_)
            | Self::Snapshot(_)
            | Self::Capture(_)
            | Self::Serve(_)
            | Self::Driver(_)
            | Self::Disconnect(_)
            | Self::Completion(_) => Ok(()),
        }
    }
}

fn of_mesh(command: &MeshCommand) -> Result<(), FormatError> {
    match command {
        MeshCommand::Ls(args) => args.format.check::<v1::Mesh>(),
        MeshCommand::Check(args) => args.format.check::<v1::Check>(),
        MeshCommand::Blocks(args) => args.format.check::<v1::MeshBlock>(),
        MeshCommand::Create(_)
        | MeshCommand::Join(_)
        | MeshCommand::Leave(_)
        | MeshCommand::Rm(_)
        | MeshCommand::Release(_) => Ok(()),
    }
}
