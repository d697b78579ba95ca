//! LXC, which has no daemon: its containers are folders, and each that runs has a process that listens
//! at a socket of its own. [`command`] asks that, [`containers`] makes rows, [`mod@engine`] puts them
//! together.

mod command;
mod containers;
mod engine;

use std::path::PathBuf;
use std::sync::Arc;

use model::{SourceError, SourceErrorKind};

use super::Engine;
use super::kinds::EngineKind;
pub(super) use command::init_in;
use containers::Lxc;
pub(super) use containers::cgroups_are_of;

/// Where containers are unless told otherwise (`lxc.lxcpath` of lxc.system.conf(5)).
const USUAL: &str = "/var/lib/lxc";

/// What there is to know of it before one is asked.
pub(super) const KIND: EngineKind =
    EngineKind { name: "lxc", places: &[USUAL], of_users: &[], programs: &[], open };

/// The containers whose folders are below `address`, a path.
fn open(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    let path = PathBuf::from(address);
    if !path.is_absolute() {
        let what = format!("LXC at {address}");
        let why = "it is no absolute path";
        return Err(SourceError::new(SourceErrorKind::Unusable, what, why).hint(
            "write --engine lxc=/var/lib/lxc, the folder that lxc-config lxc.lxcpath tells",
        ));
    }
    Ok(Arc::new(Lxc::at(path)))
}
