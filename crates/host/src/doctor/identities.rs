//! Who each source is, and how that is known.

use model::Snapshot;
use model::health::{Check, Verdict};
use model::identity::{SourceIdentity, World};
use model::snapshot::OtherEngine;

use crate::kernel;

const ELSEWHERE: &str = "what is missing there is not proven to be gone here: run docker-ovs where \
                         the source runs, in its PID namespace";
const ASK: &str = "--engine KIND=ADDRESS asks it";
const SILENT: &str =
    "what does not say whose it is may be one of its containers', and is not pruned";
const SWITCH: &str = "run docker-ovs as root, where Open vSwitch runs, in its PID namespace; --db \
                      or OVS_RUNDIR names another place";

/// One line for the database and for each engine that answered, and for each other one with a
/// socket on this host.
pub(super) fn check(snapshot: &Snapshot) -> Vec<Check> {
    let database = snapshot.identities.database.iter().map(|database| line("ovsdb", database));
    let engines = snapshot.identities.engines.iter();
    let engines = engines.map(|(engine, identity)| {
        let checked = line(&engine.to_string(), identity);
        let allows = identity.world.is_here() && snapshot.identities.refusal(engine).is_none();
        let more = if allows { "; its containers can be connected" } else { "" };
        Check { detail: checked.detail + more, ..checked }
    });
    database.chain(engines).chain(snapshot.other_engines.iter().map(other)).collect()
}

/// An engine that is not asked who runs what; `--engine` asks it.
fn other(engine: &OtherEngine) -> Check {
    let name = "identity".to_owned();
    let target = engine.address.clone();
    let unasked = match engine.containers.rows().len() {
        1 => "its 1 container is not asked about".to_owned(),
        count => format!("its {count} containers are not asked about"),
    };
    let (detail, hint) = match (engine.containers.source_error(), &engine.identity) {
        (Some(why), _) => (format!("unknown: it does not answer: {why}"), SILENT),
        (None, None) => (format!("unknown; {unasked}"), ""),
        (None, Some(identity)) => match &identity.world {
            World::Here { evidence } => (format!("here: {evidence}; {unasked}"), ASK),
            World::Elsewhere { why } => (format!("elsewhere: {why}; {unasked}"), ""),
            World::Unknown { why } => (format!("unknown: {why}; {unasked}"), ""),
        },
    };
    Check { name, target, verdict: Verdict::Note, detail, hint: hint.to_owned() }
}

fn line(source: &str, identity: &SourceIdentity) -> Check {
    let (verdict, detail, hint) = match &identity.world {
        World::Here { evidence } => (Verdict::Ok, format!("here: {evidence}"), ""),
        World::Elsewhere { why } => (Verdict::Note, format!("elsewhere: {why}"), ELSEWHERE),
        World::Unknown { why } => (Verdict::Note, format!("unknown: {why}"), ELSEWHERE),
    };
    let name = "identity".to_owned();
    let target = source.to_owned();
    Check { name, target, verdict, detail, hint: hint.to_owned() }
}

/// The namespace that ovs-vswitchd lives in: without it no port can be told from an orphaned one.
pub(super) fn check_namespace(snapshot: &Snapshot) -> Check {
    let name = "namespace".to_owned();
    let Some(switch) = snapshot.switch_netns else {
        let why = snapshot.switch_netns_error().unwrap_or("ovs-vswitchd was not looked for");
        let target = "ovs-vswitchd".to_owned();
        let detail = format!("unknown: {why}");
        return Check { name, target, verdict: Verdict::Fail, detail, hint: SWITCH.to_owned() };
    };
    let detail = match kernel::own_namespace() {
        Ok(own) if kernel::id(&own) == switch => {
            "ovs-vswitchd shares this network namespace".to_owned()
        }
        Ok(own) => format!(
            "ovs-vswitchd lives in another one than this program ({}): that is fine",
            kernel::id(&own)
        ),
        Err(_) => "ovs-vswitchd lives there".to_owned(),
    };
    let detail = match &snapshot.identities.vswitchd {
        Some(SourceIdentity { pid: Some(pid), world: World::Here { evidence }, .. }) => {
            format!("{detail}; process {pid}: {evidence}")
        }
        _ => detail,
    };
    Check { name, target: switch.to_string(), verdict: Verdict::Ok, detail, hint: String::new() }
}
