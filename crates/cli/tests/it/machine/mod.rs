//! What only a whole machine of its own can show (`make test-machine`): a kernel with Open vSwitch's
//! datapath and every kind of link, systemd, a reboot, a thousand namespaces.

mod fallback;
mod links;
mod pair;
mod reboot;
mod setting;
mod systemd;
mod thousand;
mod tunnels;
