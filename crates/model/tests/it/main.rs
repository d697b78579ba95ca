//! What the pure core says of recorded and of invented hosts.

mod cases;
mod laws;
mod plans;
mod proof_laws;
mod query;
mod wiring;
mod words;
