//! What a look did not see.

use super::entries::answering;
use crate::snapshot::{Namespace, Observed, Scope, Snapshot};
use crate::source_error::SourceErrorKind;
use crate::wiring::Unseen;

pub(super) fn of(snapshot: &Snapshot) -> Unseen {
    let missing = snapshot.kernel.incompleteness().is_some();
    let engines = snapshot.engines.iter().filter(|(_, rows)| rows.incompleteness().is_some());
    let ports = answering(snapshot).is_some_and(|(_, rows)| rows.incompleteness().is_some());
    // In a narrow look none of its links may have been needed.
    let narrow = snapshot.scope == Scope::One;
    let unreadable = |ns: &&Namespace| ns.source_error.is_some() || (!narrow && !ns.is_read());
    let spaces = snapshot.kernel.rows().iter().filter(unreadable);
    // One that is gone is gone: that is what was seen.
    let unread = |source_error: &crate::SourceError| source_error.kind != SourceErrorKind::Gone;
    let containers = snapshot.containers();
    let containers =
        containers.filter(|row| row.unread || row.netns_error.as_ref().is_some_and(unread));
    Unseen {
        everything: missing || narrow,
        engines: engines.map(|(engine, _)| engine.clone()).collect(),
        // Without its namespace nothing that is a link can be told of the switch either.
        switch: ports
            || !snapshot.switch.values().any(Observed::is_fresh)
            || snapshot.switch_netns.is_none(),
        ports,
        namespaces: spaces.map(|ns| ns.id).collect(),
        containers: containers.map(|row| row.id.clone()).collect(),
    }
}
