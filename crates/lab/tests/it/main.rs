//! The laboratory itself: what it makes, what it asks for, and what it leaves behind.

mod nothing_stays;
mod ready;
mod traffic;
