//! What the two binaries share: args → verb → report.
//!
//! Each verb is one file in [`verbs`]; [`args`] is the only place that knows the
//! command line, [`outcome`] the only one that knows exit codes.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

pub mod args;
pub mod completion;
pub mod etcd;
mod limit;
pub mod live;
pub mod logging;
pub mod moment;
pub mod netavark;
pub mod origin;
pub mod outcome;
mod past;
pub mod plugin;
pub mod release;
pub mod server;
#[cfg(debug_assertions)]
mod stop_after;
pub mod swapped;
pub mod verbs;
pub mod writer;

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use args::{Cli, DiffArgs, Verb};
use host::Origin;
use limit::Limit;
use outcome::{CliError, Outcome};
use rustix::process::{Resource, getrlimit, setrlimit};

/// Carries out a command line and prints what came of it.
pub fn run(cli: &Cli) -> ExitCode {
    allow_files();
    let is_service = matches!(cli.verb(), Verb::Serve(_) | Verb::Driver(_));
    cli.sources.start_logging(is_service);
    let limit = Limit::default();
    let outcome = block_on(answer(cli, &limit));
    limit.answered();
    // What a verb says last is not lost to a reader that is slow.
    if !is_service && !live::is_stopped() {
        writer::wait_for_readers();
    }
    outcome::print("docker-ovs", outcome)
}

/// A look holds each namespace open while it reads it: a thousand containers are more files
/// than the usual soft limit allows. Where the limit cannot be raised, it is told which
/// namespaces could not be read.
fn allow_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

async fn answer(cli: &Cli, limit: &Limit) -> Result<Outcome, CliError> {
    cli.sources.require_taken(cli.verb())?;
    cli.verb().require_suiting_format()?;
    match cli.verb() {
        Verb::Version(args) => return verbs::version::run(args),
        Verb::Completion(args) => return completion::script(args),
        Verb::Driver(args) => return verbs::driver::run(&cli.sources, args).await,
        Verb::History(args) => return verbs::history::run(&cli.sources, args, limit),
        Verb::Hosts(args) => return verbs::hosts::run(&cli.sources, args, limit).await,
        Verb::Mesh(args) => return verbs::mesh::run(&cli.sources, args).await,
        // Of two files nothing else is asked.
        Verb::Diff(DiffArgs { after: Some(after), .. }) => {
            let after = cli.sources.recorded(after, None, limit)?;
            return carry_out(cli, &after, limit).await;
        }
        verb => {
            if let Some(outcome) = verbs::fleet::run(&cli.sources, verb, limit).await {
                return outcome;
            }
        }
    }
    let origin = cli.sources.open(cli.verb(), limit).await?;
    match carry_out(cli, &origin, limit).await {
        Err(cli_error) => Err(swapped::with_swap_hint(&origin, cli.operands(), cli_error).await),
        outcome => outcome,
    }
}

async fn carry_out(cli: &Cli, origin: &Origin, limit: &Limit) -> Result<Outcome, CliError> {
    match cli.verb() {
        Verb::Port(args) => verbs::port::run(origin, args).await,
        Verb::Ls(args) => verbs::ls::run(origin, args).await,
        Verb::Ports(args) => verbs::ports::run(origin, args).await,
        Verb::Who(args) => verbs::who::run(origin, args).await,
        Verb::Explain(args) => verbs::explain::run(origin, args).await,
        Verb::Graph(args) => verbs::graph::run(origin, args).await,
        Verb::Annotate(args) => {
            verbs::annotate::run(origin, args, limit, (&cli.sources, cli.verb())).await
        }
        Verb::Flows(args) => verbs::flows::run(origin, args).await,
        Verb::Fdb(args) => verbs::fdb::run(origin, args).await,
        Verb::Top(args) => verbs::top::run(origin, args).await,
        Verb::Trace(args) => verbs::trace::run(origin, args).await,
        Verb::Events(args) => verbs::events::run(origin, args).await,
        Verb::Wait(args) => verbs::wait::run(origin, args, cli.sources.timeout()).await,
        Verb::Snapshot(args) => verbs::snapshot::run(origin, args).await,
        Verb::Capture(args) => verbs::capture::run(origin, args).await,
        Verb::Diff(args) => {
            // --at is of what it is compared with.
            let before = cli.sources.recorded(&args.before, None, limit)?;
            verbs::diff::run(&before, origin, args).await
        }
        Verb::Driver(args) => verbs::driver::run(&cli.sources, args).await,
        Verb::History(args) => verbs::history::run(&cli.sources, args, limit),
        Verb::Hosts(args) => verbs::hosts::run(&cli.sources, args, limit).await,
        Verb::Mesh(args) => verbs::mesh::run(&cli.sources, args).await,
        Verb::Serve(args) => {
            // It goes on for as long as it is wanted, of a recording too.
            limit.answered();
            verbs::serve::run(origin, args, &cli.sources).await
        }
        Verb::Doctor(args) => verbs::doctor::run(origin, args, cli.sources.timeout()).await,
        Verb::Connect(args) => verbs::connect::run(origin, args).await,
        Verb::Disconnect(args) => verbs::disconnect::run(origin, args).await,
        Verb::Restore(args) => verbs::restore::run(origin, args).await,
        Verb::Prune(args) => verbs::prune::run(origin, args).await,
        Verb::Version(args) => verbs::version::run(args),
        Verb::Completion(args) => completion::script(args),
    }
}

/// Runs a future to its end on this thread; one reactor serves all sources.
///
/// # Errors
/// What the future fails with, or that no reactor could be made.
pub fn block_on<T>(answer: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let start = || {
        reserve_descriptors()?;
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    };
    start().map_err(|error| CliError::new(format!("cannot start: {error}")))?.block_on(answer)
}

/// The descriptors that a reactor takes: two for waiting, three for signals.
const OF_A_REACTOR: usize = 5;

/// Makes sure that a reactor gets its descriptors: tokio panics where there is none for the pipe by
/// which it hears of signals.
fn reserve_descriptors() -> io::Result<()> {
    let held: Result<Vec<OwnedFd>, _> =
        (0..OF_A_REACTOR).map(|_| rustix::io::dup(rustix::stdio::stderr())).collect();
    Ok(held.map(drop)?)
}
