//! `docker ovs doctor`.

use std::time::Duration;

use host::{Origin, examine_recording};
use model::told::excerpt;
use report::{Cells, views};

use report::v1::{Check, Verdict};

use crate::args::DoctorArgs;
use crate::etcd::{NO_SPACE, host_name};
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs doctor`; exit 1 when something is missing.
///
/// # Errors
/// A template that asks for what is not there.
pub async fn run(
    origin: &Origin,
    args: &DoctorArgs,
    timeout: Duration,
) -> Result<Outcome, CliError> {
    let checks = match origin {
        Origin::Live(host) => host.examine().await,
        Origin::Recorded(snapshot, _) => examine_recording(snapshot),
    };
    let mut rows: Vec<_> = checks.iter().map(report::v1::Check::from).collect();
    rows.extend(of_fleet(args, timeout).await?);
    let text = Text::cells(&args.format, Cells::Whole, &views::DOCTOR, &rows)?;
    let nothing = rows.iter().any(|check| check.verdict == Verdict::Fail);
    Ok(Outcome { text, nothing, ..Outcome::default() })
}

/// Of a file of this size etcd is near its usual quota of 2 GiB, in bytes.
const LARGE: i64 = 3 << 29;

/// What etcd says of itself, and what it lets this host do.
async fn of_fleet(args: &DoctorArgs, timeout: Duration) -> Result<Vec<Check>, CliError> {
    if args.etcd.etcd.is_empty() {
        return Ok(Vec::new());
    }
    let (etcd, keys) = args.etcd.client(timeout)?;
    let target = args.etcd.etcd.join(",");
    let check = |check: &str, verdict, detail: String, hint: &str| Check {
        check: check.to_owned(),
        target: target.clone(),
        verdict,
        detail,
        hint: hint.to_owned(),
    };
    let (verdict, detail, hint) = match etcd.status().await {
        // Later versions tell that to a role of root's alone, and answer everything else.
        Err(why) if why.is_denied() => {
            let told =
                "it answers; its version, and how full it is, it tells root alone".to_owned();
            (Verdict::Note, told, "as etcd's root: etcdctl endpoint status -w table")
        }
        Err(why) => (Verdict::Fail, why.to_string(), "--etcd, --etcd-ca, --etcd-cert, --etcd-key"),
        Ok(of) if !of.errors.is_empty() => (Verdict::Fail, excerpt(of.errors.join("; ")), NO_SPACE),
        Ok(of) => {
            let large = of.size > LARGE;
            let verdict = if large { Verdict::Note } else { Verdict::Ok };
            let hint =
                if large { "etcd --auto-compaction-retention=1h, and etcdctl defrag" } else { "" };
            let mib = |bytes: i64| bytes >> 20;
            let size = mib(of.size);
            let used = mib(of.size_in_use);
            (verdict, format!("{}, {size} MiB, {used} MiB in use", of.version), hint)
        }
    };
    let mut checks = vec![check("etcd", verdict, detail, hint)];
    if verdict == Verdict::Fail {
        return Ok(checks);
    }
    let host = host_name(args.fleet_host.as_deref())?;
    let mut refused = Vec::new();
    let mut unknown = None;
    let mut note = |asked: Result<(), etcd::Error>, what: String| match asked {
        Ok(()) => {}
        Err(why) if why.is_denied() => refused.push(what),
        Err(why) => unknown = Some(why.to_string()),
    };
    note(etcd.pages(keys.all(), 0).next().await.map(drop), format!("read {}", keys.all()));
    // Keys of no real mesh: it is only asked.
    let block = format!("{}x", keys.blocks());
    for key in [keys.host(&host), keys.alive(&host), keys.row(&host, "x"), keys.number(1), block] {
        // No key has that revision: it is only asked whether it would be allowed.
        let put = etcd::Op::Put { key: key.clone(), value: "".into(), lease: 0 };
        let compare = vec![etcd::Compare::Unchanged(key.clone(), -1)];
        let asked = etcd.txn(etcd::Txn { compare, ops: vec![put] }).await;
        note(asked.map(drop), format!("write {key}"));
    }
    checks.push(if let (true, Some(why)) = (refused.is_empty(), unknown) {
        check("etcd role", Verdict::Fail, format!("what {host} may is not known: {why}"), "")
    } else if refused.is_empty() {
        check("etcd role", Verdict::Ok, format!("{host} may write what is its own"), "")
    } else {
        let why = format!("{host} may not {}", refused.join(", "));
        check("etcd role", Verdict::Fail, why, "docs/fleet.md has the role that a host needs")
    });
    Ok(checks)
}
