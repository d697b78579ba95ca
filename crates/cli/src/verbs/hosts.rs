//! `docker ovs hosts`.

use fleet::HostRecord;
use report::{Cells, printable, v1, views};

use crate::args::{HostsArgs, SourceOptions};
use crate::etcd::checked;
use crate::limit::Limit;
use crate::outcome::{CliError, Outcome};
use crate::verbs::fleet::{client, told};
use crate::writer::Text;

/// Answers `docker ovs hosts`, or takes a host out.
///
/// # Errors
/// No daemon answers, or it is of no fleet; etcd refuses.
pub async fn run(
    sources: &SourceOptions,
    args: &HostsArgs,
    limit: &Limit,
) -> Result<Outcome, CliError> {
    if let Some(host) = &args.remove {
        return remove(sources, args, host).await;
    }
    if !args.etcd.etcd.is_empty() {
        return Err(CliError::new("--etcd goes with --remove").hint(
            "hosts asks the daemon of this host, or that of --server, of whose fleet it is",
        ));
    }
    if !args.etcd.fleet.is_empty() {
        let named = format!(
            "--fleet {}: a name goes with --remove HOST and --etcd <URLS>",
            args.etcd.fleet
        );
        return Err(CliError::new(named)
            .hint("without them hosts are those of the daemon that is asked, whatever its fleet"));
    }
    limit.start_beside_waiting(sources.timeout());
    let client = client(sources)?;
    let (mut outcome, _) = told(&client).await?;
    let rows: Vec<v1::FleetHost> = client.get("/v1/fleet/hosts", &[]).await?;
    if rows.is_empty() {
        outcome.hints.push("no host to list".to_owned());
    }
    outcome.text = if args.quiet {
        Text::lines(&names(rows.iter().map(|row| row.from.host.as_str())))
    } else {
        Text::cells(&args.format, Cells::no_trunc(args.no_trunc), &views::HOSTS, &rows)?
    };
    Ok(outcome)
}

/// Each name on a line of its own, as `docker node ls -q` and `docker network ls -q` print ids.
pub(super) fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.map(|name| printable(name) + "\n").collect()
}

/// Leaves a record that says so: only that makes the others remove their tunnels.
async fn remove(
    sources: &SourceOptions,
    args: &HostsArgs,
    host: &str,
) -> Result<Outcome, CliError> {
    let host = checked("--remove", host)?;
    let (etcd, keys) = args.etcd.client(sources.timeout())?;
    let (alive, _) = etcd.get(&keys.alive(host)).await?;
    if alive.is_some() {
        return Err(CliError::new(format!("{host} is alive"))
            .hint("stop its daemon first: one that runs tells of itself again"));
    }
    if etcd.get(&keys.host(host)).await?.0.is_none() {
        return Err(CliError::new(format!("the fleet {} has no host {host}", args.etcd.fleet)));
    }
    etcd.delete_all(&keys.rows(host)).await?;
    let record = HostRecord { removed: true, ..HostRecord::default() };
    let value = serde_json::to_vec(&record).unwrap_or_default();
    etcd.put(keys.host(host), value, 0).await?;
    let text = Text::lines(&format!("{host}\n"));
    Ok(Outcome { text, is_done: true, ..Outcome::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_line_of_its_own_and_no_control_characters() {
        assert_eq!(names(["h1", "h\n2"].into_iter()).lines().count(), 2);
        assert_eq!(names(["h1", "h2"].into_iter()), "h1\nh2\n");
    }
}
