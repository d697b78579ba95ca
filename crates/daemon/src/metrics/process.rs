//! What the daemon itself takes of the machine, by the names that Prometheus has for it in every
//! program (prometheus.io, "Writing client libraries", process metrics).
//!
//! What cannot be read is left out, and is no error: a daemon tells of the switch all the same.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// What the kernel counts of this process: some fields of proc_pid_stat(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    /// Fields 14 and 15 together, in clock ticks.
    cpu: u64,
    /// Field 20.
    threads: u64,
    /// Field 22, in clock ticks since the machine started.
    start: u64,
    /// Field 23, in bytes.
    virtual_memory: u64,
    /// Field 24, in pages.
    resident: u64,
}

impl Stat {
    /// Reads the line of proc_pid_stat(5); the program's name in it may have spaces and brackets.
    fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // The first one behind the name is field 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu: field(14)?.saturating_add(field(15)?),
            threads: field(20)?,
            start: field(22)?,
            virtual_memory: field(23)?,
            resident: field(24)?,
        })
    }
}

/// Tells what this process takes now.
pub(super) fn register(registry: &mut Registry) {
    if let Some(stat) = read("/proc/self/stat").as_deref().and_then(Stat::parse) {
        used(registry, stat);
    }
    let open = std::fs::read_dir("/proc/self/fd").map(Iterator::count);
    // The folder itself is open while it is counted.
    let open = open.ok().and_then(|count| u64::try_from(count.saturating_sub(1)).ok());
    gauge(registry, "open_fds", "Open file descriptors", open);
    let most = getrlimit(Resource::Nofile).current;
    gauge(registry, "max_fds", "Most file descriptors that may be open", most);
    // -1 says that there is no limit.
    let most = getrlimit(Resource::As).current.map_or(-1, |most| i64::try_from(most).unwrap_or(-1));
    let help = "Most virtual memory that may be had, in bytes; -1 for no limit";
    let limit = Gauge::<i64>::default();
    limit.set(most);
    registry.register("virtual_memory_max_bytes", help, limit);
}

fn used(registry: &mut Registry, stat: Stat) {
    let cpu = Counter::<f64, AtomicU64>::default();
    cpu.inc_by(seconds(stat.cpu));
    registry.register("cpu_seconds", "User and system CPU time spent, in seconds", cpu);
    gauge(registry, "threads", "Threads", Some(stat.threads));
    gauge(registry, "virtual_memory_bytes", "Virtual memory, in bytes", Some(stat.virtual_memory));
    let resident = stat.resident.saturating_mul(u64::try_from(page_size()).unwrap_or(0));
    gauge(registry, "resident_memory_bytes", "Resident memory, in bytes", Some(resident));
    if let Some(boot) = boot() {
        let began = Gauge::<f64, AtomicU64>::default();
        began.set(boot + seconds(stat.start));
        let help = "When the process started, in seconds since the Unix epoch";
        registry.register("start_time_seconds", help, began);
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: Option<u64>) {
    let Some(value) = value else { return };
    let gauge = Gauge::<i64>::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

/// Clock ticks (sysconf(3), `_SC_CLK_TCK`) as seconds.
#[allow(clippy::cast_precision_loss, reason = "2^53 ticks are three million years")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / clock_ticks_per_second() as f64
}

/// When the machine started, in seconds since the Unix epoch: `btime` of proc_stat(5), which is
/// long where there are many processors, and is read once.
fn boot() -> Option<f64> {
    static BOOT: OnceLock<Option<f64>> = OnceLock::new();
    *BOOT.get_or_init(|| boot_of(&read("/proc/stat")?))
}

fn boot_of(stat: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

fn read(path: &str) -> Option<String> {
    files::read_text(Path::new(path)).ok()
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text;

    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_program_calls_itself() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15 16 9 18 4321 1048576 300 22";
        for name in ["docker-ovs", "a) S 7 (b", "two words", ""] {
            let stat = Stat::parse(&format!("42 ({name}) {rest}\n")).unwrap();
            let expected =
                Stat { cpu: 300, threads: 9, start: 4321, virtual_memory: 1 << 20, resident: 300 };
            assert_eq!(stat, expected, "{name}");
        }
        for line in ["", "42 (x", "42 (x) S 1 2", "42 (x) S 1 2 3 4 5 6 7 8 9 10 many 50"] {
            assert_eq!(Stat::parse(line), None, "{line}");
        }
        assert_eq!(boot_of("cpu 1 2\nbtime 1700000000\nctxt 5\n"), Some(1_700_000_000.0));
        assert_eq!(boot_of("cpu 1 2\n"), None);
    }

    #[test]
    fn this_process_has_used_something_and_began_before_now() {
        let mut registry = Registry::with_prefix("process");
        register(&mut registry);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).unwrap();
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(&format!("process_{name} ")));
            line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect(&text)
        };
        for name in ["open_fds", "threads", "virtual_memory_bytes", "resident_memory_bytes"] {
            assert!(value(name) >= 1.0, "{name}: {text}");
        }
        assert!(value("cpu_seconds_total") >= 0.0, "{text}");
        assert!(value("max_fds") >= value("open_fds"), "{text}");
        assert!(value("start_time_seconds") > 1.0e9, "{text}");
        assert!(value("virtual_memory_bytes") > value("resident_memory_bytes"), "{text}");
    }
}
