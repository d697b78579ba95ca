//! `dpif/show`: the bridges, their ports, and both numbers of each port.
//!
//! ovs-vswitchd(8) shows them in three looks: indented by tabs, with lines of statistics
//! (2.0), indented by two spaces (2.x and later), and as JSON (3.4 and later, when asked).

mod json;
mod text;

/// The longest name of a datapath, in characters: it is told with each bridge.
const LONGEST_DATAPATH: usize = 255;

/// More than any vswitchd has bridges and ports.
const MAX_ROWS: usize = 200_000;

/// More than any vswitchd has bridges: each has a port in its datapath, which numbers them with 16 bits.
const MAX_BRIDGES: usize = 65_536;

/// A bridge as the datapath sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpBridge {
    /// The bridge's name.
    pub name: String,
    /// The datapath behind it, such as `system@ovs-system`.
    pub datapath: String,
    /// Its ports, its own internal one among them.
    pub ports: Vec<DpPort>,
}

/// A port of a bridge as the datapath sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpPort {
    /// The interface's name.
    pub name: String,
    /// The OpenFlow port; 65534 is LOCAL.
    pub ofport: u16,
    /// The datapath port, which patch ports do not have.
    pub dp_port: Option<u32>,
    /// What it is: `system`, `internal`, `tap`, `patch`, `vxlan`, …
    pub kind: String,
    /// Its configuration, such as `key=flow, remote_ip=192.0.2.1`; often empty.
    pub options: String,
}

/// An answer to `dpif/show` that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum MalformedDpif {
    /// A line that is neither datapath, bridge, port nor statistics.
    #[error("line {number} of dpif/show is neither bridge nor port: {:?}", jsonrpc::excerpt(.line))]
    Line {
        /// Which line, counted from 1.
        number: usize,
        /// What it says.
        line: String,
    },
    /// More bridges and ports than there can be.
    #[error("dpif/show has more than {0} bridges and ports")]
    TooLong(usize),
    /// More bridges than there can be.
    #[error("dpif/show has more than {0} bridges")]
    TooManyBridges(usize),
    /// JSON of another shape.
    #[error("the JSON of dpif/show cannot be read: {}", jsonrpc::excerpt(&.0.to_string()))]
    Json(#[from] serde_json::Error),
}

/// Reads the answer to `dpif/show`, whichever of the three looks it has.
///
/// # Errors
/// [`MalformedDpif`], which quotes what could not be read.
pub fn parse_dpif_show(answer: &str) -> Result<Vec<DpBridge>, MalformedDpif> {
    // A datapath's name begins with its type, so no text begins with a brace.
    if answer.trim_start().starts_with('{') { json::parse(answer) } else { text::parse(answer) }
}
