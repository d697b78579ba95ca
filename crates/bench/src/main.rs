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
mod driver;
mod engines;
mod events;
mod fake_engine;
mod fleet;
mod flows;
mod growth;
mod guard;
mod many_ports;
mod measure;
mod page;
mod resolving;
mod rows;
mod scene;
mod waits;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use measure::Contest;
use rows::{ResultTable, Tools};
use scene::Scene;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let mut paths = words.iter().map(PathBuf::from);
    match (words.first().and_then(|word| word.to_str()), paths.next(), paths.next()) {
        (Some(measure::MEMORY), ..) => tell_memory(),
        (Some(guard::GUARD), _, Some(folder)) => guard::sweep(&folder),
        (_, Some(_), Some(_)) if !guard::is_guarded() => return guard::run(),
        (_, Some(binaries), Some(baselines)) => bench(&binaries, &baselines, paths.next()),
        _ => {
            eprintln!("Usage: docker-ovs-bench BINARIES BASELINES [EARLIER-BINARIES]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// How much memory the command takes at most whose exit code and words follow [`measure::MEMORY`].
fn tell_memory() {
    let mut words = std::env::args().skip(2);
    let code = words.next().and_then(|code| code.parse().ok()).unwrap_or(0);
    println!("{}", measure::largest(code, &words.collect::<Vec<_>>()));
}

fn bench(binaries: &Path, baselines: &Path, earlier: Option<PathBuf>) {
    let table = |binaries: &Path| {
        let (binaries, baselines) = (binaries.to_owned(), baselines.to_owned());
        Table::new(Tools { binaries, baselines })
    };
    let Some(_alone) = lab::alone(&[lab::Need::Docker]) else { std::process::exit(2) };
    println!("docker client: {}", lab::run("docker", &["--version"]));
    let mut tables = vec![table(binaries)];
    tables.extend(earlier.map(|binaries| table(&binaries)));
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
        [now, earlier] => ResultTable::print_beside(&now.rows, &earlier.rows),
        _ => unreachable!("there are two at most"),
    }
}

/// What is measured of one build of the programs.
struct Table {
    tools: Tools,
    rows: ResultTable,
}

impl Table {
    fn new(tools: Tools) -> Self {
        Self { tools, rows: ResultTable::default() }
    }
}

/// Two builds take turns, with the same containers on the host.
fn measure(tables: &mut [Table]) {
    let sizes = numbers("BENCH_CONTAINERS", "10,300");
    let rounds = numbers("BENCH_PAIRS", "30")[0];
    let passes = if tables.len() > 1 { numbers("BENCH_PASSES", "3")[0] } else { 1 };
    let parts = parts();
    let mut scene = Scene::new();
    for size in sizes {
        scene.grow(size);
        for _ in 0..passes {
            for Table { tools, rows } in tables.iter_mut() {
                for (_, measure) in &parts {
                    measure(rows, size, tools, &scene, rounds);
                }
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

/// What is measured: a name for `BENCH_PARTS`, and how, of so many containers in so many rounds.
type Part = (&'static str, fn(&mut ResultTable, usize, &Tools, &Scene, usize));

const PARTS: [Part; 12] = [
    ("lookups", |rows, size, tools, scene, rounds| {
        let lookups = Contest::new(rows::lookups(tools, scene)).run(rounds);
        rows::tell_lookups(rows, size, &lookups);
    }),
    ("listings", |rows, size, tools, scene, rounds| {
        let listings = Contest::new(rows::listings(tools, scene)).run(rounds.div_ceil(3));
        rows::tell_listings(rows, size, &listings);
    }),
    ("connect", |rows, size, tools, scene, rounds| {
        connecting::tell(rows, size, tools, scene, rounds.div_ceil(3));
    }),
    ("flows", |rows, size, tools, scene, rounds| {
        flows::tell(rows, size, tools, scene, rounds.div_ceil(3));
    }),
    ("growth", |rows, size, tools, scene, rounds| {
        growth::tell(rows, size, tools, scene, rounds);
    }),
    ("events", |rows, size, tools, _, _| events::tell(rows, size, tools)),
    ("daemon", |rows, size, tools, scene, rounds| {
        daemon::tell(rows, size, tools, scene, rounds.div_ceil(3));
    }),
    ("ports", |rows, size, tools, _, _| many_ports::tell(rows, size, tools)),
    ("resolving", |rows, size, tools, _, _| resolving::tell(rows, size, tools)),
    ("engines", |rows, size, tools, scene, rounds| {
        engines::tell(rows, size, tools, scene, rounds.div_ceil(3));
    }),
    ("driver", |rows, size, tools, scene, _| driver::tell(rows, size, tools, scene)),
    ("fleet", |rows, size, tools, scene, rounds| {
        fleet::tell(rows, size, tools, scene, rounds.div_ceil(3));
    }),
];

/// Those of them that `BENCH_PARTS` names; all where it is not set.
fn parts() -> Vec<Part> {
    let Ok(wanted) = std::env::var("BENCH_PARTS") else { return PARTS.into() };
    let part = |name: &str| PARTS.into_iter().find(|(known, _)| *known == name.trim());
    let parts: Option<Vec<_>> = wanted.split(',').map(part).collect();
    parts.unwrap_or_else(|| {
        let known: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
        eprintln!("BENCH_PARTS={wanted}: there are {}", known.join(", "));
        std::process::exit(2)
    })
}

fn numbers(name: &str, default: &str) -> Vec<usize> {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let numbers = text.split(',').map(|number| number.trim().parse());
    numbers.collect::<Result<_, _>>().unwrap_or_else(|_| {
        eprintln!("{name}={text}: write numbers such as {default}");
        std::process::exit(2)
    })
}
