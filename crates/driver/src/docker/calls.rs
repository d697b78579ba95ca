//! What each method of the protocol does.
//!
//! Every call may come twice, late, or with an empty body: libnetwork tries again after a broken
//! connection with a body that it has sent already. So an unknown endpoint or network is gone already
//! where it is to go, one that is there is not made again, and what cannot be read does nothing.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tracing::{debug, warn};

use super::ipam;
use super::messages::{
    CreateEndpoint, CreateNetwork, CreatedEndpoint, CreatedInterface, EndpointIdRequest,
    GwAllocCheck, InterfaceName, Joined, NetworkIdRequest, SkipGateways, generic,
};
use crate::DriverError;
use crate::core::Driver;
use crate::options::{Gateway, NetworkOptions};

/// What a call is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReply {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON.
    pub body: String,
}

/// Why a call is not answered as it wants to be.
pub(super) enum CallError {
    /// The body cannot be read: nothing was done.
    Body(String),
    /// There is no such method.
    Method,
    /// It was tried.
    Call(DriverError),
}

impl From<DriverError> for CallError {
    fn from(error: DriverError) -> Self {
        Self::Call(error)
    }
}

/// Answers the call of `method`, as `NetworkDriver.Join`.
pub async fn answer(driver: &Driver, method: &str, body: &[u8]) -> CallReply {
    match carry_out(driver, method, body).await {
        Ok(body) => {
            debug!("{method}: {body}");
            CallReply { status: 200, body }
        }
        Err(CallError::Method) => refused(404, "there is no such method"),
        Err(CallError::Body(why)) => refused(400, &why),
        // libnetwork shows the text of this to the user.
        Err(CallError::Call(error)) => {
            warn!("{method}: {error}");
            let why = error.to_string();
            if method.starts_with(ipam::ROLE) { ipam::refused(&why) } else { refused(200, &why) }
        }
    }
}

/// The answer to what was not done.
pub(super) fn refused(status: u16, why: &str) -> CallReply {
    CallReply { status, body: json!({ "Err": why }).to_string() }
}

async fn carry_out(driver: &Driver, method: &str, body: &[u8]) -> Result<String, CallError> {
    match method {
        "Plugin.Activate" => {
            Ok(json!({ "Implements": ["NetworkDriver", "IpamDriver"] }).to_string())
        }
        "NetworkDriver.GetCapabilities" => Ok(json!({
            "Scope": "local", "ConnectivityScope": "local", "GwAllocChecker": true
        })
        .to_string()),
        "NetworkDriver.GwAllocCheck" => gateway_check(&read(body)?),
        "NetworkDriver.CreateNetwork" => {
            let request = read::<CreateNetwork>(body)?.request()?;
            driver.create_network(&request).await?;
            Ok(nothing())
        }
        "NetworkDriver.DeleteNetwork" => {
            driver.delete_network(&read::<NetworkIdRequest>(body)?.id()?).await?;
            Ok(nothing())
        }
        "NetworkDriver.CreateEndpoint" => create_endpoint(driver, read(body)?).await,
        "NetworkDriver.Join" => join(driver, read(body)?).await,
        "NetworkDriver.DeleteEndpoint" => {
            let (network, endpoint) = read::<EndpointIdRequest>(body)?.ids()?;
            driver.delete_endpoint(&network, &endpoint).await?;
            Ok(nothing())
        }
        "NetworkDriver.EndpointOperInfo" => {
            read::<EndpointIdRequest>(body)?.ids()?;
            Ok(json!({ "Value": {} }).to_string())
        }
        // The link is still inside then: it goes with its endpoint.
        "NetworkDriver.Leave"
        | "NetworkDriver.ProgramExternalConnectivity"
        | "NetworkDriver.RevokeExternalConnectivity" => {
            read::<EndpointIdRequest>(body)?.ids()?;
            Ok(nothing())
        }
        "Plugin.Health" | "NetworkDriver.DiscoverNew" | "NetworkDriver.DiscoverDelete" => {
            Ok(nothing())
        }
        "NetworkDriver.AllocateNetwork" | "NetworkDriver.FreeNetwork" => {
            let why = "networks of ovs are of one host: --scope swarm takes a network of each node's \
                       own (--config-only, --config-from)";
            Err(DriverError::new(why).into())
        }
        _ => ipam::carry_out(driver, method, body).await,
    }
}

pub(super) fn nothing() -> String {
    "{}".to_owned()
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body)
        .map_err(|error| CallError::Body(format!("the body cannot be read: {error}")))
}

pub(super) fn written(answer: &impl Serialize) -> Result<String, CallError> {
    let written = serde_json::to_string(answer);
    written.map_err(|error| DriverError::new(error.to_string()).into())
}

/// No address is kept for a gateway that there is not.
fn gateway_check(request: &GwAllocCheck) -> Result<String, CallError> {
    let options = generic(&request.options.clone().unwrap_or_default())?;
    let options = NetworkOptions::read(&options).map_err(DriverError::from)?;
    let skip = options.gateway == Gateway::None;
    written(&SkipGateways { ipv4: skip, ipv6: skip })
}

async fn create_endpoint(driver: &Driver, request: CreateEndpoint) -> Result<String, CallError> {
    let endpoint = request.request()?;
    let mac = driver.create_endpoint(&endpoint).await?;
    // What Docker has said itself may not be said again.
    let mac = endpoint.mac.is_none().then(|| mac.to_string());
    written(&CreatedEndpoint { interface: CreatedInterface { mac } })
}

async fn join(driver: &Driver, request: EndpointIdRequest) -> Result<String, CallError> {
    let (network, endpoint) = request.ids()?;
    let joined = driver.join(&network, &endpoint).await?;
    let gateway =
        |v4: bool| joined.gateways.iter().find(|ip| ip.is_ipv4() == v4).map(ToString::to_string);
    written(&Joined {
        interface_name: InterfaceName {
            src_name: joined.link.to_string(),
            dst_prefix: "eth",
            dst_name: joined.interface,
        },
        gateway: gateway(true),
        gateway_ipv6: gateway(false),
        disable_gateway_service: joined.gateways.is_empty(),
    })
}
