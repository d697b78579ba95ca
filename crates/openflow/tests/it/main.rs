//! The client against recorded bytes, a switch by hand, and a real one.

mod codec;
mod fake_switch;
mod lab_openflow;
