//! Whether there is a bridge that an answer about the fleet has no row of.

use std::collections::BTreeSet;

use report::v1::{FleetAttachment, FleetHost, FleetStatus, Liveness};

use super::known_hosts::KnownHosts;
use crate::outcome::{CliError, Outcome};

/// Refuses a bridge that no host has, where no row was found: a name that is mistyped is no bridge without
/// interfaces. Where a host is not heard of it may have it, and without etcd there may be hosts that nothing is
/// known of.
pub(super) async fn require_bridges(
    hosts: &KnownHosts<'_>,
    status: &FleetStatus,
    outcome: &mut Outcome,
    wanted: impl IntoIterator<Item = &str>,
) -> Result<(), CliError> {
    let wanted: Vec<_> = wanted.into_iter().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let (client, hosts) = (hosts.client, hosts.get().await?);
    for bridge in wanted {
        if has_bridge(hosts, bridge) {
            continue;
        }
        // A fake bridge is known by what is on it.
        let query = [("bridge", bridge)];
        let on: Vec<FleetAttachment> = client.get("/v1/fleet/attachments", &query).await?;
        if on.is_empty() {
            outcome.remarks.push(no_such_bridge(status.liveness, hosts, bridge)?);
            outcome.unknown = true;
        }
    }
    Ok(())
}

fn has_bridge(hosts: &[FleetHost], bridge: &str) -> bool {
    hosts.iter().any(|host| host.bridges.iter().any(|name| name == bridge))
}

/// That a bridge is on no host, which of hosts that are not heard of is not known. Of a `fleet` that is stale
/// the hosts need not be all there are.
///
/// # Errors
/// All hosts are heard of.
fn no_such_bridge(fleet: Liveness, hosts: &[FleetHost], bridge: &str) -> Result<String, CliError> {
    if fleet == Liveness::Stale {
        return Ok(format!("whether there is a bridge {bridge} is unknown"));
    }
    let silent = hosts.iter().filter(|host| host.is_silent());
    let silent: Vec<_> = silent.map(|host| host.from.host.as_str()).collect();
    if !silent.is_empty() {
        let silent = silent.join(", ");
        return Ok(format!("whether there is a bridge {bridge} on {silent} is unknown"));
    }
    let names: BTreeSet<_> = hosts.iter().flat_map(|host| &host.bridges).collect();
    let names: Vec<_> = names.into_iter().map(String::as_str).collect();
    let there = if names.is_empty() {
        "no host has a bridge".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    };
    Err(CliError::new(format!("no such bridge on any host: {bridge}")).hint(there))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, liveness: &str, bridges: &[&str]) -> FleetHost {
        let bridges = serde_json::to_string(bridges).unwrap();
        let text = format!(
            r#"{{"Host":"{name}","Liveness":"{liveness}","StaleSince":null,"Number":null,"Address":null,
            "Version":"","Bridges":{bridges},"Attachments":null,"Meshes":[],"Notes":[]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_bridge_is_none_only_where_every_host_is_heard_of() {
        let mut hosts = vec![host("h1", "live", &["br0", "br1"]), host("h2", "live", &["br0"])];
        assert!(has_bridge(&hosts, "br1") && !has_bridge(&hosts, "br2"));
        let no_such_bridge =
            |hosts: &[FleetHost]| super::no_such_bridge(Liveness::Live, hosts, "br2");
        let refused = no_such_bridge(&hosts).unwrap_err();
        assert_eq!(refused.to_string(), "no such bridge on any host: br2");
        hosts.push(host("h3", "stale", &[]));
        let told = no_such_bridge(&hosts).unwrap();
        assert_eq!(told, "whether there is a bridge br2 on h3 is unknown");
    }

    #[test]
    fn a_bridge_is_not_known_to_be_none_before_etcd_was_read() {
        for hosts in [vec![], vec![host("h1", "live", &["br0"])]] {
            let told = no_such_bridge(Liveness::Stale, &hosts, "br2").unwrap();
            assert_eq!(told, "whether there is a bridge br2 is unknown");
        }
    }
}
