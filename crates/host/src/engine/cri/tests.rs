//! What a runtime answers as the engine reads it, from a server that is none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use prost::Message;
use tokio::time::timeout;

use super::messages::{
    ContainerEventResponse, ContainerMetadata, ContainerStatusRequest, ContainerStatusResponse,
    FilesystemIdentifier, FilesystemUsage, ImageFsInfoResponse, LinuxPodSandboxStatus,
    ListContainersRequest, ListPodSandboxRequest, NamespaceOption, Namespaces, PodContainer,
    PodSandbox, PodSandboxMetadata, PodSandboxStatus, PodSandboxStatusRequest,
    PodSandboxStatusResponse, VersionResponse, method,
};
use super::read::Cri;
use crate::engine::fake_grpc::{Answer, Call, FakeGrpc};
use crate::engine::{Engine, EngineContainer, Event};

/// `NOT_FOUND` and `UNIMPLEMENTED` of gRPC.
const NOT_FOUND: u32 = 5;
const UNIMPLEMENTED: u32 = 12;

/// The pods and containers of a runtime.
#[derive(Default)]
struct Runtime {
    pods: Vec<PodSandbox>,
    containers: Vec<PodContainer>,
    /// What the status of a sandbox or container adds, by id.
    info: BTreeMap<String, String>,
    /// The sandboxes on the node's network.
    on_node: Vec<String>,
    /// The ids that its events are about; it tells none if none.
    events: Option<Vec<String>>,
    /// Where CRI-O has its images; another runtime if none.
    images: Option<String>,
}

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn pod(digit: char, name: &str, state: i32) -> PodSandbox {
    let metadata = PodSandboxMetadata { name: name.to_owned(), namespace: "lab".to_owned() };
    let labels = BTreeMap::from([("app".to_owned(), name.to_owned())]);
    PodSandbox { id: id(digit), metadata: Some(metadata), state, labels }
}

fn container(digit: char, of: char, name: &str, state: i32) -> PodContainer {
    let metadata = Some(ContainerMetadata { name: name.to_owned() });
    let labels = BTreeMap::new();
    PodContainer { id: id(digit), pod_sandbox_id: id(of), metadata, state, labels }
}

impl Runtime {
    /// The pod `lab/web` with two containers, one that has ended, its predecessor, and a pod on the
    /// node's network.
    fn usual() -> Self {
        let spec = r#"{"pid":0,"runtimeSpec":{"linux":{"namespaces":[
            {"type":"network","path":"/run/netns/cni-1"}]}}}"#;
        Self {
            pods: vec![pod('a', "web", 0), pod('b', "web", 1), pod('c', "node", 0)],
            containers: vec![
                container('1', 'a', "nginx", 1),
                container('2', 'a', "init", 2),
                container('3', 'c', "agent", 1),
            ],
            info: BTreeMap::from([
                (id('a'), spec.to_owned()),
                (id('1'), r#"{"pid":4711}"#.to_owned()),
                (id('3'), r#"{"pid":4712}"#.to_owned()),
            ]),
            on_node: vec![id('c')],
            events: None,
            images: None,
        }
    }

    fn answer(&self, call: &Call) -> Answer {
        match call.method.as_str() {
            method::VERSION => Answer::message(&VersionResponse {
                name: if self.images.is_some() { "cri-o" } else { "containerd" }.to_owned(),
                version: "2.1".to_owned(),
                api_version: "v1".to_owned(),
            }),
            method::PODS => {
                let filter = ListPodSandboxRequest::decode(&*call.message).unwrap().filter;
                let fits = |pod: &&PodSandbox| filter.as_ref().is_none_or(|it| it.id == pod.id);
                Answer::items(&self.pods.iter().filter(fits).cloned().collect::<Vec<_>>())
            }
            method::CONTAINERS => {
                let filter = ListContainersRequest::decode(&*call.message).unwrap().filter;
                let filter = filter.unwrap_or_default();
                let fits = |one: &&PodContainer| {
                    [&one.id, ""].contains(&&*filter.id)
                        && [&one.pod_sandbox_id, ""].contains(&&*filter.pod_sandbox_id)
                };
                Answer::items(&self.containers.iter().filter(fits).cloned().collect::<Vec<_>>())
            }
            method::POD => self.status_of_pod(&call.message),
            method::CONTAINER => {
                let id = ContainerStatusRequest::decode(&*call.message).unwrap().container_id;
                match self.info.get(&id) {
                    Some(text) => Answer::message(&ContainerStatusResponse { info: info(text) }),
                    None => Answer::Refused(NOT_FOUND),
                }
            }
            method::IMAGES => {
                let mountpoint = self.images.clone().unwrap_or_default();
                let fs_id = Some(FilesystemIdentifier { mountpoint });
                Answer::message(&ImageFsInfoResponse {
                    image_filesystems: vec![FilesystemUsage { fs_id }],
                })
            }
            method::EVENTS => match &self.events {
                Some(ids) => Answer::Open(ids.iter().map(|id| event(id)).collect()),
                None => Answer::Refused(UNIMPLEMENTED),
            },
            _ => Answer::Refused(UNIMPLEMENTED),
        }
    }

    fn status_of_pod(&self, message: &[u8]) -> Answer {
        let id = PodSandboxStatusRequest::decode(message).unwrap().pod_sandbox_id;
        let Some(pod) = self.pods.iter().find(|pod| pod.id == id) else {
            return Answer::Refused(NOT_FOUND);
        };
        let network = if self.on_node.contains(&id) { 2 } else { 0 };
        let namespaces = Namespaces { options: Some(NamespaceOption { network }) };
        let status = PodSandboxStatus {
            id: id.clone(),
            metadata: pod.metadata.clone(),
            state: pod.state,
            linux: Some(LinuxPodSandboxStatus { namespaces: Some(namespaces) }),
            labels: pod.labels.clone(),
        };
        let text = self.info.get(&id).map_or("", String::as_str);
        Answer::message(&PodSandboxStatusResponse { status: Some(status), info: info(text) })
    }
}

fn info(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("info".to_owned(), text.to_owned())])
}

fn event(id: &str) -> Vec<u8> {
    ContainerEventResponse { container_id: id.to_owned() }.encode_to_vec()
}

fn serve(runtime: &Arc<Mutex<Runtime>>) -> (Cri, FakeGrpc) {
    let runtime = Arc::clone(runtime);
    let server = FakeGrpc::listen(move |call| runtime.lock().unwrap().answer(call));
    (Cri::at(server.socket().to_owned()), server)
}

fn usual() -> (Cri, FakeGrpc) {
    serve(&Arc::new(Mutex::new(Runtime::usual())))
}

fn names(found: &[EngineContainer]) -> Vec<&str> {
    found.iter().map(|found| &*found.row.name).collect()
}

#[tokio::test]
async fn pods_and_their_containers_are_called_by_their_places() {
    let (cri, _server) = usual();
    let all = cri.list().await.unwrap();
    let ended = "lab/web/init@222222222222";
    assert_eq!(names(&all), ["lab/web", "lab/node", "lab/web/nginx", ended, "lab/node/agent"]);
    assert_eq!(all[0].row.labels["app"], "web");
    let states: Vec<_> = all.iter().map(|found| found.row.state.as_str()).collect();
    assert_eq!(states, ["running", "running", "running", "exited", "running"]);
    let alive: Vec<_> = all.iter().map(|found| cri.may_have_a_process(&found.row)).collect();
    assert_eq!(alive, [true, true, true, false, true]);
}

#[tokio::test]
async fn what_has_ended_is_listed_until_another_has_its_name() {
    let runtime = Arc::new(Mutex::new(Runtime::usual()));
    runtime.lock().unwrap().pods.remove(0);
    let (cri, _server) = serve(&runtime);
    let all = cri.list().await.unwrap();
    assert_eq!(names(&all)[..2], ["lab/web@bbbbbbbbbbbb", "lab/node"]);
}

#[tokio::test]
async fn a_container_has_its_process_and_the_namespace_of_its_pod() {
    let (cri, _server) = usual();
    for wanted in ["lab/web/nginx", &id('1'), "1111"] {
        let found = cri.inspect(wanted).await.unwrap().unwrap();
        assert_eq!((&*found.row.name, found.row.pid), ("lab/web/nginx", Some(4711)), "{wanted}");
        assert_eq!(found.sandbox.unwrap().to_str(), Some("/run/netns/cni-1"));
    }
    let pod = cri.inspect("lab/web").await.unwrap().unwrap();
    assert_eq!((pod.row.pid, pod.sandbox.is_some()), (None, true), "without a pause process");
    let agent = cri.inspect("lab/node/agent").await.unwrap().unwrap();
    assert!(agent.row.on_host_network() && agent.sandbox.is_none(), "{agent:?}");
}

#[tokio::test]
async fn what_is_not_there_or_has_ended_has_no_process() {
    let (cri, _server) = usual();
    for gone in ["lab/none", &id('9'), ""] {
        assert!(cri.inspect(gone).await.unwrap().is_none(), "{gone}");
    }
    let ended = cri.inspect(&id('2')).await.unwrap().unwrap();
    assert_eq!((&*ended.row.name, ended.row.pid), ("lab/web/init@222222222222", None));
    let runtime = Arc::new(Mutex::new(Runtime::usual()));
    runtime.lock().unwrap().info.remove(&id('1'));
    let (cri, _server) = serve(&runtime);
    assert!(cri.inspect("lab/web/nginx").await.unwrap().is_none(), "it went in between");
}

#[tokio::test]
async fn relatives_are_of_the_same_pod() {
    let (cri, _server) = usual();
    let container = cri.inspect("lab/web/nginx").await.unwrap().unwrap();
    assert_eq!(names(&cri.relatives(&container.row).await.unwrap()), ["lab/web"]);
    let pod = cri.inspect("lab/web").await.unwrap().unwrap();
    assert_eq!(names(&cri.relatives(&pod.row).await.unwrap()), ["lab/web/nginx"]);
    let node = cri.inspect("lab/node").await.unwrap().unwrap();
    assert!(cri.relatives(&node.row).await.unwrap().is_empty(), "the host's network is no pod's");
}

#[tokio::test]
async fn it_tells_its_version_and_no_id_where_it_has_none() {
    let (cri, _server) = usual();
    assert_eq!(cri.version().await.unwrap(), "containerd 2.1, CRI v1");
    assert_eq!(cri.id().await.unwrap(), None);
    cri.ping().await.unwrap();
    assert_eq!(cri.peer(), crate::engine::Peer::Process(std::process::id()));
}

#[tokio::test]
async fn what_speaks_something_else_is_said_to() {
    let server = FakeGrpc::listen(|_| Answer::Refused(UNIMPLEMENTED));
    let error = Cri::at(server.socket().to_owned()).list().await.unwrap_err();
    assert!(error.to_string().contains("does not speak the Container Runtime"), "{error}");
    let server = FakeGrpc::listen(|_| Answer::Messages(vec![vec![0x0a, 0x02, 0x0a, 0x7f]]));
    let error = Cri::at(server.socket().to_owned()).list().await.unwrap_err();
    assert!(error.to_string().contains("CRI at unix://"), "{error}");
    let error = Cri::at("/nonexistent/cri.sock".into()).list().await.unwrap_err();
    assert!(error.to_string().contains("there is no such socket"), "{error}");
}

/// The containers that events are about until one is about `wanted`.
async fn hears_of(cri: &Cri, runtime: &Arc<Mutex<Runtime>>, wanted: char) -> bool {
    let mut events = cri.events().await.unwrap();
    runtime.lock().unwrap().pods.push(pod(wanted, "new", 0));
    let heard = async {
        loop {
            if let Event::Changed(changed) = events.next().await.unwrap().unwrap()
                && *changed.0 == *id(wanted)
            {
                return;
            }
        }
    };
    timeout(Duration::from_secs(20), heard).await.is_ok()
}

#[tokio::test]
async fn what_comes_is_told_with_events_and_without() {
    for events in [None, Some(vec![id('a')])] {
        let runtime = Arc::new(Mutex::new(Runtime { events, ..Runtime::usual() }));
        let (cri, _server) = serve(&runtime);
        assert!(hears_of(&cri, &runtime, 'd').await);
    }
}

#[tokio::test]
async fn what_an_event_is_about_has_changed() {
    let events = Some(vec![id('1')]);
    let (cri, _server) = serve(&Arc::new(Mutex::new(Runtime { events, ..Runtime::usual() })));
    let mut told = cri.events().await.unwrap();
    let first = timeout(Duration::from_secs(20), told.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(first, Event::Changed(model::ids::ContainerId(id('1').into())));
}

/// The test's own process has the same folders as the first one, and is no engine by its name: whose the place is
/// cannot be told.
#[tokio::test]
async fn crio_is_known_by_where_it_keeps_what_it_runs() {
    let runtime = Runtime { images: Some("/proc/overlay-images".to_owned()), ..Runtime::usual() };
    let (cri, _server) = serve(&Arc::new(Mutex::new(runtime)));
    let id = cri.id().await.unwrap();
    assert!(id.as_deref().is_some_and(|id| id.starts_with("cri-o:/proc")), "{id:?}");
    let nowhere = Runtime { images: Some(String::new()), ..Runtime::usual() };
    let (cri, _server) = serve(&Arc::new(Mutex::new(nowhere)));
    assert_eq!(cri.id().await.unwrap(), None);
}
