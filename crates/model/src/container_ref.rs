//! How attachments and ports refer to the containers that have a link.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ContainerId, Engine, Name};
use crate::told::{TENANTS, joined};

/// A container, named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContainerRef {
    /// Its name.
    pub name: Name,
    /// Its full id.
    pub id: ContainerId,
    /// Who runs it.
    pub engine: Engine,
}

/// An interface, called by the containers that have it.
pub(crate) fn label(tenants: &[Arc<ContainerRef>], interface: &str, netns: &str) -> String {
    let names: Vec<_> = tenants.iter().map(|tenant| &*tenant.name).collect();
    match names.as_slice() {
        [] => format!("{interface} in {netns}"),
        names => format!("{}:{interface}", joined(names, "+", TENANTS)),
    }
}
