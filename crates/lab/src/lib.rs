//! A laboratory for tests and benches: real containers, bridges and links, each removed by
//! its guard, also when a test fails. Never a dependency of the product.
#![allow(clippy::disallowed_methods, reason = "a laboratory starts programs and waits for them")]

mod bridge;
mod container;
mod link;
mod names;
mod ready;
mod run;

pub use bridge::Bridge;
pub use container::{Container, IMAGE};
pub use link::{Home, Link, Netns, Plug, Plugged};
pub use names::unique;
pub use ready::{Tier, ready};
pub use run::{ofport_of, run, try_run, wait_until};
