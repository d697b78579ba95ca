//! Which row the bar is on: that of a port, wherever it is sorted to.

use ratatui::widgets::TableState;
use report::v1::PortRates;

/// The bar: on the first row, whose ever that is, until it is moved; then on a port, by its bridge and name.
#[derive(Debug, Default)]
pub(super) struct Selection {
    table: TableState,
    is_moved: bool,
    port: Option<(String, String)>,
}

impl Selection {
    /// What a table is drawn with.
    pub(super) fn table(&mut self) -> &mut TableState {
        &mut self.table
    }

    /// Back to the first row.
    pub(super) fn select_first(&mut self) {
        self.table.select(Some(0));
        self.is_moved = false;
        self.port = None;
    }

    pub(super) fn select_next(&mut self) {
        self.table.select_next();
        self.moved();
    }

    pub(super) fn select_previous(&mut self) {
        self.table.select_previous();
        self.moved();
    }

    pub(super) fn select_last(&mut self) {
        self.table.select_last();
        self.moved();
    }

    fn moved(&mut self) {
        self.is_moved = true;
        self.port = None;
    }

    /// Goes to where its port is in `rows`; where it is in none, the bar stays on the row, or the last one.
    pub(super) fn follow(&mut self, rows: &[PortRates]) {
        let is_its = |row: &PortRates| {
            self.port
                .as_ref()
                .is_some_and(|(bridge, port)| (bridge, port) == (&row.bridge, &row.port))
        };
        let at = rows.iter().position(is_its).or_else(|| self.at(rows));
        self.table.select(at);
        let row = at.filter(|_| self.is_moved).and_then(|at| rows.get(at));
        self.port = row.map(|row| (row.bridge.clone(), row.port.clone()));
    }

    /// The row that it is on, of those that were drawn last.
    pub(super) fn at(&self, rows: &[PortRates]) -> Option<usize> {
        Some(self.table.selected().unwrap_or(0).min(rows.len().checked_sub(1)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ports: &[&str]) -> Vec<PortRates> {
        let row = |port: &&str| PortRates {
            bridge: "br0".to_owned(),
            ofport: 1,
            port: (*port).to_owned(),
            who: String::new(),
            container: None,
            rx_packets_per_second: None,
            rx_bytes_per_second: None,
            tx_packets_per_second: None,
            tx_bytes_per_second: None,
            dropped: None,
            errors: None,
            dropped_per_second: None,
        };
        ports.iter().map(row).collect()
    }

    /// The port that the bar is on, once these are drawn.
    fn on<'a>(bar: &mut Selection, ports: &[&'a str]) -> Option<&'a str> {
        let rows = rows(ports);
        bar.follow(&rows);
        bar.at(&rows).map(|at| ports[at])
    }

    #[test]
    fn the_bar_stays_on_its_port() {
        let mut bar = Selection::default();
        assert_eq!(on(&mut bar, &["web", "db", "mail"]), Some("web"));
        assert_eq!(on(&mut bar, &["db", "web", "mail"]), Some("db"), "the first one, until moved");
        bar.select_next();
        assert_eq!(on(&mut bar, &["db", "web", "mail"]), Some("web"));
        for ports in [["web", "db", "mail"], ["db", "mail", "web"], ["mail", "web", "db"]] {
            assert_eq!(on(&mut bar, &ports), Some("web"));
        }
        bar.select_previous();
        assert_eq!(on(&mut bar, &["mail", "web", "db"]), Some("mail"));
        assert_eq!(on(&mut bar, &["web", "db", "mail"]), Some("mail"));
        bar.select_first();
        assert_eq!(on(&mut bar, &["db", "web", "mail"]), Some("db"));
        assert_eq!(on(&mut bar, &["web", "db", "mail"]), Some("web"));
    }

    #[test]
    fn where_its_port_is_gone_the_bar_is_on_the_nearest_row() {
        let mut bar = Selection::default();
        assert_eq!(on(&mut bar, &[]), None);
        bar.select_last();
        assert_eq!(on(&mut bar, &["web", "db", "mail"]), Some("mail"));
        assert_eq!(on(&mut bar, &["web", "db"]), Some("db"));
        assert_eq!(on(&mut bar, &["db", "web"]), Some("db"), "it is on that from then on");
        assert_eq!(on(&mut bar, &["web"]), Some("web"));
        assert_eq!(on(&mut bar, &[]), None);
        assert_eq!(on(&mut bar, &["mail"]), Some("mail"));
    }
}
