//! `docker ovs annotate [BRIDGE]`.

use std::io;

use flowtext::{Annotator, Style};
use host::{Origin, Question};
use model::switch::SwitchSource;
use report::{PortLabels, Unplaced};

use crate::args::AnnotateArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer;

/// So much is read at once, in bytes.
const BLOCK: usize = 256 << 10;

/// Copies stdin to stdout, and says after each port who is on it.
///
/// # Errors
/// No such bridge, the switch cannot be asked, or what is read or written cannot be.
pub async fn run(origin: &Origin, args: &AnnotateArgs) -> Result<Outcome, CliError> {
    let labels = labels(origin, args.bridge.as_deref()).await?;
    let style = Style {
        replace: args.replace,
        colour: writer::is_terminal(),
        macs: args.macs,
        ips: args.ips,
        patterns: args.pattern.clone(),
    };
    copy(Annotator::new(labels, style))?;
    Ok(Outcome::default())
}

/// The labels, and on stderr what they cannot explain: the text is not to wait for that.
async fn labels(origin: &Origin, bridge: Option<&str>) -> Result<PortLabels, CliError> {
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
    for remark in look.remarks().into_iter().chain(unplaced.map(str::to_owned)) {
        writer::tell("docker-ovs", &remark);
    }
    Ok(labels)
}

/// Each block is written before the next one is read: a program that goes on is followed.
fn copy(mut annotator: Annotator<PortLabels>) -> Result<(), CliError> {
    let mut block = vec![0; BLOCK];
    let mut out = Vec::with_capacity(2 * BLOCK);
    loop {
        let length = match rustix::io::read(rustix::stdio::stdin(), &mut block[..]) {
            Ok(length) => length,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(CliError::new(format!("cannot read stdin: {error}"))),
        };
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
