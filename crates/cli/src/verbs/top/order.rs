//! Which rows come first, and which are shown.

use std::cmp::Ordering;

use report::v1::PortRates;

use crate::args::SortKey;

/// How rows are sorted and filtered.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) key: SortKey,
    pub(super) reversed: bool,
    /// What a row must have in a name, whatever its case.
    pub(super) filter: String,
}

impl Order {
    pub(super) fn new(key: SortKey) -> Self {
        Self { key, reversed: false, filter: String::new() }
    }

    /// The rows that are shown, in order.
    pub(super) fn of(&self, mut rows: Vec<PortRates>) -> Vec<PortRates> {
        rows.retain(|row| self.shows(row));
        rows.sort_by(|a, b| {
            let order = self.compare(a, b);
            let order = if self.reversed { order.reverse() } else { order };
            order.then_with(|| (&a.bridge, a.ofport).cmp(&(&b.bridge, b.ofport)))
        });
        rows
    }

    fn shows(&self, row: &PortRates) -> bool {
        let wanted = self.filter.to_lowercase();
        let words = [&row.who, &row.bridge, &row.port];
        wanted.is_empty() || words.iter().any(|word| word.to_lowercase().contains(&wanted))
    }

    /// The largest first; names by the alphabet.
    fn compare(&self, a: &PortRates, b: &PortRates) -> Ordering {
        let sum = |one: Option<f64>, other: Option<f64>| one.unwrap_or(0.0) + other.unwrap_or(0.0);
        match self.key {
            SortKey::Traffic => {
                let bytes = |row: &PortRates| sum(row.rx_bytes_per_second, row.tx_bytes_per_second);
                bytes(b).total_cmp(&bytes(a))
            }
            SortKey::Packets => {
                let packets =
                    |row: &PortRates| sum(row.rx_packets_per_second, row.tx_packets_per_second);
                packets(b).total_cmp(&packets(a))
            }
            SortKey::Drops => {
                let lost = |row: &PortRates| (sum(row.dropped_per_second, None), row.dropped);
                let (x, y) = (lost(a), lost(b));
                y.0.total_cmp(&x.0).then(y.1.cmp(&x.1))
            }
            SortKey::Errors => b.errors.cmp(&a.errors),
            SortKey::Name => a.who.cmp(&b.who),
            SortKey::Port => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(who: &str, ofport: u16, bytes: f64, dropped: u64) -> PortRates {
        PortRates {
            bridge: "br0".to_owned(),
            ofport,
            port: format!("veth{ofport}"),
            who: who.to_owned(),
            container: None,
            rx_packets_per_second: None,
            rx_bytes_per_second: Some(bytes),
            tx_packets_per_second: None,
            tx_bytes_per_second: None,
            dropped: Some(dropped),
            errors: None,
            dropped_per_second: None,
        }
    }

    fn order(key: SortKey, reversed: bool, filter: &str) -> Vec<String> {
        let rows = vec![row("web", 1, 5.0, 9), row("db", 2, 50.0, 0), row("App", 3, 0.0, 7)];
        let order = Order { key, reversed, filter: filter.to_owned() };
        order.of(rows).into_iter().map(|row| row.who).collect()
    }

    #[test]
    fn rows_are_sorted_and_filtered() {
        assert_eq!(order(SortKey::Traffic, false, ""), ["db", "web", "App"]);
        assert_eq!(order(SortKey::Traffic, true, ""), ["App", "web", "db"]);
        assert_eq!(order(SortKey::Drops, false, ""), ["web", "App", "db"]);
        assert_eq!(order(SortKey::Port, false, ""), ["web", "db", "App"]);
        assert_eq!(order(SortKey::Errors, false, "a"), ["App"]);
        assert_eq!(order(SortKey::Name, false, "VETH2"), ["db"]);
    }
}
