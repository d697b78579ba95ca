//! The two looks of text. Names may hold anything but a slash, which is why a port's
//! line is taken apart at its first slash, and indentation is followed exactly.

use super::{DpBridge, DpPort, LONGEST_DATAPATH, MAX_BRIDGES, MAX_ROWS, MalformedDpif};

/// Where the reading has got to.
#[derive(Default)]
struct Reader<'a> {
    datapath: &'a str,
    /// One level of indentation: a tab, or some spaces.
    indent: Option<&'a str>,
    bridges: Vec<DpBridge>,
}

pub(super) fn parse(answer: &str) -> Result<Vec<DpBridge>, MalformedDpif> {
    let mut reader = Reader::default();
    let is_row = |line: &&str| !line.trim().is_empty();
    if answer.lines().filter(is_row).count() > MAX_ROWS {
        return Err(MalformedDpif::TooLong(MAX_ROWS));
    }
    for (number, line) in answer.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        reader
            .read(line)
            .ok_or_else(|| MalformedDpif::Line { number: number + 1, line: line.to_owned() })?;
        if reader.bridges.len() > MAX_BRIDGES {
            return Err(MalformedDpif::TooManyBridges(MAX_BRIDGES));
        }
    }
    Ok(reader.bridges)
}

impl<'a> Reader<'a> {
    /// Reads a line; `None` when it makes no sense.
    fn read(&mut self, line: &'a str) -> Option<()> {
        let Some(indented) = self.unindent(line) else {
            self.datapath = heading(line).filter(|name| name.len() <= LONGEST_DATAPATH)?;
            self.indent = None;
            return Some(());
        };
        match indented.strip_prefix(self.indent?) {
            Some(line) => self.read_port(line),
            None => self.read_bridge(indented),
        }
    }

    /// The line less one level of indentation; `None` when it has none. The first
    /// indented line below a datapath shows what a level is.
    fn unindent(&mut self, line: &'a str) -> Option<&'a str> {
        let width = line.len() - line.trim_start_matches([' ', '\t']).len();
        if width > 0 && self.indent.is_none() && !self.datapath.is_empty() {
            self.indent = line.get(..width);
        }
        line.strip_prefix(self.indent?)
    }

    fn read_bridge(&mut self, line: &str) -> Option<()> {
        match heading(line) {
            Some(name) => self.bridges.push(DpBridge {
                name: name.to_owned(),
                datapath: self.datapath.to_owned(),
                ports: Vec::new(),
            }),
            None => is_statistics(line).then_some(())?,
        }
        Some(())
    }

    fn read_port(&mut self, line: &str) -> Option<()> {
        let port = parse_port(line)?;
        let bridge = self.bridges.last_mut().filter(|bridge| bridge.datapath == self.datapath)?;
        bridge.ports.push(port);
        Some(())
    }
}

/// The name in `NAME:` or `NAME: hit:N missed:N`.
fn heading(line: &str) -> Option<&str> {
    let name = line.strip_suffix(':').or_else(|| {
        let (name, counters) = line.rsplit_once(": hit:")?;
        let (hit, missed) = counters.split_once(" missed:")?;
        (is_number(hit) && is_number(missed)).then_some(name)
    })?;
    (!name.is_empty() && !name.starts_with([' ', '\t'])).then_some(name)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What 2.0 says about a datapath before its bridges.
fn is_statistics(line: &str) -> bool {
    ["flows: cur: ", "hourly avg: ", "daily avg: ", "overall avg: "]
        .iter()
        .any(|beginning| line.starts_with(beginning))
}

/// `NAME OFPORT/DPPORT: (KIND)` or `NAME OFPORT/DPPORT: (KIND: OPTIONS)`.
fn parse_port(line: &str) -> Option<DpPort> {
    let (left, right) = line.split_once('/')?;
    let (name, ofport) = left.rsplit_once(' ')?;
    let (dp_port, details) = right.split_once(": (")?;
    let details = details.trim_end().strip_suffix(')')?;
    let (kind, options) = details.split_once(": ").unwrap_or((details, ""));
    Some(DpPort {
        name: name.to_owned(),
        ofport: parse_number(ofport)?,
        dp_port: if dp_port == "none" { None } else { Some(parse_number(dp_port)?) },
        kind: kind.to_owned(),
        options: options.to_owned(),
    })
}

fn parse_number<N: std::str::FromStr>(text: &str) -> Option<N> {
    is_number(text).then(|| text.parse().ok()).flatten()
}
