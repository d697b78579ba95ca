//! What comes of a command: text for stdout, words for stderr, an exit code.
//!
//! 0 found · 1 nothing there · 2 error · 78 settings that cannot be. With an error nothing is printed on stdout.

use std::process::ExitCode;
use std::{fmt, io};

use host::{ActError, unix_socket};
use livetraffic::TraceError;
use model::SourceError;
use model::plan::PlanError;
use model::query::QueryError;
use report::FormatError;
use traffic::EndError;

use crate::writer::{self, Text};

/// What a verb found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// For stdout, whole lines.
    pub text: Text,
    /// For stderr, one line each.
    pub remarks: Vec<String>,
    /// For stderr where that is a terminal, one line each: that there is nothing to show.
    pub hints: Vec<String>,
    /// Exit 1 instead of 0.
    pub nothing: bool,
    /// Exit 2: the answer is that it cannot be known, and stands on stdout.
    pub unknown: bool,
    /// Whether something was changed, which stays so where it cannot be told.
    pub is_done: bool,
}

/// Why a verb has no answer: what failed, why, and what to do.
#[derive(Debug)]
pub struct CliError {
    message: String,
    hint: Option<String>,
    /// The word that named nothing, if that was why.
    unknown: Option<Unknown>,
    /// Whether a source did not answer, which it may do again.
    is_away: bool,
    /// Whether nothing but other settings help, so that a service manager need not start the program again.
    is_misconfigured: bool,
}

/// A word that named nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No container.
    Container(String),
    /// No bridge.
    Bridge(String),
}

impl Unknown {
    fn of(error: &QueryError) -> Option<Self> {
        match error {
            QueryError::NoSuchContainer { wanted, .. } => Some(Self::Container(wanted.clone())),
            QueryError::NoSuchBridge { wanted, .. } => Some(Self::Bridge(wanted.clone())),
            _ => None,
        }
    }
}

impl CliError {
    /// An error without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            unknown: None,
            is_away: false,
            is_misconfigured: false,
        }
    }

    /// The same, told as the reason of something else.
    pub fn after(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// The same with what to do about it.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Whether a source did not answer, which it may do again.
    pub fn is_away(&self) -> bool {
        self.is_away
    }

    /// The word that named nothing, if that was why.
    pub fn unknown(&self) -> Option<&Unknown> {
        self.unknown.as_ref()
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<QueryError> for CliError {
    fn from(error: QueryError) -> Self {
        let is_away = matches!(error, QueryError::SourceUnavailable(_));
        let (message, hint) = (error.to_string(), error.hint());
        Self { hint, unknown: Unknown::of(&error), is_away, ..Self::new(message) }
    }
}

impl From<ActError> for CliError {
    fn from(act_error: ActError) -> Self {
        let unknown = match &act_error {
            ActError::Refused(PlanError::Query(error)) => Unknown::of(error),
            _ => None,
        };
        Self { hint: act_error.hint(), unknown, ..Self::new(act_error.to_string()) }
    }
}

impl From<PlanError> for CliError {
    fn from(plan_error: PlanError) -> Self {
        Self::from(ActError::Refused(plan_error))
    }
}

impl From<SourceError> for CliError {
    fn from(source_error: SourceError) -> Self {
        let is_misconfigured = unix_socket::is_elsewhere(&source_error);
        Self { is_misconfigured, ..Self::from(QueryError::SourceUnavailable(source_error)) }
    }
}

impl From<EndError> for CliError {
    fn from(error: EndError) -> Self {
        match error {
            EndError::Query(error) => Self::from(error),
            EndError::Other(message) => Self::new(message),
        }
    }
}

impl From<TraceError> for CliError {
    fn from(error: TraceError) -> Self {
        match error {
            TraceError::Query(error) => Self::from(error),
            TraceError::End(error) => Self::from(error),
            TraceError::NoPort(_) | TraceError::Several(_) | TraceError::Patch(_) => {
                Self::new(error.to_string())
            }
        }
    }
}

impl From<FormatError> for CliError {
    fn from(error: FormatError) -> Self {
        Self::new(error.to_string())
    }
}

/// What a program that failed exits with.
pub(crate) const FAILED: u8 = 2;

/// The same where nothing but other settings help: `EX_CONFIG` of sysexits(3), by which the units are not started again.
const MISCONFIGURED: u8 = 78;

/// Prints an outcome and gives the exit code for it.
pub fn print(program: &str, outcome: Result<Outcome, CliError>) -> ExitCode {
    match outcome {
        Ok(outcome) => {
            for remark in &outcome.remarks {
                writer::tell(program, remark);
            }
            if writer::is_read_by_a_person() {
                outcome.hints.iter().for_each(|hint| writer::tell(program, hint));
            }
            let code = match (outcome.nothing, outcome.unknown) {
                (true, _) => 1,
                (false, true) => FAILED,
                (false, false) => 0,
            };
            if outcome.is_done {
                return print_done(program, &outcome.text, code);
            }
            print_text(program, &outcome.text, code)
        }
        Err(cli_error) => {
            complain(program, &cli_error);
            ExitCode::from(if cli_error.is_misconfigured { MISCONFIGURED } else { FAILED })
        }
    }
}

/// Tells what failed, and what to do about it.
pub(crate) fn complain(program: &str, cli_error: &CliError) {
    writer::tell(program, &cli_error.message);
    cli_error.hint.iter().for_each(|hint| writer::tell_line(&format!("  {hint}")));
}

/// Prints a text and gives the exit code: `code`, unless it could not be written.
pub fn print_text(program: &str, text: &Text, code: u8) -> ExitCode {
    print_or(program, text, code, ("cannot write", FAILED))
}

/// The same of what was done: exit 1 where it could not be written, as 2 means that nothing is left of it.
fn print_done(program: &str, text: &Text, code: u8) -> ExitCode {
    print_or(program, text, code, ("it is done, and what was done cannot be written", 1))
}

fn print_or(program: &str, text: &Text, code: u8, (failure, otherwise): (&str, u8)) -> ExitCode {
    match writer::print(text) {
        // A reader that has seen enough is no error, as with head(1).
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            writer::tell(program, &format!("{failure}: {error}"));
            ExitCode::from(otherwise)
        }
        _ => ExitCode::from(code),
    }
}
