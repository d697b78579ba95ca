//! What a look should bring. Every source reads it, and it depends on none.

use model::Target;
use model::switch::SwitchSource;

/// What a look should bring.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Question {
    /// The container or namespace that is asked about; everything if none.
    pub target: Option<Target>,
    /// A bridge that must be among the rows if it exists.
    pub bridge: Option<String>,
    /// Whether every port is wanted, also of a switch that few are asked about.
    pub every_port: bool,
    /// Whether what keeps packets from passing is read too: which links the switch hears, which a
    /// whole look always reads, and which leave checksums to their hardware.
    pub traffic: bool,
    /// Whether every source is asked who it is: acting needs it, and it costs an engine some
    /// milliseconds.
    pub identities: bool,
    /// Whether other containers in the same namespace are to be found too.
    pub tenants: bool,
    /// The sources to the switch; the database if none is named.
    pub sources: Vec<SwitchSource>,
}

impl Question {
    pub(crate) fn takes(&self, source: SwitchSource) -> bool {
        if self.sources.is_empty() {
            source == SwitchSource::Ovsdb
        } else {
            self.sources.contains(&source)
        }
    }
}
