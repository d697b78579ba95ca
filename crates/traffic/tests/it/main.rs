//! On the recorded host of the 2014 script, with texts as vswitchd writes them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

mod beneath;
mod fdb;
mod flows;
mod followed;
mod hearers;
mod marks;
mod packets;
mod passed_on;
mod ports;
mod verdicts;
mod written;

use docker_ovs_traffic::End;
use model::Look;
use model::ids::Ifindex;
use model::route::{Cast, RouteOut, SendSettings};

/// Containers trivial_firewall (ports 1 and 2), firewall_ext (3), webserver (4) and an orphaned port
/// (5) on vlanswitch, which has a patch (6) to kiwipycon.
fn look() -> Look {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    Look::new(serde_json::from_str::<model::Snapshot>(scene).unwrap())
}

/// The same, with the port of firewall_ext (OpenFlow port 3, datapath port 6) called so.
fn look_with_port_called(name: &str) -> Look {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    let scene = scene.replace("\"vethp11082eth0\"", &format!("\"{name}\""));
    Look::new(serde_json::from_str::<model::Snapshot>(&scene).unwrap())
}

fn end(look: &Look, word: &str) -> End {
    End::find(look, word, None).unwrap_or_else(|error| panic!("{word}: {error}"))
}

/// A route to what is on the sender's link.
fn on_link() -> RouteOut {
    RouteOut {
        ifindex: Ifindex(2),
        gateway: None,
        source: None,
        cast: Cast::Unicast,
        neighbor: None,
        sending: SendSettings::default(),
    }
}
