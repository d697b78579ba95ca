//! `docker ovs port CONTAINER [BRIDGE]`.

use std::borrow::Cow;

use host::{Origin, Question};
use model::query::QueryError;
use model::switch::SwitchSource;
use model::wiring::Attachment;
use model::{Look, Target};
use report::v1::State;
use report::{Cells, Format, v1, views};

use crate::args::PortArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs port`.
///
/// # Errors
/// No such container, bridge, or no way to know.
pub async fn run(origin: &Origin, args: &PortArgs) -> Result<Outcome, CliError> {
    let bridge = args.bridge.as_deref();
    let source = args.source.into();
    let asked = PortQuestion { target: Target::parse(&args.container)?, bridge, source };
    // To name the other containers of its namespace costs a list of all containers: only where it can be shown.
    let tenants = matches!(args.format, Format::Json | Format::Template(_) | Format::TableOf(_));
    let answer = asked.answer(&origin.look(&asked.question(tenants && !args.quiet)).await)?;
    let text = match (&args.format, asked.bridge) {
        _ if args.quiet => Text::lines(&answer.numbers()),
        (Format::Csv, Some(_)) => {
            Text::rows(&Format::Csv, &views::PORT_ON_BRIDGE, &answer.blanked())?
        }
        (format, _) => {
            Text::cells(format, Cells::no_trunc(args.no_trunc), &views::PORT, &answer.on_bridge())?
        }
    };
    let nothing = (args.quiet || asked.bridge.is_some()) && !answer.has_number();
    let hints = answer.emptiness(&args.container).into_iter().collect();
    Ok(Outcome { text, remarks: answer.remarks, hints, nothing, ..Outcome::default() })
}

/// Answers as the 2014 script does.
///
/// # Errors
/// No such container, bridge, or no way to know.
pub async fn drop_in(origin: &Origin, container: &str, bridge: &str) -> Result<Outcome, CliError> {
    let asked = PortQuestion {
        target: Target::parse(container)?,
        bridge: Some(bridge),
        source: SwitchSource::Ovsdb,
    };
    let answer = asked.answer(&origin.look(&asked.question(false)).await)?;
    let text = Text::rows(&Format::Csv, &views::PORT_ON_BRIDGE, &answer.blanked())?;
    Ok(Outcome { text, remarks: answer.remarks, ..Outcome::default() })
}

/// The container and the bridge that a question is about.
pub(super) struct PortQuestion<'a> {
    pub(super) target: Target,
    pub(super) bridge: Option<&'a str>,
    pub(super) source: SwitchSource,
}

/// All interfaces of the container, and what there is to say about them.
pub(super) struct Answer<'a> {
    /// Each with whether it is on the bridge that was asked about, if one was.
    rows: Vec<(bool, v1::Attachment)>,
    bridge: Option<&'a str>,
    pub(super) remarks: Vec<String>,
    /// What it is, where that is why it has no interfaces.
    pub(super) nature: Option<String>,
}

impl<'a> PortQuestion<'a> {
    pub(super) fn question(&self, tenants: bool) -> Question {
        let bridge = self.bridge.map(str::to_owned);
        Question {
            target: Some(self.target.clone()),
            bridge,
            tenants,
            sources: vec![self.source],
            ..Question::default()
        }
    }

    pub(super) fn answer(&self, look: &Look) -> Result<Answer<'a>, QueryError> {
        let subject = look.subject(&self.target)?;
        let found = look.attachments_on(subject, self.bridge)?;
        let row = |found: &Cow<'_, Attachment>| {
            let is_asked = self.bridge.is_none_or(|bridge| found.is_on(bridge));
            (is_asked, v1::Attachment::of(found, subject))
        };
        let rows = found.iter().map(row).collect();
        let nature = subject.remark(&look.snapshot);
        let remarks = nature.iter().cloned().chain(doubts(&found));
        let remarks = match self.target {
            Target::Container(_) => remarks.chain(look.silent_engines()).collect(),
            Target::Process(_) | Target::Netns(_) => remarks.collect(),
        };
        Ok(Answer { rows, bridge: self.bridge, remarks, nature })
    }
}

impl Answer<'_> {
    /// Only those on the bridge that was asked about, if one was.
    pub(super) fn on_bridge(&self) -> Vec<v1::Attachment> {
        self.rows.iter().filter(|(is_asked, _)| *is_asked).map(|(_, row)| row.clone()).collect()
    }

    /// All of them, those elsewhere without a port: the empty field of the 2014 script.
    fn blanked(&self) -> Vec<v1::Attachment> {
        let row = |(is_asked, row): &(bool, v1::Attachment)| {
            if *is_asked { row.clone() } else { row.clone().without_port() }
        };
        self.rows.iter().map(row).collect()
    }

    /// What is to be said where there is no row to show.
    fn emptiness(&self, container: &str) -> Option<String> {
        match self.bridge {
            _ if self.rows.is_empty() => Some(format!("{container} has no Ethernet interface")),
            Some(bridge) if self.on_bridge().is_empty() => Some(absence(
                container,
                bridge,
                self.rows.iter().map(|(_, row)| row).filter(|row| row.state == State::Unknown),
            )),
            _ => None,
        }
    }

    pub(super) fn numbers(&self) -> String {
        let numbers = self.on_bridge().into_iter().filter_map(|row| row.ofport);
        numbers.map(|number| format!("{number}\n")).collect()
    }

    /// Each interface with its bridge and state.
    pub(super) fn states(&self) -> Vec<String> {
        let place = |row: &v1::Attachment| match &row.bridge {
            Some(bridge) if row.state == State::On => format!("{} is on {bridge}", row.interface),
            Some(bridge) => format!("{} is {} on {bridge}", row.interface, row.state),
            None if row.state == State::None => format!("{} is on no bridge", row.interface),
            None => format!("{} is {}", row.interface, row.state),
        };
        self.rows.iter().map(|(_, row)| place(row)).collect()
    }

    pub(super) fn has_number(&self) -> bool {
        self.on_bridge().iter().any(|row| row.ofport.is_some())
    }
}

/// That none was seen on the bridge, which of those that could not be followed means nothing.
pub(super) fn absence<'r>(
    container: &str,
    bridge: &str,
    unknown: impl Iterator<Item = &'r v1::Attachment>,
) -> String {
    let unknown: Vec<_> = unknown.map(|row| row.interface.as_str()).collect();
    match unknown.as_slice() {
        [] => format!("no interface of {container} is on {bridge}"),
        names => format!("whether {} of {container} is on {bridge} is unknown", names.join(", ")),
    }
}

fn doubts(found: &[Cow<'_, Attachment>]) -> Vec<String> {
    let doubts = found.iter().flat_map(|attachment| {
        let name = &attachment.link.name;
        attachment.doubts().into_iter().map(move |doubt| format!("{name}: {doubt}"))
    });
    doubts.collect()
}
