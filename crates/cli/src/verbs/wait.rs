//! `docker ovs wait CONTAINER [BRIDGE]`.

use std::time::Duration;

use host::{Host, Origin};
use model::query::QueryError;
use model::{Look, Target};
use report::{Cells, Format, views};

use super::named::is_namespace;
use super::port::{PortAnswer, PortQuestion};
use crate::args::WaitArgs;
use crate::live::stopped;
use crate::origin::followed;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Waits at most `timeout` until an interface of the container has a real number.
///
/// # Errors
/// There is none in time: then with what was seen last. A source that is missing.
pub async fn run(origin: &Origin, args: &WaitArgs, timeout: Duration) -> Result<Outcome, CliError> {
    let host = followed(origin)?;
    let bridge = args.bridge.as_deref();
    let words = args.words();
    // What never names anything is not waited for.
    let mut targets = words.readings().map(|(word, _)| Target::parse(word));
    if !targets.any(|target| target.is_ok()) {
        Target::parse(words.container)?;
    }
    let asked = PortQuestion { words, bridge, source: model::switch::SwitchSource::Ovsdb };
    let mut last = Last::Nothing;
    tokio::select! {
        biased;
        () = stopped() => Err(CliError::new("interrupted")),
        found = tokio::time::timeout(timeout, number(origin, host, &asked, &mut last)) => match found {
            Ok(answer) => lay_out(&answer, args),
            Err(_) => Err(last.cli_error(args, timeout)),
        },
    }
}

/// What was seen last.
enum Last {
    Nothing,
    Failed(QueryError),
    /// Its interfaces with their states, and what is to be said where there is none.
    Seen(Vec<String>, Option<String>),
}

/// What is followed has containers, and namespaces with a name. A namespace that is named directly may be
/// neither: it is looked at whenever something changed, and once a second, as no event tells that it
/// was given its name.
const AGAIN: Duration = Duration::from_secs(1);

async fn number<'a>(
    origin: &Origin,
    host: &Host,
    asked: &PortQuestion<'a>,
    last: &mut Last,
) -> PortAnswer<'a> {
    let mut watch = host.watch();
    loop {
        let answer = if is_namespace(asked.words) {
            let _ = tokio::time::timeout(AGAIN, watch.next()).await;
            asked.ask(origin, false).await
        } else {
            asked.answer_of(&Look::new(watch.next().await))
        };
        *last = match answer {
            Ok(answer) if answer.has_number() => return answer,
            Ok(answer) => Last::Seen(answer.states(), answer.nature),
            Err(error) => Last::Failed(error),
        };
    }
}

fn lay_out(answer: &PortAnswer<'_>, args: &WaitArgs) -> Result<Outcome, CliError> {
    let rows: Vec<_> = answer.on_bridge().into_iter().filter(|row| row.ofport.is_some()).collect();
    let text = match (&args.format, &args.bridge) {
        _ if args.quiet => Text::lines(&answer.numbers()),
        (Format::Csv, Some(_)) => Text::rows(&Format::Csv, &views::PORT_ON_BRIDGE, &rows)?,
        (format, _) => Text::cells(format, Cells::no_trunc(args.no_trunc), &views::PORT, &rows)?,
    };
    Ok(Outcome { text, remarks: answer.remarks.clone(), ..Outcome::default() })
}

impl Last {
    fn cli_error(self, args: &WaitArgs, timeout: Duration) -> CliError {
        let on = args.bridge.as_ref().map(|bridge| format!(" on {bridge}")).unwrap_or_default();
        let late = format!("{} has no OpenFlow port{on} after {timeout:?}", args.container);
        match self {
            Self::Nothing => CliError::new(format!("{late}: the sources have not answered yet")),
            Self::Failed(error) => CliError::from(error).after(&late),
            Self::Seen(states, nature) if states.is_empty() => {
                let why = nature.unwrap_or_else(|| "it has no Ethernet interface".to_owned());
                CliError::new(format!("{late}: {why}"))
            }
            Self::Seen(states, _) => CliError::new(format!("{late}: {}", states.join(", "))),
        }
    }
}
