//! Carrying out a plan, and undoing what was done when a step fails.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::endpoint_record::EndpointRecord;
use model::ids::Ifindex;
use model::plan::{KernelStep, Plan, Step, SwitchStep};
use model::port_record::PortRecord;
use model::switch::{Bridge, Port};
use model::wiring::ContainerRef;
use model::{Snapshot, SourceError, SourceErrorKind};
use netns::Netns;

use super::ActError;
use super::observer::Observer;
use crate::Host;
use crate::deadline::Deadline;
use crate::kernel::{EndpointLink, EndpointLinks, EndpointVeth, HostLink, KernelExecutor};
use crate::switch::ovsdb::SwitchExecutor;

/// What is needed to change things, and what was done with it.
pub(super) struct PlanExecutor {
    kernel: KernelExecutor,
    switch: SwitchExecutor,
    /// What would undo the steps that were carried out.
    done: Vec<Step>,
    /// How many there were.
    count: usize,
    /// What did not answer in time. Of several plans the rest would each wait as long for the same.
    silent: Option<SourceError>,
    /// What did not answer in time when a single step was taken last.
    unanswered: Option<SourceError>,
    /// The container of the plan that is carried out.
    container: Option<ContainerRef>,
    /// Whether what is removed was asked for by no name: that it is gone has to be proven in all namespaces.
    is_pruning: bool,
    /// The aliases of links outside of the switch's namespace, or why they are not known; read once for what is
    /// removed after one look.
    elsewhere: Option<Result<BTreeSet<String>, String>>,
    observer: Observer,
}

impl PlanExecutor {
    /// Waits for its turn: from now on no other docker-ovs changes anything.
    pub(super) async fn take(host: &Host) -> Result<Self, SourceError> {
        let due = Deadline::after(host.timeout);
        let switch = SwitchExecutor::lock(host, due).await?;
        let kernel = KernelExecutor::of(host)?;
        Ok(Self::of(host, kernel, switch))
    }

    /// Takes no turn: each transaction fails by itself where what it rests on has changed.
    pub(super) async fn unlocked(host: &Host) -> Result<Self, SourceError> {
        let switch = SwitchExecutor::unlocked(host, Deadline::after(host.timeout)).await?;
        let kernel = KernelExecutor::of(host)?;
        Ok(Self::of(host, kernel, switch))
    }

    fn of(host: &Host, kernel: KernelExecutor, switch: SwitchExecutor) -> Self {
        let observer = host.observer.clone();
        Self {
            kernel,
            switch,
            done: Vec::new(),
            count: 0,
            silent: None,
            unanswered: None,
            container: None,
            is_pruning: false,
            elsewhere: None,
            observer,
        }
    }

    /// The bridges with their ports, and what the database calls itself.
    pub(super) async fn rows(&mut self) -> Result<(Vec<Bridge>, Option<String>), SourceError> {
        self.switch.rows().await
    }

    /// The port whose interface has this name, on its bridge.
    pub(super) async fn rows_of(&mut self, interface: &str) -> Result<Vec<Bridge>, SourceError> {
        self.switch.rows_of(interface).await
    }

    /// Waits until no other docker-ovs is at one of these addresses, and is at them as long as this lives.
    pub(super) async fn turn_at(
        &mut self,
        addresses: &BTreeSet<IpAddr>,
    ) -> Result<(), SourceError> {
        self.switch.turn_at(addresses).await
    }

    /// Waits until vswitchd has seen every port go that is gone from the database.
    pub(super) async fn await_configured(&mut self) -> Result<(), SourceError> {
        self.switch.await_configured().await
    }

    /// The links that endpoints may have.
    pub(super) fn endpoint_links(&self) -> Result<EndpointLinks, SourceError> {
        self.kernel.endpoint_links()
    }

    /// Which of them a port's is.
    pub(super) fn endpoint_link(&self, links: &EndpointLinks, port: &Port) -> EndpointLink {
        self.kernel.endpoint_link(links, port)
    }

    /// The link of the switch's namespace that has this name, else the one of this index.
    pub(super) fn host_link(
        &self,
        name: &str,
        held: Option<Ifindex>,
    ) -> Result<Option<HostLink>, SourceError> {
        self.kernel.host_link(name, held)
    }

    /// What rests on the link of a port, but for the addresses that were `given` to it; none where nothing does.
    pub(super) fn rests_on(&self, port: &Port, given: &[IpAddr]) -> Option<String> {
        self.kernel.rests_on(port, given)
    }

    /// Deletes the veth of this name that was never given an alias.
    pub(super) fn delete_unfinished(&self, name: &str) -> Result<(), SourceError> {
        self.kernel.delete_unfinished(name)
    }

    /// The veth of an endpoint's port.
    pub(super) fn endpoint_veth(&self, port: &Port) -> Result<Option<EndpointVeth>, SourceError> {
        self.kernel.endpoint_veth(port)
    }

    /// The veths with an alias that begins so.
    pub(super) fn marked_veths(&self, mark: &str) -> Result<Vec<EndpointVeth>, SourceError> {
        self.kernel.marked_veths(mark)
    }

    /// All steps, or none, in a namespace that is open already.
    pub(super) async fn run_in(&mut self, home: Netns, plan: &Plan) -> Result<(), ActError> {
        self.done.clear();
        self.container = None;
        self.has_looked();
        self.kernel.enter_open(home);
        self.run_steps(&plan.steps).await
    }

    /// For several plans.
    pub(super) fn keeping_the_lock(self) -> Self {
        Self { switch: self.switch.keeping_the_lock(), ..self }
    }

    /// All steps, or none. `snapshot` is what the plan rests on.
    pub(super) async fn run(&mut self, snapshot: &Snapshot, plan: &Plan) -> Result<(), ActError> {
        if let Some(why) = &self.silent {
            return Err(not_tried(why).into());
        }
        self.done.clear();
        self.container = Some(plan.container.clone()).filter(|who| !who.id.0.is_empty());
        self.has_looked();
        self.kernel.enter(snapshot, &plan.container)?;
        let ran = self.run_steps(&plan.steps).await;
        if let Err(ActError::Failed { why, .. }) = &ran {
            self.silent = Some(why.clone()).filter(|why| why.kind == SourceErrorKind::TimedOut);
        }
        ran
    }

    /// What was read of other namespaces before another look is old.
    pub(super) fn has_looked(&mut self) {
        self.elsewhere = None;
    }

    /// One step that is about no container. After one that was not answered in time the next one is tried if the
    /// database answers again within its limit; if not, the rest would each wait as long for the same.
    pub(super) async fn run_step(&mut self, step: Step) -> Result<(), ActError> {
        if let Some(why) = &self.silent {
            return Err(not_tried(why).into());
        }
        if let Some(why) = self.unanswered.take()
            && !self.switch.answers_again().await
        {
            return Err(not_tried(self.silent.insert(why)).into());
        }
        self.done.clear();
        self.container = None;
        self.is_pruning = true;
        let ran = self.run_steps(&[step]).await;
        if let Err(ActError::Failed { why, .. }) = &ran {
            self.unanswered = Some(why.clone()).filter(|why| why.kind == SourceErrorKind::TimedOut);
        }
        ran
    }

    async fn run_steps(&mut self, steps: &[Step]) -> Result<(), ActError> {
        self.observer.taken(self.count);
        // Before there is a link: vswitchd looks through all its ports because of each.
        if steps.iter().any(Step::name_returns) {
            let configured = self.switch.await_configured().await;
            configured.map_err(|why| ActError::Failed { why, left: Vec::new() })?;
        }
        for steps in steps.chunk_by(Step::goes_with) {
            let taken = match steps {
                [Step::Kernel(veth), Step::Switch(port)]
                    if !self.observer.needs(self.count + 1) =>
                {
                    self.plug(veth, port).await
                }
                steps => self.take_in_turn(steps).await,
            };
            if let Err(why) = taken {
                return Err(self.undo(why).await);
            }
        }
        // Not before the switch forwards what comes in by the port.
        for step in steps {
            if let Step::Kernel(step) = step {
                self.kernel.announce(step);
            }
        }
        Ok(())
    }

    /// Whether another plan may succeed: this one met something that had changed, and nothing
    /// is left of it.
    pub(super) fn may_try_again(&self, act_error: &ActError) -> bool {
        let ActError::Failed { why, left } = act_error else { return false };
        self.switch.are_locked() && why.kind == SourceErrorKind::Gone && left.is_empty()
    }

    /// Brings everything back to where it was, because of `why`. A transaction that had no answer may have come true:
    /// it is undone first then. Where that is not known, or a port could not be put back, a link stays marked as one
    /// that is to go: without its port nothing else would tell.
    pub(super) async fn undo(&mut self, why: SourceError) -> ActError {
        let mut left = Vec::new();
        if let Some(late) = self.switch.take_unanswered()
            && let Some(undo) = late.undo()
        {
            match self.switch.has_come_true(&late).await {
                Ok(true) => self.done.push(undo.into()),
                Ok(false) => {}
                Err(error) => {
                    let why = format!("whether this was done is not known: {late}; {}", error.why);
                    let error = SourceError::new(error.kind, error.what, why);
                    left.push(self.with_remedy(error, &undo.into()));
                }
            }
        }
        while let Some(step) = self.done.pop() {
            if !left.is_empty() && step.marks_as_staying() {
                continue;
            }
            if let Err(error) = self.take_step(&step).await {
                left.push(self.with_remedy(error, &step));
            }
        }
        // What is left is told, and not undone with another plan.
        self.switch.take_unanswered();
        ActError::Failed { why, left }
    }

    /// Why a step could not be undone, with what takes away what it leaves.
    fn with_remedy(&self, error: SourceError, undo: &Step) -> SourceError {
        error.hint(remedy(self.container.as_ref(), undo))
    }

    /// Makes a veth as soon as the database was told of its port: vswitchd meets both at once. Were it
    /// to hear of the link first, it would look through all its ports because of it, and once more
    /// because of the port; and it takes longer to get there than a link takes to be made.
    async fn plug(&mut self, veth: &KernelStep, port: &SwitchStep) -> Result<(), SourceError> {
        self.look_again(port)?;
        self.switch.take_step(port).await?;
        self.has_taken(&Step::Switch(port.clone()));
        self.kernel.take_step(veth)?;
        self.has_taken(&Step::Kernel(veth.clone()));
        Ok(())
    }

    async fn take_in_turn(&mut self, steps: &[Step]) -> Result<(), SourceError> {
        for step in steps {
            self.take_step(step).await?;
            self.has_taken(step);
        }
        Ok(())
    }

    async fn take_step(&mut self, step: &Step) -> Result<(), SourceError> {
        match step {
            Step::Kernel(step) => self.kernel.take_step(step),
            Step::Switch(step) => {
                self.look_again(step)?;
                self.switch.take_step(step).await
            }
        }
    }

    /// What is removed for having no link is looked at a second time, right before.
    fn look_again(&mut self, step: &SwitchStep) -> Result<(), SourceError> {
        let (orphan, is_replaced) = match step {
            SwitchStep::ReplacePort(ports) => {
                (ports.remove.as_ref().filter(|_| ports.link_is_gone), ports.add.is_some())
            }
            SwitchStep::RemoveMember { port, .. } => (Some(port), false),
            SwitchStep::Await { .. }
            | SwitchStep::MakeBridge(_)
            | SwitchStep::RemoveBridge { .. }
            | SwitchStep::Rewrite { .. } => (None, false),
        };
        let Some(port) = orphan else { return Ok(()) };
        self.kernel.require_gone(&port.iface)?;
        if EndpointRecord::made_for(port).is_some() {
            return self.look_for_endpoint(port);
        }
        // What is replaced had its interface in a container that is free of it now.
        let is_looked_for = self.is_pruning && !is_replaced;
        match PortRecord::of(port).filter(|record| record.ours && is_looked_for) {
            Some(record) => self.look_elsewhere(port, &record),
            None => Ok(()),
        }
    }

    fn look_for_endpoint(&self, port: &Port) -> Result<(), SourceError> {
        let links = self.kernel.endpoint_links()?;
        match self.kernel.endpoint_link(&links, port) {
            EndpointLink::Gone => Ok(()),
            EndpointLink::Here { .. } => Err(there_again(port, "its link is there again")),
            EndpointLink::Unknown(why) => Err(there_again(port, &why)),
        }
    }

    /// A link that was moved out of the switch's namespace lives, and keeps its alias.
    fn look_elsewhere(&mut self, port: &Port, record: &PortRecord) -> Result<(), SourceError> {
        let kernel = &self.kernel;
        match self.elsewhere.get_or_insert_with(|| kernel.aliases_elsewhere()) {
            Ok(aliases) if aliases.iter().any(|alias| record.has_alias(alias)) => {
                Err(there_again(port, "its link is in another network namespace"))
            }
            Ok(_) => Ok(()),
            Err(why) => Err(there_again(port, why)),
        }
    }

    fn has_taken(&mut self, step: &Step) {
        self.done.extend(step.undo());
        self.count += 1;
        self.observer.taken(self.count);
    }
}

/// What takes away what is left where `undo` could not be taken: of a container that lives `prune` takes no port, and
/// `restore` would make what was refused. A port that could not be put back may be there still.
fn remedy(of: Option<&ContainerRef>, undo: &Step) -> String {
    let pruned = "docker ovs prune removes what is left";
    let (Some(container), Step::Switch(SwitchStep::ReplacePort(ports))) = (of, undo) else {
        return pruned.to_owned();
    };
    let (port, what) = match (&ports.remove, &ports.add) {
        (Some(port), _) => (port, "removes the port that is left".to_owned()),
        (None, Some(port)) => {
            (port, format!("removes the port if it is still there; else {pruned}"))
        }
        (None, None) => return pruned.to_owned(),
    };
    let record = PortRecord::of(port);
    let interface = record.map(|record| format!(" -i {}", record.interface)).unwrap_or_default();
    format!("docker ovs disconnect {} {}{interface} {what}", ports.bridge, container.called())
}

fn not_tried(why: &SourceError) -> SourceError {
    SourceError { what: format!("not tried after {}", why.what), ..why.clone() }
}

fn there_again(port: &Port, why: &str) -> SourceError {
    let what = format!("the link of port {}", port.iface);
    SourceError::new(SourceErrorKind::Gone, what, format!("{why}; its port is left alone"))
        .hint("ask again")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use model::ids::ContainerId;
    use model::plan::ReplacePort;
    use model::snapshot::EngineName;

    use super::*;

    #[test]
    fn a_port_of_a_container_that_is_left_is_disconnected_and_not_pruned() {
        let ids = [("container_id", "ab"), ("container_iface", "eth1")];
        let external_ids: BTreeMap<_, _> =
            ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let port = Arc::new(Port { iface: "dov-1".into(), external_ids, ..Port::default() });
        let undo = |remove: Option<Arc<Port>>| {
            let ports = ReplacePort { bridge: "br0".into(), remove, ..ReplacePort::default() };
            Step::from(ports)
        };
        let web = ContainerRef {
            name: "web".into(),
            id: ContainerId("ab".into()),
            engine: EngineName::default(),
            qualified: None,
        };
        let error = || SourceError::new(SourceErrorKind::TimedOut, "OVSDB", "no answer");
        let hint = |of: Option<&ContainerRef>, step: &Step| {
            let left = vec![error().hint(remedy(of, step))];
            ActError::Failed { why: error().hint("is it hung?"), left }.hint().unwrap()
        };
        let told = hint(Some(&web), &undo(Some(port.clone())));
        assert!(told.starts_with("docker ovs disconnect br0 web -i eth1 "), "{told}");
        let pruned = "docker ovs prune removes what is left";
        assert_eq!(hint(Some(&web), &undo(None)), pruned);
        let removed = ReplacePort { remove: Some(port.clone()), ..ReplacePort::default() };
        let told = hint(Some(&web), &Step::from(removed).undo().unwrap());
        assert!(told.contains("if it is still there; else docker ovs prune "), "{told}");
        assert_eq!(hint(None, &undo(Some(port))), pruned, "of no container that is known to live");
        let nothing = ActError::Failed { why: error().hint("is it hung?"), left: Vec::new() };
        assert_eq!(nothing.hint().as_deref(), Some("is it hung?"));
    }
}
