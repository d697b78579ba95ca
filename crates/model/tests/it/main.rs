//! What the pure core says of recorded and of invented hosts.

mod anonymous;
mod cases;
mod laws;
mod plans;
mod query;
mod wiring;
mod words;
