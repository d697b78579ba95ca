//! `docker ovs serve`.

use std::net::SocketAddr;

use daemon::{HistorySettings, Settings, TlsOptions};
use host::Origin;
use journal::Limits;

use crate::args::{ServeArgs, SourceOptions, Toggle};
use crate::etcd::{host_name, machine as machine_of};
use crate::outcome::{CliError, Outcome};
use crate::release;

/// Serves until it is told to end.
///
/// # Errors
/// An address that cannot be listened on, a token without a certificate, or a recording that is to be a host
/// of a fleet.
pub async fn run(
    origin: &Origin,
    args: &ServeArgs,
    sources: &SourceOptions,
) -> Result<Outcome, CliError> {
    let settings = settings(args, sources)?;
    daemon::serve(origin.clone(), &settings).await?;
    Ok(Outcome::default())
}

fn settings(args: &ServeArgs, sources: &SourceOptions) -> Result<Settings, CliError> {
    if args.listen.len() > 1 && args.listen.iter().any(|text| text == "none") {
        return Err(CliError::new("--listen none: no other address goes with it"));
    }
    let listen: Result<Vec<_>, _> =
        args.listen.iter().filter(|text| *text != "none").map(|text| listener(text)).collect();
    let tls = match (&args.tls_cert, &args.tls_key, sources.token_file()) {
        (Some(certificate), Some(key), Some(token)) => Some(TlsOptions {
            certificate: certificate.clone(),
            key: key.clone(),
            token: token.to_owned(),
        }),
        (_, _, Some(_)) => {
            return Err(CliError::new("--token-file: nothing is encrypted")
                .hint("it goes with --tls-cert FILE and --tls-key FILE"));
        }
        _ => None,
    };
    Ok(Settings {
        socket: args.socket.clone(),
        listen: listen?,
        restore: args.restore == Toggle::On,
        tls,
        fleet: fleet(args, sources)?,
        build: release::BUILD,
        history: sources
            .history_dir()
            .map(|folder| HistorySettings { folder, limits: limits(args) }),
    })
}

fn limits(args: &ServeArgs) -> Limits {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let bytes = args.history_size << 20;
    let age = args.history_days * DAY;
    Limits { bytes, age, ..Limits::default() }
}

/// The fleet that this host is to be of, if it is to be of one.
fn fleet(args: &ServeArgs, sources: &SourceOptions) -> Result<Option<fleet::Settings>, CliError> {
    let Some(etcd) = args.etcd.settings()? else { return Ok(None) };
    let recorded = [("--from", sources.from.is_some()), ("--at", sources.at.is_some())];
    if let Some((option, _)) = recorded.into_iter().find(|(_, is_given)| *is_given) {
        let why =
            format!("--etcd: a fleet is told of hosts as they are now, and not with {option}");
        return Err(CliError::new(why).hint("without --etcd a recording is served on its own"));
    }
    Ok(Some(fleet::Settings {
        etcd,
        fleet: args.etcd.fleet.clone(),
        host: host_name(args.fleet_host.as_deref())?,
        mirror: args.fleet_mirror == Toggle::On,
        machine: machine_of(&args.etcd.fleet),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: host::now,
    }))
}

fn listener(text: &str) -> Result<SocketAddr, CliError> {
    address::parse_listen(text).map_err(|reason| {
        CliError::new(format!("--listen {text}: {reason}"))
            .hint("use an IP address and a port, as in 127.0.0.1:9653, or none")
    })
}
