//! The framer and the connection, against peers that misbehave.

mod connection;
mod framer;
