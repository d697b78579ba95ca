//! Says of each file how long it is, if it is one that can be read at once: `read FILE…`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::path::PathBuf;

fn main() {
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        match docker_ovs_files::read(&path) {
            Ok(content) => println!("{}: {} bytes", path.display(), content.len()),
            Err(why) => println!("{}: {why}", path.display()),
        }
    }
}
