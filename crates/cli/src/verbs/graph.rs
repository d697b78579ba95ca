//! `docker ovs graph`.

use host::{Origin, Question};
use model::switch::SwitchSource;
use report::graph::{Scene, dot, mermaid, svg};

use crate::args::{GraphArgs, Picture};
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs graph`.
///
/// # Errors
/// No such bridge, or the switch cannot be asked.
pub async fn run(origin: &Origin, args: &GraphArgs) -> Result<Outcome, CliError> {
    // The whole switch even for one bridge: a patch ends on another.
    let source = SwitchSource::from(args.look.source);
    // What is uncertain of a link is told with its jack.
    let question = Question { sources: vec![source], traffic: true, ..Question::default() };
    let look = origin.look(&question).await;
    look.switch(source)?;
    if let Some(bridge) = &args.bridge {
        look.bridge(bridge)?;
    }
    let scene = Scene::new(&look.wiring, args.bridge.as_deref());
    let text = match args.format {
        Picture::Svg => svg(&scene),
        Picture::Dot => dot(&scene),
        Picture::Mermaid => mermaid(&scene),
    };
    let text = Text::lines(&text);
    Ok(Outcome { text, remarks: look.remarks(), ..Outcome::default() })
}
