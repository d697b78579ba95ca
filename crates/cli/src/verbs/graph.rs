//! `docker ovs graph`.

use host::{Host, Question};
use model::switch::Via;
use model::{query, resolve};
use report::graph::{Scene, dot, mermaid, svg};

use crate::outcome::{Failure, Outcome};
use crate::words::{GraphArgs, Picture};

/// Answers `docker ovs graph`.
///
/// # Errors
/// No such bridge, or the switch cannot be asked.
pub async fn run(host: &Host, args: &GraphArgs) -> Result<Outcome, Failure> {
    // The whole switch even for one bridge: a patch ends on another.
    let road = Via::from(args.via);
    let snapshot = host.look(&Question { roads: vec![road], ..Question::default() }).await;
    query::switch(&snapshot, road)?;
    if let Some(bridge) = &args.bridge {
        query::bridge(&snapshot, bridge)?;
    }
    let wiring = resolve(&snapshot);
    let scene = Scene::new(&wiring, args.bridge.as_deref());
    let text = match args.format {
        Picture::Svg => svg(&scene),
        Picture::Dot => dot(&scene),
        Picture::Mermaid => mermaid(&scene),
    };
    let remarks = wiring.troubles.iter().map(ToString::to_string).collect();
    Ok(Outcome { text, remarks, ..Outcome::default() })
}
