//! Watching: looking again whenever a source says that it is worthwhile.
//!
//! [`supervise`] runs a source and marks its rows stale when it fails; the engine's
//! [`engine::watch`], the switch's [`ovsdb::watch`] and [`Links`] are the three sources. They never meet here: what they told last is
//! put side by side in a Snapshot.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;

use futures_util::future::select_ok;
use model::Snapshot;
use model::ids::Name;
use model::snapshot::{Container, Engine as Kind, Scope};
use model::switch::{Bridge, Via};
use tokio::sync::watch::{Receiver, channel};
use tokio::task::JoinHandle;

use crate::Host;
use crate::clock::now;
use crate::engine;
use crate::kernel::watch::{Links, News, When};
use crate::look::{host_name, named};
use crate::source::{Latest, supervise};
use crate::switch::ovsdb;

/// A host that is looked at again and again.
pub struct Watch {
    /// By engine.
    engines: Vec<(Kind, Receiver<Latest<Container>>)>,
    named: BTreeSet<Kind>,
    switch: Receiver<Latest<Bridge>>,
    links: Links,
    /// Names of ports that no link had when it was last looked.
    unknown: BTreeSet<Name>,
    /// Whether a Snapshot was given already.
    begun: bool,
    /// Something is to be shown, also after a `next` that was dropped half-way.
    show: bool,
    due: Due,
    tasks: Vec<JoinHandle<()>>,
}

/// When the switch's namespace is to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Not,
    Soon,
    /// It was put off once already.
    Now,
    /// Before anything is shown.
    First,
}

impl Host {
    /// Watches everything, from inside a tokio runtime, until the Watch is dropped.
    pub fn watch(&self) -> Watch {
        let (mut engines, mut tasks) = (Vec::new(), Vec::new());
        for configured in &self.engines {
            let (tell, rows) = channel(Latest::default());
            let (configured, timeout) = (configured.clone(), self.timeout);
            engines.push((configured.kind.clone(), rows));
            tasks.push(tokio::spawn(supervise(tell, async move |told| {
                engine::watch::run(&configured, timeout, told).await
            })));
        }
        let (host, (tell, switch)) = (self.clone(), channel(Latest::default()));
        let switches = supervise(tell, async move |told| ovsdb::watch::run(&host, told).await);
        tasks.push(tokio::spawn(switches));
        let (links, unknown) = (Links::new(self), BTreeSet::new());
        let (begun, show, due) = (false, false, Due::Not);
        let named = named(&self.engines);
        Watch { engines, named, switch, links, unknown, begun, show, due, tasks }
    }
}

impl Watch {
    /// A whole look at once, then another one whenever something may have changed, or a source
    /// fell silent or came back. Rows of a silent source are the last ones, and stale. Cancel
    /// safe.
    pub async fn next(&mut self) -> Arc<Snapshot> {
        if !self.begun {
            self.begin().await;
            return Arc::new(self.snapshot());
        }
        while !self.show || self.due == Due::First {
            self.step().await;
        }
        self.show = false;
        Arc::new(self.snapshot())
    }

    async fn begin(&mut self) {
        // Whoever drops us here begins again: nothing is lost.
        for (_, engine) in &mut self.engines {
            let _ = engine.wait_for(Latest::has_answered).await;
        }
        let _ = self.switch.wait_for(Latest::has_answered).await;
        self.links.read_here(When::AtOnce).await;
        self.read_elsewhere();
        while self.links.is_reading() {
            match self.links.news().await {
                News::Hint => self.on_kernel(),
                News::Read(homes) => self.links.hold(homes),
            }
        }
        self.links.read_here(When::AtOnce).await;
        self.read_elsewhere();
        (self.begun, self.due) = (true, Due::Not);
    }

    /// Waits for one piece of news, and reads what it says is to be read.
    async fn step(&mut self) {
        if self.due != Due::Not {
            return self.read_here().await;
        }
        tokio::select! {
            biased;
            Ok(()) = self.switch.changed() => self.on_switch(),
            () = changed(&mut self.engines) => {
                self.links.mark_dirty();
                self.read_elsewhere();
                self.show = true;
            }
            news = self.links.news() => match news {
                News::Hint => self.on_kernel(),
                News::Read(homes) => {
                    self.links.hold(homes);
                    self.due = Due::Soon;
                }
            },
        }
    }

    /// Reads the switch's own namespace. News of the switch that do not depend on it need not
    /// wait for it, but it is put off only once.
    async fn read_here(&mut self) {
        let when = if self.due == Due::First { When::AtOnce } else { When::Alone };
        tokio::select! {
            biased;
            changed = self.links.read_here(when) => {
                self.show |= changed;
                self.due = Due::Not;
                self.read_elsewhere();
            }
            Ok(()) = self.switch.changed(), if self.due == Due::Soon => {
                self.due = Due::Now;
                self.on_switch();
            }
        }
    }

    fn on_switch(&mut self) {
        self.show = true;
        if self.names_the_unknown() {
            self.due = Due::First;
        }
    }

    /// Whether a port has a name that none had before and that is not known as a link's: it
    /// would look left behind, though its link may only be younger than the last reading.
    fn names_the_unknown(&mut self) -> bool {
        let told = self.switch.borrow_and_update();
        let ports = told.rows().iter().flat_map(|bridge| &bridge.ports);
        let system = ports.filter(|port| port.kind == "system");
        let known = self.links.names_here();
        let unknown = system.filter(|port| !known.contains(&port.iface));
        let unknown = unknown.map(|port| port.iface.clone()).collect();
        let before = std::mem::replace(&mut self.unknown, unknown);
        !self.unknown.is_subset(&before)
    }

    /// Notes what the kernel hinted at. What is being read elsewhere is told together with what
    /// is here.
    fn on_kernel(&mut self) {
        let hint = self.links.hint();
        if hint.elsewhere {
            self.links.mark_dirty();
        }
        let alone = hint.here && !hint.elsewhere && !self.links.is_reading();
        if alone && self.due == Due::Not {
            self.due = Due::Soon;
        }
        self.read_elsewhere();
    }

    fn read_elsewhere(&mut self) {
        // Not taken for seen: that there are new ones is still to be heeded.
        let told: Vec<_> =
            self.engines.iter().flat_map(|(_, rows)| rows.borrow().rows().to_vec()).collect();
        self.links.read_elsewhere(&told);
    }

    fn snapshot(&mut self) -> Snapshot {
        Snapshot {
            version: Snapshot::VERSION,
            host: host_name(),
            taken: now(),
            scope: Scope::Everything,
            switch_netns: self.links.switch(),
            engines: self
                .engines
                .iter()
                .map(|(kind, rows)| (kind.clone(), rows.borrow().observed()))
                .collect(),
            named_engines: self.named.clone(),
            kernel: self.links.observed(),
            switch: [(Via::Ovsdb, self.switch.borrow().observed())].into(),
        }
    }
}

/// Waits until one of them has something new. Cancel safe.
async fn changed(engines: &mut [(Kind, Receiver<Latest<Container>>)]) {
    let changed = engines.iter_mut().map(|(_, rows)| Box::pin(rows.changed()));
    match select_ok(changed).await {
        Ok(_) => {}
        Err(_) => pending().await,
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
