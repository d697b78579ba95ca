//! The client.

use std::path::Path;

use address::unix;
use jsonrpc::{Connection, Limits};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::net::UnixStream;

use crate::dpif::{DpBridge, parse_dpif_show};
use crate::error::Error;

/// The longest answer: a line for each of some hundred thousand ports.
const LIMITS: Limits = Limits { message: 16 << 20, depth: 128 };

/// A connection to a daemon's control socket.
///
/// No method has a time-out of its own. A future that is dropped half-way leaves a
/// connection that is of no further use: drop it too.
#[derive(Debug)]
pub struct Client {
    connection: Connection<UnixStream>,
}

impl Client {
    /// Connects to the socket at `path`; [`control_socket`](crate::control_socket) finds it.
    ///
    /// # Errors
    /// [`Error::Connect`], whose [`kind`](Error::kind) tells why.
    pub async fn connect(path: &Path) -> Result<Self, Error> {
        Self::connect_with_limit(path, LIMITS.message).await
    }

    /// The same for answers of at most `longest` bytes: a command may tell more than ports.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_with_limit(path: &Path, longest: usize) -> Result<Self, Error> {
        let limits = Limits { message: longest, ..LIMITS };
        match unix::connect(path).await {
            Ok(stream) => {
                Ok(Self { connection: Connection::with_limits(stream, limits).keeping_only(&[]) })
            }
            Err(source) => Err(Error::Connect { path: path.to_owned(), source }),
        }
    }

    /// Runs `command` with `args` and returns what it answers: plain text, or a JSON text
    /// where JSON was asked for and the command knows how.
    ///
    /// # Errors
    /// [`Error::Refused`] when the daemon does not accept the command.
    pub async fn call(&mut self, command: &str, args: &[&str]) -> Result<String, Error> {
        let answer: Result<Box<RawValue>, _> = self.connection.call(command, args).await;
        match answer {
            Ok(result) => Ok(text(&result)),
            Err(jsonrpc::Error::Remote(answer)) => {
                Err(Error::Refused { command: command.to_owned(), answer })
            }
            Err(error) => Err(Error::Rpc(error)),
        }
    }

    /// What the daemon is, such as `ovs-vswitchd (Open vSwitch) 3.1.0`.
    ///
    /// # Errors
    /// As the conversation fails.
    pub async fn version(&mut self) -> Result<String, Error> {
        Ok(self.call("version", &[]).await?.trim_end().to_owned())
    }

    /// Every bridge with its ports: `dpif/show` (ovs-vswitchd(8)), as JSON where the
    /// daemon can (Open vSwitch 3.4 and later), as text where it cannot.
    ///
    /// # Errors
    /// [`Error::Dpif`] when the answer makes no sense.
    pub async fn dpif_show(&mut self) -> Result<Vec<DpBridge>, Error> {
        // A daemon that refuses this, for whatever reason, is read as text.
        match self.call("set-options", &["--format", "json"]).await {
            Ok(_) | Err(Error::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(parse_dpif_show(&self.call("dpif/show", &[]).await?)?)
    }
}

/// A result as text. After `set-options --format json` a command that knows no JSON
/// answers `{"reply-format": "plain", "reply": "…"}`.
fn text(result: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Plain {
        reply: String,
        #[serde(rename = "reply-format")]
        _format: String,
    }
    let json = result.get();
    serde_json::from_str(json)
        .or_else(|_| serde_json::from_str(json).map(|Plain { reply, .. }| reply))
        .unwrap_or_else(|_| json.to_owned())
}
