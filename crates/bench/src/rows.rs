//! What is compared with what, and how much of it ours may take.

use std::path::PathBuf;

use crate::measure::{Runner, Score, Scores};
use crate::scene::Scene;

/// Where the programs are.
pub(crate) struct Tools {
    pub(crate) binaries: PathBuf,
    pub(crate) baselines: PathBuf,
}

impl Tools {
    pub(crate) fn ours(&self, name: &str) -> String {
        self.binaries.join(name).display().to_string()
    }

    pub(crate) fn baseline(&self, name: &str) -> String {
        self.baselines.join(name).display().to_string()
    }
}

pub(crate) fn runner(name: &'static str, words: &[&str]) -> Runner {
    Runner { name, words: words.iter().map(|word| (*word).to_owned()).collect(), code: 0 }
}

/// The least that a lookup can be: a program beside this one.
fn probe() -> String {
    let own = std::env::current_exe().expect("this program has a path");
    own.with_file_name("docker-ovs-probe").display().to_string()
}

/// One container asked for.
pub(crate) fn lookups(tools: &Tools, scene: &Scene) -> Vec<Runner> {
    let (one, many, bridge) = (scene.one(), scene.many(), scene.bridge());
    let get = ["ovs-vsctl", "get", "Interface", &one.host_ends[0], "ofport"];
    let (engine, database) = (lab::engine(), lab::rundir().join("db.sock"));
    let sockets = [engine, database].map(|path| path.display().to_string());
    vec![
        runner("a bare probe", &[&probe(), &one.name, &sockets[0], &sockets[1]]),
        runner("port", &[&tools.ours("docker-ovs"), "port", &one.name, bridge]),
        runner("lookup", &[&tools.ours("docker-ovs-port"), &one.name, bridge]),
        runner("lookup of 8", &[&tools.ours("docker-ovs-port"), &many.name, bridge]),
        runner("the 2014 script", &[&tools.baseline("article"), &one.name, bridge]),
        runner("the best shell", &[&tools.baseline("best"), &one.name, bridge]),
        runner("docker inspect", &["docker", "inspect", "-f", "{{.State.Pid}}", &one.name]),
        runner("ovs-vsctl get", &get),
    ]
}

/// Everything asked for.
pub(crate) fn listings(tools: &Tools, _scene: &Scene) -> Vec<Runner> {
    let both = "docker ps --no-trunc >/dev/null && docker inspect $(docker ps -q) >/dev/null";
    vec![
        runner("ls", &[&tools.ours("docker-ovs"), "ls"]),
        runner("the best shell", &[&tools.baseline("best-list")]),
        runner("docker ps + inspect", &["sh", "-c", both]),
        runner("docker ps", &["docker", "ps"]),
    ]
}

/// The table that is printed, and what it needs to remember between sizes.
#[derive(Default)]
pub(crate) struct ResultTable {
    lines: Vec<Row>,
    lookups: Vec<(usize, Score)>,
    listings: Vec<(usize, Score, Score)>,
}

/// One line, measured once or several times.
struct Row {
    name: String,
    values: Vec<f64>,
    target: f64,
    /// What the value was made of, the first time.
    medians: String,
}

impl Row {
    fn median(&self) -> f64 {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }
}

pub(crate) fn tell_lookups(rows: &mut ResultTable, size: usize, scores: &Scores) {
    let ours = scores["lookup"];
    let limit = if size >= 100 { 0.45 } else { 0.60 };
    let against = [
        ("the 2014 script", 0.06),
        ("the best shell", 0.10),
        ("docker inspect", 0.20),
        ("ovs-vsctl get", limit),
        ("a bare probe", 1.15),
    ];
    for (name, target) in against {
        rows.ratio(&format!("lookup / {name}, {size}"), ours, scores[name], target);
    }
    rows.ratio(&format!("docker ovs port / lookup, {size}"), scores["port"], ours, 1.1);
    let eight = scores["lookup of 8"];
    rows.ratio(&format!("lookup, 8 interfaces / 1, {size}"), eight, ours, 1.3);
    let mib = f64::from(u32::try_from(ours.memory).unwrap_or(u32::MAX)) / 1024.0;
    rows.line(&format!("memory of a lookup in MiB, {size}"), mib, 8.0, "");
    rows.lookups.push((size, ours));
}

pub(crate) fn tell_listings(rows: &mut ResultTable, size: usize, scores: &Scores) {
    let ours = scores["ls"];
    rows.ratio(&format!("ls / the best shell, {size}"), ours, scores["the best shell"], 0.10);
    let both = scores["docker ps + inspect"];
    rows.ratio(&format!("ls / docker ps + inspect of all, {size}"), ours, both, 0.5);
    rows.ratio(&format!("ls / docker ps, {size}"), ours, scores["docker ps"], 2.0);
    rows.listings.push((size, ours, both));
}

impl ResultTable {
    /// The largest host against the smallest.
    pub(crate) fn tell_growth(&mut self) {
        let (first, last) = (self.lookups.first().copied(), self.lookups.last().copied());
        if let (Some((small, before)), Some((large, after))) = (first, last)
            && small < large
        {
            self.ratio(&format!("lookup, {large} containers / {small}"), after, before, 1.6);
        }
        let (first, last) = (self.listings.first().copied(), self.listings.last().copied());
        if let (Some((small, ours, theirs)), Some((large, our_last, their_last))) = (first, last)
            && small < large
        {
            let grown = |from: Score, to: Score| Score {
                time: to.time.saturating_sub(from.time) / u32::try_from(large - small).unwrap_or(1),
                memory: 0,
            };
            let (ours, theirs) = (grown(ours, our_last), grown(theirs, their_last));
            self.ratio("ls / docker ps + inspect, an added container", ours, theirs, 0.6);
        }
    }

    pub(crate) fn ratio(&mut self, name: &str, ours: Score, theirs: Score, target: f64) {
        let ms = |score: Score| score.time.as_secs_f64() * 1000.0;
        let medians = format!("{:9.2} ms {:9.2} ms", ms(ours), ms(theirs));
        self.line(name, ms(ours) / ms(theirs), target, &medians);
    }

    pub(crate) fn line(&mut self, name: &str, value: f64, target: f64, medians: &str) {
        match self.lines.iter_mut().find(|row| row.name == name) {
            Some(row) => row.values.push(value),
            None => self.lines.push(Row {
                name: name.to_owned(),
                values: vec![value],
                target,
                medians: medians.to_owned(),
            }),
        }
    }

    pub(crate) fn print(&self) {
        for row in &self.lines {
            let (value, target) = (row.median(), row.target);
            let verdict = if value <= target { "ok" } else { "MISSED" };
            let (name, medians) = (&row.name, &row.medians);
            println!("{name:<48} {value:6.3}  ≤ {target:<5} {verdict:<7} {medians}");
        }
    }

    /// The same as a table of Markdown.
    pub(crate) fn markdown(&self) -> String {
        let head = "| what | measured | target | | ours, the other |\n|---|---|---|---|---|\n";
        let line = |row: &Row| {
            let (value, target) = (row.median(), row.target);
            let verdict = if value <= target { "met" } else { "**missed**" };
            let medians: Vec<_> = row.medians.split_whitespace().collect();
            format!(
                "| {} | {value:.3} | ≤ {target} | {verdict} | {} |\n",
                row.name,
                medians.join(" ")
            )
        };
        head.to_owned() + &self.lines.iter().map(line).collect::<String>()
    }

    /// Each row of two builds, and how many times of the earlier one the later one takes.
    pub(crate) fn print_beside(now: &Self, earlier: &Self) {
        println!("{:<48} {:>8} {:>8} {:>7}", "", "earlier", "now", "ratio");
        for row in &now.lines {
            let before = earlier.lines.iter().find(|before| before.name == row.name);
            let Some(before) = before.map(Row::median) else { continue };
            let after = row.median();
            println!("{:<48} {before:8.3} {after:8.3} {:7.3}", row.name, after / before);
        }
    }
}
