//! The MAC table: `ovs-appctl fdb/show` and `fdb/stats-show` (ovs-vswitchd(8)).

use crate::address::mac;

/// Since when nothing came from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// So many seconds.
    Seconds(u32),
    /// It was put in by hand, and stays.
    Static,
}

/// A row of the MAC table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FdbEntry {
    /// The OpenFlow port, by number or name: `3`, `LOCAL`.
    pub port: String,
    /// The VLAN; 0 for none.
    pub vlan: u16,
    /// The address.
    pub mac: [u8; 6],
    /// Since when nothing came from it.
    pub age: Age,
}

/// The rows of `fdb/show`, by the order of their columns; lines that are none are left out.
pub fn parse_fdb(text: &str) -> impl Iterator<Item = FdbEntry> {
    text.lines().filter_map(entry)
}

fn entry(line: &str) -> Option<FdbEntry> {
    let mut words = line.split_ascii_whitespace();
    let port = words.next()?;
    let vlan = words.next()?.parse().ok()?;
    let address = words.next()?;
    let age = match words.next()? {
        "static" => Age::Static,
        seconds => Age::Seconds(seconds.parse().ok()?),
    };
    let mac = mac(address.as_bytes(), 0).filter(|_| address.len() == 17)?;
    Some(FdbEntry { port: port.to_owned(), vlan, mac, age })
}

/// What `fdb/stats-show` counts since the bridge was made, or since `fdb/stats-clear`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FdbStatistics {
    /// Addresses in the table.
    pub entries: Option<u64>,
    /// So many have room.
    pub room: Option<u64>,
    /// Addresses that came from another port than before.
    pub moved: Option<u64>,
    /// Addresses that were put out for want of room.
    pub evicted: Option<u64>,
}

/// Reads the answer of `fdb/stats-show`.
pub fn parse_fdb_statistics(text: &str) -> FdbStatistics {
    let mut told = FdbStatistics::default();
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once(':') else { continue };
        let value = value.trim();
        match name.trim() {
            "Current/maximum MAC entries in the table" => {
                let (entries, room) = value.split_once('/').unwrap_or((value, ""));
                told.entries = entries.parse().ok();
                told.room = room.parse().ok();
            }
            "Total number of port moved MAC entries" => told.moved = value.parse().ok(),
            "Total number of evicted MAC entries" => told.evicted = value.parse().ok(),
            _ => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_by_the_order_of_its_columns() {
        let text = " port  VLAN  MAC                Age\n    3     0  c6:26:8d:5a:fc:f3    1\n\
                    LOCAL    20  02:00:00:00:00:02  static\n32768  0  02:00:00:00:00:03  299\n";
        let rows: Vec<_> = parse_fdb(text).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!((&*rows[0].port, rows[0].vlan, rows[0].age), ("3", 0, Age::Seconds(1)));
        assert_eq!((&*rows[1].port, rows[1].vlan, rows[1].age), ("LOCAL", 20, Age::Static));
        assert_eq!(rows[2].mac, [2, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn the_counts_are_told() {
        let text = "Statistics for bridge \"br0\":\n  Current/maximum MAC entries in the table: 2/8192\n  \
                    Current static MAC entries in the table : 0\n  Total number of learned MAC entries     : 2\n  \
                    Total number of expired MAC entries     : 0\n  Total number of evicted MAC entries     : 4\n  \
                    Total number of port moved MAC entries  : 5\n";
        let told = parse_fdb_statistics(text);
        assert_eq!(
            (told.entries, told.room, told.moved, told.evicted),
            (Some(2), Some(8192), Some(5), Some(4))
        );
    }
}
