//! The signals that the daemon minds.

use host::signals;
use model::SourceError;
use tokio::signal::unix::Signal;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalRequest {
    /// SIGTERM, SIGINT, and what else would end a process: it ends in order, so that its socket's
    /// file does not stay.
    End,
    /// SIGHUP: certificate, key and token are read anew.
    Reload,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Signals {
    ends: Vec<Signal>,
    hangup: Signal,
}

impl Signals {
    /// From now on none of them ends the process at once.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn new() -> Result<Self, SourceError> {
        Ok(Self { ends: signals::ending()?, hangup: signals::hangup()? })
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> SignalRequest {
        let ends = self.ends.iter_mut().map(|signal| Box::pin(signal.recv()));
        tokio::select! {
            biased;
            _ = futures_util::future::select_all(ends) => SignalRequest::End,
            _ = self.hangup.recv() => SignalRequest::Reload,
        }
    }

    /// Until it is asked to end.
    pub(crate) async fn end(&mut self) {
        while self.next().await != SignalRequest::End {}
    }
}
