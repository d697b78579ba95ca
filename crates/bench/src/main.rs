//! `make bench`: lookups and listings, side by side with what they replace.
//!
//! Commands are run in turn, never one after the other, and medians are compared: machines
//! are noisy. Nothing here fails for being slow.
#![allow(clippy::disallowed_methods, reason = "a bench starts what it measures")]

mod connecting;
mod daemon;
mod events;
mod measure;
mod rows;
mod scene;

use std::path::PathBuf;

use measure::Contest;
use scene::Scene;

fn main() {
    if std::env::args().nth(1).is_some_and(|word| word == measure::MEMORY) {
        let words: Vec<_> = std::env::args().skip(2).collect();
        return println!("{}", measure::largest(&words));
    }
    let mut words = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(binaries), Some(baselines)) = (words.next(), words.next()) else {
        eprintln!("Usage: docker-ovs-bench BINARIES BASELINES");
        std::process::exit(2);
    };
    let Some(_alone) = lab::alone(&[lab::Need::Docker]) else { std::process::exit(2) };
    let tools = rows::Tools { binaries, baselines };
    let sizes = numbers("BENCH_CONTAINERS", "10,300");
    let rounds = numbers("BENCH_PAIRS", "30")[0];
    println!("docker client: {}", lab::run("docker", &["--version"]));
    let mut scene = Scene::new();
    let mut told = rows::Told::default();
    for size in sizes {
        scene.grow(size);
        let lookups = Contest::new(rows::lookups(&tools, &scene)).run(rounds);
        rows::tell_lookups(&mut told, size, &lookups);
        let listings = Contest::new(rows::listings(&tools, &scene)).run(rounds.div_ceil(3));
        rows::tell_listings(&mut told, size, &listings);
        connecting::tell(&mut told, size, &tools, &scene, rounds.div_ceil(3));
        events::tell(&mut told, size, &tools);
        daemon::tell(&mut told, size, &tools);
    }
    told.tell_growth();
    told.print();
}

fn numbers(name: &str, default: &str) -> Vec<usize> {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let numbers = text.split(',').map(|number| number.trim().parse());
    numbers.collect::<Result<_, _>>().unwrap_or_else(|_| {
        eprintln!("{name}={text}: write numbers such as {default}");
        std::process::exit(2)
    })
}
