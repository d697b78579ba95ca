//! Reads a JSON object of texts from stdin, and holds no more than so many bytes of it: `labels BYTES`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeMap;
use std::error::Error;

use docker_ovs_bounded::from_str;

fn main() -> Result<(), Box<dyn Error>> {
    let limit = std::env::args_os().nth(1).ok_or("Usage: labels BYTES")?;
    let text = std::io::read_to_string(std::io::stdin())?;
    let labels: BTreeMap<String, String> = from_str(&text, limit.to_string_lossy().parse()?)?;
    for (key, value) in labels {
        println!("{key}={value}");
    }
    Ok(())
}
