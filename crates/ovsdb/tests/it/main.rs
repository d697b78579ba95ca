//! The client against recorded notation, a server by hand, and a real one.

mod fake_server;
mod lab_ovsdb;
mod notation;
