//! Says after each port that it is one: `ovs-ofctl dump-flows br0 | cargo run --example annotate`.
#![allow(clippy::disallowed_methods, reason = "an example prints")]

use std::io::{self, Read, Write};

use docker_ovs_flowtext::{Annotator, Labels, Style};

/// Knows nothing but the bridge itself.
struct Kinds;

impl Labels for Kinds {
    fn of_port(&self, _: Option<&str>, port: &[u8]) -> Option<&str> {
        Some(if port == b"LOCAL" { "the bridge itself" } else { "a port" })
    }
}

fn main() -> io::Result<()> {
    let mut annotator = Annotator::new(Kinds, Style::default());
    let (mut block, mut out) = (vec![0; 256 << 10], Vec::new());
    loop {
        let length = io::stdin().read(&mut block)?;
        match block.get(..length) {
            None | Some([]) => break,
            Some(piece) => annotator.push(piece, &mut out),
        }
        io::stdout().write_all(&out)?;
        out.clear();
    }
    annotator.finish(&mut out);
    io::stdout().write_all(&out)
}
