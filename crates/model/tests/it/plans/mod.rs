//! Plans: what is refused and why, what is planned, and that undoing leaves nothing.

mod called;
mod connect;
mod endpoint;
mod happenings;
mod laws;
mod living;
mod once;
mod proof;
mod prune;
mod restore;
mod rivals;
pub(crate) mod scene;
mod upper_links;
