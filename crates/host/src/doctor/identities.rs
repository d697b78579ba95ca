//! Who each source is, and how that is known.

use model::Snapshot;
use model::health::{Check, Verdict};
use model::identity::{SourceIdentity, World};

use crate::kernel;

const ELSEWHERE: &str = "what is missing there is not proven to be gone here: run docker-ovs where \
                         the source runs, in its PID namespace";
const SWITCH: &str = "run docker-ovs as root, where Open vSwitch runs, in its PID namespace; --db \
                      or OVS_RUNDIR names another place";

/// One line for the database and for each engine that answered.
pub(super) fn check(snapshot: &Snapshot) -> Vec<Check> {
    let database = snapshot.identities.database.iter().map(|database| line("ovsdb", database));
    let engines = snapshot.identities.engines.iter();
    let engines = engines.map(|(kind, engine)| line(&kind.to_string(), engine));
    database.chain(engines).collect()
}

fn line(source: &str, identity: &SourceIdentity) -> Check {
    let (verdict, detail, hint) = match &identity.world {
        World::Here { evidence } => (Verdict::Ok, format!("here: {evidence}"), ""),
        World::Elsewhere { why } => (Verdict::Note, format!("elsewhere: {why}"), ELSEWHERE),
        World::Unknown { why } => (Verdict::Note, format!("unknown: {why}"), ELSEWHERE),
    };
    let (name, target) = ("identity".to_owned(), source.to_owned());
    Check { name, target, verdict, detail, hint: hint.to_owned() }
}

/// The namespace that ovs-vswitchd lives in: without it no port can be told from an orphaned one.
pub(super) fn check_namespace(snapshot: &Snapshot) -> Check {
    let name = "namespace".to_owned();
    let Some(switch) = snapshot.switch_netns else {
        let why = snapshot.switch_netns_error().unwrap_or("ovs-vswitchd was not looked for");
        let (target, detail) = ("ovs-vswitchd".to_owned(), format!("unknown: {why}"));
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
