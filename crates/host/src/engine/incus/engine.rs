//! Incus or LXD as one of the engines.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};

use super::read::{Incus, Instance};
use crate::engine::lxc::cgroups_are_of;
use crate::engine::{Engine, EngineContainer, Events, Peer, listed, the_one};
use crate::identity::process::Process;

/// How often containers are listed. It tells of them by a WebSocket alone, and drops a listener that is
/// slow.
const PERIOD: Duration = Duration::from_secs(1);

impl Incus {
    async fn with_process(&self, instance: Instance) -> Result<EngineContainer, SourceError> {
        let pid = self.process(&instance).await?;
        let mut found = instance.found(pid);
        if pid.is_some_and(shares_its_monitors_network) {
            "host".clone_into(&mut found.row.network_mode);
        }
        Ok(found)
    }

    /// The containers, each with the moment of its last start as a part of its state: by its name and
    /// its state alone one that was started again is the same.
    async fn with_starts(self) -> Result<Vec<EngineContainer>, SourceError> {
        let with_start = |instance: Instance| {
            let start = instance.last_used_at.clone();
            let mut found = instance.found(None);
            found.row.state = format!("{} since {start}", found.row.state);
            found
        };
        Ok(self.all().await?.into_iter().map(with_start).collect())
    }
}

impl Engine for Incus {
    fn kind(&self) -> EngineName {
        EngineName(self.server.kind.name.into())
    }

    fn address(&self) -> String {
        self.rest.address()
    }

    fn what(&self) -> String {
        self.rest.what()
    }

    fn peer(&self) -> Peer {
        self.rest.peer()
    }

    /// The members of a cluster have one certificate, and names of their own.
    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        async {
            let own = self.info().await?.environment;
            let id = || {
                format!(
                    "{}:{}/{}",
                    self.server.kind.name, own.certificate_fingerprint, own.server_name
                )
            };
            Ok((!own.certificate_fingerprint.is_empty()).then(id))
        }
        .boxed()
    }

    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async { Ok(self.info().await?.environment.server_version) }.boxed()
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        let wanted = query::without_slash(wanted);
        async move {
            if let Some(named) = self.named(wanted).await? {
                return self.with_process(named).await.map(Some);
            }
            if !may_begin_an_id(wanted) {
                return Ok(None);
            }
            let all = self.all().await?;
            let rows = all.into_iter().map(|instance| instance.found(None)).collect();
            let Some(mut found) = the_one(rows, wanted) else { return Ok(None) };
            if let Some(named) = self.named(&found.row.name).await? {
                found = self.with_process(named).await?;
            }
            Ok(Some(found))
        }
        .boxed()
    }

    /// LXC calls it by its name, with its project before that.
    fn names_in_cgroups(&self, row: &Container, cgroups: &str) -> bool {
        cgroups_are_of(&row.name.replace('/', "_"), cgroups)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        async {
            let all = self.all().await?;
            Ok(all.into_iter().map(|instance| instance.found(None)).collect())
        }
        .boxed()
    }

    fn may_have_a_process(&self, row: &Container) -> bool {
        Instance::may_run(&row.state)
    }

    /// None is put into another one's namespace.
    fn relatives<'a>(
        &'a self,
        _row: &'a Container,
    ) -> BoxFuture<'a, Result<Vec<EngineContainer>, SourceError>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        let own = self.clone();
        listed::every(move || own.clone().with_starts().boxed(), PERIOD).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        self.rest.ping("/1.0").boxed()
    }
}

/// Whether this may be a UUID, or how one begins: what is none need not be looked for among all.
fn may_begin_an_id(wanted: &str) -> bool {
    let of_uuid = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    wanted.contains('@') || (!wanted.is_empty() && wanted.bytes().all(of_uuid))
}

/// Whether it has no network of its own (`raw.lxc: lxc.net.0.type=none`): its monitor, whose child it
/// is, stays in the namespace of the server.
fn shares_its_monitors_network(pid: u32) -> bool {
    Process::open(pid).is_ok_and(|init| init.shares_netns_of_parent())
}
