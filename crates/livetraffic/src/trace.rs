//! What would become of a packet: asked of vswitchd, and judged.

use flowtext::{Annotator, Style, parse_trace};
use host::{Host, Question, SwitchCommand};
use model::query::QueryError;
use model::switch::SwitchSource;
use model::{Look, SourceError};
use report::{PortLabels, v1};
use traffic::{End, EndError, Kind, Outcome as Way, Packet, PacketError, Verdict, judge};

/// A packet to be traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Where it comes from, as [`End::find`] reads it.
    pub source: String,
    /// Where it is to go: the same.
    pub destination: String,
    /// What packet it is.
    pub kind: Kind,
    /// Whether to trace the answer too, from the destination to the source.
    pub both: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Traced {
    /// A row for each way.
    pub rows: Vec<v1::Trace>,
    /// What was known of the host.
    pub look: Look,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// A source is missing, or vswitchd refused.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A word names no end.
    #[error(transparent)]
    End(#[from] EndError),
    /// The end that is called so is on no port.
    #[error("{0} is on no port of a bridge: no packet comes from there")]
    NoPort(String),
}

impl From<SourceError> for TraceError {
    fn from(error: SourceError) -> Self {
        Self::Query(QueryError::SourceUnavailable(error))
    }
}

impl Trace {
    /// Looks at the host and asks vswitchd. Nothing is sent, learnt or counted.
    ///
    /// # Errors
    /// An end that is none, or the switch cannot be asked.
    pub async fn run(&self, host: &Host) -> Result<Traced, TraceError> {
        // Only the control socket knows datapath ports, which outputs are told by.
        let sources = vec![SwitchSource::Ovsdb, SwitchSource::Appctl];
        let question = Question { sources, routes: true, traffic: true, ..Question::default() };
        let look = host.resolved(&question).await;
        let rows = self.rows(host, &look).await?;
        Ok(Traced { rows, look })
    }

    async fn rows(&self, host: &Host, look: &Look) -> Result<Vec<v1::Trace>, TraceError> {
        look.switch(SwitchSource::Ovsdb)?;
        look.switch(SwitchSource::Appctl)?;
        let from = End::find(look, &self.source, None)?;
        let to = End::find(look, &self.destination, Some(&from))?;
        if from.port.is_none() {
            return Err(TraceError::NoPort(from.called));
        }
        let tracer = Tracer { host, look, kind: &self.kind };
        let mut rows = vec![tracer.trace(&from, &to, false).await?];
        if self.both {
            rows.push(tracer.trace(&to, &from, true).await?);
        }
        Ok(rows)
    }
}

struct Tracer<'a> {
    host: &'a Host,
    look: &'a Look,
    kind: &'a Kind,
}

impl Tracer<'_> {
    /// One way; through a gateway its first part, and what follows where that is known.
    async fn trace(&self, from: &End, to: &End, is_reply: bool) -> Result<v1::Trace, SourceError> {
        let make = |next: Option<&End>| {
            if is_reply {
                Packet::reply(self.kind, from, to, next)
            } else {
                Packet::new(self.kind, from, to, next)
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
    ) -> Result<(Verdict, String), SourceError> {
        let bridge = from.bridge().map_or("", |bridge| &**bridge);
        // Each recirculation takes one; no more are asked for than vswitchd takes.
        let ct_states = [packet.ct_state; 8];
        let ask = SwitchCommand::Trace { bridge, packet: &packet.text, ct_states: &ct_states };
        let said = self.host.ask_vswitchd(ask).await?;
        let trace = parse_trace(&said);
        let verdict = judge(self.look, self.kind, packet, from, to, &trace);
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
