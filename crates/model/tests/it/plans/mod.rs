//! Plans: what is refused and why, what is planned, and that undoing leaves nothing.

mod called;
mod connect;
mod cuts;
mod endpoint;
mod happenings;
mod laws;
mod living;
mod memory;
mod native_vlans;
mod no_rival;
mod once;
mod one_key;
mod orphaned_veths;
mod proof;
mod prune;
mod renames;
mod restore;
mod rivals;
pub(crate) mod scene;
mod unmarked;
mod upper_links;
mod whose;
