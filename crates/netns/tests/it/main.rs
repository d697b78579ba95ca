//! The kernel's own answers, from namespaces of the tests' own.

mod lab_change;
mod lab_ethtool;
mod lab_hidden;
mod lab_kinds;
mod lab_netns;
mod lab_refusals;
mod lab_route;
mod lab_watch;
mod space;
