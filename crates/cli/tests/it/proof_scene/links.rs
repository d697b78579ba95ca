//! The links of every namespace that the scene knows, and what each works by.

use std::collections::{BTreeMap, BTreeSet};

use lab::{run, try_run};
use serde_json::Value;

use super::Scene;

/// A link: its namespace and its index there.
pub(super) type LinkId = (String, u64);

/// What is told of a link beside its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) alias: String,
    pub(super) master: String,
    /// The index of the other end, where that is in another namespace.
    pub(super) away: Option<u64>,
    /// What it works by: that it is up, its addresses, the routes by way of it and its MTU, as far as these do not
    /// come and go by themselves.
    pub(super) works: BTreeSet<String>,
}

/// All that is looked at in a namespace. A kernel without IPv6 has none of its routes.
const LOOK: &str = "ip -json address && ip -json route && { ip -json -6 route || true; }";

/// The links of every namespace that the scene knows.
pub(super) fn links(scene: &Scene) -> BTreeMap<LinkId, Link> {
    let mut links = links_of("host", &run("sh", &["-c", LOOK]));
    let mut within = |netns: &str, into: &[&str]| {
        let told = try_run("nsenter", &[into, &["sh", "-c", LOOK]].concat());
        links.extend(told.map(|told| links_of(netns, &told)).unwrap_or_default());
    };
    within("switch", &["--target", &scene.switch.netns(), "--net"]);
    for container in &scene.containers {
        let pid = try_run("docker", &["inspect", "--format", "{{.State.Pid}}", container.id()]);
        let Some(pid) = pid.ok().filter(|pid| pid != "0") else { continue };
        within(&format!("{}/{pid}", container.id()), &["--target", &pid, "--net"]);
    }
    let inner = format!("--net=/run/netns/{}", scene.inner.name());
    within("inner", &[&*inner]);
    links
}

fn links_of(netns: &str, told: &str) -> BTreeMap<LinkId, Link> {
    let lists = serde_json::Deserializer::from_str(told).into_iter::<Vec<Value>>();
    let all: Vec<Value> = lists.map_while(Result::ok).flatten().collect();
    let text = |link: &Value, key: &str| link[key].as_str().unwrap_or_default().to_owned();
    let link = |(index, link): (u64, &Value)| {
        let seen = Link {
            name: text(link, "ifname"),
            address: text(link, "address"),
            alias: text(link, "ifalias"),
            // What becomes a port of the kernel's datapath is enslaved to it.
            master: text(link, "master").replace("ovs-system", ""),
            away: link["link_netnsid"].as_i64().and_then(|_| link["link_index"].as_u64()),
            works: works_by(netns, link, &all),
        };
        ((netns.to_owned(), index), seen)
    };
    let own = all.iter().filter_map(|link| Some((link["ifindex"].as_u64()?, link)));
    own.map(link).collect()
}

/// What `link` works by in `netns`, of which `all` was told. vswitchd sets the MTU of internal ports, which lead to
/// no other namespace.
fn works_by(netns: &str, link: &Value, all: &[Value]) -> BTreeSet<String> {
    let has_flag = |flag: &Value| flag.as_str() == Some("UP");
    let up = link["flags"].as_array().is_some_and(|flags| flags.iter().any(has_flag));
    let mut works: BTreeSet<_> = up.then(|| "up".to_owned()).into_iter().collect();
    let addresses = link["addr_info"].as_array().into_iter().flatten();
    let addresses = addresses.filter(|address| is_lasting_address(address));
    works.extend(addresses.map(|one| format!("{}/{}", one["local"], one["prefixlen"])));
    let routes = all.iter().filter(|one| one["dev"] == link["ifname"] && is_lasting_route(one));
    works.extend(routes.map(|one| format!("route {} via {}", one["dst"], one["gateway"])));
    let is_inside = netns != "host" && netns != "switch";
    if is_inside || link["link_netnsid"].is_i64() {
        works.insert(format!("mtu {}", link["mtu"]));
    }
    works
}

/// Whether an address stays until it is taken away. The kernel makes link-local addresses of IPv6 by itself, and
/// those that a router advertises have an end. One that is still tentative is there already.
fn is_lasting_address(address: &Value) -> bool {
    let is_made = address["scope"] == "link" || address["dynamic"] == true;
    address["family"] == "inet" || !is_made
}

/// Whether a route stays as long as its link is up. A link without a carrier keeps its routes; those of link-local
/// addresses and those that a router advertises come and go.
fn is_lasting_route(route: &Value) -> bool {
    let destination = route["dst"].as_str().unwrap_or("fe80::");
    let is_made = ["fe80:", "ff00:", "multicast"].iter().any(|one| destination.starts_with(one));
    !is_made && route["protocol"] != "ra" && route["expires"].is_null()
}
