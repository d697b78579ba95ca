//! `docker ovs mesh blocks` and `docker ovs mesh release`: whose which addresses of a mesh are.

use fleet::blocks;
use model::address_pool::PoolRecord;

use crate::args::{MeshBlocksArgs, MeshReleaseArgs};
use crate::etcd::checked;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Lists the blocks that are claimed: mesh, subnet, block and host, in columns.
///
/// # Errors
/// etcd does not answer, or a name cannot be one.
pub(super) async fn blocks(args: &MeshBlocksArgs) -> Result<Outcome, CliError> {
    let mesh = args.mesh.as_deref().map(|mesh| checked("mesh", mesh)).transpose()?;
    let (etcd, keys) = args.etcd.client()?;
    let mut rows = vec![["MESH", "SUBNET", "BLOCK", "HOST"].map(str::to_owned)];
    for (mesh, subnet, place, host) in blocks::all(&etcd, &keys, mesh).await? {
        let pool = PoolRecord::new(subnet, None, 0);
        // A place that the subnet has not got was written by something else.
        let Some(block) = pool.block(place) else { continue };
        rows.push([mesh, subnet.to_string(), block.to_string(), host]);
    }
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let line = |row: &[String; 4]| {
        let [mesh, subnet, block, host] = row;
        let [one, two, three] = widths;
        format!("{mesh:one$}  {subnet:two$}  {block:three$}  {host}\n")
    };
    Ok(Outcome {
        text: Text::lines(&rows.iter().map(line).collect::<String>()),
        ..Outcome::default()
    })
}

/// Gives back the blocks of a host that is no more.
///
/// # Errors
/// The host is alive, etcd does not answer, or a name cannot be one.
pub(super) async fn release(args: &MeshReleaseArgs) -> Result<Outcome, CliError> {
    let (mesh, host) = (checked("mesh", &args.mesh)?, checked("host", &args.host)?);
    let (etcd, keys) = args.etcd.client()?;
    if etcd.get(&keys.alive(host)).await?.0.is_some() {
        return Err(CliError::new(format!(
            "{host} is alive, and hands out addresses of its blocks"
        ))
        .hint("a host gives its blocks back itself when the network is removed there"));
    }
    let count = blocks::release(&etcd, &keys, mesh, host).await?;
    let text = Text::lines(&format!("{count}\n"));
    Ok(Outcome { text, nothing: count == 0, ..Outcome::default() })
}
