//! A host of a fleet that has nothing but what a test says.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use docker_ovs_fleet::{Fleet, Local, Machine, Membership, Settings, follow, publish};
use etcd::{Client, TlsFiles};
use lab::{Etcd, patience};
use report::v1::{FleetHost, Liveness};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Runs a test.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < patience(), "waited in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A host: what it tells, and what it knows. It falls silent with its guard, without a word.
pub(crate) struct Host {
    pub(crate) fleet: Arc<Fleet>,
    name: String,
    tell: watch::Sender<Option<Arc<Local>>>,
    stop: watch::Sender<bool>,
    publisher: JoinHandle<()>,
    follower: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.publisher.abort();
        self.follower.abort();
    }
}

/// What a host is started with.
pub(crate) struct How {
    settings: Settings,
}

impl How {
    pub(crate) fn new(name: &str, endpoints: &str) -> Self {
        let endpoints = endpoints.split(',').map(|url| url.parse().unwrap()).collect();
        let machine = Machine {
            machine: format!("machine of {name}"),
            boot: "b".to_owned(),
            run: format!("run of {name}"),
            started: 1,
            blocks_kept: false,
        };
        let settings = Settings {
            etcd: etcd::Settings { endpoints, tls: None },
            fleet: "f".to_owned(),
            host: name.to_owned(),
            mirror: true,
            machine,
            version: "1".to_owned(),
            clock: || 1_000,
        };
        Self { settings }
    }

    pub(crate) fn machine(mut self, change: impl FnOnce(&mut Machine)) -> Self {
        change(&mut self.settings.machine);
        self
    }

    pub(crate) fn clock(mut self, clock: fn() -> u64) -> Self {
        self.settings.clock = clock;
        self
    }

    pub(crate) fn tls(mut self, files: TlsFiles) -> Self {
        self.settings.etcd.tls = Some(files);
        self
    }

    /// Starts it, with what it has.
    pub(crate) fn start(self, local: Local) -> Host {
        let Self { settings } = self;
        let fleet = Arc::new(Fleet::new(&settings));
        fleet.set_local(&local);
        let (tell, told) = watch::channel(Some(Arc::new(local)));
        let (stop, stopped) = watch::channel(false);
        let client = || Client::new(settings.etcd.clone());
        let follower = tokio::spawn(follow::follow(client(), fleet.clone()));
        let publisher = publish::publish(client(), fleet.clone(), settings.machine, told, stopped);
        let publisher = tokio::spawn(publisher);
        Host { fleet, name: settings.host, tell, stop, publisher, follower }
    }
}

impl Host {
    /// It has something else now.
    pub(crate) fn has(&self, local: Local) {
        self.fleet.set_local(&local);
        self.tell.send_replace(Some(Arc::new(local)));
    }

    /// Ends it as it is ended in order.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        (&mut self.publisher).await.unwrap();
    }

    pub(crate) fn knows(&self, host: &str) -> Option<FleetHost> {
        self.fleet.hosts().into_iter().find(|of| of.from.host == host)
    }

    pub(crate) fn liveness(&self, host: &str) -> Option<Liveness> {
        Some(self.knows(host)?.from.liveness)
    }

    /// Waits until it knows of a host, and that it is live or stale.
    pub(crate) async fn sees(&self, host: &str, liveness: Liveness) {
        let about = format!("{} sees that {host} is {liveness:?}", self.name);
        until(&about, || self.liveness(host) == Some(liveness)).await;
    }

    /// The hosts that an address is on, by what it knows.
    pub(crate) fn who(&self, ip: &str) -> Vec<String> {
        let found = self.fleet.who(&ip.into());
        found.into_iter().map(|found| found.row.from.host).collect()
    }

    /// Waits until an address is on these hosts, by what it knows.
    pub(crate) async fn finds(&self, ip: &str, hosts: &[&str]) {
        let about = format!("{} finds {ip} on {hosts:?}", self.name);
        until(&about, || self.who(ip) == hosts).await;
    }

    /// Waits until the fleet is told of it.
    pub(crate) async fn is_told(&self) {
        let about = format!("{} is told of", self.name);
        until(&about, || self.fleet.condition().published).await;
    }

    /// Waits until it is not, for a reason that has these words.
    pub(crate) async fn is_not_told(&self, why: &str) {
        let about = format!("{} is not told of: {why}", self.name);
        let is_why = || {
            let condition = self.fleet.condition();
            !condition.published && condition.why.is_some_and(|told| told.contains(why))
        };
        until(&about, is_why).await;
    }

    /// Whether what it is told of others may be old.
    pub(crate) fn is_lost(&self) -> bool {
        self.fleet.status().reason.is_some()
    }
}

/// One with a container of this address.
pub(crate) fn at(ip: &str) -> Local {
    let text = format!(
        r#"{{"Container":"web","ID":"1","Interface":"eth0","State":"on","Bridge":"br0","OFPort":1,"Addresses":["{ip}/24"]}}"#
    );
    let rows = [("1:eth0".to_owned(), text)].into();
    Local { rows, bridges: vec!["br0".to_owned()], ..Local::default() }
}

/// The same, and in the mesh `blue` by this address.
pub(crate) fn member(ip: &str, local_ip: &str) -> Local {
    let of = Membership {
        bridge: "br0".to_owned(),
        local_ip: Some(local_ip.parse().unwrap()),
        mtu: Some(1446),
        uplinks: Vec::new(),
    };
    Local { meshes: [("blue".to_owned(), of)].into(), ..at(ip) }
}

/// Makes the mesh `blue`.
pub(crate) fn make_mesh(etcd: &Etcd) {
    let record = r#"{"Type":"geneve","Key":7,"DstPort":6081}"#;
    etcd.says(&["put", "/docker-ovs/v1/f/nets/blue", record]);
}

/// The hosts that a host wants tunnels to, and their ports; none where that is not known.
pub(crate) fn tunnels(host: &Host) -> Option<Vec<(String, u16)>> {
    let wanted = host.fleet.wanted_tunnels()?;
    assert!(wanted.left.is_empty() && !wanted.has_left("blue"), "{wanted:?}");
    Some(wanted.tunnels.into_iter().map(|tunnel| (tunnel.host, tunnel.ofport)).collect())
}
