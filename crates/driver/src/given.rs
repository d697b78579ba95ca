//! Words that engines give: ids and addresses.

use std::net::IpAddr;

use crate::DriverError;

/// An id, which becomes part of keys and names: 64 digits with Docker. `what` is what it is called.
pub(crate) fn id(id: String, what: &str) -> Result<String, DriverError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if id.is_empty() || id.len() > 128 || !id.bytes().all(plain) {
        return Err(DriverError::new(format!("{what} is no id")));
    }
    Ok(id)
}

/// The address of this host that a port is published at; none for all of them.
pub(crate) fn host_ip(text: &str) -> Result<Option<IpAddr>, DriverError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |_| DriverError::new(format!("{text} is no address"));
    let ip: IpAddr = text.parse().map_err(bad)?;
    Ok(Some(ip).filter(|ip| !ip.is_unspecified()))
}
