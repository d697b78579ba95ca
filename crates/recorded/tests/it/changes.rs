//! What a log tells of ports, against the host as it was before and after each transaction.

use docker_ovs_recorded::port_changes;
use model::switch::SwitchSource;

use crate::database::{SCHEMA, read, record};

/// A row of the table, by its number.
fn row_id(table: char, n: usize) -> String {
    format!("{:08x}-0000-4000-8000-{n:012x}", u32::from(table))
}

/// Ports that come, go, change and go over to another bridge, each in a transaction of its own.
struct Changing {
    /// On which bridge each is.
    on: Vec<Option<usize>>,
    seed: u64,
    /// Whether rows are told by differences.
    is_diff: bool,
}

impl Changing {
    fn throw(&mut self, sides: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        usize::try_from(self.seed % u64::try_from(sides).unwrap()).unwrap()
    }

    fn bridge(&self, bridge: usize, changed: &[usize]) -> String {
        let all = (0..self.on.len()).filter(|port| self.on[*port] == Some(bridge));
        let all: Vec<_> = if self.is_diff { changed.to_vec() } else { all.collect() };
        let ids: Vec<_> =
            all.iter().map(|port| format!(r#"["uuid","{}"]"#, row_id('p', *port))).collect();
        format!(r#""{}":{{"ports":["set",[{}]]}}"#, row_id('b', bridge), ids.join(","))
    }

    fn rows(&mut self) -> String {
        let port = self.throw(self.on.len());
        let (interface, own) = (row_id('i', port), row_id('p', port));
        let number = self.throw(9) + 1;
        match (self.on[port], self.throw(3)) {
            (None, _) => {
                let bridge = self.throw(2);
                self.on[port] = Some(bridge);
                let bridge = self.bridge(bridge, &[port]);
                format!(
                    r#""Interface":{{"{interface}":{{"name":"v{port}","ofport":{number}}}}},"Port":{{"{own}":{{"name":"v{port}","interfaces":["uuid","{interface}"]}}}},"Bridge":{{{bridge}}}"#
                )
            }
            (Some(bridge), 0) => {
                self.on[port] = None;
                let bridge = self.bridge(bridge, &[port]);
                format!(
                    r#""Interface":{{"{interface}":null}},"Port":{{"{own}":null}},"Bridge":{{{bridge}}}"#
                )
            }
            (Some(bridge), 1) => {
                self.on[port] = Some(1 - bridge);
                let (from, to) = (self.bridge(bridge, &[port]), self.bridge(1 - bridge, &[port]));
                format!(r#""Bridge":{{{from},{to}}}"#)
            }
            _ => format!(
                r#""Interface":{{"{interface}":{{"ofport":{number}}}}},"Port":{{"{own}":{{"tag":{number}}}}}"#
            ),
        }
    }
}

type Seen = std::collections::BTreeMap<(String, String), (Option<u16>, Option<u16>)>;

/// All ports as of a moment.
fn seen(file: &str, at: u64) -> Seen {
    let then = read(file, Some(at));
    let bridges = then.snapshot.switch[&SwitchSource::Ovsdb].rows().to_vec();
    let each = bridges.into_iter().flat_map(|bridge| {
        let name = bridge.name.to_string();
        bridge.ports.into_iter().map(move |port| {
            let number = port.ofport.assigned().map(|number| number.0);
            ((name.clone(), port.iface.to_string()), (number, port.tag))
        })
    });
    each.collect()
}

/// The changes that a log tells of are those between the host before and after each transaction, however
/// many ports are long there.
#[test]
fn what_became_of_ports_is_what_differs_between_one_moment_and_the_next() {
    for (is_diff, ports) in [(true, 3), (false, 3), (true, 40), (false, 40)] {
        let mut changing = Changing { on: vec![None; ports], seed: 11, is_diff };
        let bridges: Vec<_> =
            (0..2).map(|n| format!(r#""{}":{{"name":"br{n}"}}"#, row_id('b', n))).collect();
        let mut file = record("JSON", &format!("{SCHEMA}\n"));
        file += &record(
            "JSON",
            &format!(r#"{{"_date":5000000000000,"Bridge":{{{}}}}}{}"#, bridges.join(","), '\n'),
        );
        let first = 5_000_000_000_000;
        for at in 1..120 {
            let rows = changing.rows();
            let json = format!("{{\"_date\":{},\"_is_diff\":{is_diff},{rows}}}\n", first + at);
            file += &record("JSON", &json);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conf.db");
        std::fs::write(&path, &file).unwrap();
        let told = port_changes(&path, first + 1, u64::MAX).unwrap().found;
        let mut before = seen(&file, first);
        for at in first + 1..first + 120 {
            let mut followed = before.clone();
            for change in told.iter().filter(|change| change.at == at) {
                let name = |port: &std::sync::Arc<model::switch::Port>| {
                    (change.bridge.to_string(), port.iface.to_string())
                };
                if let Some(port) = &change.before {
                    assert!(followed.remove(&name(port)).is_some(), "{is_diff} {at} {change:?}");
                }
                if let Some(port) = &change.now {
                    let number = port.ofport.assigned().map(|number| number.0);
                    followed.insert(name(port), (number, port.tag));
                }
            }
            before = seen(&file, at);
            assert_eq!(followed, before, "{is_diff} {at}");
        }
    }
}
