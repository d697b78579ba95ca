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
/// All are of one that is alive, under whatever name, or may be, etcd does not answer, or a name cannot be one.
pub(super) async fn release(
    sources: &SourceOptions,
    args: &MeshReleaseArgs,
) -> Result<Outcome, CliError> {
    let mesh = checked("mesh", &args.mesh)?;
    let host = checked("host", &args.host)?;
    let (etcd, keys) = args.etcd.client(sources.timeout())?;
    let released = blocks::release(&etcd, &keys, mesh, host).await?;
    let (is_unknown, next) = (released.unknown > 0, what_next(host, released.is_untold));
    let living = match released.living {
        Some(name) if released.count == 0 => return Err(alive(host, &name)),
        None if released.count == 0 && is_unknown => {
            return Err(CliError::new(may_live(host)).hint(next));
        }
        living => {
            living.map(|name| format!("{name} is alive, and keeps the other blocks of {host}"))
        }
    };
    let may_live = is_unknown.then(|| format!("{}: {next}", may_live(host)));
    let text = Text::lines(&format!("{}\n", released.count));
    Ok(Outcome {
        text,
        remarks: living.into_iter().chain(may_live).collect(),
        nothing: released.count == 0,
        unknown: is_unknown,
        is_done: released.count > 0,
        ..Outcome::default()
    })
}

/// What helps where it is not known whether a machine is gone: something changed meanwhile, or a daemon has not told
/// which blocks are its own.
fn what_next(host: &str, is_untold: bool) -> String {
    if !is_untold {
        return "ask again in some seconds".to_owned();
    }
    format!(
        "ask again in some seconds: the daemon that is alive as {host} tells which blocks are its own once it has read \
         the switch's database; one of an earlier release never does, so install this release there and start it again"
    )
}

/// That it is not known whether the machine is alive.
fn may_live(host: &str) -> String {
    format!(
        "whether the machine is gone that has blocks of {host} is not known: a host has just come alive or has just \
         claimed one, and these are not given back"
    )
}

/// That the machine is alive, as `name`, which has the blocks of `host`, or is a copy of that.
fn alive(host: &str, name: &str) -> CliError {
    let gives_back = "gives its blocks back itself when the network is removed there";
    if name == host {
        return CliError::new(format!("{host} is alive, and hands out addresses of its blocks"))
            .hint(format!("a host {gives_back}"));
    }
    let why = format!(
        "{name} is alive, and has the machine id that {host} had: it may hand out addresses of its blocks"
    );
    CliError::new(why).hint(format!(
        "if it is {host} by another name, it {gives_back}; if one is a copy of the other, give {name} a machine id \
         of its own (systemd-machine-id-setup, once /etc/machine-id is empty), and start its daemon again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_never_tells_its_blocks_is_told_a_way_out() {
        assert!(what_next("h3", true).contains("install this release there"));
        assert_eq!(what_next("h3", false), "ask again in some seconds");
    }

    #[test]
    fn a_copy_of_the_machine_is_told_a_way_out() {
        let told = |name: &str| alive("h3", name).to_string();
        assert_eq!(told("h3"), "h3 is alive, and hands out addresses of its blocks");
        assert!(told("h1").starts_with("h1 is alive, and has the machine id that h3 had"));
    }
}
