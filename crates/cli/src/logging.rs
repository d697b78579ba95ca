//! What the tool tells of itself on stderr: Docker's `-D` and `--log-level`, and `--log-format`.
//!
//! A look has nothing to tell unless it is asked to: then no subscriber is installed, and an event
//! costs one load of a number.

use std::fmt::{self, Write};

use crate::writer::Log;
use clap::ValueEnum;
use report::printable;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// What every crate of this project is called, and no library.
const OWN: &str = "docker_ovs";

/// Docker's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Each look, each request that is refused
    Debug,
    /// Also what is done, and what the daemon listens on
    Info,
    /// What is amiss: a source that is silent, a client that may not ask
    // Docker's client takes both words.
    #[value(alias = "warning")]
    Warn,
    /// What could not be done
    Error,
    /// As error
    Fatal,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object on each line
    Json,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::DEBUG,
            Level::Info => Self::INFO,
            Level::Warn => Self::WARN,
            Level::Error | Level::Fatal => Self::ERROR,
        }
    }
}

/// From now on events of at least this level are told on stderr.
pub fn start(level: Level, format: LogFormat) {
    let own = Targets::new().with_target(OWN, LevelFilter::from(level));
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Log);
    let all = tracing_subscriber::registry().with(own);
    // It fails only where one was installed before, which then stays.
    let _ = match format {
        LogFormat::Text => all.with(layer.event_format(Line)).try_init(),
        LogFormat::Json => all.with(layer.json().flatten_event(true)).try_init(),
    };
}

/// `docker-ovs: MESSAGE, FIELD=VALUE`, as all that the tool says on stderr. systemd-journald adds
/// the time.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut words = Words::default();
        event.record(&mut words);
        writeln!(writer, "docker-ovs: {}{}", printable(&words.message), printable(&words.fields))
    }
}

#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            // A String takes whatever is written to it.
            let _ = write!(self.fields, ", {}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.fields, ", {}={value}", field.name());
    }
}
