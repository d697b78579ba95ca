//! The client against recorded output, a daemon by hand, and a real one.

mod dpif_show;
mod fake_daemon;
mod lab_unixctl;
