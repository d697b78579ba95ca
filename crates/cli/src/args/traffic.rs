//! Verbs that tell what the switch does with packets.

use clap::Args;
use flowtext::Pattern;

/// `docker ovs annotate`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct AnnotateArgs {
    /// The OVS bridge whose ports the numbers are; may be left out where there is only one
    pub bridge: Option<String>,
    /// Put the container in the place of the port, not after it
    #[arg(long)]
    pub replace: bool,
    /// Also name the owners of MACs
    #[arg(long)]
    pub macs: bool,
    /// Also name the owners of IP addresses
    #[arg(long)]
    pub ips: bool,
    /// Regular expression whose first group, or the group called port, is an OpenFlow port; may be
    /// repeated
    #[arg(long, value_name = "REGEX")]
    pub pattern: Vec<Pattern>,
}
