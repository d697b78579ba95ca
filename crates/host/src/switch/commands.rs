//! What vswitchd tells of flows, on request: commands of its control socket (ovs-vswitchd(8)). All of
//! them only read.

use std::collections::BTreeMap;
use std::path::Path;

use model::SourceError;
use model::SourceErrorKind;
use serde::{Deserialize, Serialize};
use unixctl::{Client, Error, VSWITCHD, control_socket};

use super::appctl::what;
use crate::Host;
use crate::deadline::Deadline;
use crate::failure;

/// The longest answer, in bytes: that of a bridge with some hundred thousand flows.
const LONGEST: usize = 64 << 20;

/// A command that changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchCommand<'a> {
    /// The flows of a bridge, hidden ones too (`bridge/dump-flows`). vswitchd's main thread writes
    /// them, and does nothing else meanwhile.
    Flows(&'a str),
    /// The MAC table of a bridge (`fdb/show`).
    Fdb(&'a str),
    /// What happened in it (`fdb/stats-show`, Open vSwitch 2.10 and later).
    FdbStatistics(&'a str),
    /// What would become of a packet (`ofproto/trace`). There is no packet: nothing is sent, learnt
    /// or counted.
    Trace {
        /// The bridge.
        bridge: &'a str,
        /// The packet, as ovs-fields(7) writes it, with the `in_port`.
        packet: &'a str,
        /// The conntrack state that each recirculation has, as `trk,new`; that is usual.
        ct_states: &'a [&'a str],
        /// Whether ports and tables are told by their names, datapath ports too (Open vSwitch 2.8 and later).
        names: bool,
    },
    /// Which connections conntrack knows (`dpctl/dump-conntrack`).
    Connections,
}

impl SwitchCommand<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Flows(_) => "bridge/dump-flows",
            Self::Fdb(_) => "fdb/show",
            Self::FdbStatistics(_) => "fdb/stats-show",
            Self::Trace { .. } => "ofproto/trace",
            Self::Connections => "dpctl/dump-conntrack",
        }
    }

    /// The bridge that a question is about that a recording can answer: a trace depends on the packet.
    fn bridge(&self) -> Option<&str> {
        match self {
            Self::Flows(bridge) | Self::Fdb(bridge) | Self::FdbStatistics(bridge) => Some(bridge),
            Self::Trace { .. } | Self::Connections => None,
        }
    }

    fn arguments(&self) -> Vec<&str> {
        match self {
            Self::Flows(bridge) | Self::Fdb(bridge) | Self::FdbStatistics(bridge) => vec![bridge],
            Self::Trace { bridge, packet, ct_states, names } => {
                let states = ct_states.iter().flat_map(|state| ["--ct-next", state]);
                let names = names.then_some("--names");
                states.chain(names).chain([*bridge, *packet]).collect()
            }
            Self::Connections => Vec::new(),
        }
    }
}

/// What vswitchd answered, as it was recorded: by command and bridge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedAnswers {
    /// The version of this format.
    #[serde(rename = "docker-ovs-vswitchd")]
    version: u32,
    answers: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether they are of the moment of the Snapshot that they came with.
    #[serde(skip)]
    of_its_moment: bool,
}

impl RecordedAnswers {
    /// The version that is written, and the newest that is read.
    const VERSION: u32 = 1;
    /// What one begins with that was saved as JSON.
    pub const BEGINS: &'static str = "{\"docker-ovs-vswitchd\":";

    /// Reads what was saved as JSON.
    ///
    /// # Errors
    /// It is something else, or of a later version.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if read.version > Self::VERSION {
            return Err(format!("it is of version {}, too new", read.version));
        }
        Ok(read)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Whether they are known to be of the moment of the Snapshot that they came with: what they tell of
    /// ages counts then.
    pub fn are_of_its_moment(&self) -> bool {
        self.of_its_moment
    }

    /// The same answers, of which that is known or not.
    #[must_use]
    pub fn of_its_moment(self, of_its_moment: bool) -> Self {
        Self { of_its_moment, ..self }
    }

    /// Keeps an answer about a bridge, in the place of that which is given back.
    pub fn insert(&mut self, command: SwitchCommand<'_>, answer: String) -> Option<String> {
        let bridge = command.bridge()?;
        self.version = Self::VERSION;
        let of_command = self.answers.entry(command.name().to_owned()).or_default();
        of_command.insert(bridge.to_owned(), answer)
    }

    /// Takes what others have, too.
    pub fn extend(&mut self, others: Self) {
        self.version = self.version.max(others.version);
        for (command, answers) in others.answers {
            self.answers.entry(command).or_default().extend(answers);
        }
    }

    /// The answer that was recorded.
    ///
    /// # Errors
    /// There is none.
    pub fn get(&self, command: SwitchCommand<'_>) -> Result<String, SourceError> {
        let bridge = command.bridge().unwrap_or_default();
        let answers = self.answers.get(command.name());
        answers.and_then(|answers| answers.get(bridge)).cloned().ok_or_else(|| {
            let why = format!("it has no answer to {} {bridge}", command.name());
            SourceError::new(SourceErrorKind::Unusable, "the recording", why)
                .hint("docker ovs capture keeps the flows and MAC tables of all bridges")
        })
    }
}

impl Host {
    /// What vswitchd answers to `command`.
    ///
    /// # Errors
    /// It cannot be asked, or refuses: then the kind is [`SourceErrorKind::Unusable`], and its own
    /// words are the reason.
    pub async fn ask_vswitchd(&self, command: SwitchCommand<'_>) -> Result<String, SourceError> {
        let rundir = &self.rundir;
        let ask = async {
            let asked = ask(rundir, command).await;
            asked.map_err(|error| source_error(rundir, &error))
        };
        Deadline::after(self.timeout).hold(|| what(rundir), ask).await
    }
}

async fn ask(rundir: &Path, command: SwitchCommand<'_>) -> Result<String, Error> {
    let socket = control_socket(rundir, VSWITCHD)?;
    let mut client = Client::connect_with_limit(&socket, LONGEST).await?;
    client.call(command.name(), &command.arguments()).await
}

fn source_error(rundir: &Path, error: &Error) -> SourceError {
    match error {
        Error::Refused { answer, .. } => {
            SourceError::new(SourceErrorKind::Unusable, what(rundir), answer)
        }
        _ => failure::of_switch(what(rundir), error, Some(rundir), "root may use it"),
    }
}
