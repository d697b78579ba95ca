//! The table of nftables that networks with this host as their gateway need: what it says follows from the
//! database, and from which endpoints have ended.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::endpoint_record::{EndpointRecord, endpoints_of};
use model::published::{Protocol, PublishedPort};
use model::switch::{Bridge, Port};
use nftables::{Chain, Hook, Match, Rule, Table, Verdict};

use crate::DOCKER;
use crate::network::{self, NetworkRecord};
use crate::options::{Gateway, NetworkOptions};

/// So much of a system-id is in its name.
const SYSTEM: usize = 12;

/// Its name, which is that of one switch alone: another one's driver may be on this host too. Nothing else of
/// the firewall is touched.
pub(crate) fn table_name(system: Option<&str>) -> String {
    let system = system.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric);
    let system: String = system.take(SYSTEM).collect();
    let mark = if system.is_empty() { "" } else { "_" };
    format!("docker_ovs{mark}{system}")
}

/// The rules that come by at each hook.
#[derive(Default)]
struct Rules {
    prerouting: Vec<Rule>,
    output: Vec<Rule>,
    postrouting: Vec<Rule>,
    forward: Vec<Rule>,
}

/// Whether a port's endpoint has ended: false where that is not known.
pub(crate) type HasEnded<'a> = &'a dyn Fn(&Port) -> bool;

/// Whether an endpoint is on a network that has not ended.
pub(crate) fn is_lived_on(bridge: &Bridge, network: &str, has_ended: HasEnded<'_>) -> bool {
    endpoints_of(bridge).any(|(port, record)| record.network == network && !has_ended(port))
}

/// The networks whose gateway this host is at present. Docker has a network until it says otherwise; of others
/// containers alone are told, and the gateway ends with the last one, even if that is never torn down.
pub(crate) fn with_gateway(
    bridge: &Bridge,
    has_ended: HasEnded<'_>,
) -> impl Iterator<Item = (NetworkRecord, NetworkOptions)> {
    network::of(bridge).filter_map(move |network| {
        let options = network.read_options().ok()?;
        let is_here = options.gateway == Gateway::Host
            && (network.engine == DOCKER || is_lived_on(bridge, &network.id, has_ended));
        is_here.then_some((network, options))
    })
}

/// The table of this name; none where no network needs one. No port leads to an endpoint that has ended: its address may be
/// another one's by now.
pub(crate) fn table(name: &str, bridges: &[Bridge], has_ended: HasEnded<'_>) -> Option<Table> {
    let mut rules = Rules::default();
    for bridge in bridges {
        for (network, options) in with_gateway(bridge, has_ended) {
            rules.add_network(bridge, &network, &options, has_ended);
        }
    }
    let Rules { prerouting, output, postrouting, forward } = rules;
    let chains = [
        (Hook::Prerouting, prerouting),
        (Hook::Output, output),
        (Hook::Postrouting, postrouting),
        (Hook::Forward, forward),
    ];
    let chains: Vec<_> = chains
        .into_iter()
        .filter(|(_, rules)| !rules.is_empty())
        .map(|(hook, rules)| Chain { hook, rules })
        .collect();
    (!chains.is_empty()).then(|| Table { name: name.to_owned(), chains })
}

impl Rules {
    fn add_network(
        &mut self,
        bridge: &Bridge,
        network: &NetworkRecord,
        options: &NetworkOptions,
        has_ended: HasEnded<'_>,
    ) {
        let link = network.gateway_link(options);
        let to = |is| Match::To { link: link.to_string(), is };
        if network.internal {
            self.forward.push(rule([Match::From { link: link.to_string() }], Verdict::Drop));
            self.forward.push(rule([to(true)], Verdict::Drop));
            return;
        }
        if options.nat {
            for subnet in &network.subnets {
                let (ip, prefix) = (subnet.pool.network(), subnet.pool.prefix_len());
                let matches = [Match::Source { ip, prefix }, to(false)];
                self.postrouting.push(rule(matches, Verdict::Masquerade));
            }
        }
        let mut publishes = false;
        let own = endpoints_of(bridge).filter(|(_, record)| record.network == network.id);
        for (port, record) in own {
            if record.published.is_empty() || has_ended(port) {
                continue;
            }
            publishes = true;
            record.published.iter().for_each(|published| self.add_published(&record, *published));
        }
        if publishes {
            // A container that asks the host for its neighbour is answered by way of the host.
            for subnet in &network.subnets {
                let (ip, prefix) = (subnet.pool.network(), subnet.pool.prefix_len());
                let matches = [Match::Source { ip, prefix }, to(true), Match::Translated];
                self.postrouting.push(rule(matches, Verdict::Masquerade));
            }
        }
    }

    /// One rule for what comes from elsewhere, and one for what this host asks itself. What goes to
    /// 127.0.0.1 cannot be led out of the host again.
    fn add_published(&mut self, record: &EndpointRecord, published: PublishedPort) {
        for ip in record.addresses.iter().map(|cidr| cidr.ip) {
            if published.host_ip.is_some_and(|host| host.is_ipv4() != ip.is_ipv4()) {
                continue;
            }
            let port =
                Match::Port { protocol: protocol(published.protocol), port: published.host_port };
            let host = match published.host_ip {
                Some(host) if !host.is_unspecified() => {
                    Match::Destination { ip: host, prefix: whole(host), is: true }
                }
                _ => Match::ToThisHost,
            };
            let verdict = Verdict::Translate { ip, port: published.port };
            let all = [Match::FamilyOf(ip), host, port];
            self.prerouting.push(rule(all.clone(), verdict.clone()));
            let matches = [loopback(ip)].into_iter().chain(all).collect();
            self.output.push(Rule { matches, verdict });
        }
    }
}

fn rule<const N: usize>(matches: [Match; N], verdict: Verdict) -> Rule {
    Rule { matches: matches.into(), verdict }
}

/// That the destination is none of the host's own.
fn loopback(ip: IpAddr) -> Match {
    let (ip, prefix) = match ip {
        IpAddr::V4(_) => (Ipv4Addr::LOCALHOST.into(), 8),
        IpAddr::V6(_) => (Ipv6Addr::LOCALHOST.into(), 128),
    };
    Match::Destination { ip, prefix, is: false }
}

fn whole(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn protocol(protocol: Protocol) -> nftables::Protocol {
    match protocol {
        Protocol::Tcp => nftables::Protocol::Tcp,
        Protocol::Udp => nftables::Protocol::Udp,
        Protocol::Sctp => nftables::Protocol::Sctp,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use model::endpoint_record::host_end;

    use super::*;
    use crate::network::Subnet;

    fn bridge(options: &[(&str, &str)], internal: bool, published: &[&str]) -> Bridge {
        let named = [("bridge", "br0"), ("gateway", "host")];
        let options = named.iter().chain(options);
        let network = NetworkRecord {
            id: "ab".repeat(32),
            engine: "docker".into(),
            options: options.map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            subnets: vec![Subnet {
                pool: "192.0.2.0/24".parse().unwrap(),
                gateway: "192.0.2.1".parse().ok(),
                own_pool: false,
            }],
            internal,
            ..NetworkRecord::default()
        };
        let record = EndpointRecord {
            network: network.id.clone(),
            endpoint: "e".into(),
            addresses: vec!["192.0.2.7/24".parse().unwrap()],
            published: published.iter().map(|text| text.parse().unwrap()).collect(),
            ..EndpointRecord::default()
        };
        let port = Port {
            iface: host_end(&record.network, &record.endpoint),
            kind: "system".to_owned(),
            external_ids: record.external_ids(),
            ..Port::default()
        };
        let mut external_ids = BTreeMap::new();
        network.kept_on(None).apply(&mut external_ids);
        let ports = vec![Arc::new(port)];
        Bridge { name: "br0".into(), external_ids, ports, ..Bridge::default() }
    }

    fn rules(bridge: Bridge) -> Vec<(Hook, usize)> {
        let chains =
            table("t", &[bridge], &|_| false).map(|table| table.chains).unwrap_or_default();
        chains.iter().map(|chain| (chain.hook, chain.rules.len())).collect()
    }

    #[test]
    fn a_plain_gateway_needs_no_table() {
        assert_eq!(rules(bridge(&[], false, &[])), []);
        let switch = Bridge { external_ids: BTreeMap::new(), ..bridge(&[], false, &["1:2/tcp"]) };
        assert_eq!(rules(switch), [], "a record of no network");
    }

    #[test]
    fn what_is_published_is_led_in_and_what_leaves_is_masqueraded() {
        let one = [(Hook::Prerouting, 1), (Hook::Output, 1), (Hook::Postrouting, 1)];
        assert_eq!(rules(bridge(&[], false, &["80:80/tcp"])), one);
        assert_eq!(rules(bridge(&[("nat", "true")], false, &[])), [(Hook::Postrouting, 1)]);
        assert_eq!(rules(bridge(&[], false, &["0.0.0.0:80:80/tcp"])), one);
        let any = |text: &str| table("t", &[bridge(&[], false, &[text])], &|_| false);
        assert_eq!(any("0.0.0.0:80:80/tcp"), any("80:80/tcp"), "all of its only family");
        assert_eq!(rules(bridge(&[], false, &["[::]:80:80/tcp"])), [(Hook::Postrouting, 1)]);
        let other_family = bridge(&[], false, &["[2001:db8::1]:80:80/tcp"]);
        assert_eq!(rules(other_family), [(Hook::Postrouting, 1)], "it has no address of IPv6");
    }

    #[test]
    fn no_port_leads_to_what_has_ended() {
        let all = [bridge(&[], false, &["80:80/tcp"])];
        assert!(table("t", &all, &|_| true).is_none());
        let nat = [bridge(&[("nat", "true")], false, &["80:80/tcp"])];
        let chains = table("t", &nat, &|_| true).map(|table| table.chains).unwrap_or_default();
        let left: Vec<_> = chains.iter().map(|chain| (chain.hook, chain.rules.len())).collect();
        assert_eq!(left, [(Hook::Postrouting, 1)], "what leaves is masqueraded still");
        let plain = [bridge(&[], false, &[])];
        assert!(table("t", &plain, &|_| panic!("it publishes nothing")).is_none());
    }

    /// Podman tells of containers alone, and not of one that ended with its host.
    #[test]
    fn the_gateway_of_a_network_of_containers_alone_ends_with_the_last() {
        let mut bridge = bridge(&[("nat", "true")], false, &["80:80/tcp"]);
        let network = network::of(&bridge).next().unwrap();
        let podman = NetworkRecord { engine: "podman".into(), ..network };
        podman.kept_on(None).apply(&mut bridge.external_ids);
        let all = [bridge];
        assert!(table("t", &all, &|_| true).is_none());
        assert_eq!(table("t", &all, &|_| false).unwrap().chains.len(), 3);
        assert_eq!(with_gateway(&all[0], &|_| true).count(), 0);
        assert_eq!(with_gateway(&all[0], &|_| false).count(), 1);
        let of_podman = |has_ended| is_lived_on(&all[0], &podman.id, has_ended);
        assert!(of_podman(&|_| false) && !of_podman(&|_| true));
        assert!(!is_lived_on(&all[0], "another", &|_| false));
    }

    #[test]
    fn nothing_passes_by_the_gateway_of_an_inner_network() {
        let inner = bridge(&[("nat", "true")], true, &["80:80/tcp"]);
        assert_eq!(rules(inner), [(Hook::Forward, 2)]);
    }

    #[test]
    fn each_switch_has_a_table_of_its_own() {
        let name = |system| table_name(system);
        assert_eq!(name(Some("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")), "docker_ovs_0a1b2c3d4e5f");
        assert_eq!(name(Some("my host; drop")), "docker_ovs_myhostdrop");
        assert_eq!(name(Some("--")), "docker_ovs");
        assert_eq!(name(None), "docker_ovs");
    }
}
