//! A picture of the switches: each bridge as the front of a switch, who is on which jack.
//!
//! [`Scene`] says what is drawn and where; [`svg`], [`dot`] and [`mermaid`] write it down.

mod build;
mod colour;
mod dot;
mod escape;
mod fit;
mod fleet;
mod geometry;
mod jack;
mod jack_id;
mod label;
mod layout;
mod mermaid;
mod scene;
mod style;
mod svg;

#[cfg(test)]
mod tests;

pub use dot::dot;
pub use escape::{clean, xml};
pub use fit::{Density, Fit, Measures};
pub use geometry::{Area, Point};
pub use jack::{Ink, Jack, JackLink, Line};
pub use mermaid::mermaid;
pub use scene::{Cord, Counts, End, Front, Scene};
pub use style::stylesheet;
pub use svg::{figure, still, svg};
