//! `docker ovs trace SRC DST`.

use flowtext::{Annotator, Style, parse_trace};
use host::{Host, Origin, Question, SwitchCommand};
use model::Look;
use model::switch::SwitchSource;
use report::{Format, PortLabels, v1, views};
use traffic::{End, Kind, Outcome as Way, Packet, PacketError, Verdict, judge};

use crate::args::TraceArgs;
use crate::origin::asked_live;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs trace`: exit 0 delivered, 1 not, 2 not known.
///
/// # Errors
/// An end that is none, a packet that cannot be made, or vswitchd cannot be asked.
pub async fn run(origin: &Origin, args: &TraceArgs) -> Result<Outcome, CliError> {
    let host = asked_live(origin)?;
    // Only the control socket knows datapath ports, which outputs are told by.
    let sources = vec![SwitchSource::Ovsdb, SwitchSource::Appctl];
    let question = Question { sources, routes: true, traffic: true, ..Question::default() };
    let look = origin.look(&question).await;
    look.switch(SwitchSource::Ovsdb)?;
    look.switch(SwitchSource::Appctl)?;
    let from = End::find(&look, &args.source, None)?;
    let to = End::find(&look, &args.destination, Some(&from))?;
    if from.port.is_none() {
        return Err(CliError::new(format!(
            "{} is on no port of a bridge: no packet comes from there",
            from.called
        )));
    }
    let tracer = Tracer { host, look: &look, kind: args.kind() };
    let mut rows = vec![tracer.trace(&from, &to, false).await?];
    if args.both {
        rows.push(tracer.trace(&to, &from, true).await?);
    }
    let text = match &args.format {
        Format::Table => Text::lines(&sentences(&rows, args.verbose)),
        format => Text::rows(format, &views::TRACE, &rows)?,
    };
    let nothing = rows.iter().any(|row| row.reaches == Some(false));
    let unknown = rows.iter().any(|row| row.reaches.is_none());
    Ok(Outcome { text, remarks: look.remarks(), nothing, unknown, ..Outcome::default() })
}

/// A sentence for each way, and with `verbose` what vswitchd said.
fn sentences(rows: &[v1::Trace], verbose: bool) -> String {
    rows.iter().map(|row| paragraph(row, verbose)).collect()
}

fn paragraph(row: &v1::Trace, verbose: bool) -> String {
    let mut lines = vec![format!("{} to {}: {}", row.source.who, row.destination.who, row.verdict)];
    let is_new = |reason: &&String| !row.verdict.contains(reason.as_str());
    lines.extend(row.reasons.iter().filter(is_new).map(|reason| format!("  {reason}")));
    if verbose {
        lines.push(format!("  packet: {}\n\n{}", row.packet, row.text.trim_end()));
    }
    lines.join("\n") + "\n"
}

struct Tracer<'a> {
    host: &'a Host,
    look: &'a Look,
    kind: Kind,
}

impl Tracer<'_> {
    /// One way; through a gateway its first part, and what follows where that is known.
    async fn trace(&self, from: &End, to: &End, is_reply: bool) -> Result<v1::Trace, CliError> {
        let make = |next: Option<&End>| {
            if is_reply {
                Packet::reply(&self.kind, from, to, next)
            } else {
                Packet::new(&self.kind, from, to, next)
            }
        };
        let gateway = match make(None) {
            Ok(packet) => {
                let (verdict, text) = self.leg(&packet, from, to).await?;
                return Ok(v1::Trace::new(from, to, packet.text, &verdict, text));
            }
            Err(PacketError::ByGateway(_, gateway)) => gateway,
            Err(PacketError::Unknown(why)) => return Ok(unknown(from, to, why)),
        };
        let next = End::of_address(self.look, gateway, Some(from));
        let packet = match make(Some(&next)) {
            Ok(packet) => packet,
            Err(error) => return Ok(unknown(from, to, error.to_string())),
        };
        let (verdict, text) = self.leg(&packet, from, &next).await?;
        let verdict = through_gateway(verdict, &next, to);
        Ok(v1::Trace::new(from, to, packet.text, &verdict, text))
    }

    /// Asks vswitchd, and judges what it says.
    async fn leg(
        &self,
        packet: &Packet,
        from: &End,
        to: &End,
    ) -> Result<(Verdict, String), CliError> {
        let bridge = from.bridge().map_or("", |bridge| &**bridge);
        // Each recirculation takes one; no more are asked for than vswitchd takes.
        let ct_states = [packet.ct_state; 8];
        let ask = SwitchCommand::Trace { bridge, packet: &packet.text, ct_states: &ct_states };
        let said = self.host.ask_vswitchd(ask).await?;
        let trace = parse_trace(&said);
        let verdict = judge(self.look, &self.kind, packet, from, to, &trace);
        Ok((verdict, self.annotated(&said, bridge)))
    }

    fn annotated(&self, text: &str, bridge: &str) -> String {
        let labels = PortLabels::new(self.look, Some(bridge));
        let mut annotator = Annotator::new(labels, Style::default());
        let mut out = Vec::new();
        annotator.push(text.as_bytes(), &mut out);
        annotator.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn unknown(from: &End, to: &End, why: String) -> v1::Trace {
    v1::Trace::new(from, to, String::new(), &Verdict::unknown(vec![why]), String::new())
}

/// What reaches a gateway is in its hands; what does not reach it goes no further.
fn through_gateway(verdict: Verdict, gateway: &End, to: &End) -> Verdict {
    match verdict.reaches() {
        Some(true) => {
            let told = format!(
                "the gateway {} gets it; whether that sends it on to {} is not known",
                gateway.called, to.called
            );
            Verdict {
                outcome: Way::Unknown,
                sentence: format!("cannot be known: {told}"),
                reasons: vec![told],
                ..verdict
            }
        }
        _ => Verdict {
            sentence: format!("to the gateway {}: {}", gateway.called, verdict.sentence),
            ..verdict
        },
    }
}
