//! What a look should bring. Every source reads it, and it depends on none.

use model::Target;
use model::switch::SwitchSource;

/// What a look should bring.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a request of its own")]
pub struct Question {
    /// The container or namespace that is asked about; everything if none.
    pub target: Option<Target>,
    /// The bridge whose own port is asked about, and nothing else: then no engine is asked, and of the database just
    /// that port. There is no `target` beside it.
    pub own_port: Option<String>,
    /// A bridge that must be among the rows if it exists.
    pub bridge: Option<String>,
    /// Whether every port is wanted, also of a switch that few are asked about.
    pub every_port: bool,
    /// Whether what keeps packets from passing is read too: which links the switch hears, which a
    /// whole look always reads, and which leave checksums to their hardware.
    pub traffic: bool,
    /// Whether default routes are read too: acting checks that an interface is set up to the end.
    pub routes: bool,
    /// Whether the containers of engines that are not asked are listed too: for acting, where what
    /// one engine has not got is not gone.
    pub other_engines: bool,
    /// Whether every source is asked who it is: acting needs it, and it costs an engine some
    /// milliseconds.
    pub identities: bool,
    /// Whether the containers in the namespace of the target are to be found too, of all engines of the host, and where
    /// the target is a container of a user's, of that user's: each is asked for its list.
    pub tenants: bool,
    /// The switch sources; the database if none is named.
    pub sources: Vec<SwitchSource>,
}

/// What is read of links beside what the kernel lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details {
    /// As [`Question::traffic`].
    pub(crate) traffic: bool,
    /// As [`Question::routes`].
    pub(crate) routes: bool,
}

impl Question {
    pub(crate) fn details(&self) -> Details {
        Details { traffic: self.traffic, routes: self.routes }
    }

    pub(crate) fn takes(&self, source: SwitchSource) -> bool {
        if self.sources.is_empty() {
            source == SwitchSource::Ovsdb
        } else {
            self.sources.contains(&source)
        }
    }
}
