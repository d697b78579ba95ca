//! `make bench`: lookups and listings, side by side with what they replace.
//!
//! Commands are run in turn, never one after the other, and medians are compared: machines
//! are noisy. Nothing here fails for being slow.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a bench may panic"
)]
#![allow(clippy::disallowed_methods, reason = "a bench starts what it measures")]

mod connecting;
mod daemon;
mod engines;
mod events;
mod fleet;
mod flows;
mod measure;
mod page;
mod rows;
mod scene;

use std::path::PathBuf;

use measure::Contest;
use rows::{Rows, Tools};
use scene::Scene;

fn main() {
    if std::env::args().nth(1).is_some_and(|word| word == measure::MEMORY) {
        let mut words = std::env::args().skip(2);
        let code = words.next().and_then(|code| code.parse().ok()).unwrap_or(0);
        return println!("{}", measure::largest(code, &words.collect::<Vec<_>>()));
    }
    let mut words = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(binaries), Some(baselines)) = (words.next(), words.next()) else {
        eprintln!("Usage: docker-ovs-bench BINARIES BASELINES [EARLIER-BINARIES]");
        std::process::exit(2);
    };
    let Some(_alone) = lab::alone(&[lab::Need::Docker]) else { std::process::exit(2) };
    println!("docker client: {}", lab::run("docker", &["--version"]));
    let mut tables = vec![Table::new(Tools { binaries, baselines: baselines.clone() })];
    tables.extend(words.next().map(|binaries| Table::new(Tools { binaries, baselines })));
    measure(&mut tables);
    match tables.as_slice() {
        [now] => {
            now.rows.print();
            // A short run, or one of a few containers, is for the eye alone.
            if std::env::var_os("BENCH_PAGE").is_some_and(|path| !path.is_empty()) {
                let path = PathBuf::from(std::env::var_os("BENCH_PAGE").unwrap_or_default());
                page::write(&path, &now.rows.markdown()).expect("the page can be written");
            }
        }
        [now, earlier] => Rows::print_beside(&now.rows, &earlier.rows),
        _ => unreachable!("there are two at most"),
    }
}

/// What is measured of one build of the programs.
struct Table {
    tools: Tools,
    rows: Rows,
}

impl Table {
    fn new(tools: Tools) -> Self {
        Self { tools, rows: Rows::default() }
    }
}

/// Two builds take turns, with the same containers on the host.
fn measure(tables: &mut [Table]) {
    let sizes = numbers("BENCH_CONTAINERS", "10,300");
    let rounds = numbers("BENCH_PAIRS", "30")[0];
    let passes = if tables.len() > 1 { numbers("BENCH_PASSES", "3")[0] } else { 1 };
    let mut scene = Scene::new();
    for size in sizes {
        scene.grow(size);
        for _ in 0..passes {
            for Table { tools, rows } in tables.iter_mut() {
                one(rows, tools, &scene, size, rounds);
            }
            tables.reverse();
        }
        if passes % 2 == 1 {
            tables.reverse();
        }
    }
    for table in tables {
        table.rows.tell_growth();
    }
}

fn one(rows: &mut Rows, tools: &Tools, scene: &Scene, size: usize, rounds: usize) {
    let lookups = Contest::new(rows::lookups(tools, scene)).run(rounds);
    rows::tell_lookups(rows, size, &lookups);
    let listings = Contest::new(rows::listings(tools, scene)).run(rounds.div_ceil(3));
    rows::tell_listings(rows, size, &listings);
    connecting::tell(rows, size, tools, scene, rounds.div_ceil(3));
    flows::tell(rows, size, tools, scene, rounds.div_ceil(3));
    events::tell(rows, size, tools);
    daemon::tell(rows, size, tools, scene, rounds.div_ceil(3));
    engines::tell(rows, size, tools, scene, rounds.div_ceil(3));
    fleet::tell(rows, size, tools, scene, rounds.div_ceil(3));
}

fn numbers(name: &str, default: &str) -> Vec<usize> {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let numbers = text.split(',').map(|number| number.trim().parse());
    numbers.collect::<Result<_, _>>().unwrap_or_else(|_| {
        eprintln!("{name}={text}: write numbers such as {default}");
        std::process::exit(2)
    })
}
