//! Asks a runtime for its pods and their containers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryFutureExt;
use grpc::{Client, Error, Items};
use model::SourceError;
use prost::Message;

use super::messages::{
    ContainerFilter, ContainerStatusRequest, ContainerStatusResponse, ITEMS, ImageFsInfoResponse,
    ListContainersRequest, ListPodSandboxRequest, PodContainer, PodSandbox, PodSandboxFilter,
    PodSandboxStatusRequest, PodSandboxStatusResponse, VersionResponse, method,
};
use super::rows::{
    Pod, inspected_container, inspected_pod, listed_container, listed_pod, pid_in, pod_name,
    without_replaced,
};
use crate::engine::EngineContainer;
use crate::engine::budget::Budget;
use crate::engine::grpc_errors::source_error;
use crate::engine::grpc_items::decode;

/// How CRI-O calls itself (`runtime_name` of its version).
pub(super) const CRIO: &str = "cri-o";

/// A client of one runtime.
#[derive(Clone)]
pub(super) struct Cri {
    pub(super) client: Arc<Client>,
    /// The pods that are known already, by the ids of their sandboxes: what is held of a sandbox
    /// never changes.
    pods: Arc<Mutex<BTreeMap<String, Pod>>>,
}

/// Which ones are asked for: all, one, or those of one pod.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    All,
    Id(&'a str),
    OfPod(&'a str),
}

impl Cri {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { client: Arc::new(Client::at(path)), pods: Arc::default() }
    }

    pub(super) fn what(&self) -> String {
        format!("CRI at {}", self.address())
    }

    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.client.path().display())
    }

    /// Where CRI-O keeps what it runs, as `/var/lib/containers/storage`; none of another runtime. Images and
    /// containers are in one place, and of it the former's folder is told (`getStorageFsInfo`,
    /// server/image_fs_info.go of CRI-O).
    pub(super) async fn place_of_crio(&self) -> Option<String> {
        let version: VersionResponse = self.ask(method::VERSION, &()).await.ok()?;
        if version.name != CRIO {
            return None;
        }
        let ImageFsInfoResponse { image_filesystems } = self.ask(method::IMAGES, &()).await.ok()?;
        let images = image_filesystems.into_iter().find_map(|usage| usage.fs_id)?.mountpoint;
        let place = Path::new(&images).parent()?.to_str()?;
        (!place.is_empty()).then(|| place.to_owned())
    }

    /// The sandboxes and containers, without their processes. Only where all are asked for can it be
    /// told which of them have been replaced.
    pub(super) async fn listed(
        &self,
        which: Which<'_>,
    ) -> Result<Vec<EngineContainer>, SourceError> {
        let (pods, containers) = tokio::try_join!(
            self.items(method::PODS, sandboxes(which)),
            self.items(method::CONTAINERS, containers(which)),
        )?;
        let mut budget = Budget::default();
        let mut rows = Vec::new();
        let mut names = BTreeMap::new();
        for pod in pods {
            let pod: PodSandbox = self.item(pod)?;
            names.insert(pod.id.clone(), pod_name(pod.metadata.as_ref()));
            let found = listed_pod(pod);
            budget.add(self, &found.row)?;
            rows.push(found);
        }
        for container in containers {
            let container: PodContainer = self.item(container)?;
            let pod = match names.get(&container.pod_sandbox_id) {
                Some(name) => name.clone(),
                None => self
                    .pod(&container.pod_sandbox_id)
                    .await?
                    .map_or_else(String::new, |pod| pod.name),
            };
            let found = listed_container(container, &pod);
            budget.add(self, &found.row)?;
            rows.push(found);
        }
        if matches!(which, Which::All) {
            without_replaced(&mut rows);
            self.pods().retain(|id, _| names.contains_key(id));
        }
        Ok(rows)
    }

    /// A listed sandbox or container with its process and its namespace; none where it is gone.
    pub(super) async fn inspected(
        &self,
        found: EngineContainer,
    ) -> Result<Option<EngineContainer>, SourceError> {
        let Some(sandbox) = found.row.network_mode.strip_prefix("container:") else {
            let status = self.pod_status(&found.row.id.0).await?;
            return Ok(status.map(|(found, _)| found));
        };
        let (pid, pod) = tokio::try_join!(self.pid(&found.row.id.0), self.pod(sandbox))?;
        let (Some(pid), Some(pod)) = (pid, pod) else { return Ok(None) };
        Ok(Some(inspected_container(found, pid, pod)))
    }

    /// The first process of a container, if it has one; none where it is gone.
    async fn pid(&self, id: &str) -> Result<Option<Option<u32>>, SourceError> {
        let question = ContainerStatusRequest { container_id: id.to_owned(), verbose: true };
        let answer: Option<ContainerStatusResponse> =
            self.known(self.ask(method::CONTAINER, &question).await)?;
        Ok(answer.map(|answer| pid_in(&answer.info)))
    }

    /// The pod of a sandbox; none where that is gone.
    async fn pod(&self, sandbox: &str) -> Result<Option<Pod>, SourceError> {
        let known = self.pods().get(sandbox).cloned();
        match known {
            Some(pod) => Ok(Some(pod)),
            None => Ok(self.pod_status(sandbox).await?.map(|(_, pod)| pod)),
        }
    }

    async fn pod_status(
        &self,
        sandbox: &str,
    ) -> Result<Option<(EngineContainer, Pod)>, SourceError> {
        let question =
            PodSandboxStatusRequest { pod_sandbox_id: sandbox.to_owned(), verbose: true };
        let answer: Option<PodSandboxStatusResponse> =
            self.known(self.ask(method::POD, &question).await)?;
        let inspected = answer.and_then(inspected_pod);
        if let Some((_, pod)) = &inspected
            && (pod.netns.is_some() || pod.on_host_network)
        {
            self.pods().insert(sandbox.to_owned(), pod.clone());
        }
        Ok(inspected)
    }

    fn pods(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Pod>> {
        self.pods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask<T: Message + Default>(
        &self,
        method: &'static str,
        question: &impl Message,
    ) -> Result<T, Error> {
        decode(self.client.bytes(method, question).await?)
    }

    /// An answer about something that may be gone: then there is none.
    fn known<T>(&self, answer: Result<T, Error>) -> Result<Option<T>, SourceError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_refusal(Error::NOT_FOUND) => Ok(None),
            Err(error) => Err(self.source_error(&error)),
        }
    }

    async fn items(
        &self,
        method: &'static str,
        question: impl Message,
    ) -> Result<Items, SourceError> {
        let answer = self.client.bytes(method, &question);
        let answer = answer.map_err(|error| self.source_error(&error)).await?;
        Ok(Items::of(answer, ITEMS))
    }

    fn item<T: Message + Default>(
        &self,
        bytes: Result<prost::bytes::Bytes, prost::DecodeError>,
    ) -> Result<T, SourceError> {
        let item = bytes.map_err(Error::Garbled).and_then(decode);
        item.map_err(|error| self.source_error(&error))
    }

    /// What went wrong, in words.
    pub(super) fn source_error(&self, error: &Error) -> SourceError {
        let other = "what listens there does not speak the Container Runtime Interface";
        let source_error = source_error(self.what(), error, other);
        if error.is_refusal(Error::UNIMPLEMENTED) {
            return source_error.hint(
                "containerd speaks it unless disabled_plugins in /etc/containerd/config.toml has cri",
            );
        }
        source_error
    }
}

fn sandboxes(which: Which<'_>) -> ListPodSandboxRequest {
    let filter = match which {
        Which::All => None,
        Which::Id(id) | Which::OfPod(id) => Some(PodSandboxFilter { id: id.to_owned() }),
    };
    ListPodSandboxRequest { filter }
}

fn containers(which: Which<'_>) -> ListContainersRequest {
    let filter = match which {
        Which::All => None,
        Which::Id(id) => Some(ContainerFilter { id: id.to_owned(), ..ContainerFilter::default() }),
        Which::OfPod(id) => {
            Some(ContainerFilter { pod_sandbox_id: id.to_owned(), ..ContainerFilter::default() })
        }
    };
    ListContainersRequest { filter }
}
