//! The API of Incus and LXD, as far as it is used (`shared/api` of both; `doc/rest-api.md`).

use std::collections::BTreeMap;

use model::SourceError;
use model::ids::{ContainerId, name};
use model::snapshot::Container;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::engine::EngineContainer;
use crate::engine::inspected::{HELD_OF_ONE, process};
use crate::engine::kinds::EngineKind;
use crate::engine::rest::{Hints, Rest, can_name_a_container};
use crate::transport::{Endpoint, HttpError};

/// The project of those that were made without one: their names stand alone.
const USUAL_PROJECT: &str = "default";
/// What users say of an instance themselves.
const OF_USER: &str = "user.";

/// Which of the two it is.
#[derive(Clone, Copy)]
pub(super) struct Server {
    pub(super) kind: &'static EngineKind,
    /// How messages call it.
    pub(super) name: &'static str,
    pub(super) hints: Hints,
}

/// A client of one server.
#[derive(Clone)]
pub(super) struct Incus {
    pub(super) server: Server,
    pub(super) rest: Rest,
}

impl Incus {
    pub(super) fn at(server: Server, endpoint: Endpoint) -> Self {
        Self { server, rest: Rest::new(server.name, endpoint, server.hints) }
    }

    /// What it says of itself.
    pub(super) async fn info(&self) -> Result<Info, SourceError> {
        Ok(self.rest.get::<Response<Info>>("/1.0").await?.metadata)
    }

    /// The containers of all projects that are this member's of a cluster, without their processes.
    pub(super) async fn all(&self) -> Result<Vec<Instance>, SourceError> {
        let path = "/1.0/instances?recursion=1&all-projects=true";
        let mut all = self.rest.get::<Response<Vec<Instance>>>(path).await?.metadata;
        all.retain(Instance::is_container);
        if all.iter().any(Instance::is_in_a_cluster) {
            let own = self.info().await?.environment.server_name;
            all.retain(|instance| !instance.is_in_a_cluster() || instance.location == own);
        }
        Ok(all)
    }

    /// A container by its name, `NAME` or `PROJECT/NAME`.
    pub(super) async fn named(&self, wanted: &str) -> Result<Option<Instance>, SourceError> {
        let (project, own) = wanted.split_once('/').unwrap_or((USUAL_PROJECT, wanted));
        if !can_name_a_container(own) || !can_name_a_container(project) {
            return Ok(None);
        }
        let path = format!("/1.0/instances/{own}?project={project}");
        let found = self.one::<Instance>(&path).await?.filter(Instance::is_container);
        match found {
            Some(found) if found.is_in_a_cluster() => {
                let own = self.info().await?.environment.server_name;
                Ok(Some(found).filter(|found| found.location == own))
            }
            found => Ok(found),
        }
    }

    /// The first process of a container; none of one that has none, or is no more.
    pub(super) async fn process(&self, instance: &Instance) -> Result<Option<u32>, SourceError> {
        let (own, project) = (&instance.name, &instance.project);
        if !can_name_a_container(own) || !can_name_a_container(project) {
            return Ok(None);
        }
        let path = format!("/1.0/instances/{own}/state?project={project}");
        Ok(self.one::<State>(&path).await?.and_then(|state| process(state.pid)))
    }

    /// One thing; none where there is no such one.
    async fn one<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, SourceError> {
        match self.rest.http.get_within::<Response<T>>(path, HELD_OF_ONE).await {
            Ok(answer) => Ok(Some(answer.metadata)),
            Err(HttpError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(self.rest.source_error(&error)),
        }
    }
}

/// What every answer is wrapped in.
#[derive(Deserialize)]
pub(super) struct Response<T> {
    pub(super) metadata: T,
}

/// `GET /1.0`.
#[derive(Deserialize)]
pub(super) struct Info {
    #[serde(default)]
    pub(super) environment: Environment,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Environment {
    /// Of the server's own certificate, which lasts; a cluster has one.
    pub(super) certificate_fingerprint: String,
    pub(super) server_name: String,
    pub(super) server_version: String,
}

/// One of `GET /1.0/instances?recursion=1`.
#[derive(Deserialize)]
pub(super) struct Instance {
    name: String,
    /// LXD before 3.18 tells none.
    #[serde(default = "usual_project")]
    project: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    status: String,
    /// The member of a cluster that it is on, or `none`.
    #[serde(default)]
    location: String,
    /// When it was started last.
    #[serde(default)]
    pub(super) last_used_at: String,
    #[serde(default)]
    config: BTreeMap<String, String>,
}

fn usual_project() -> String {
    USUAL_PROJECT.to_owned()
}

/// `GET /1.0/instances/NAME/state`.
#[derive(Deserialize)]
pub(super) struct State {
    pub(super) pid: Option<i64>,
}

impl Instance {
    fn is_container(&self) -> bool {
        self.kind == "container"
    }

    fn is_in_a_cluster(&self) -> bool {
        !matches!(&*self.location, "" | "none")
    }

    /// Whether there may be processes in it: it is running, frozen, or on the way from one state to
    /// another.
    pub(super) fn may_run(state: &str) -> bool {
        state != "stopped"
    }

    /// Its id is the UUID that it has for life; older servers give none.
    fn id(&self) -> ContainerId {
        let uuid = self.config.get("volatile.uuid").filter(|uuid| !uuid.is_empty());
        ContainerId(uuid.map_or_else(|| name(&format!("{}@lxd", self.called())), |uuid| name(uuid)))
    }

    fn called(&self) -> String {
        if self.project == USUAL_PROJECT {
            return self.name.clone();
        }
        format!("{}/{}", self.project, self.name)
    }

    /// The row, with its process where that was asked for.
    pub(super) fn found(self, pid: Option<u32>) -> EngineContainer {
        let of_user = |(key, value): (&String, &String)| {
            Some((key.strip_prefix(OF_USER)?.to_owned(), value.clone()))
        };
        let row = Container {
            pid,
            labels: self.config.iter().filter_map(of_user).collect(),
            ..Container::new(self.id(), name(&self.called()), self.status.to_lowercase())
        };
        EngineContainer { row, sandbox: None }
    }
}
