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

/// Makes sure that a name can be written to the switch's database, which closes the connection at a NUL, and told
/// in one line.
pub(crate) fn require_name(name: &str, what: &str) -> Result<(), DriverError> {
    if name.contains(char::is_control) {
        return Err(DriverError::new(format!("{what} has a control character in it")));
    }
    Ok(())
}

/// The address of this host that a port is published at; none for all of them, the unspecified one for all of its
/// family.
pub(crate) fn host_ip(text: &str) -> Result<Option<IpAddr>, DriverError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |_| DriverError::new(format!("{text} is no address"));
    let ip: IpAddr = text.parse().map_err(bad)?;
    Ok(Some(ip.to_canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_a_nul() {
        for fine in ["", "web", "a b/é", "0123"] {
            assert!(require_name(fine, "name").is_ok(), "{fine}");
        }
        for bad in ["a\0", "\n", "\u{1b}[31m"] {
            assert!(require_name(bad, "name").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_family_of_an_unspecified_address_is_kept() {
        let read = |text: &str| host_ip(text).map(|ip| ip.map(|ip| ip.to_string()));
        assert_eq!(read("").unwrap(), None);
        for text in ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1"] {
            assert_eq!(read(text).unwrap().as_deref(), Some(text));
        }
        assert_eq!(read("::ffff:192.0.2.1").unwrap().as_deref(), Some("192.0.2.1"));
        assert!(read("web").is_err());
    }
}
