//! The options that every verb takes: where to look, how long, and what to tell of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use host::{EngineOptions, Settings};

use super::Verb;
use crate::logging::{self, Level, LogFormat};
use crate::moment;
use crate::outcome::CliError;
use crate::server::ServerArgs;
use crate::writer::lose_lines_that_are_not_taken;

/// Where the sources are. The same options for every verb, before or after it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to look")]
pub struct SourceOptions {
    /// Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]
    #[arg(short = 'H', long, global = true, value_name = "HOST")]
    pub(super) host: Option<String>,
    /// Docker context [env: DOCKER_CONTEXT]
    #[arg(short, long, global = true, value_name = "NAME", conflicts_with = "host")]
    context: Option<String>,
    /// Docker's configuration folder [env: DOCKER_CONFIG]
    #[arg(long, global = true, value_name = "DIR")]
    config: Option<PathBuf>,
    /// Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it
    /// all that are found on this host
    #[arg(long = "engine", global = true, value_name = "KIND[=ADDRESS]")]
    engines: Vec<String>,
    /// OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]
    #[arg(long, global = true, value_name = "REMOTE")]
    db: Option<String>,
    /// Private key for ssl:
    #[arg(short, long, global = true, value_name = "FILE", requires_all = ["certificate", "ca_cert"])]
    private_key: Option<PathBuf>,
    /// Certificate for ssl:
    #[arg(long, global = true, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Certificate of the authority that signed the server's
    #[arg(short = 'C', long, global = true, value_name = "FILE")]
    ca_cert: Option<PathBuf>,
    /// Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated
    #[arg(long, global = true, value_name = "BRIDGE=REMOTE")]
    openflow: Vec<String>,
    /// Ask a snapshot, a capture, a conf.db, or a folder or archive of such files (- for stdin) instead of
    /// the host
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["host", "context", "engines", "db", "openflow"])]
    pub(crate) from: Option<PathBuf>,
    /// Answer as of then, of what serve has kept: 02:10, 'yesterday 02:10', 2026-11-26T02:10:00Z, 2h
    #[arg(long, global = true, value_name = "TIME", value_parser = moment::parse)]
    pub(crate) at: Option<u64>,
    // The variable is not clap's, for which what it says were as good as said on the command line.
    #[arg(long, global = true, value_name = "DIR", help = KEPT_WHERE)]
    history_dir: Option<PathBuf>,
    /// The daemon to ask instead
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes
    #[arg(short, long, global = true, value_name = "TIME", default_value = "10", value_parser = duration)]
    timeout: Duration,
    /// What is told on stderr
    #[command(flatten)]
    logging: Logging,
}

/// What is told on stderr; Docker has the first two.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is told on stderr")]
struct Logging {
    /// The same as --log-level debug
    #[arg(short = 'D', long, global = true)]
    debug: bool,
    #[arg(short, long, global = true, value_name = "LEVEL", hide_possible_values = true, help = LEVELS)]
    log_level: Option<Level>,
    /// How it is told
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

const OF_WHAT_WAS_KEPT: &str = "--at is answered from what serve has kept";

/// Where the history is, unless it is said otherwise, and the variable that says so for good.
const HISTORY_DIR: &str = "/var/lib/docker-ovs/history";
const HISTORY_VARIABLE: &str = "DOCKER_OVS_HISTORY_DIR";
const KEPT_WHERE: &str = "Where serve keeps what changes; none for nowhere [default: \
    /var/lib/docker-ovs/history] [env: DOCKER_OVS_HISTORY_DIR]";

const ONE_HISTORY: &str = "--history-dir is of this host";
const HISTORY_OF_WHEN: &str =
    "--history-dir tells what was: to compare BEFORE with a moment of it takes --at TIME";

const LEVELS: &str = "Tell more: debug, info (what serve and driver do anyway), warn, error or fatal; other verbs tell none";

impl SourceOptions {
    /// Tells on stderr what was asked for; what `serve` tells, it tells unless asked for less.
    pub fn start_logging(&self, serves: bool) {
        if serves {
            lose_lines_that_are_not_taken();
        }
        let usual = serves.then_some(Level::Info);
        let level = if self.logging.debug { Some(Level::Debug) } else { self.logging.log_level };
        if let Some(level) = level.or(usual) {
            logging::start(level, self.logging.log_format);
        }
    }

    /// How long all waiting together may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The file with the token that a daemon wants.
    pub fn token_file(&self) -> Option<&Path> {
        self.server.token_file()
    }

    /// Makes sure that a verb takes the recording, the time or the daemon that is named, if one is.
    ///
    /// # Errors
    /// It tells of the host as it is now, or of this one alone.
    pub(crate) fn require_taken(&self, verb: &Verb) -> Result<(), CliError> {
        let of_verb = verb.stdin();
        let reads: Vec<_> = self
            .from
            .as_deref()
            .filter(is_stdin)
            .map(|_| "--from -")
            .into_iter()
            .chain(of_verb)
            .collect();
        if let [one, other, ..] = &*reads {
            let why = format!("{one} and {other}: stdin is read once, by one of them");
            return Err(CliError::new(why));
        }
        let from = self.from.is_some();
        let at = self.at.is_some();
        let named = if from { Some("--from") } else { at.then_some("--at") };
        let only_now = verb.only_now().zip(named);
        let no_time = verb.no_time().filter(|_| at).map(|why| (why, "--at"));
        let serves = matches!(verb, Verb::Serve(_));
        if let Some(option) = self.names_other_than_history(verb).filter(|_| !serves) {
            return Err(CliError::new(format!("{ONE_HISTORY}: {option} does not go with it")));
        }
        // A comparison with now in its place would look like one with what was.
        if matches!(verb, Verb::Diff(_)) && self.history_dir.is_some() && !at {
            return Err(CliError::new(HISTORY_OF_WHEN));
        }
        // Set for good, it is for verbs that read, and not where it is said which history.
        let reads = matches!(verb, Verb::History(_)) && self.history_dir.is_none();
        if let Some(((why, instead), option)) =
            verb.no_server().zip(self.server.names_another(reads))
        {
            return Err(CliError::new(format!("{why}: this verb takes no {option}")).hint(instead));
        }
        let no_source = verb.no_source().or(at.then_some(OF_WHAT_WAS_KEPT));
        // Docker's client hands its own options on, to every verb.
        let is_dockers = |option: &&str| matches!(*option, "--host" | "--context");
        let named =
            self.sources_of_the_host().find(|option| verb.asks_fleet() || !is_dockers(option));
        let of_the_host = no_source.zip(named);
        match only_now.or(no_time).or(of_the_host) {
            Some((why, option)) => {
                Err(CliError::new(format!("{why}: this verb takes no {option}")))
            }
            None => Ok(()),
        }
    }

    /// The options that name a source of this host.
    fn sources_of_the_host(&self) -> impl Iterator<Item = &'static str> {
        let named = [
            ("--host", self.host.is_some()),
            ("--context", self.context.is_some()),
            ("--engine", !self.engines.is_empty()),
            ("--db", self.db.is_some()),
            ("--openflow", !self.openflow.is_empty()),
        ];
        named.into_iter().filter(|(_, is_named)| *is_named).map(|(option, _)| option)
    }

    /// Whether it is said where to look, be it the host, what was kept of it, or a recording.
    pub(crate) fn names_source(&self, verb: &Verb) -> bool {
        let is_said = self.from.is_some() || self.names_history(verb);
        is_said || self.sources_of_the_host().next().is_some()
    }

    /// Whether a history is named, for a question about what was: of what is now, none is asked.
    fn names_history(&self, verb: &Verb) -> bool {
        self.history_dir.is_some() && (self.at.is_some() || matches!(verb, Verb::History(_)))
    }

    /// What else is named beside the folder of the history that is to be asked, which would be passed over.
    fn names_other_than_history(&self, verb: &Verb) -> Option<&'static str> {
        let from = || self.from.is_some().then_some("--from");
        let other = || from().or_else(|| self.server.names_another(false));
        self.names_history(verb).then(other).flatten()
    }

    /// Whether reading what is named takes nothing away from a later reader: a file or a folder is, and
    /// stdin or a pipe is not.
    pub(crate) fn can_be_read_again(&self) -> bool {
        self.from.as_deref().is_none_or(|path| {
            let found = fs::metadata(path);
            !is_stdin(&path) && found.is_ok_and(|found| found.is_file() || found.is_dir())
        })
    }

    /// The folder of the history, if there is to be one.
    pub(crate) fn history_dir(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os(HISTORY_VARIABLE).filter(|folder| !folder.is_empty());
        let said = self.history_dir.clone().or_else(|| variable().map(PathBuf::from));
        let folder = said.unwrap_or_else(|| HISTORY_DIR.into());
        Some(folder).filter(|folder| folder.as_os_str() != "none")
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            engines: self.engines.clone(),
            engine: EngineOptions {
                host: self.host.clone(),
                context: self.context.clone(),
                config: self.config.clone(),
            },
            db: self.db.clone(),
            private_key: self.private_key.clone(),
            certificate: self.certificate.clone(),
            ca_cert: self.ca_cert.clone(),
            openflow: self.openflow.clone(),
            timeout: self.timeout,
            ..Settings::from_env()
        }
    }
}

/// Whether the name of a file means stdin.
pub(crate) fn is_stdin(path: &&Path) -> bool {
    path.as_os_str() == "-"
}

/// What `--timeout 0` means, as it does with ovs-vsctl, and more than that: longer than any command is
/// waited for, and short enough to be added to any moment.
pub(super) const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Seconds, or a number with a unit; zero is for ever.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let seconds = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("use a number of seconds, or one with ms, s, m or h".to_owned()),
    };
    let number = text.strip_suffix(unit).unwrap_or(text);
    let number: f64 = number.parse().map_err(|_| "not a number")?;
    let span = Duration::try_from_secs_f64((number * seconds).min(FOREVER.as_secs_f64()));
    let span = span.map_err(|error| error.to_string())?;
    Ok(if span.is_zero() { FOREVER } else { span.min(FOREVER) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_unless_said() {
        assert_eq!(duration("10"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(duration("0"), Ok(FOREVER));
        assert_eq!(duration("0ms"), Ok(FOREVER));
        for long in ["9223372036854775807", "18446744073709551616m", "31536001", &"9".repeat(999)] {
            assert_eq!(duration(long), Ok(FOREVER), "{long}");
        }
        for bad in ["", "s", "-1", "1e999", "nan", ".", "1d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
