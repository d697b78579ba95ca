//! Several hosts: each a switch of its own in a network namespace, with a daemon; real members of etcd.

mod addresses;
pub(crate) mod hosts;
mod joined;
mod told;
