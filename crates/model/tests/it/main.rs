//! What the pure core says of recorded and of invented hosts.

mod anonymous;
mod cases;
mod laws;
mod laws_question;
mod narrow;
mod plans;
mod proof_laws;
mod query;
mod sentences;
mod whereabouts;
mod wiring;
mod words;
