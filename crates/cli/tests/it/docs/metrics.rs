//! Every metric has its line in docs/metrics.md, and alerts and dashboard ask for metrics that there are.
#![allow(clippy::disallowed_methods, reason = "promtool is asked")]

use std::collections::BTreeSet;

use super::{read, root};

/// Name and type of each.
pub(crate) type Metrics = BTreeSet<(String, String)>;

/// The metrics of a daemon, as Prometheus' text says them.
pub(crate) fn told_metrics(text: &str) -> Metrics {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(pair).collect()
}

fn pair(text: &str) -> Option<(String, String)> {
    text.split_once(' ').map(|(name, kind)| (name.to_owned(), kind.to_owned()))
}

/// Those in the tables of docs/metrics.md.
fn documented_metrics() -> Metrics {
    let page = read("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let typed = rows.map(|(name, rest)| (name, rest.split(" |").next().unwrap_or_default()));
    typed.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// Those of a fleet, which a daemon has with `--etcd` alone, and all others.
pub(crate) fn documented_of_fleet_and_others() -> (Metrics, Metrics) {
    documented_metrics().into_iter().partition(|(name, _)| is_of_fleet(name))
}

pub(crate) fn is_of_fleet(metric: &str) -> bool {
    metric.starts_with("docker_ovs_fleet_")
}

/// The words of a text that are names of metrics of ours or of the process.
fn asked_metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("docker_ovs_") || word.starts_with("process_"));
    ours.map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned()).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let there: BTreeSet<String> = documented_metrics().into_iter().map(|(name, _)| name).collect();
    assert!(there.len() > 25, "{there:?}");
    let dashboard = read("packaging/grafana/docker-ovs.json");
    for (file, text) in [
        ("the alerts", read("packaging/prometheus/docker-ovs.rules.yml")),
        ("the dashboard", dashboard.clone()),
    ] {
        let asked = asked_metrics(&text);
        // Alerts may speak of a group of counters in their words.
        let missing: Vec<_> = asked.iter().filter(|name| !there.contains(*name)).collect();
        assert!(missing.iter().all(|name| *name == "docker_ovs_port"), "{file}: {missing:?}");
        assert!(asked.len() > 8, "{file}: {asked:?}");
    }
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
}

#[test]
fn the_alerts_are_what_their_tests_expect() {
    let folder = root().join("packaging/prometheus");
    if !lab::is_there(lab::Need::Promtool) {
        return;
    }
    let mut promtool = lab::program("promtool");
    let ran = promtool.args(["test", "rules", "docker-ovs.test.yml"]).current_dir(folder).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

/// A daemon that serves a recording has all but the ports' counters.
#[test]
fn every_metric_of_a_recording_is_documented() {
    let daemon = crate::tool::Served::start(&["--from", "tests/scenes/article.json"]);
    let told = told_metrics(&daemon.get("/metrics").body);
    let documented = documented_metrics();
    let missing: Vec<_> = told.difference(&documented).collect();
    assert!(missing.is_empty() && told.len() > 15, "{missing:?} of {told:?}");
}
