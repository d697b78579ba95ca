//! `docker ovs mesh join` and `leave`: which bridge of this host is in which mesh.

use std::net::IpAddr;
use std::sync::Arc;

use host::{Host, MeshOfBridge};
use model::plan::require_here;
use model::snapshot::Link;
use model::switch::Bridge;
use model::{Look, NotABridge};
use report::v1;

use super::{host, look, said};
use crate::args::{MeshJoinArgs, MeshLeaveArgs, SourceOptions};
use crate::etcd::checked;
use crate::outcome::{CliError, Outcome};
use crate::verbs::fleet::client;

/// A look at a switch that is to be changed: membership is written with this host's address, which is
/// wrong in the database of another machine.
async fn look_to_change(host: &Host) -> Result<Look, CliError> {
    let look = look(host).await?;
    require_here(&look.snapshot)?;
    Ok(look)
}

fn bridges(look: &Look) -> &[Bridge] {
    look.snapshot.ovsdb_bridges()
}

pub(super) async fn join(
    sources: &SourceOptions,
    args: &MeshJoinArgs,
) -> Result<Outcome, CliError> {
    let mesh = checked("mesh", &args.mesh)?.to_owned();
    let host = host(sources)?;
    let look = look_to_change(&host).await?;
    let bridges = bridges(&look);
    if !bridges.iter().any(|bridge| *bridge.name == *args.bridge) {
        let why = no_bridge(bridges, &args.bridge);
        return Err(if bridges.iter().any(|bridge| *bridge.name == *args.mesh) {
            let (mesh, bridge) = (&args.bridge, &args.mesh);
            why.hint(format!("{bridge} is a bridge: docker ovs mesh join {mesh} {bridge}"))
        } else {
            why
        });
    }
    let of = bridges.iter().filter_map(|bridge| Some((bridge, MeshOfBridge::of(bridge)?)));
    for (bridge, of) in of {
        if (*bridge.name == *args.bridge) != (of.mesh == mesh) {
            return Err(CliError::new(format!("{} is in the mesh {}", bridge.name, of.mesh)).hint(
                "a host has one bridge in a mesh, and a bridge is in one: docker ovs mesh leave first",
            ));
        }
    }
    let local_ip = args.local_ip.map_or_else(own_address, Ok)?;
    is_of_this_host(&look, local_ip)?;
    let allow_uplink = args.allow_uplink;
    let of = MeshOfBridge { mesh: mesh.clone(), local_ip, allow_uplink, by_network: false };
    host.set_mesh(&args.bridge, Some(&of)).await?;
    let mut outcome = said(&mesh);
    outcome.remarks = after_joining(sources, &mesh, &args.bridge).await;
    Ok(outcome)
}

fn no_bridge(bridges: &[Bridge], word: &str) -> CliError {
    match NotABridge::find(bridges, word) {
        Some(other) => CliError::new(format!("{word} is no bridge: it is {other}"))
            .hint("a bridge is in a mesh as a whole, with all its VLANs"),
        None => CliError::new(format!("there is no bridge {word}")),
    }
}

/// What the daemon knows of it, if there is one: the bridge's row is what counts, and it reads that.
async fn after_joining(sources: &SourceOptions, mesh: &str, bridge: &str) -> Vec<String> {
    let no_daemon = |why: String| {
        vec![format!(
            "{bridge} is written down as a member; its tunnels are made by docker ovs serve --etcd: {why}"
        )]
    };
    let client = match client(sources) {
        Ok(client) => client,
        Err(why) => return no_daemon(why.to_string()),
    };
    match client.get::<Vec<v1::Mesh>>("/v1/fleet/meshes", &[]).await {
        Ok(meshes) if meshes.iter().any(|known| known.mesh == mesh) => Vec::new(),
        Ok(_) => vec![format!("the fleet has no mesh {mesh} yet: docker ovs mesh create {mesh}")],
        Err(why) => no_daemon(why.to_string()),
    }
}

fn own_address() -> Result<IpAddr, CliError> {
    let why = match host::own_address() {
        Ok(Some(ip)) => return Ok(ip),
        Ok(None) => "this host has no default route, so that its address is not known".to_owned(),
        Err(error) => format!("this host's address: {error}"),
    };
    Err(CliError::new(why).hint("--local-ip IP names the address that tunnels lead to"))
}

/// Other hosts send to it, and take a record with one that is of no host for none at all.
fn is_of_this_host(look: &Look, ip: IpAddr) -> Result<(), CliError> {
    if !fleet::is_unicast(ip) {
        return Err(CliError::new(format!("{ip} is an address that no other host can send to"))
            .hint("--local-ip IP names the address of this host that tunnels lead to"));
    }
    // A namespace that was not read may have it.
    let here = look.snapshot.switch_namespace().filter(|here| here.is_read());
    let has = |link: &Arc<Link>| link.addresses.iter().any(|address| address.ip == ip);
    if here.is_some_and(|here| !here.links.iter().any(has)) {
        return Err(CliError::new(format!("no interface beside ovs-vswitchd has {ip}"))
            .hint("ip address lists those of its network namespace"));
    }
    Ok(())
}

pub(super) async fn leave(
    sources: &SourceOptions,
    args: &MeshLeaveArgs,
) -> Result<Outcome, CliError> {
    let host = host(sources)?;
    let look = look_to_change(&host).await?;
    let is_member =
        |bridge: &&Bridge| MeshOfBridge::of(bridge).is_some_and(|of| of.mesh == args.mesh);
    let member = bridges(&look).iter().find(is_member);
    let tunnels = bridges(&look).iter().flat_map(host::tunnels_of);
    let tunnels = tunnels.filter(|tunnel| tunnel.mesh == args.mesh);
    let remove: Vec<_> = tunnels.map(|tunnel| (tunnel.bridge, tunnel.name)).collect();
    // One that was killed may have left, and not taken the tunnels.
    if member.is_none() && remove.is_empty() {
        let why = CliError::new(format!("no bridge of this host is in the mesh {}", args.mesh));
        let named = bridges(&look).iter().find(|bridge| *bridge.name == *args.mesh);
        let of = named.and_then(|bridge| Some((bridge, MeshOfBridge::of(bridge)?)));
        return Err(match of {
            Some((bridge, MeshOfBridge { mesh, .. })) => why.hint(format!(
                "{} is a bridge, in the mesh {mesh}: docker ovs mesh leave {mesh}",
                bridge.name
            )),
            None => why,
        });
    }
    if let Some(bridge) = member {
        // First what makes the daemon make them again.
        host.set_mesh(&bridge.name, None).await?;
    }
    host.change_tunnels(&host::TunnelChange { add: Vec::new(), remove }).await?;
    Ok(said(&args.mesh))
}
