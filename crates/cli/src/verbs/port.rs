//! `docker ovs port CONTAINER [BRIDGE]`.

use std::borrow::Cow;

use host::{Origin, Question};
use model::ids::Name;
use model::query::{QueryError, Subject};
use model::switch::SwitchSource;
use model::wiring::Attachment;
use model::{Look, NamedInterface};
use report::v1::State;
use report::{Cells, Format, v1, views};

use super::named::{self, NamedLook};
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
    let asked = PortQuestion { words: args.words(), bridge, source };
    // To name the other containers of its namespace costs a list of all containers: only where it can be shown.
    let tenants = matches!(args.format, Format::Json | Format::Template(_) | Format::TableOf(_));
    let answer = asked.ask(origin, tenants && !args.quiet).await?;
    let text = match (&args.format, asked.bridge) {
        _ if args.quiet => Text::lines(&answer.numbers()),
        (Format::Csv, Some(_)) => {
            Text::rows(&Format::Csv, &views::PORT_ON_BRIDGE, &answer.blanked())?
        }
        (format, _) => {
            Text::cells(format, Cells::no_trunc(args.no_trunc), &views::PORT, &answer.on_bridge())?
        }
    };
    let misses = (args.quiet || asked.bridge.is_some()) && !answer.has_number();
    let Missing { nothing, unknown } = Missing::where_it(misses, &answer.unplaced);
    let hints = answer.emptiness(&args.container).into_iter().collect();
    Ok(Outcome { text, remarks: answer.remarks, hints, nothing, unknown, ..Outcome::default() })
}

/// Answers as the 2014 script does.
///
/// # Errors
/// No such container, bridge, or no way to know.
pub async fn drop_in(origin: &Origin, container: &str, bridge: &str) -> Result<Outcome, CliError> {
    let asked =
        PortQuestion { words: container.into(), bridge: Some(bridge), source: SwitchSource::Ovsdb };
    let answer = asked.ask(origin, false).await?;
    let text = Text::rows(&Format::Csv, &views::PORT_ON_BRIDGE, &answer.blanked())?;
    Ok(Outcome { text, remarks: answer.remarks, ..Outcome::default() })
}

/// The container and the bridge that a question is about.
pub(super) struct PortQuestion<'a> {
    pub(super) words: NamedInterface<'a>,
    pub(super) bridge: Option<&'a str>,
    pub(super) source: SwitchSource,
}

/// All interfaces of the container, and what there is to say about them.
pub(super) struct PortAnswer<'a> {
    /// Each with whether it is on the bridge that was asked about, if one was.
    rows: Vec<(bool, v1::Attachment)>,
    /// Names of those that may be on any bridge, for all that is known.
    unplaced: Vec<Name>,
    bridge: Option<&'a str>,
    pub(super) remarks: Vec<String>,
    /// What it is, where that is why it has no interfaces.
    pub(super) nature: Option<String>,
}

impl<'a> PortQuestion<'a> {
    /// The answer of a look at that container or namespace alone; `tenants` as in [`Question::tenants`].
    pub(super) async fn ask(
        &self,
        origin: &Origin,
        tenants: bool,
    ) -> Result<PortAnswer<'a>, QueryError> {
        let question = |target| Question {
            target: Some(target),
            bridge: self.bridge.map(str::to_owned),
            tenants,
            sources: vec![self.source],
            ..Question::default()
        };
        let asked = NamedLook::at(origin, self.words, question).await?;
        let (subject, found) = asked.found(self.bridge)?;
        let mut answer = self.answer(&asked.look, subject, &found);
        if tenants && named::is_namespace(self.words) {
            answer.remarks.extend(asked.look.untold_tenants());
        }
        Ok(answer)
    }

    /// The answer of a look at all of them.
    pub(super) fn answer_of(&self, look: &Look) -> Result<PortAnswer<'a>, QueryError> {
        let (subject, found) = named::interfaces(look, self.words, self.bridge)?;
        Ok(self.answer(look, subject, &found))
    }

    fn answer(
        &self,
        look: &Look,
        subject: Subject<'_>,
        found: &[Cow<'_, Attachment>],
    ) -> PortAnswer<'a> {
        let row = |found: &Cow<'_, Attachment>| {
            let is_asked = self.bridge.is_none_or(|bridge| found.is_on(bridge));
            (is_asked, v1::Attachment::of(found, subject))
        };
        let rows = found.iter().map(row).collect();
        let unplaced = unplaced(found);
        let nature = subject.remark(&look.snapshot);
        let remarks = nature.iter().cloned().chain(doubts(found));
        let remarks = if named::is_namespace(self.words) {
            remarks.collect()
        } else {
            remarks.chain(look.silent_engines(self.words)).collect()
        };
        PortAnswer { rows, unplaced, bridge: self.bridge, remarks, nature }
    }
}

impl PortAnswer<'_> {
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
            Some(bridge) if self.on_bridge().is_empty() => {
                Some(absence(container, bridge, &self.unplaced))
            }
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

/// Names of the interfaces that could not be followed. A link of a kind that leads nowhere is none of them.
pub(super) fn unplaced(found: &[Cow<'_, Attachment>]) -> Vec<Name> {
    let unplaced = found.iter().filter(|attachment| attachment.may_be_anywhere());
    unplaced.map(|attachment| attachment.link.name.clone()).collect()
}

/// What it means that what was asked for was not found: that there is none, or, where an interface could not
/// be followed, that it cannot be known. A number that is pending is none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) nothing: bool,
    pub(super) unknown: bool,
}

impl Missing {
    /// Neither, unless it `misses`.
    pub(super) fn where_it(misses: bool, unplaced: &[Name]) -> Self {
        let is_known = unplaced.is_empty();
        Self { nothing: misses && is_known, unknown: misses && !is_known }
    }
}

/// That none was seen on the bridge, which of those that could not be followed means nothing.
pub(super) fn absence(container: &str, bridge: &str, unplaced: &[Name]) -> String {
    if unplaced.is_empty() {
        return format!("no interface of {container} is on {bridge}");
    }
    let names: Vec<&str> = unplaced.iter().map(|name| &**name).collect();
    format!("whether {} of {container} is on {bridge} is unknown", names.join(", "))
}

fn doubts(found: &[Cow<'_, Attachment>]) -> Vec<String> {
    let doubts = found.iter().flat_map(|attachment| {
        let name = &attachment.link.name;
        attachment.doubts().into_iter().map(move |doubt| format!("{name}: {doubt}"))
    });
    doubts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_no_answer_where_an_interface_could_not_be_followed() {
        let scene = include_str!("../../tests/scenes/odd.json");
        let snapshot: model::Snapshot = serde_json::from_str(scene).unwrap();
        let wiring = model::resolve(&snapshot);
        let all = wiring.attachments.iter().map(Cow::Borrowed);
        let is_unknown = |found: &Cow<'_, Attachment>| found.port.word() == "unknown";
        let (unknown, known): (Vec<_>, Vec<_>) = all.partition(is_unknown);
        // A link of a kind that leads nowhere is on no port.
        let (dead_ends, unknown): (Vec<_>, Vec<_>) =
            unknown.into_iter().partition(|found| !found.may_be_anywhere());
        let names = unplaced(&unknown);
        assert!(names.iter().any(|name| **name == *"vf0"), "{names:?}");
        assert!(!dead_ends.is_empty() && !known.is_empty());
        let missing = |misses, found: &[Cow<'_, Attachment>]| {
            let Missing { nothing, unknown } = Missing::where_it(misses, &unplaced(found));
            (nothing, unknown)
        };
        assert_eq!(missing(true, &dead_ends), (true, false));
        assert_eq!(missing(true, &known), (true, false));
        assert_eq!(missing(true, &unknown), (false, true));
        assert_eq!(missing(false, &unknown), (false, false));
    }
}
