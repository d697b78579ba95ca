//! `docker ovs annotate [BRIDGE]`.

use std::io;
use std::time::{Duration, Instant};

use flowtext::{Annotator, Style};
use host::{Origin, Question};
use model::switch::SwitchSource;
use report::{PortLabels, Unplaced};

use crate::args::AnnotateArgs;
use crate::limit::Limit;
use crate::outcome::{CliError, Outcome};
use crate::writer;

/// So much is read at once, in bytes.
const BLOCK: usize = 256 << 10;

/// A text that goes on for longer than that, as of a monitor, may be about containers that came
/// meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Copies stdin to stdout, and says after each port who is on it.
///
/// # Errors
/// No such bridge, the switch cannot be asked, or what is read or written cannot be.
pub async fn run(origin: &Origin, args: &AnnotateArgs, limit: &Limit) -> Result<Outcome, CliError> {
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
    copy(origin, bridge, Annotator::new(labels, style)).await?;
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

/// Each block is written before the next one is read: a program that goes on is followed.
async fn copy(
    origin: &Origin,
    bridge: Option<&str>,
    mut annotator: Annotator<PortLabels>,
) -> Result<(), CliError> {
    let mut looked = Instant::now();
    let mut block = vec![0; BLOCK];
    let mut out = Vec::with_capacity(2 * BLOCK);
    loop {
        let length = match rustix::io::read(rustix::stdio::stdin(), &mut block[..]) {
            Ok(length) => length,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(CliError::new(format!("cannot read stdin: {error}"))),
        };
        if looked.elapsed() >= LOOK_EVERY && origin.live().is_ok() {
            // Where a source is away, what was known before is better than nothing.
            if let Ok((labels, _)) = labels(origin, bridge).await {
                annotator.relabel(labels);
            }
            looked = Instant::now();
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
