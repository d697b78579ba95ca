//! How attachments and ports refer to the containers that have a link.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ContainerId, EngineName, Name};
use crate::told::{TENANTS, joined};

/// A container, named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContainerRef {
    /// Its name.
    pub name: Name,
    /// Its full id.
    pub id: ContainerId,
    /// Who runs it.
    pub engine: EngineName,
    /// Its name with its engine before it, as in `podman:web`, where another engine has a container
    /// of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualified: Option<Name>,
}

impl ContainerRef {
    /// What it is called on this host.
    pub fn called(&self) -> &str {
        self.qualified.as_ref().unwrap_or(&self.name)
    }
}

/// An interface, called by the containers that have it.
pub(crate) fn label(tenants: &[Arc<ContainerRef>], interface: &str, netns: &str) -> String {
    let names: Vec<_> = tenants.iter().map(|tenant| tenant.called()).collect();
    match names.as_slice() {
        [] => format!("{interface} in {netns}"),
        names => format!("{}:{interface}", joined(names, "+", TENANTS)),
    }
}
