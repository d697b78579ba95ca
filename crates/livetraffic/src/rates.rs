//! Counters of all ports at one moment, and what passed between two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use host::{Host, PortCounters, PortRoom, port_room};
use model::SourceError;
use model::ids::{Name, OfPort};
use model::wiring::{Occupant, SwitchPort, Wiring};
use report::v1;
use tokio::time::Instant;

/// So many bridges are asked at once: each takes a connection.
const AT_ONCE: usize = 8;

/// The counters of every port at one moment.
#[derive(Debug, Default)]
pub struct Sample {
    /// By bridge and number.
    counters: BTreeMap<(Name, OfPort), Counted>,
    /// The bridges that did not answer.
    failed: BTreeMap<Name, SourceError>,
    /// The ports that were counted and are not those of the wiring, and the other way round.
    strange: BTreeSet<(Name, OfPort)>,
}

/// A port's counters, and which port it was: a number may be given to another one.
#[derive(Debug)]
struct Counted {
    iface: Name,
    at: Instant,
    counters: PortCounters,
}

impl Sample {
    /// Asks every bridge, or only `bridge`; some at a time. Of one that does not answer, as long as another
    /// one does, the counters are not known.
    ///
    /// # Errors
    /// No bridge answers.
    pub async fn take(
        host: &Host,
        wiring: &Wiring,
        bridge: Option<&Name>,
    ) -> Result<Self, SourceError> {
        let bridges: BTreeSet<_> = wiring.ports.iter().map(|row| row.bridge.clone()).collect();
        let wanted = |name: &Name| bridge.is_none_or(|wanted| wanted == name);
        let bridges: Vec<_> = bridges.into_iter().filter(wanted).collect();
        // A bridge has as many ports as it says, and there are as many bridges as the database has.
        let room = port_room();
        let asked = bridges.clone().into_iter().map(|name| ask(host, name, &room));
        let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let mut counters = BTreeMap::new();
        let mut failed = BTreeMap::new();
        let mut strange = BTreeSet::new();
        for (name, answer) in bridges.iter().zip(answers) {
            match answer {
                Ok((rows, at)) => {
                    strange.extend(differing(&numbers(wiring, name), name, &rows));
                    counters.extend(counted(wiring, name, &rows, at));
                }
                Err(error) => drop(failed.insert(name.clone(), error)),
            }
        }
        match failed.pop_last() {
            Some((_, error)) if failed.len() + 1 == bridges.len() => Err(error),
            last => {
                failed.extend(last);
                Ok(Self { counters, failed, strange })
            }
        }
    }

    /// Whether ports may be others than the wiring tells, by what has changed since `before`: there are other
    /// numbers, or a counter went back, as where a number was given to another port.
    pub fn may_be_of_other_ports(&self, before: &Self) -> bool {
        let began_anew = |(key, now): (&(Name, OfPort), &Counted)| {
            let old = before.counters.get(key);
            old.is_some_and(|old| went_back(&old.counters, &now.counters))
        };
        self.strange != before.strange || self.counters.iter().any(began_anew)
    }

    /// The bridges that did not answer, and why.
    pub fn failures(&self) -> impl Iterator<Item = (&Name, &SourceError)> {
        self.failed.iter()
    }
}

/// The counters of a bridge, and when they were those.
async fn ask(
    host: &Host,
    bridge: Name,
    room: &Arc<PortRoom>,
) -> Result<(BTreeMap<OfPort, PortCounters>, Instant), SourceError> {
    let counters = host.port_counters(&bridge, room).await?;
    Ok((counters, Instant::now()))
}

/// The numbers of a bridge by the wiring.
fn numbers(wiring: &Wiring, bridge: &Name) -> BTreeSet<OfPort> {
    let ports = wiring.ports.iter().filter(|row| row.bridge == *bridge);
    ports.filter_map(|row| row.port.ofport.assigned()).collect()
}

/// The numbers of a bridge that only one of the two has: the wiring, or the reply.
fn differing(
    known: &BTreeSet<OfPort>,
    bridge: &Name,
    rows: &BTreeMap<OfPort, PortCounters>,
) -> Vec<(Name, OfPort)> {
    let told: BTreeSet<_> = rows.keys().copied().collect();
    known.symmetric_difference(&told).map(|number| (bridge.clone(), *number)).collect()
}

fn went_back(old: &PortCounters, now: &PortCounters) -> bool {
    let all = |of: &PortCounters| [of.rx_packets, of.rx_bytes, of.tx_packets, of.tx_bytes];
    let pairs = all(old).into_iter().zip(all(now));
    pairs.filter_map(|(old, now)| old.zip(now)).any(|(old, now)| now < old)
}

fn counted<'a>(
    wiring: &'a Wiring,
    bridge: &'a Name,
    rows: &'a BTreeMap<OfPort, PortCounters>,
    at: Instant,
) -> impl Iterator<Item = ((Name, OfPort), Counted)> + 'a {
    let ports = wiring.ports.iter().filter(|row| row.bridge == *bridge);
    ports.filter_map(move |row| {
        let number = row.port.ofport.assigned()?;
        let counters = *rows.get(&number)?;
        let counted = Counted { iface: row.port.iface.clone(), at, counters };
        Some(((bridge.clone(), number), counted))
    })
}

/// A row for each port that was counted `now`, with rates since `before`. Those of a bridge that did not
/// answer have no rates.
pub fn rates(wiring: &Wiring, before: Option<&Sample>, now: &Sample) -> Vec<v1::PortRates> {
    let ports = wiring.ports.iter();
    let rows = ports.filter_map(|row| {
        let key = (row.bridge.clone(), row.port.ofport.assigned()?);
        if now.failed.contains_key(&row.bridge) {
            return Some(rate(row, key.1, &PortCounters::default(), None));
        }
        let counted = now.counters.get(&key).filter(|counted| counted.iface == row.port.iface)?;
        let old = before.and_then(|before| {
            let old = before.counters.get(&key).filter(|old| old.iface == counted.iface)?;
            Some((old.counters, counted.at.duration_since(old.at).as_secs_f64()))
        });
        Some(rate(row, key.1, &counted.counters, old))
    });
    rows.collect()
}

fn rate(
    row: &SwitchPort,
    number: OfPort,
    now: &PortCounters,
    old: Option<(PortCounters, f64)>,
) -> v1::PortRates {
    let per_second = |of: fn(&PortCounters) -> Option<u64>| {
        let (old, seconds) = old.as_ref()?;
        a_second(of(old)?, of(now)?, *seconds)
    };
    let both = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
    };
    let dropped = |of: &PortCounters| match (of.rx_dropped, of.tx_dropped) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
    };
    v1::PortRates {
        bridge: row.bridge.to_string(),
        ofport: number.0,
        port: row.port.iface.to_string(),
        who: match &row.occupant {
            Occupant::Local => row.bridge.to_string(),
            Occupant::Host { .. } => format!("{} (host)", row.port.iface),
            other => other.to_string(),
        },
        container: container(row),
        rx_packets_per_second: per_second(|of| of.rx_packets),
        rx_bytes_per_second: per_second(|of| of.rx_bytes),
        tx_packets_per_second: per_second(|of| of.tx_packets),
        tx_bytes_per_second: per_second(|of| of.tx_bytes),
        dropped: dropped(now),
        errors: both(now.rx_errors, now.tx_errors),
        dropped_per_second: old
            .as_ref()
            .and_then(|(old, seconds)| a_second(dropped(old)?, dropped(now)?, *seconds)),
    }
}

fn container(row: &SwitchPort) -> Option<String> {
    let Occupant::Plugged { plugs } = &row.occupant else { return None };
    plugs.iter().flat_map(|plug| plug.tenants.iter()).next().map(|who| who.called().to_owned())
}

/// A counter that went back began anew: what it has counted since is all that is known.
#[allow(clippy::cast_precision_loss, reason = "a rate is no count")]
fn a_second(old: u64, now: u64, seconds: f64) -> Option<f64> {
    let counted = now.checked_sub(old).unwrap_or(now);
    (seconds > 0.0).then(|| counted as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_begins_anew_is_no_flood() {
        assert_eq!(a_second(100, 300, 2.0), Some(100.0));
        assert_eq!(a_second(u64::MAX - 5, 10, 2.0), Some(5.0));
        assert_eq!(a_second(1, 2, 0.0), None);
    }

    /// Of br0, whose numbers are 1 to 3: what `told` counts, with so many bytes received.
    fn sample(told: &[(u16, u64)]) -> Sample {
        let bridge = Name::from("br0");
        let rows = told.iter().map(|(number, bytes)| {
            let counters = PortCounters { rx_bytes: Some(*bytes), ..PortCounters::default() };
            (OfPort(*number), counters)
        });
        let rows: BTreeMap<_, _> = rows.collect();
        let known = (1..=3).map(OfPort).collect();
        let (at, strange) = (Instant::now(), differing(&known, &bridge, &rows));
        let counted = |(number, counters): (OfPort, PortCounters)| {
            let iface = Name::from(format!("veth{number}"));
            ((bridge.clone(), number), Counted { iface, at, counters })
        };
        let counters = rows.into_iter().map(counted).collect();
        Sample { counters, strange: strange.into_iter().collect(), ..Sample::default() }
    }

    #[test]
    fn other_numbers_and_counters_that_went_back_are_of_other_ports() {
        let before = sample(&[(1, 100), (2, 200), (3, 300)]);
        for (told, may_be) in [
            (&[(1, 100), (2, 250), (3, 300)][..], false),
            (&[(1, 100), (2, 250)], true),
            (&[(1, 100), (2, 250), (3, 300), (4, 0)], true),
            (&[(1, 100), (2, 250), (4, 300)], true),
            (&[(1, 100), (2, 250), (3, 5)], true),
        ] {
            assert_eq!(sample(told).may_be_of_other_ports(&before), may_be, "{told:?}");
        }
        // What was so before, and a look did not change, is no news.
        let other = sample(&[(1, 100), (2, 200), (4, 0)]);
        assert!(!sample(&[(1, 100), (2, 200), (4, 7)]).may_be_of_other_ports(&other));
    }
}
