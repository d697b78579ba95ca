//! Whether what networks with `gateway=host` send through this host is dropped by a firewall: dockerd has
//! iptables drop what is forwarded and not its own.

use model::Snapshot;
use model::health::{Check, Verdict};
use model::switch::Bridge;
use serde::Deserialize;

use super::network_driver::NETWORK;

const HINT: &str = "rules that accept what comes from and goes to the bridge: iptables -I DOCKER-USER -i \
                    BRIDGE -j ACCEPT, and the same with -o; docs/driver.md has more";

/// A network, as far as it is asked.
#[derive(Deserialize)]
struct Network {
    options: std::collections::BTreeMap<String, String>,
}

/// One line, where this host is the gateway of a network.
pub(super) fn check(snapshot: &Snapshot) -> Option<Check> {
    let bridges: Vec<_> = snapshot
        .bridges()
        .filter(|bridge| routes(bridge))
        .map(|bridge| bridge.name.to_string())
        .collect();
    if bridges.is_empty() {
        return None;
    }
    Some(judge(&bridges, nftables::forward_drops().map_err(|error| error.to_string())))
}

/// Whether this host is the gateway of a network of this bridge.
fn routes(bridge: &Bridge) -> bool {
    let networks = bridge.external_ids.iter().filter(|(key, _)| key.starts_with(NETWORK));
    let mut networks = networks.filter_map(|(_, text)| serde_json::from_str::<Network>(text).ok());
    networks.any(|network| network.options.get("gateway").is_some_and(|word| word == "host"))
}

fn judge(bridges: &[String], drops: Result<Vec<String>, String>) -> Check {
    let (verdict, detail, hint) = match drops {
        Err(why) => (Verdict::Note, format!("unknown what the firewall drops: {why}"), ""),
        Ok(chains) if chains.is_empty() => {
            (Verdict::Ok, "no chain of nftables drops what is forwarded by default".to_owned(), "")
        }
        Ok(chains) => {
            let detail = format!(
                "{} drops what no rule of it accepts, also of networks with gateway=host",
                chains.join(", ")
            );
            (Verdict::Note, detail, HINT)
        }
    };
    let name = "forwarding".to_owned();
    let target = bridges.join(" ");
    Check { name, target, verdict, detail, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drops_is_named_with_what_to_do() {
        let bridges = ["br0".to_owned()];
        let told = judge(&bridges, Ok(vec!["ip filter FORWARD".to_owned()]));
        assert_eq!((told.verdict, told.target.as_str()), (Verdict::Note, "br0"));
        assert!(
            told.detail.starts_with("ip filter FORWARD drops") && told.hint.contains("DOCKER-USER")
        );
        assert_eq!(judge(&bridges, Ok(Vec::new())).verdict, Verdict::Ok);
        let unknown = judge(&bridges, Err("netlink: no rights".to_owned()));
        assert!(unknown.verdict == Verdict::Note && unknown.detail.contains("no rights"));
    }

    #[test]
    fn only_bridges_with_such_a_network_are_asked_about() {
        let bridge = |value: &str| Bridge {
            external_ids: [(format!("{NETWORK}a"), value.to_owned())].into(),
            ..Bridge::default()
        };
        assert!(routes(&bridge(r#"{"engine":"docker","options":{"gateway":"host"}}"#)));
        assert!(!routes(&bridge(r#"{"engine":"docker","options":{"gateway":"none"}}"#)));
        assert!(!routes(&bridge(r#"{"engine":"docker","options":{}}"#)));
        assert!(!routes(&bridge("{")) && !routes(&Bridge::default()));
    }
}
