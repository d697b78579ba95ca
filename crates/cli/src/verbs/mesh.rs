//! `docker ovs mesh`.

mod membership;

use std::collections::BTreeSet;

use etcd::{Client, Compare, KeyValue, Op, Txn};
use fleet::keys::{Key, Keys};
use fleet::mesh::{Kind, LARGEST_KEY, MeshRecord};
use host::{Host, Origin, Question};
use model::switch::SwitchSource;
use model::{Look, Snapshot};
use report::{Cells, v1, views};

use crate::args::{
    MeshArgs, MeshCheckArgs, MeshCommand, MeshCreateArgs, MeshLsArgs, MeshRmArgs, SourceOptions,
    TunnelKind,
};
use crate::etcd::checked;
use crate::outcome::{CliError, Outcome};
use crate::verbs::fleet::{client, told};
use crate::verbs::hosts::names;
use crate::verbs::mesh_check::{SwitchView, check_mesh, unknown_meshes};
use crate::writer::Text;
use membership::{join, leave};

/// How often a mesh is tried to be made while others are being made.
const ATTEMPTS: u32 = 32;

/// Carries out `docker ovs mesh`.
///
/// # Errors
/// etcd, the switch or the daemon does not answer, or what is asked for makes no sense.
pub async fn run(sources: &SourceOptions, args: &MeshArgs) -> Result<Outcome, CliError> {
    match &args.command {
        MeshCommand::Create(args) => create(sources, args).await,
        MeshCommand::Join(args) => join(sources, args).await,
        MeshCommand::Leave(args) => leave(sources, args).await,
        MeshCommand::Ls(args) => ls(sources, args).await,
        MeshCommand::Rm(args) => rm(sources, args).await,
        MeshCommand::Check(args) => check(sources, args).await,
        MeshCommand::Blocks(args) => super::blocks::blocks(sources, args).await,
        MeshCommand::Release(args) => super::blocks::release(sources, args).await,
    }
}

fn said(word: &str) -> Outcome {
    let text = Text::lines(&format!("{word}\n"));
    Outcome { text, is_done: true, ..Outcome::default() }
}

async fn create(sources: &SourceOptions, args: &MeshCreateArgs) -> Result<Outcome, CliError> {
    let mesh = checked("mesh", &args.mesh)?;
    let (etcd, keys) = args.etcd.client(sources.timeout())?;
    let kind = match args.kind {
        TunnelKind::Geneve => Kind::Geneve,
        TunnelKind::Vxlan => Kind::Vxlan,
    };
    let dst_port = args.port.unwrap_or(kind.dst_port());
    for _ in 0..ATTEMPTS {
        let (taken, list) = etcd.list(&keys.meshes(), |row| key_of(&keys, &row)).await?;
        let record = MeshRecord { kind, key: free_key(taken)?, dst_port, mtu: args.mtu };
        let value = serde_json::to_vec(&record).unwrap_or_default().into();
        let key = keys.mesh(mesh);
        // Meshes of one key would carry each other's packets: another host may be making one now.
        let compare =
            vec![Compare::Missing(key.clone()), Compare::NoneSince(keys.meshes(), list.revision)];
        let ops = vec![Op::Put { key: key.clone(), value, lease: 0 }];
        if etcd.txn(Txn { compare, ops }).await?.is_some() {
            return Ok(said(mesh));
        }
        if etcd.get(&key).await?.0.is_some() {
            return Err(CliError::new(format!("there is a mesh {mesh} already")));
        }
    }
    Err(CliError::new("other meshes were made again and again meanwhile; nothing was done"))
}

/// The key of tunnels that a mesh has.
fn key_of(keys: &Keys, row: &KeyValue) -> Option<Result<u32, CliError>> {
    let Some(Key::Mesh(mesh)) = keys.read(&row.key) else { return None };
    let record = MeshRecord::read(&row.value).map_err(|why| {
        let told = format!("which key the mesh {mesh} has is not known: {why}");
        CliError::new(told).hint(format!("docker ovs mesh rm {mesh}, if it is of no use"))
    });
    Some(record.map(|record| record.key))
}

/// The first key of tunnels that no mesh has. Which one it is says nothing.
fn free_key(taken: Vec<Result<u32, CliError>>) -> Result<u32, CliError> {
    let taken: BTreeSet<_> = taken.into_iter().collect::<Result<_, _>>()?;
    let key = (1..=LARGEST_KEY).find(|key| !taken.contains(key));
    key.ok_or_else(|| CliError::new("all keys of tunnels are taken"))
}

async fn rm(sources: &SourceOptions, args: &MeshRmArgs) -> Result<Outcome, CliError> {
    let mesh = checked("mesh", &args.mesh)?;
    let (etcd, keys) = args.etcd.client(sources.timeout())?;
    let members = members(&etcd, &keys, mesh).await?;
    if !members.is_empty() {
        return Err(CliError::new(format!("{mesh} has members: {}", members.join(", "))).hint(
            "docker ovs mesh leave on each; docker ovs hosts --remove for one that is no more",
        ));
    }
    if etcd.get(&keys.mesh(mesh)).await?.0.is_none() {
        return Err(CliError::new(format!("there is no mesh {mesh}")));
    }
    etcd.delete(keys.mesh(mesh)).await?;
    Ok(said(mesh))
}

async fn members(etcd: &Client, keys: &Keys, mesh: &str) -> Result<Vec<String>, CliError> {
    let member = |row: KeyValue| {
        let Some(Key::Host(host)) = keys.read(&row.key) else { return None };
        let record = fleet::HostRecord::read(&row.value);
        // Of a record that cannot be read it is not known that it is no member.
        let is_none = record.is_ok_and(|of| of.removed || !of.meshes.contains_key(mesh));
        (!is_none).then(|| host.to_owned())
    };
    Ok(etcd.list(&keys.hosts(), member).await?.0)
}

fn host(sources: &SourceOptions) -> Result<Host, CliError> {
    Ok(Host::open(&sources.settings())?)
}

/// A look in which the bridges were seen.
async fn look(host: &Host) -> Result<Look, CliError> {
    let look = Origin::Live(host.clone()).look(&Question::default()).await;
    look.switch(SwitchSource::Ovsdb)?;
    Ok(look)
}

/// The meshes that are asked for.
async fn meshes(
    sources: &SourceOptions,
    wanted: Option<&str>,
) -> Result<(Outcome, Vec<v1::Mesh>, String), CliError> {
    let client = client(sources)?;
    let (outcome, status) = told(&client).await?;
    let mut meshes: Vec<v1::Mesh> = client.get("/v1/fleet/meshes", &[]).await?;
    meshes.retain(|mesh| wanted.is_none_or(|wanted| mesh.mesh == wanted));
    match wanted {
        Some(wanted) if meshes.is_empty() => {
            Err(CliError::new(format!("the fleet {} has no mesh {wanted}", status.fleet)))
        }
        _ => Ok((outcome, meshes, status.host)),
    }
}

async fn ls(sources: &SourceOptions, args: &MeshLsArgs) -> Result<Outcome, CliError> {
    let (mut outcome, meshes, _) = meshes(sources, args.mesh.as_deref()).await?;
    if meshes.is_empty() {
        outcome.hints.push("no mesh to list".to_owned());
    }
    outcome.text = match &args.format {
        _ if args.quiet => Text::lines(&names(meshes.iter().map(|mesh| mesh.mesh.as_str()))),
        report::Format::Table => {
            let rows: Vec<_> = meshes.iter().flat_map(views::MeshRow::all).collect();
            Text::cells(&args.format, Cells::no_trunc(args.no_trunc), &views::MESH_TABLE, &rows)?
        }
        format => Text::cells(format, Cells::no_trunc(args.no_trunc), &views::MESHES, &meshes)?,
    };
    Ok(outcome)
}

/// The tunnels that are looked at are of the switch of this machine, and the daemon that is named may be
/// another one's.
async fn require_same_switch(sources: &SourceOptions, look: &Look) -> Result<(), CliError> {
    let Some(server) = sources.server.named(false, true)? else { return Ok(()) };
    let theirs = client::snapshot(&server, &[], &[], None, sources.timeout()).await?;
    let id = |snapshot: &Snapshot| snapshot.identities.database.as_ref()?.id.clone();
    match (id(&theirs), id(&look.snapshot)) {
        (Some(theirs), Some(own)) if theirs == own => Ok(()),
        (Some(_), Some(_)) => Err(CliError::new(format!(
            "the daemon at {} is of another switch than the one whose tunnels are looked at here",
            server.url
        ))
        .hint("docker ovs mesh check on the host of that daemon")),
        _ => Err(CliError::new(format!(
            "whether the daemon at {} is of the switch whose tunnels are looked at here is not known",
            server.url
        ))
        .hint("docker ovs mesh check without --server asks the daemon of this host")),
    }
}

/// Whether this host has every tunnel that it should have, on its number, and BFD says that it carries.
async fn check(sources: &SourceOptions, args: &MeshCheckArgs) -> Result<Outcome, CliError> {
    let (mut outcome, meshes, own) = meshes(sources, args.mesh.as_deref()).await?;
    let host = host(sources)?;
    let look = look(&host).await?;
    require_same_switch(sources, &look).await?;
    let states = host.tunnel_states().await?;
    let switch = SwitchView::new(&look, &states);
    let checks = meshes.iter().flat_map(|mesh| check_mesh(mesh, &own, &switch));
    let mut checks: Vec<_> = checks.collect();
    checks.extend(unknown_meshes(&meshes, args.mesh.as_deref(), &own, &switch));
    // By a list of members that is old, a tunnel may be missing rightly.
    let fails = checks.iter().any(|check| check.verdict == v1::Verdict::Fail);
    outcome.nothing = fails && !outcome.unknown;
    // Reasons and remedies are sentences.
    outcome.text = Text::cells(&args.format, Cells::Whole, &views::DOCTOR, &checks)?;
    Ok(outcome)
}
