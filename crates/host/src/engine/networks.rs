//! The networks of engines, which network drivers ask for once they have answered.

use model::SourceError;

use super::EngineNetwork;
use crate::Host;
use crate::deadline::Deadline;

impl Host {
    /// A network by its full id, of whichever engine has it; none where all that could be asked have
    /// not.
    ///
    /// # Errors
    /// An engine that may have it does not answer.
    pub async fn engine_network(&self, id: &str) -> Result<Option<EngineNetwork>, SourceError> {
        let due = Deadline::after(self.timeout);
        let mut failed = None;
        for engine in self.engines.now() {
            let engine = match engine.engine {
                Ok(engine) => engine,
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            match due.hold(|| engine.what(), engine.network(id)).await {
                Ok(Some(network)) => return Ok(Some(network)),
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }
}
