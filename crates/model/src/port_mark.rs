//! The alias that the link of a port has, as far as the port's row tells.

use crate::endpoint_record::{EndpointRecord, alias_beginning};
use crate::port_record::{Alias, PortRecord};
use crate::snapshot::Link;
use crate::switch::Port;

/// What marks a link as that of a port.
pub(crate) struct PortMark<'a> {
    bridge: &'a str,
    record: Option<PortRecord>,
    endpoint: Option<String>,
}

impl<'a> PortMark<'a> {
    /// Of a port of this bridge.
    pub(crate) fn of(bridge: &'a str, port: &Port) -> Self {
        let endpoint = EndpointRecord::of(port);
        let endpoint = endpoint.map(|record| alias_beginning(&record.network, &record.endpoint));
        Self { bridge, record: PortRecord::of(port), endpoint }
    }

    /// Whether a link bears it, made for the same bridge.
    pub(crate) fn is_on(&self, link: &Link) -> bool {
        let Some(own) = link.alias.as_deref() else { return false };
        let ours = self.record.as_ref().is_some_and(|record| bears_alias_of(link, record));
        let begins = self.endpoint.as_deref().is_some_and(|from| own.starts_with(from));
        Alias::read(own).is_some_and(|alias| *alias.bridge == *self.bridge) && (ours || begins)
    }
}

/// Whether a link bears the alias of what is recorded.
pub(crate) fn bears_alias_of(link: &Link, record: &PortRecord) -> bool {
    link.alias.as_deref().is_some_and(|alias| record.has_alias(alias))
}
