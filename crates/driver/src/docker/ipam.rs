//! Docker's other role of a plugin: addresses of networks that were made with `--ipam-driver ovs` (moby,
//! `daemon/libnetwork/docs/ipam.md`; bodies in `daemon/libnetwork/ipams/remote/api`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::calls::{CallError, CallReply, nothing, read, written};
use crate::DriverError;
use crate::core::{AddressRequest, Driver, PoolRequest};
use crate::given::id;

/// What the methods of this role begin with.
pub(super) const ROLE: &str = "IpamDriver.";
/// The space of the addresses of this host's networks; by it `CreateNetwork` tells whose they are.
pub(super) const LOCAL: &str = "docker-ovs";
/// The space of networks of a swarm, which there are none of.
const GLOBAL: &str = "docker-ovs-global";
/// What an address is for, in the options of `RequestAddress`.
const ADDRESS_TYPE: &str = "RequestAddressType";
/// It is for the network's gateway.
const GATEWAY: &str = "com.docker.network.gateway";
/// The name of the container, from Docker 29 on.
const NAME: &str = "com.docker.network.endpoint.name";

/// `RequestPool`. Docker says all of it: a body without its first two is none.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RequestPool {
    address_space: String,
    pool: String,
    #[serde(default)]
    sub_pool: String,
    #[serde(default)]
    options: Option<BTreeMap<String, String>>,
    #[serde(default)]
    v6: bool,
}

/// Its answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RequestedPool {
    #[serde(rename = "PoolID")]
    id: String,
    pool: String,
    data: BTreeMap<String, String>,
}

/// `ReleasePool`.
#[derive(Deserialize)]
pub(super) struct ReleasedPool {
    #[serde(rename = "PoolID")]
    pool: String,
}

/// `RequestAddress` and `ReleaseAddress`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AddressRequestBody {
    #[serde(rename = "PoolID")]
    pool: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    options: Option<BTreeMap<String, String>>,
}

/// The answer to `RequestAddress`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RequestedAddress {
    address: String,
    data: BTreeMap<String, String>,
}

/// An answer that libnetwork shows the user the text of.
pub(super) fn refused(why: &str) -> CallReply {
    CallReply { status: 200, body: json!({ "Error": why }).to_string() }
}

pub(super) async fn carry_out(
    driver: &Driver,
    method: &str,
    body: &[u8],
) -> Result<String, CallError> {
    match method.strip_prefix(ROLE) {
        // Neither says the hardware address more than the user has, and what is written down needs no
        // second telling after dockerd's start.
        Some("GetCapabilities") => Ok(json!({
            "RequiresMACAddress": false, "RequiresRequestReplay": false
        })
        .to_string()),
        Some("GetDefaultAddressSpaces") => Ok(json!({
            "LocalDefaultAddressSpace": LOCAL, "GlobalDefaultAddressSpace": GLOBAL
        })
        .to_string()),
        Some("RequestPool") => {
            let (id, subnet) = driver.request_pool(&read::<RequestPool>(body)?.request()?).await?;
            written(&RequestedPool { id, pool: subnet.to_string(), data: BTreeMap::new() })
        }
        Some("ReleasePool") => {
            driver.release_pool(&read::<ReleasedPool>(body)?.id()?).await?;
            Ok(nothing())
        }
        Some("RequestAddress") => {
            let address =
                driver.request_address(&read::<AddressRequestBody>(body)?.request()?).await?;
            written(&RequestedAddress { address: address.to_string(), data: BTreeMap::new() })
        }
        Some("ReleaseAddress") => {
            let request = read::<AddressRequestBody>(body)?.request()?;
            if let Some(ip) = request.address {
                driver.release_address(&request.pool, ip).await?;
            }
            Ok(nothing())
        }
        _ => Err(CallError::Method),
    }
}

impl ReleasedPool {
    pub(super) fn id(self) -> Result<String, DriverError> {
        id(self.pool, "PoolID")
    }
}

impl RequestPool {
    /// # Errors
    /// A space, a range or an option that there is not.
    pub(super) fn request(self) -> Result<PoolRequest, DriverError> {
        if ![LOCAL, ""].contains(&self.address_space.as_str()) {
            let why = format!(
                "no address space {}: addresses of ovs are of one host's networks",
                self.address_space
            );
            return Err(DriverError::new(why));
        }
        Ok(PoolRequest {
            subnet: subnet(&self.pool, "--subnet")?,
            range: subnet(&self.sub_pool, "--ip-range")?,
            is_v6: self.v6,
            options: self.options.unwrap_or_default(),
        })
    }
}

impl AddressRequestBody {
    /// # Errors
    /// An id or an address that is none.
    pub(super) fn request(self) -> Result<AddressRequest, DriverError> {
        let bad = |_| DriverError::new(format!("{} is no address", self.address));
        let address = Some(&self.address).filter(|text| !text.is_empty());
        let address: Option<IpAddr> = address.map(|text| text.parse().map_err(bad)).transpose()?;
        let options = self.options.unwrap_or_default();
        let is_gateway = options.get(ADDRESS_TYPE).is_some_and(|kind| kind == GATEWAY);
        let name = options.get(NAME).filter(|name| !name.is_empty()).cloned();
        Ok(AddressRequest { pool: id(self.pool, "PoolID")?, address, is_gateway, name })
    }
}

/// A range of addresses that may be missing.
fn subnet(text: &str, option: &str) -> Result<Option<IpNet>, DriverError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad =
        |_| DriverError::new(format!("{option} {text}: it is no address with a prefix length"));
    text.parse().map(|net: IpNet| Some(net.trunc())).map_err(bad)
}
