//! The fleet in metrics.

use ::fleet::Fleet;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use report::v1::Liveness;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HostLabels {
    host: String,
}

/// What is known of other hosts, and whether they are told of this one.
pub(super) fn register(registry: &mut Registry, fleet: &Fleet) {
    let status = fleet.status();
    let flag = |registry: &mut Registry, name: &str, help: &str, on: bool| {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::from(on));
        registry.register(name, help, gauge);
    };
    let heard = status.liveness == Liveness::Live;
    flag(registry, "fleet_heard", "Whether the other hosts are heard of by etcd", heard);
    flag(registry, "fleet_published", "Whether the fleet is told of this host", status.published);
    let unreadable = Gauge::<i64>::default();
    unreadable.set(i64::try_from(status.unreadable).unwrap_or(i64::MAX));
    registry.register("fleet_unreadable", "Values of other hosts that are of no use", unreadable);
    let (live, rows) =
        (Family::<HostLabels, Gauge>::default(), Family::<HostLabels, Gauge>::default());
    for host in fleet.hosts() {
        let of = HostLabels { host: host.from.host.clone() };
        live.get_or_create(&of).set(i64::from(host.from.liveness == Liveness::Live));
        if let Some(count) = host.attachments {
            rows.get_or_create(&of).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
    registry.register("fleet_host_live", "1 for each host that is heard of, 0 for others", live);
    registry.register("fleet_host_attachments", "Attachments that each host tells of", rows);
}
