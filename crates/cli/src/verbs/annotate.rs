//! `docker ovs annotate [BRIDGE]`.

use std::io;
use std::time::{Duration, Instant};

use flowtext::{Annotator, Style};
use host::{Origin, Question};
use model::switch::SwitchSource;
use report::{PortLabels, Unplaced};

use crate::args::{AnnotateArgs, SourceOptions, Verb};
use crate::limit::Limit;
use crate::outcome::{CliError, Outcome};
use crate::writer;

/// So much is read at once, in bytes.
const BLOCK: usize = 256 << 10;

/// A text that goes on for longer than that, as of a monitor, may be about containers that came
/// meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Copies stdin to stdout, and says after each port who is on it. `sources` and `verb` are what `origin` was opened by.
///
/// # Errors
/// No such bridge, the switch or the daemon cannot be asked, or what is read or written cannot be.
pub async fn run(
    origin: &Origin,
    args: &AnnotateArgs,
    limit: &Limit,
    (sources, verb): (&SourceOptions, &Verb),
) -> Result<Outcome, CliError> {
    let bridge = args.bridge.as_deref();
    let (labels, remarks) = labels(origin, bridge).await?;
    // The text may go on for ever.
    limit.answered();
    for remark in &remarks {
        writer::tell("docker-ovs", remark);
    }
    let style = Style {
        replace: args.replace,
        colour: writer::is_terminal(),
        macs: args.macs,
        ips: args.ips,
        patterns: args.pattern.clone(),
    };
    let relook = Relook { origin, sources, verb, bridge, ended: Instant::now() };
    copy(relook, Annotator::new(labels, style)).await?;
    Ok(Outcome::default())
}

/// The labels, and what they cannot explain.
async fn labels(
    origin: &Origin,
    bridge: Option<&str>,
) -> Result<(PortLabels, Vec<String>), CliError> {
    // Only the control socket knows datapath ports.
    let sources = vec![SwitchSource::Ovsdb, SwitchSource::Appctl];
    let asked = Question { bridge: bridge.map(str::to_owned), sources, ..Question::default() };
    let look = origin.look(&asked).await;
    look.switch(SwitchSource::Ovsdb)?;
    if let Some(bridge) = bridge {
        look.bridge(bridge)?;
    }
    let labels = PortLabels::new(&look, bridge);
    let unplaced = labels.unplaced().into_iter().map(|unplaced| match unplaced {
        Unplaced::SeveralBridges => {
            "there are several bridges: without BRIDGE, OpenFlow port numbers stay as they are"
        }
        Unplaced::SeveralDatapaths => {
            "there are several datapaths: without BRIDGE, datapath port numbers stay as they are"
        }
    });
    let remarks = look.remarks().into_iter().chain(unplaced.map(str::to_owned)).collect();
    Ok((labels, remarks))
}

/// What it takes to look again: at the host, or at what a daemon tells of it.
struct Relook<'a> {
    origin: &'a Origin,
    sources: &'a SourceOptions,
    verb: &'a Verb,
    bridge: Option<&'a str>,
    /// When the last look ended.
    ended: Instant,
}

impl Relook<'_> {
    /// Whether it is looked before what comes now is told. Nothing is asked while nothing comes, nor for each line.
    fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.ended) >= LOOK_EVERY
    }

    async fn found(&self) -> Option<Result<PortLabels, CliError>> {
        let told = match self.origin {
            Origin::Live(_) => Ok(None),
            Origin::Recorded(..) => self.sources.told_now(self.verb).await?.map(Some),
        };
        let told = match told {
            Ok(told) => told,
            Err(error) => return Some(Err(error)),
        };
        let now = told.as_ref().unwrap_or(self.origin);
        Some(labels(now, self.bridge).await.map(|(labels, _)| labels))
    }

    /// What is known now; none where that is no more than before: of a recording, or where a source or the daemon is
    /// away.
    async fn labels(&mut self) -> Option<PortLabels> {
        let found = self.found().await;
        self.ended = Instant::now();
        found?.ok()
    }
}

/// Each block is written before the next one is read: a program that goes on is followed.
async fn copy(
    mut relook: Relook<'_>,
    mut annotator: Annotator<PortLabels>,
) -> Result<(), CliError> {
    let mut block = vec![0; BLOCK];
    let mut out = Vec::with_capacity(2 * BLOCK);
    loop {
        let length = match rustix::io::read(rustix::stdio::stdin(), &mut block[..]) {
            Ok(length) => length,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(CliError::new(format!("cannot read stdin: {error}"))),
        };
        if relook.is_due(Instant::now())
            && let Some(labels) = relook.labels().await
        {
            annotator.relabel(labels);
        }
        match block.get(..length) {
            Some([]) | None => annotator.finish(&mut out),
            Some(piece) => annotator.push(piece, &mut out),
        }
        match writer::print_bytes(&out) {
            Ok(()) if length > 0 => out.clear(),
            Ok(()) => return Ok(()),
            // A reader that has seen enough is no error, as with head(1).
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(CliError::new(format!("cannot write: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn it_is_looked_again_after_a_while_whatever_is_asked() {
        let scene = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenes/article.json");
        let scene = std::fs::read(scene).unwrap();
        let origin = Origin::recorded(serde_json::from_slice(&scene).unwrap());
        let cli = Cli::try_parse_from(["docker-ovs", "annotate"]).unwrap();
        let (sources, verb) = (&cli.sources, cli.verb());
        let ended = Instant::now();
        let relook = Relook { origin: &origin, sources, verb, bridge: None, ended };
        for (later, is_due) in [(0, false), (4999, false), (5000, true), (60_000, true)] {
            assert_eq!(relook.is_due(ended + Duration::from_millis(later)), is_due, "{later}");
        }
    }
}
