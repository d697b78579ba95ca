//! Containers of systemd-nspawn. [`machines`] finds them: systemd-machined writes a file for each that
//! registers with it; without it their processes are looked for. [`mod@engine`] makes an engine of that.

mod command_line;
mod engine;
mod machines;

use std::path::PathBuf;
use std::sync::Arc;

use model::{SourceError, SourceErrorKind};

use super::Engine;
use super::kinds::EngineKind;
pub(super) use command_line::name_in;
pub(super) use engine::cgroups_are_of;
use machines::Nspawn;
pub(super) use machines::machine_in;

/// What there is to know of it before one is asked: the folder of systemd-machined(8).
pub(super) const KIND: EngineKind = EngineKind {
    name: "nspawn",
    places: &["/run/systemd/machines"],
    of_users: &[],
    programs: &[],
    open,
};

/// The machines that have a file below `address`.
fn open(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    let path = PathBuf::from(address);
    if !path.is_absolute() {
        let what = format!("nspawn at {address}");
        let why = "it is no absolute path";
        return Err(SourceError::new(SourceErrorKind::Unusable, what, why)
            .hint("write --engine nspawn, or --engine nspawn=/run/systemd/machines"));
    }
    Ok(Arc::new(Nspawn::at(path)))
}
