//! What an answer about the fleet may miss: a host that is silent, and rows that were refused.

use report::printable;
use report::v1::{FleetHost, FleetStatus, Liveness};

use super::known_hosts::KnownHosts;
use crate::outcome::Outcome;

/// So many hosts are named.
const NAMED: usize = 5;

/// Makes an answer unknown that may miss something, and says what: for lists, and for a search that found
/// nothing. Where the hosts are not told the answer stands all the same, and may miss something.
pub(super) async fn note_missing(
    hosts: &KnownHosts<'_>,
    status: &FleetStatus,
    outcome: &mut Outcome,
) {
    let hosts = match hosts.get().await {
        Ok(hosts) => hosts,
        Err(source_error) => {
            outcome.unknown = true;
            let why = "it is not known whether all hosts are heard of, so that rows may be missing";
            outcome.remarks.push(printable(&format!("{why}: {source_error}")));
            return;
        }
    };
    // Without etcd all are silent, which is told as one thing.
    let silent = if status.liveness == Liveness::Live { silent(hosts) } else { None };
    outcome.unknown |= silent.is_some() || are_rows_refused(status);
    outcome.remarks.extend(silent);
}

/// The hosts that are not heard of, in a sentence; those that were taken out of the fleet are not listed, and the
/// old name of one that was renamed is none.
fn silent(hosts: &[FleetHost]) -> Option<String> {
    let silent = hosts.iter().filter(|host| host.is_silent());
    let names: Vec<&str> = silent.map(|host| host.from.host.as_str()).collect();
    let shown = names.get(..NAMED).unwrap_or(&names).join(", ");
    let more = names.len().checked_sub(NAMED).filter(|more| *more > 0);
    let more = more.map_or_else(String::new, |more| format!(" and {more} more"));
    let why = "not heard of, so that rows may be missing: docker ovs hosts";
    match names.len() {
        0 => None,
        1 => Some(printable(&format!("{shown} is {why}"))),
        _ => Some(printable(&format!("{shown}{more} are {why}"))),
    }
}

/// Whether there are rows that no answer has: those of others that cannot be read, and those of this host
/// that are too many. Each is told in a remark of its own.
fn are_rows_refused(status: &FleetStatus) -> bool {
    status.unreadable > 0 || (status.published && status.unpublished_reason.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(all: &[(&str, &str)]) -> Vec<FleetHost> {
        let rows: Vec<_> = all
            .iter()
            .map(|(host, liveness)| {
                serde_json::json!({
                    "Host": host, "Liveness": liveness, "StaleSince": null, "Number": null, "Address": null,
                    "Version": "1", "Bridges": [], "Attachments": 0, "Meshes": [], "Notes": []
                })
            })
            .collect();
        serde_json::from_value(rows.into()).unwrap()
    }

    #[test]
    fn a_host_that_is_silent_may_have_what_is_not_found() {
        let told = |all: &[(&str, &str)]| silent(&hosts(all));
        assert_eq!(told(&[("a", "live"), ("b", "live")]), None);
        let mut renamed = hosts(&[("a", "live"), ("old", "stale")]);
        renamed[1].live_as = Some("a".to_owned());
        assert_eq!(silent(&renamed), None);
        let one = told(&[("a", "live"), ("b", "stale")]).unwrap();
        assert!(one.starts_with("b is not heard of"), "{one}");
        let many: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, "stale")).into();
        let many = told(&many).unwrap();
        assert!(many.starts_with("a, b, c, d, e and 2 more are not heard of"), "{many}");
    }

    #[test]
    fn rows_that_were_refused_are_missing() {
        let status = |published: bool, reason: Option<&str>, unreadable: usize| -> FleetStatus {
            serde_json::from_value(serde_json::json!({
                "Fleet": "f", "Host": "h", "Liveness": "live", "StaleSince": null, "Reason": null,
                "Published": published, "UnpublishedReason": reason, "Mirror": true, "Hosts": 2,
                "Attachments": 1, "Unreadable": unreadable
            }))
            .unwrap()
        };
        assert!(!are_rows_refused(&status(true, None, 0)));
        assert!(are_rows_refused(&status(true, None, 1)));
        assert!(are_rows_refused(&status(true, Some("2 attachments are too many"), 0)));
        assert!(!are_rows_refused(&status(false, Some("no etcd"), 0)), "its own rows are here");
    }
}
