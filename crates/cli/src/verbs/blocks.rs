//! `docker ovs mesh blocks` and `docker ovs mesh release`: whose which addresses of a mesh are.

use fleet::blocks;
use model::address_pool::PoolRecord;
use report::v1::MeshBlock;
use report::{Cells, views};

use crate::args::{MeshBlocksArgs, MeshReleaseArgs, SourceOptions};
use crate::etcd::checked;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Lists the blocks that are claimed.
///
/// # Errors
/// etcd does not answer, a name cannot be one, or a template asks for what is not there.
pub(super) async fn blocks(
    sources: &SourceOptions,
    args: &MeshBlocksArgs,
) -> Result<Outcome, CliError> {
    let mesh = args.mesh.as_deref().map(|mesh| checked("mesh", mesh)).transpose()?;
    let (etcd, keys) = args.etcd.client(sources.timeout())?;
    let blocks = blocks::all(&etcd, &keys, mesh).await?.into_iter();
    let rows = blocks.filter_map(|(mesh, subnet, place, host)| {
        // A place that the subnet has not got was written by something else.
        let block = PoolRecord::new(subnet, None, 0).block(place)?.to_string();
        Some(MeshBlock { mesh, subnet: subnet.to_string(), block, host })
    });
    let rows: Vec<_> = rows.collect();
    Ok(Outcome {
        text: Text::cells(
            &args.format,
            Cells::no_trunc(args.no_trunc),
            &views::MESH_BLOCKS,
            &rows,
        )?,
        hints: if rows.is_empty() { vec!["no block to list".to_owned()] } else { Vec::new() },
        ..Outcome::default()
    })
}

/// Gives back the blocks of a host that is no more.
///
/// # Errors
/// The host is alive, under whatever name, etcd does not answer, or a name cannot be one.
pub(super) async fn release(
    sources: &SourceOptions,
    args: &MeshReleaseArgs,
) -> Result<Outcome, CliError> {
    let (mesh, host) = (checked("mesh", &args.mesh)?, checked("host", &args.host)?);
    let (etcd, keys) = args.etcd.client(sources.timeout())?;
    if let Some(name) = blocks::living_holder(&etcd, &keys, mesh, host).await? {
        let renamed = if name == host { String::new() } else { format!(", now called {name},") };
        return Err(CliError::new(format!(
            "{host}{renamed} is alive, and hands out addresses of its blocks"
        ))
        .hint("a host gives its blocks back itself when the network is removed there"));
    }
    let count = blocks::release(&etcd, &keys, mesh, host).await?;
    let text = Text::lines(&format!("{count}\n"));
    Ok(Outcome { text, nothing: count == 0, is_done: count > 0, ..Outcome::default() })
}
