//! The database's part of a plan: ports and their numbers.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use model::ids::{Name, OfPort};
use model::plan::SwitchStep;
use model::switch::{Bridge, OfPortState, Port};
use model::{SourceError, SourceErrorKind};

use super::session::Session;
use super::transaction::SavedColumns;
use crate::Host;
use crate::deadline::Deadline;

/// Carries out the switch's steps of a plan, and holds the lock of its database.
pub(crate) struct SwitchExecutor {
    session: Session,
    timeout: Duration,
    /// Whether there is more to do after a number was waited for.
    more: bool,
    saved: SavedColumns,
    /// The step whose transaction had no answer: it was given up meanwhile, or the connection ended.
    unanswered: Option<SwitchStep>,
}

impl SwitchExecutor {
    /// Waits until no other docker-ovs changes anything.
    pub(crate) async fn lock(host: &Host, due: Deadline) -> Result<Self, SourceError> {
        Ok(Self { more: false, ..Self::of(host, Session::open(host, true, due).await?) })
    }

    /// Without the lock: what is chosen is guarded by each transaction alone. For what may not wait
    /// until another docker-ovs is done.
    pub(crate) async fn unlocked(host: &Host, due: Deadline) -> Result<Self, SourceError> {
        Ok(Self::of(host, Session::open(host, false, due).await?))
    }

    fn of(host: &Host, session: Session) -> Self {
        let saved = SavedColumns::default();
        Self { session, timeout: host.timeout, more: true, saved, unanswered: None }
    }

    /// Whether the database answers again, where a call was given up before.
    pub(crate) async fn answers_again(&mut self) -> bool {
        self.session.database(Deadline::after(self.timeout)).await.is_ok()
    }

    /// The last step, if its transaction had no answer, once.
    pub(crate) fn take_unanswered(&mut self) -> Option<SwitchStep> {
        self.unanswered.take()
    }

    /// Whether a step that had no answer has come true after all.
    pub(crate) async fn has_come_true(&mut self, step: &SwitchStep) -> Result<bool, SourceError> {
        let (bridges, _) = self.rows().await?;
        Ok(has_come_true(step, &bridges))
    }

    pub(crate) fn keeping_the_lock(self) -> Self {
        Self { more: true, ..self }
    }

    /// Every bridge with every port, without addresses, options and errors, and what the database calls
    /// itself.
    pub(crate) async fn rows(&mut self) -> Result<(Vec<Bridge>, Option<String>), SourceError> {
        let due = Deadline::after(self.timeout);
        let database = self.session.database(due).await?;
        let what = database.what().to_owned();
        let bridges = due.hold(|| what.clone(), database.all_without_details()).await?;
        let row = database.answerer().row;
        Ok((bridges, row.map(|row| row.id.to_string())))
    }

    /// The port whose interface has this name, on its bridge, with what that remembers; no others.
    pub(crate) async fn rows_of(&mut self, interface: &str) -> Result<Vec<Bridge>, SourceError> {
        let due = Deadline::after(self.timeout);
        let database = self.session.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.remembered(interface)).await
    }

    /// Waits until no other connection has a turn at one of these addresses, and has one as long as this one lives.
    /// All are waited for in their order: of two that have some of each other's, none could go on.
    pub(crate) async fn turn_at(
        &mut self,
        addresses: &BTreeSet<IpAddr>,
    ) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout);
        let database = self.session.database(due).await?;
        for ip in addresses {
            let busy =
                || format!("another docker-ovs, which is at the address {ip}, or the database");
            let lock = address_lock(*ip);
            due.hold(busy, database.lock(&lock)).await?;
        }
        Ok(())
    }

    /// Waits until vswitchd has seen every port go that is gone from the database.
    pub(crate) async fn await_configured(&mut self) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout * 2);
        let timeout = self.timeout;
        let database = self.session.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.await_configured(timeout)).await
    }

    pub(crate) fn are_locked(&self) -> bool {
        self.session.is_locked()
    }

    pub(crate) async fn take_step(&mut self, step: &SwitchStep) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout);
        let taken = self.take_step_by(due, step).await;
        // What fails otherwise has an answer, had none to come, or was never asked for.
        self.unanswered = self.session.has_commit_abandoned().then(|| step.clone());
        taken
    }

    async fn take_step_by(&mut self, due: Deadline, step: &SwitchStep) -> Result<(), SourceError> {
        if let SwitchStep::Await { bridge, iface, from, wanted, remember } = step {
            return self.await_number(bridge, iface, (*from, *wanted), remember.as_deref()).await;
        }
        let locked = self.session.is_locked();
        let database = self.session.database(due).await?;
        let what = database.what().to_owned();
        match step {
            SwitchStep::Await { .. } => Ok(()),
            SwitchStep::ReplacePort(ports) => {
                let replaced = database.replace_port(ports, &mut self.saved, locked);
                due.hold(|| what.clone(), replaced).await
            }
            SwitchStep::RemoveMember { bridge, port, .. } => {
                let removed = database.remove_member(bridge, port, locked);
                due.hold(|| what.clone(), removed).await
            }
            SwitchStep::MakeBridge(bridge) => {
                due.hold(|| what.clone(), database.make_bridge(bridge, locked)).await
            }
            SwitchStep::RemoveBridge { bridge, ports } => {
                let removed = database.remove_bridge(bridge, ports, locked);
                due.hold(|| what.clone(), removed).await
            }
            SwitchStep::Rewrite {
                bridge,
                port,
                external_ids,
                ofport_request,
                expected_requesters,
                memory,
            } => {
                let record = (&**port, external_ids, memory);
                let number = (*ofport_request, expected_requesters);
                let rewritten = database.rewrite(bridge, record, number, locked);
                due.hold(|| what.clone(), rewritten).await
            }
        }
    }

    /// The others need not wait for vswitchd.
    async fn await_number(
        &mut self,
        bridge: &Name,
        iface: &Name,
        (from, wanted): (Option<OfPort>, Option<OfPort>),
        remember: Option<&Port>,
    ) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout * 2);
        let timeout = self.timeout;
        if !self.more {
            self.session.unlock(due).await?;
        }
        let database = self.session.database(due).await?;
        let what = database.what().to_owned();
        let number = database.number(iface, from, timeout);
        let number = due.hold(|| what.clone(), number).await?;
        let failed = |kind, why: String| {
            SourceError::new(kind, format!("port {iface} of {bridge}"), why)
                .hint("ovs-vswitchd's log may tell more; docker ovs doctor checks whether it runs")
        };
        match number.ofport {
            // That of a bridge's own port is no number to ask for, and none that it could lose.
            OfPortState::Assigned(ofport) if wanted.is_none() && ofport != OfPort::LOCAL => {
                let kept = database.keep(bridge, iface, ofport, remember);
                due.hold(|| what.clone(), kept).await
            }
            OfPortState::Assigned(_) => Ok(()),
            OfPortState::Pending => {
                let why = format!("ovs-vswitchd gave it no number within {:?}", self.timeout);
                Err(failed(SourceErrorKind::TimedOut, why))
            }
            OfPortState::Failed => {
                let why = number.error.unwrap_or_else(|| "it gives no reason".to_owned());
                Err(failed(
                    SourceErrorKind::Unusable,
                    format!("ovs-vswitchd could not make it: {why}"),
                ))
            }
        }
    }
}

/// The lock of who makes an endpoint with this address: letters, digits and `_` (RFC 7047 section 3.1).
fn address_lock(ip: IpAddr) -> String {
    format!("docker_ovs_address_{}", ip.to_string().replace(['.', ':'], "_"))
}

/// Whether the database is as a step leaves it, by the rows that it has: what is written, and what is taken away. What
/// has no undo is not asked about.
fn has_come_true(step: &SwitchStep, bridges: &[Bridge]) -> bool {
    let port_on = |bridge: &str, iface: &str| {
        let row = bridges.iter().find(|row| *row.name == *bridge)?;
        row.ports.iter().find(|port| *port.iface == *iface)
    };
    match step {
        SwitchStep::ReplacePort(ports) => {
            let on = |port: &Port| port_on(&ports.bridge, &port.iface);
            let is_added = ports.add.as_deref().is_none_or(|new| {
                on(new).is_some_and(|port| port.external_ids == new.external_ids)
            });
            let is_removed = ports.remove.as_deref().is_none_or(|old| {
                let is_replaced = ports.add.as_ref().is_some_and(|new| new.iface == old.iface);
                is_replaced || on(old).is_none()
            });
            if ports.add.is_some() || ports.remove.is_some() {
                return is_added && is_removed;
            }
            bridges.iter().find(|row| row.name == ports.bridge).is_some_and(|row| {
                let mut after = row.external_ids.clone();
                ports.memory.apply(&mut after);
                after == row.external_ids
            })
        }
        SwitchStep::MakeBridge(new) => {
            bridges.iter().any(|row| row.name == new.name && row.external_ids == new.external_ids)
        }
        SwitchStep::Rewrite { bridge, port, external_ids, .. } => {
            *external_ids != port.external_ids
                && port_on(bridge, &port.iface).is_some_and(|row| row.external_ids == *external_ids)
        }
        SwitchStep::Await { .. }
        | SwitchStep::RemoveMember { .. }
        | SwitchStep::RemoveBridge { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use model::memory::MemoryChange;
    use model::plan::ReplacePort;

    use super::*;

    fn port(iface: &str, of: &str) -> Arc<Port> {
        let external_ids = BTreeMap::from([("container_id".to_owned(), of.to_owned())]);
        Arc::new(Port { iface: iface.into(), external_ids, ..Port::default() })
    }

    fn bridge(ports: &[&Arc<Port>], ids: &[(&str, &str)]) -> Vec<Bridge> {
        let external_ids = ids.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let ports = ports.iter().copied().map(Arc::clone).collect();
        let external_ids = external_ids.collect();
        vec![Bridge { name: "br0".into(), ports, external_ids, ..Bridge::default() }]
    }

    #[test]
    fn what_came_true_late_is_told_by_the_rows() {
        let (old, new, foreign) = (port("a", "w"), port("b", "w"), port("b", "x"));
        let step = |remove: Option<&Arc<Port>>, add: Option<&Arc<Port>>| {
            SwitchStep::ReplacePort(ReplacePort {
                bridge: "br0".into(),
                remove: remove.cloned(),
                add: add.cloned(),
                ..ReplacePort::default()
            })
        };
        let is = |step: &SwitchStep, ports: &[&Arc<Port>]| has_come_true(step, &bridge(ports, &[]));
        let added = step(None, Some(&new));
        assert!(is(&added, &[&new]) && !is(&added, &[]) && !is(&added, &[&foreign]));
        let removed = step(Some(&old), None);
        assert!(is(&removed, &[]) && !is(&removed, &[&old]));
        let replaced = step(Some(&old), Some(&new));
        assert!(is(&replaced, &[&new]) && !is(&replaced, &[&old]) && !is(&replaced, &[]));
        let rewritten = SwitchStep::Rewrite {
            bridge: "br0".into(),
            port: Arc::clone(&foreign),
            external_ids: new.external_ids.clone(),
            ofport_request: None,
            expected_requesters: BTreeMap::new(),
            memory: MemoryChange::default(),
        };
        assert!(is(&rewritten, &[&new]) && !is(&rewritten, &[&foreign]) && !is(&rewritten, &[]));
    }

    #[test]
    fn each_address_has_a_lock_that_the_database_takes() {
        let lock = |ip: &str| address_lock(ip.parse().unwrap());
        assert_eq!(lock("192.0.2.10"), "docker_ovs_address_192_0_2_10");
        assert_eq!(lock("fd00::1"), "docker_ovs_address_fd00__1");
        assert_ne!(lock("fd00::1:1"), lock("fd00:1::1"));
    }

    #[test]
    fn what_a_bridge_remembers_late_is_told_by_its_row() {
        let pair = |value: &str| BTreeMap::from([("k".to_owned(), value.to_owned())]);
        let memory = MemoryChange { forget: pair("old"), remember: pair("new") };
        let bridge_name = Name::from("br0");
        let step = ReplacePort { bridge: bridge_name, memory, ..ReplacePort::default() };
        let step = SwitchStep::ReplacePort(step);
        assert!(has_come_true(&step, &bridge(&[], &[("k", "new")])));
        assert!(!has_come_true(&step, &bridge(&[], &[("k", "old")])));
        assert!(!has_come_true(&step, &bridge(&[], &[])));
        assert!(!has_come_true(&step, &[]), "the bridge is gone");
    }
}
