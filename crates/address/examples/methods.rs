//! Says what each word means as a connection method of a database: `methods WORD…`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use docker_ovs_address::{parse, split_method};

/// The port that ovsdb-server(1) listens at where none is given.
const DEFAULT_PORT: u16 = 6640;

fn main() {
    for word in std::env::args_os().skip(1) {
        let word = word.to_string_lossy();
        match place(&word) {
            Ok(place) => println!("{word}: {place}"),
            Err(why) => println!("{word}: no connection method: {why}"),
        }
    }
}

fn place(word: &str) -> Result<String, String> {
    let (method, rest) = split_method(word, &["unix", "tcp", "ssl"])?;
    match method {
        "unix" => Ok(format!("the socket {rest}")),
        other => Ok(format!("{} by {other}", parse(rest, DEFAULT_PORT)?)),
    }
}
