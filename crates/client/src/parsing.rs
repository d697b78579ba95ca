//! What a daemon says, and where it is, read from any words: for fuzzing and its corpora.

use crate::Server;
use crate::fleet::{StreamLine, told};
use crate::server::Access;

/// The event of a line of a stream; nothing in it where some were not sent, and none where the line is none.
pub fn event_in(line: &[u8]) -> Option<Option<&[u8]>> {
    match told(line) {
        StreamLine::Reset => Some(None),
        StreamLine::Event(json) => Some(Some(json)),
        StreamLine::Nothing => None,
    }
}

/// Where the daemon is that is named so, as it is written.
pub fn place(url: &str) -> Option<String> {
    let server = Server { url: url.to_owned(), ..Server::default() };
    Some(match server.access(|_| None).ok()? {
        Access::Plain(host::transport::Endpoint::Unix(path)) => {
            format!("unix://{}", path.display())
        }
        Access::Plain(host::transport::Endpoint::Tcp(at)) => format!("http://{at}"),
        Access::Tls { at, .. } => format!("https://{at}"),
    })
}
