//! `docker ovs flows BRIDGE [CONTAINER]`.

use flowtext::{Annotator, Style, parse_flows};
use host::{Origin, Question, SwitchCommand};
use model::ids::Name;
use model::switch::SwitchSource;
use model::{Look, NamedInterface};
use report::{Cells, Format, PortLabels, v1, views};
use traffic::{FlowParts, FlowSubject, Followed, named_ports, stale};

use super::flow_changes::watch;
use super::named;
use crate::args::FlowsArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::{self, Text};

/// Answers `docker ovs flows`; exit 1 with CONTAINER or `--stale` when there is none.
///
/// # Errors
/// No such bridge or container, or vswitchd cannot be asked.
pub async fn run(origin: &Origin, args: &FlowsArgs) -> Result<Outcome, CliError> {
    if args.watch {
        return watch(origin, args).await;
    }
    let mut found = None;
    let wanted = Wanted::read(origin, args, &mut found);
    let (wanted, said) =
        tokio::join!(wanted, origin.ask_vswitchd(SwitchCommand::Flows(&args.bridge)));
    let mut wanted = wanted?;
    // A fake bridge has its flows on its parent.
    let said =
        if wanted.bridge.as_ref() == args.bridge { said? } else { wanted.ask(origin).await? };
    let mut flows: Vec<_> = parse_flows(&said).map(FlowParts::from).collect();
    wanted.follow(&flows);
    flows.retain(|flow| wanted.takes(flow));
    // As ovs-ofctl sorts them: what is looked up first comes first.
    flows.sort_by_key(|FlowParts { flow, .. }| (flow.table, std::cmp::Reverse(flow.priority)));
    let asked = args.stale || args.container.is_some();
    let hints = if flows.is_empty() { vec!["no flow to list".to_owned()] } else { Vec::new() };
    let text = wanted.lay_out(&flows, args)?;
    let remarks = wanted.look.remarks();
    Ok(Outcome { text, remarks, hints, nothing: asked && flows.is_empty(), ..Outcome::default() })
}

/// Which flows are wanted, and what is known of their ports.
pub(super) struct Wanted {
    pub(super) look: Look,
    pub(super) bridge: Name,
    labels: PortLabels,
    /// The interfaces that flows are to touch; none for all flows.
    interfaces: Option<Followed>,
    stale: bool,
    /// In seconds since the Unix epoch; none where the flows may be of another moment than the record.
    now: Option<u64>,
}

impl Wanted {
    /// `followed` is what was found before, and after that what is found now. A container that was found once may be
    /// started anew, or another one by its name: where it is not found it is told, and what it had last counts.
    ///
    /// # Errors
    /// No such bridge, no such container on it where none was found before, or the switch cannot be asked.
    pub(super) async fn read(
        origin: &Origin,
        args: &FlowsArgs,
        followed: &mut Option<Followed>,
    ) -> Result<Self, CliError> {
        let bridge = Some(args.bridge.clone());
        let look = origin.look(&Question { bridge, ..Question::default() }).await;
        look.switch(SwitchSource::Ovsdb)?;
        let bridge = look.bridge(&args.bridge)?.bridge.name.clone();
        if args.stale {
            // Where not everything was seen, a port may have a container that was not.
            look.require_sources()?;
        }
        if let Some(words) = args.words() {
            let found = interfaces(&look, words, &bridge);
            match followed {
                Some(followed) => {
                    let found = found.map_err(|error| error.to_string());
                    if let Some(told) = followed.next(found) {
                        writer::tell("docker-ovs", &told);
                    }
                }
                None => *followed = Some(Followed::new(found?)),
            }
        }
        let interfaces = followed.clone();
        let labels = PortLabels::new(&look, Some(&bridge));
        // Of a recording it is as it was then.
        let now = origin.is_of_one_moment().then_some(look.snapshot.taken / 1000);
        Ok(Self { look, bridge, labels, interfaces, stale: args.stale, now })
    }

    pub(super) async fn ask(&self, origin: &Origin) -> Result<String, CliError> {
        Ok(origin.ask_vswitchd(SwitchCommand::Flows(&self.bridge)).await?)
    }

    /// Looks at what all flows make of the packets of the interfaces.
    pub(super) fn follow(&mut self, flows: &[FlowParts<'_>]) {
        if let Some(interfaces) = &mut self.interfaces {
            interfaces.follow(flows);
        }
    }

    pub(super) fn takes(&self, flow: &FlowParts<'_>) -> bool {
        self.interfaces.as_ref().is_none_or(|found| found.is_touched_by(flow))
            && (!self.stale || self.staleness(flow).is_some())
    }

    /// The same of a flow that is gone: its port may have been the container's until then.
    pub(super) fn took(&self, flow: &FlowParts<'_>) -> bool {
        self.interfaces.as_ref().is_none_or(|found| found.was_touched_by(flow))
    }

    /// The interfaces, for the next look, after flows were compared.
    pub(super) fn into_followed(self) -> Option<Followed> {
        let mut followed = self.interfaces;
        if let Some(followed) = &mut followed {
            followed.compared();
        }
        followed
    }

    fn staleness(&self, parts: &FlowParts<'_>) -> Option<String> {
        let named = named_ports(&self.look.wiring, &self.bridge, parts);
        stale(&self.look, &parts.flow, &named, self.now)
    }

    pub(super) fn row(&self, parts: &FlowParts<'_>) -> v1::Flow {
        let flow = &parts.flow;
        let named = named_ports(&self.look.wiring, &self.bridge, parts);
        let stale = stale(&self.look, flow, &named, self.now);
        v1::Flow::new(&self.bridge, flow, parts.actions(), &named, stale, self.annotated(flow.line))
    }

    fn lay_out(&self, flows: &[FlowParts<'_>], args: &FlowsArgs) -> Result<Text, CliError> {
        match &args.format {
            Format::Table if self.stale => {
                let line = |parts: &FlowParts<'_>| {
                    let why = self.staleness(parts).unwrap_or_default();
                    format!("{}\n  {why}\n", self.annotated(parts.flow.line))
                };
                Ok(Text::lines(&flows.iter().map(line).collect::<String>()))
            }
            Format::Table => Ok(Text::lines(&self.all_annotated(flows))),
            format => {
                let rows: Vec<_> = flows.iter().map(|flow| self.row(flow)).collect();
                Ok(Text::cells(format, Cells::Whole, &views::FLOWS, &rows)?)
            }
        }
    }

    fn all_annotated(&self, flows: &[FlowParts<'_>]) -> String {
        let mut annotator = Annotator::new(&self.labels, Style::default());
        let mut out = Vec::new();
        for flow in flows {
            annotator.push(flow.flow.line.as_bytes(), &mut out);
            annotator.push(b"\n", &mut out);
        }
        annotator.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn annotated(&self, line: &str) -> String {
        let mut annotator = Annotator::new(&self.labels, Style::default());
        let mut out = Vec::new();
        annotator.push(line.as_bytes(), &mut out);
        annotator.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// The interfaces of a container that are on the bridge.
fn interfaces(
    look: &Look,
    words: NamedInterface<'_>,
    bridge: &Name,
) -> Result<Vec<FlowSubject>, CliError> {
    let (_, found) = named::interfaces(look, words, Some(bridge))?;
    let on: Vec<_> = found
        .into_iter()
        .filter(|found| found.port.ports().iter().any(|port| port.bridge == *bridge))
        .map(|found| FlowSubject::new(&look.snapshot, &found))
        .collect();
    if on.is_empty() {
        let container = words.container;
        return Err(CliError::new(format!("{container} is on no port of {bridge} that is known"))
            .hint(format!("docker ovs explain {container} {bridge}")));
    }
    Ok(on)
}
