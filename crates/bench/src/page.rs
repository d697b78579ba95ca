//! docs/performance.md: the table between its two marks, and the machine that it was measured on.

use std::fs::read_to_string;
use std::path::Path;

use lab::{run, try_run};

const MARKS: [&str; 2] = ["<!-- bench -->\n", "<!-- /bench -->"];

/// Writes `table` and the machine into the page; what stands around them stays.
pub(crate) fn write(page: &Path, table: &str) -> std::io::Result<()> {
    let text = read_to_string(page)?;
    std::fs::write(page, between(&text, &format!("{}\n\n{table}", machine())))
}

/// `text` with `what` between the marks; as it was where they are not there.
fn between(text: &str, what: &str) -> String {
    let [begin, end] = MARKS;
    let found = text.split_once(begin).and_then(|(before, rest)| {
        rest.split_once(end).map(|(_, after)| format!("{before}{begin}{what}\n{end}{after}"))
    });
    found.unwrap_or_else(|| text.to_owned())
}

/// Which machine, which programs, which commit.
fn machine() -> String {
    let said = |program: &str, words: &[&str]| try_run(program, words).unwrap_or("-".to_owned());
    let last = |text: &str| {
        text.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or("-").to_owned()
    };
    let docker =
        said("docker", &["version", "--format", "{{.Server.Version}}, client {{.Client.Version}}"]);
    let switch = last(&said("ovs-appctl", &["version"]));
    let datapath = lab::Datapath::of_the_lab().kind();
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"]);
    format!(
        "Measured on {} processors ({}), {} of memory, {}, Linux {}, Docker {docker}, Open vSwitch {switch} \
         (`{datapath}`), at commit {commit} on {}.",
        std::thread::available_parallelism().map_or(0, usize::from),
        field("/proc/cpuinfo", "model name", ':'),
        memory(),
        field("/etc/os-release", "PRETTY_NAME", '='),
        said("uname", &["-r"]),
        run("date", &["-u", "+%F"]),
    )
}

/// What stands behind a name in a file of lines `NAME: VALUE`.
fn field(file: &str, name: &str, separator: char) -> String {
    let text = read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(separator)).map_or("-", |(_, value)| value);
    value.trim().trim_matches('"').to_owned()
}

fn memory() -> String {
    let kib = field("/proc/meminfo", "MemTotal", ':');
    let kib: f64 = kib.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0.0);
    format!("{:.0} GiB", kib / 1024.0 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n";
        let now = between(page, "new");
        assert_eq!(now, "a\n<!-- bench -->\nnew\n<!-- /bench -->\nb\n");
        assert_eq!(between(&now, "new"), now);
        assert_eq!(between("no marks", "new"), "no marks");
    }

    #[test]
    fn the_page_has_its_marks() {
        let page = include_str!("../../../docs/performance.md");
        assert_ne!(between(page, "new"), page);
    }
}
