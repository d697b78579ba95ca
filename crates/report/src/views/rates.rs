//! Traffic of ports.

use super::cells::{dash, name_number};
use crate::format::{Column, View};
use crate::v1::PortRates;

const BRIDGE: Column<PortRates> = ("BRIDGE", |row| row.bridge.clone());
const OFPORT: Column<PortRates> = ("OFPORT", |row| name_number(row.ofport));
const WHO: Column<PortRates> = ("WHO", |row| row.who.clone());
const RX_BITS: Column<PortRates> = ("RX", |row| bits(row.rx_bytes_per_second));
const TX_BITS: Column<PortRates> = ("TX", |row| bits(row.tx_bytes_per_second));
const RX_PACKETS: Column<PortRates> = ("RX PKT/S", |row| packets(row.rx_packets_per_second));
const TX_PACKETS: Column<PortRates> = ("TX PKT/S", |row| packets(row.tx_packets_per_second));
const DROPPED: Column<PortRates> = ("DROPPED", |row| count(row.dropped));
const ERRORS: Column<PortRates> = ("ERRORS", |row| count(row.errors));

const BARE_OFPORT: Column<PortRates> = ("", |row| row.ofport.to_string());
const BARE_RX: Column<PortRates> = ("", |row| plain(row.rx_bytes_per_second));
const BARE_TX: Column<PortRates> = ("", |row| plain(row.tx_bytes_per_second));
const BARE_RX_PACKETS: Column<PortRates> = ("", |row| plain(row.rx_packets_per_second));
const BARE_TX_PACKETS: Column<PortRates> = ("", |row| plain(row.tx_packets_per_second));
const BARE_DROPPED: Column<PortRates> = ("", |row| bare(row.dropped));
const BARE_ERRORS: Column<PortRates> = ("", |row| bare(row.errors));

/// Ports by traffic.
pub const TOP: View<PortRates> = View {
    table: &[BRIDGE, OFPORT, WHO, RX_BITS, TX_BITS, RX_PACKETS, TX_PACKETS, DROPPED, ERRORS],
    csv: &[
        BRIDGE,
        BARE_OFPORT,
        WHO,
        BARE_RX,
        BARE_TX,
        BARE_RX_PACKETS,
        BARE_TX_PACKETS,
        BARE_DROPPED,
        BARE_ERRORS,
    ],
};

/// Bits a second, with a unit of which there are less than a thousand.
fn bits(bytes: Option<f64>) -> String {
    let Some(bytes) = bytes else { return "-".to_owned() };
    let mut value = bytes * 8.0;
    for unit in ["bit/s", "kbit/s", "Mbit/s"] {
        if value < 1000.0 {
            return if unit == "bit/s" {
                format!("{value:.0} {unit}")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1000.0;
    }
    format!("{value:.1} Gbit/s")
}

fn packets(rate: Option<f64>) -> String {
    dash(rate.map(|rate| format!("{rate:.1}")).as_ref())
}

fn count(count: Option<u64>) -> String {
    dash(count.map(|count| count.to_string()).as_ref())
}

fn plain(rate: Option<f64>) -> String {
    rate.map(|rate| format!("{rate:.1}")).unwrap_or_default()
}

fn bare(count: Option<u64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::bits;

    #[test]
    fn a_rate_has_less_than_a_thousand_of_its_unit() {
        for (bytes, told) in [
            (None, "-"),
            (Some(0.0), "0 bit/s"),
            (Some(124.9), "999 bit/s"),
            (Some(125.0), "1.0 kbit/s"),
            (Some(1_250_000.0), "10.0 Mbit/s"),
            (Some(1_250_000_000_000.0), "10000.0 Gbit/s"),
        ] {
            assert_eq!(bits(bytes), told);
        }
    }
}
