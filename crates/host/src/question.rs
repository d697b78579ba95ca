//! What a look should bring. Every source reads it, and it depends on none.

use model::Target;
use model::switch::Via;

/// What a look should bring.
#[derive(Clone, Debug, Default)]
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
    /// Whether other containers in the same namespace are to be found too.
    pub tenants: bool,
    /// The roads to the switch; the database if none is named.
    pub roads: Vec<Via>,
}

impl Question {
    pub(crate) fn takes(&self, via: Via) -> bool {
        if self.roads.is_empty() { via == Via::Ovsdb } else { self.roads.contains(&via) }
    }
}
