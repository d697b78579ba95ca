//! `ls`, `who`, `ports`, `events` and `graph` with `--fleet`: asked of the daemon of this host.

use client::{FleetClient, Server};
use model::SourceErrorKind;
use model::filter::Filter;
use model::told::excerpt;
use report::graph::{Scene, dot, mermaid, svg};
use report::v1::{
    FleetAttachment, FleetEvent, FleetHost, FleetMatch, FleetPort, FleetStatus, Liveness, PortPlace,
};
use report::{Cells, Format, Stream, printable, views};

mod bridges;
mod known_hosts;
mod missing;

use bridges::require_bridges;
use known_hosts::KnownHosts;
use missing::note_missing;

use super::ls as list;
use crate::args::{
    DEFAULT_SOCKET, EventsArgs, GraphArgs, LsArgs, Picture, PortsArgs, SourceOptions, Verb, WhoArgs,
};
use crate::limit::Limit;
use crate::live::{print, stopped};
use crate::outcome::{CliError, Outcome};
use crate::verbs::events::tell_unsuited;
use crate::writer::{self, Text};

/// Of more attachments the rows are asked for host by host, as they are where one answer of all is too
/// long all the same: what a daemon keeps of one host is not.
const MAX_AT_ONCE: usize = 20_000;

/// Answers a verb that was given `--fleet`; none where it was not, or takes none.
pub async fn run(
    sources: &SourceOptions,
    verb: &Verb,
    limit: &Limit,
) -> Option<Result<Outcome, CliError>> {
    let start = || limit.start_beside_waiting(sources.timeout());
    Some(match verb {
        Verb::Ls(args) if args.look.fleet => {
            start();
            ls(sources, args).await
        }
        Verb::Who(args) if args.look.fleet => {
            start();
            who(sources, args).await
        }
        Verb::Ports(args) if args.look.fleet => {
            start();
            ports(sources, args).await
        }
        // These go on.
        Verb::Events(args) if args.fleet => events(sources, args).await,
        Verb::Graph(args) if args.look.fleet => {
            start();
            graph(sources, args).await
        }
        _ => return None,
    })
}

/// The daemon that is asked: that of this host, unless another one is named.
///
/// # Errors
/// An option that makes no sense.
pub(crate) fn client(sources: &SourceOptions) -> Result<FleetClient, CliError> {
    let own = || Server { url: format!("unix://{DEFAULT_SOCKET}"), ..Server::default() };
    let server = sources.server.named(false, true)?.unwrap_or_else(own);
    Ok(FleetClient::new(&server, sources.timeout())?)
}

/// What is to be said beside the rows: that etcd is away, so that all that is told of others is old. The
/// exit code is 2 then.
pub(super) async fn told(client: &FleetClient) -> Result<(Outcome, FleetStatus), CliError> {
    let status: FleetStatus = client.get("/v1/fleet", &[]).await?;
    let mut outcome = Outcome::default();
    if let (Liveness::Stale, Some(reason)) = (status.liveness, &status.reason) {
        let since = status.stale_since.as_ref().map(|since| format!(" since {since}"));
        let since = since.unwrap_or_default();
        outcome.remarks.push(format!("what is told of other hosts is old{since}: {reason}"));
        outcome.unknown = true;
    }
    outcome.remarks.extend(unpublished(&status));
    if status.unreadable > 0 {
        let count = status.unreadable;
        outcome
            .remarks
            .push(format!("{count} values of other hosts cannot be read: docker ovs hosts"));
    }
    Ok((outcome, status))
}

/// What the fleet is not told of this host.
fn unpublished(status: &FleetStatus) -> Option<String> {
    let reason = status.unpublished_reason.as_ref()?;
    let told = if status.published { "told all" } else { "told" };
    Some(format!("the fleet is not {told} of this host: {reason}"))
}

/// The rows that pass, of all hosts. A bridge beside one that is filtered by is looked at here: the daemon takes
/// both for one or the other.
async fn attachments(
    client: &FleetClient,
    status: &FleetStatus,
    bridge: Option<&str>,
    filters: &[Filter],
) -> Result<Vec<FleetAttachment>, CliError> {
    let mut query: Vec<_> = filters.iter().map(Filter::pair).collect();
    let filtered = filters.iter().any(|filter| filter.bridge().is_some());
    query.extend(bridge.filter(|_| !filtered).map(|bridge| ("bridge", bridge)));
    let mut rows = told_rows(client, status, &query).await?;
    rows.retain(|row| bridge.is_none_or(|bridge| row.attachment.is_on(bridge)));
    Ok(rows)
}

async fn told_rows(
    client: &FleetClient,
    status: &FleetStatus,
    query: &[(&str, &str)],
) -> Result<Vec<FleetAttachment>, CliError> {
    let path = "/v1/fleet/attachments";
    let mut failed = None;
    if status.attachments <= MAX_AT_ONCE {
        match client.get(path, query).await {
            Err(error) if error.kind == SourceErrorKind::Garbled => failed = Some(error),
            answer => return Ok(answer?),
        }
    }
    let hosts: Vec<FleetHost> = client.get("/v1/fleet/hosts", &[]).await?;
    if let (Some(error), []) = (failed, &hosts[..]) {
        return Err(error.into());
    }
    let mut rows = Vec::new();
    for host in &hosts {
        let of_host = [query, &[("host", host.from.host.as_str())]].concat();
        rows.append(&mut client.get::<Vec<FleetAttachment>>(path, &of_host).await?);
    }
    Ok(rows)
}

async fn ls(sources: &SourceOptions, args: &LsArgs) -> Result<Outcome, CliError> {
    let client = client(sources)?;
    let (mut outcome, status) = told(&client).await?;
    let hosts = KnownHosts::of(&client);
    let rows = attachments(&client, &status, args.bridge.as_deref(), &args.filter).await?;
    if rows.is_empty() {
        let filtered = args.filter.iter().filter_map(Filter::bridge);
        let wanted = args.bridge.as_deref().into_iter().chain(filtered);
        require_bridges(&hosts, &status, &mut outcome, wanted).await?;
    }
    let all = args.all || args.filter.iter().any(Filter::wants_orphans);
    let wanted = |row: &FleetAttachment| all || row.attachment.state != report::v1::State::Orphaned;
    let rows: Vec<_> = rows.into_iter().filter(wanted).collect();
    if rows.is_empty() {
        outcome.hints.push("no interface to list".to_owned());
    }
    let view = if args.no_trunc { &views::FLEET_NO_TRUNC } else { &views::FLEET };
    outcome.text = if args.quiet {
        Text::lines(&list::ids(rows.iter().map(|row| &row.attachment), args.no_trunc))
    } else {
        Text::cells(&args.format, Cells::no_trunc(args.no_trunc), view, &rows)?
    };
    note_missing(&hosts, &status, &mut outcome).await;
    Ok(outcome)
}

async fn who(sources: &SourceOptions, args: &WhoArgs) -> Result<Outcome, CliError> {
    let client = client(sources)?;
    let (mut outcome, status) = told(&client).await?;
    let rows: Vec<FleetMatch> = client.who(&args.what).await?;
    let there = rows.iter().map(|row| &row.row).filter(|row| row.last_tenant().is_none());
    let names = there.map(|row| &row.attachment.called).filter(|name| !name.is_empty());
    let names: String = names.map(|name| printable(name) + "\n").collect();
    let names_none = args.quiet && names.is_empty();
    outcome.text = if args.quiet {
        Text::lines(&names)
    } else {
        Text::cells(&args.format, Cells::no_trunc(args.no_trunc), &views::FLEET_WHO, &rows)?
    };
    if rows.is_empty() {
        outcome.remarks.push(format!("{} not found", args.what));
    }
    let is_nothing = rows.is_empty() || names_none;
    if is_nothing {
        note_missing(&KnownHosts::of(&client), &status, &mut outcome).await;
    }
    outcome.nothing = is_nothing && !outcome.unknown;
    Ok(outcome)
}

async fn ports(sources: &SourceOptions, args: &PortsArgs) -> Result<Outcome, CliError> {
    let client = client(sources)?;
    let (mut outcome, status) = told(&client).await?;
    let hosts = KnownHosts::of(&client);
    let rows = attachments(&client, &status, args.bridge.as_deref(), &[]).await?;
    if rows.is_empty() {
        require_bridges(&hosts, &status, &mut outcome, args.bridge.as_deref()).await?;
    }
    let bridge = args.bridge.as_deref();
    let is_asked = |place: &PortPlace| bridge.is_none_or(|bridge| place.is_on(bridge));
    let mut rows: Vec<FleetPort> = rows.iter().flat_map(|row| row.ports(is_asked)).collect();
    if rows.is_empty() {
        outcome.hints.push(
            "no port to list: the fleet tells of those with an interface of a container".to_owned(),
        );
    }
    rows.sort_by(|a, b| {
        (&a.from.host, &a.bridge, a.ofport, &a.port).cmp(&(
            &b.from.host,
            &b.bridge,
            b.ofport,
            &b.port,
        ))
    });
    let cells = Cells::no_trunc(args.no_trunc);
    outcome.text = Text::cells(&args.format, cells, &views::FLEET_PORTS, &rows)?;
    note_missing(&hosts, &status, &mut outcome).await;
    Ok(outcome)
}

async fn graph(sources: &SourceOptions, args: &GraphArgs) -> Result<Outcome, CliError> {
    let client = client(sources)?;
    let (mut outcome, status) = told(&client).await?;
    let hosts = KnownHosts::of(&client);
    let rows = attachments(&client, &status, args.bridge.as_deref(), &[]).await?;
    if rows.is_empty() {
        require_bridges(&hosts, &status, &mut outcome, args.bridge.as_deref()).await?;
        outcome.hints.push("no interface to draw".to_owned());
    }
    let scene = Scene::of_fleet(&status.fleet, &rows);
    let text = match args.format {
        Picture::Svg => svg(&scene),
        Picture::Dot => dot(&scene),
        Picture::Mermaid => mermaid(&scene),
    };
    outcome.text = Text::lines(&text);
    note_missing(&hosts, &status, &mut outcome).await;
    Ok(outcome)
}

async fn events(sources: &SourceOptions, args: &EventsArgs) -> Result<Outcome, CliError> {
    if args.initial || !args.filter.is_empty() {
        return Err(CliError::new(
            "--fleet: events of all hosts take no --initial and no --filter",
        ));
    }
    let client = client(sources)?;
    tokio::select! {
        biased;
        () = stopped() => Ok(Outcome::default()),
        ended = tell(&client, &args.format) => ended,
    }
}

async fn tell(client: &FleetClient, format: &Format) -> Result<Outcome, CliError> {
    let mut events = client.events().await?;
    let mut stream = Stream::new(format, Cells::Whole, &views::FLEET_EVENTS);
    loop {
        let Some(json) = events.next().await? else {
            writer::tell(
                "docker-ovs",
                "some events were not told: docker ovs ls --fleet has what there is",
            );
            continue;
        };
        let no_event = |error: serde_json::Error| {
            CliError::new(format!("the daemon tells no event: {}", excerpt(error.to_string())))
        };
        let event: FleetEvent = serde_json::from_slice(&json).map_err(no_event)?;
        let text = match format {
            Format::Table => Text::lines(&(line(&event) + "\n")),
            _ => match Text::more(&mut stream, std::slice::from_ref(&event)) {
                Err(error) if error.is_of_row() => {
                    tell_unsuited(&event.time, &event.action, &error);
                    continue;
                }
                text => text?,
            },
        };
        if !print(&text).await? {
            return Ok(Outcome::default());
        }
    }
}

/// For a person: one line each.
fn line(event: &FleetEvent) -> String {
    let FleetEvent { time, host, action, container, interface, bridge, ofport, .. } = event;
    let place = match (bridge, ofport) {
        (Some(bridge), Some(ofport)) => format!(": {bridge} port {ofport}"),
        (Some(bridge), None) => format!(": {bridge}"),
        (None, _) => String::new(),
    };
    let whose = [container.as_str(), interface.as_str()];
    let whose = whose.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    printable(format!("{time} {host} {action} {whose}{place}").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a daemon answers.
    fn status(published: bool, reason: &str) -> FleetStatus {
        let text = format!(
            r#"{{"Fleet":"f","Host":"h","Liveness":"live","StaleSince":null,"Reason":null,"Published":{published},
            "UnpublishedReason":{reason},"Mirror":true,"Hosts":1,"Attachments":1,"Unreadable":0}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_the_fleet_is_not_told_of_is_told_here() {
        for (published, reason, told) in [
            (true, "null", None),
            (false, "null", None),
            (true, r#""too long""#, Some("the fleet is not told all of this host: too long")),
            (false, r#""no etcd""#, Some("the fleet is not told of this host: no etcd")),
        ] {
            assert_eq!(unpublished(&status(published, reason)).as_deref(), told);
        }
    }
}
