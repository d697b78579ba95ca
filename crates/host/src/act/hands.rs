//! Carrying out a plan, and undoing what was done when a step fails.

use model::ids::{Name, NetnsId, OfPort};
use model::plan::{Plan, Step};
use model::switch::OfPortState;
use model::{Snapshot, Trouble, TroubleKind};
use netns::Netns;

use super::{Unable, inside, luck};
use crate::deadline::Deadline;
use crate::switch::ovsdb::Database;
use crate::switch::{Memory, Swap};
use crate::{Host, failure, kernel};

/// What is needed to change things, and what was done with it.
pub(super) struct Hands<'h> {
    host: &'h Host,
    database: Database,
    locked: bool,
    /// Whether there is more to do after a number was waited for.
    more: bool,
    switch: Netns,
    memory: Memory,
    /// What would undo the steps that were carried out.
    done: Vec<Step>,
    /// How many there were.
    count: usize,
    home: Option<(NetnsId, Netns)>,
}

impl<'h> Hands<'h> {
    /// Waits for its turn: from now on nobody else of us changes anything.
    pub(super) async fn take(host: &'h Host) -> Result<Self, Trouble> {
        let due = Deadline::after(host.timeout);
        let switch = kernel::switch_namespace(&host.rundir)?;
        let mut database = host.database(due).await?;
        let busy = "docker-ovs, which is changing this switch already, or its database";
        due.hold(|| busy.to_owned(), database.lock()).await?;
        Ok(Self {
            host,
            database,
            locked: true,
            more: false,
            switch,
            memory: Memory::default(),
            done: Vec::new(),
            count: 0,
            home: None,
        })
    }

    /// For several plans.
    pub(super) fn that_keep_the_lock(self) -> Self {
        Self { more: true, ..self }
    }

    /// Opens the container's namespace, so that it is there as long as we are at it.
    fn enter(&mut self, snapshot: &Snapshot, plan: &Plan) -> Result<(), Trouble> {
        let mut all = snapshot.engines.values().flat_map(model::Observed::rows);
        let row = all.find(|row| row.id == plan.container.id);
        let Some((pid, id)) = row.and_then(|row| Some((row.pid?, row.netns?))) else {
            return Ok(());
        };
        let home = Netns::of_process(pid).ok().filter(|home| kernel::id(home) == id);
        self.home = Some((id, home.ok_or_else(|| gone(plan))?));
        Ok(())
    }

    /// All steps, or none. `snapshot` is what the plan rests on.
    pub(super) async fn carry_out(
        &mut self,
        snapshot: &Snapshot,
        plan: &Plan,
    ) -> Result<(), Unable> {
        self.done.clear();
        self.enter(snapshot, plan)?;
        stop_after(self.count);
        for step in &plan.steps {
            if let Err(why) = self.take_step(step).await {
                return Err(self.undo(why).await);
            }
            self.done.extend(step.undo());
            self.count += 1;
            stop_after(self.count);
        }
        Ok(())
    }

    /// Whether another plan may succeed: this one met something that had changed, and nothing
    /// is left of it.
    pub(super) fn may_try_again(&self, unable: &Unable) -> bool {
        let Unable::Failed { why, left } = unable else { return false };
        self.locked && why.kind == TroubleKind::Gone && left.is_empty()
    }

    /// Brings everything back to where it was, because of `why`.
    pub(super) async fn undo(&mut self, why: Trouble) -> Unable {
        let mut left = Vec::new();
        while let Some(step) = self.done.pop() {
            left.extend(self.take_step(&step).await.err());
        }
        Unable::Failed { why, left }
    }

    async fn take_step(&mut self, step: &Step) -> Result<(), Trouble> {
        let kernels = |done: Result<(), netns::Error>| done.map_err(|error| refused(step, &error));
        match step {
            Step::DeleteLink { name, ifindex } => {
                kernels(inside::delete_link(name, *ifindex, &self.switch))
            }
            Step::MakeVeth(veth) => {
                let draft = luck::draw().host_end;
                let home = self.home(veth.netns)?;
                kernels(inside::make_veth(veth, &draft, &self.switch, home))
            }
            Step::UnmakeVeth(veth) => kernels(inside::unmake_veth(veth, &self.switch)),
            Step::Configure { netns, interface, addresses, gateways, .. } => {
                kernels(inside::configure(interface, addresses, gateways, self.home(*netns)?))
            }
            Step::Swap { bridge, remove, add, inherit, bystanders } => {
                let (remove, add) = (remove.as_deref(), add.as_deref());
                let swap = Swap { bridge, remove, add, inherit: *inherit, bystanders };
                self.swap(&swap).await
            }
            Step::Await { bridge, iface, wanted } => {
                self.await_number(bridge, iface, *wanted).await
            }
        }
    }

    fn home(&self, wanted: NetnsId) -> Result<&Netns, Trouble> {
        let home = self.home.as_ref().filter(|(id, _)| *id == wanted);
        let missing = || Trouble::new(TroubleKind::Gone, wanted.to_string(), "it is not open");
        home.map(|(_, home)| home).ok_or_else(missing)
    }

    async fn swap(&mut self, swap: &Swap<'_>) -> Result<(), Trouble> {
        let due = Deadline::after(self.host.timeout);
        let what = self.database.what().to_owned();
        let swapped = self.database.swap(swap, &mut self.memory, self.locked);
        due.hold(|| what.clone(), swapped).await
    }

    /// The others need not wait for vswitchd.
    async fn await_number(
        &mut self,
        bridge: &Name,
        iface: &Name,
        wanted: Option<OfPort>,
    ) -> Result<(), Trouble> {
        let patience = self.host.timeout;
        let due = Deadline::after(patience * 2);
        let what = self.database.what().to_owned();
        if !self.more && std::mem::take(&mut self.locked) {
            due.hold(|| what.clone(), self.database.unlock()).await?;
        }
        let number = due.hold(|| what.clone(), self.database.number(iface, patience)).await?;
        let failed = |kind, why: String| {
            Trouble::new(kind, format!("port {iface} of {bridge}"), why).remedy(
                "ovs-vswitchd's log may tell more; docker ovs doctor checks whether it runs",
            )
        };
        match number.ofport {
            OfPortState::Assigned(ofport) if wanted.is_none() => {
                due.hold(|| what.clone(), self.database.keep(iface, ofport)).await
            }
            OfPortState::Assigned(_) => Ok(()),
            OfPortState::Pending => {
                let why = format!("ovs-vswitchd gave it no number within {patience:?}");
                Err(failed(TroubleKind::TimedOut, why))
            }
            OfPortState::Failed => {
                let why = number.error.unwrap_or_else(|| "it gives no reason".to_owned());
                Err(failed(TroubleKind::Unusable, format!("ovs-vswitchd could not make it: {why}")))
            }
        }
    }
}

fn gone(plan: &Plan) -> Trouble {
    let what = format!("container {}", plan.container.name);
    Trouble::new(TroubleKind::Gone, what, "it stopped or restarted meanwhile").remedy("ask again")
}

fn refused(step: &Step, error: &netns::Error) -> Trouble {
    const EACCES: i32 = 13;
    let trouble = match error.errno() {
        Some(_) => Trouble::new(TroubleKind::Unusable, format!("cannot {step}"), error),
        None => failure::of_chain(format!("cannot {step}"), error, "run as root"),
    };
    match error.errno() {
        Some(EACCES) => trouble.remedy(
            "IPv6 may be disabled there: docker run --sysctl net.ipv6.conf.all.disable_ipv6=0",
        ),
        _ => trouble,
    }
}

/// So that a test can end the program between two steps, or change the host there: it goes on
/// when its stdin ends.
fn stop_after(count: usize) {
    if cfg!(debug_assertions)
        && std::env::var("DOCKER_OVS_STOP_AFTER").is_ok_and(|at| at == count.to_string())
    {
        eprintln!("stopped after {count} steps");
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    }
}
