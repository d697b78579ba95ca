//! What the pure core says of recorded and of invented hosts.

mod laws;
mod plans;
mod wiring;
