//! Several engines on one host: what one costs that is not asked about, and what it costs to list all.

use lab::{Need, Podman, is_there, run};

use crate::daemon::Daemon;
use crate::measure::{Contest, Runner, Score};
use crate::rows::{ResultTable, Tools, runner};
use crate::scene::Scene;

/// Containers of Podman beside Docker's.
const CONTAINERS: usize = 100;
/// Engines that do not know a name, Docker among them.
const ENGINES: usize = 5;
/// A name that no engine has.
const NOBODY: &str = "no-such-container";

/// Measures one Podman with many containers, and several with one, beside the Docker of the scene. Nothing
/// where there is no Podman, and of a build that takes one engine alone.
pub(crate) fn tell(
    rows: &mut ResultTable,
    size: usize,
    tools: &Tools,
    scene: &Scene,
    rounds: usize,
) {
    let ours = tools.ours("docker-ovs");
    if !run(&ours, &["--help"]).contains("--engine") {
        return;
    }
    if !is_there(Need::Podman) {
        return eprintln!("no Podman: engines beside Docker are not measured");
    }
    let folders: Vec<_> = (1..ENGINES).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let services: Vec<_> = folders.iter().map(|folder| Podman::serve(folder.path())).collect();
    let [podman, ..] = services.as_slice() else { return };
    for made in 2..=CONTAINERS {
        podman.run(&["--network", "none"]);
        eprint!("\r{made} of {CONTAINERS} containers of Podman ");
    }
    eprintln!();
    // The binary of the lookup alone takes no options.
    let by = |engines: &[String], name: &'static str, words: &[&str]| -> Runner {
        let engines = engines.iter().flat_map(|engine| ["--engine", engine]);
        let words: Vec<_> =
            [&*ours].into_iter().chain(engines).chain(words.iter().copied()).collect();
        runner(name, &words)
    };
    let all: Vec<_> =
        std::iter::once("docker".to_owned()).chain(services.iter().map(Podman::engine)).collect();
    let (alone, two, other) = (&all[..1], &all[..2], &all[1..2]);
    let known = &scene.one().name;
    let scores = Contest::new(vec![
        by(alone, "known, alone", &["port", known]),
        by(two, "known, two", &["port", known]),
        unknown(by(alone, "unknown, alone", &["port", NOBODY])),
        unknown(by(other, "unknown, Podman", &["port", NOBODY])),
        unknown(by(&all, "unknown, all", &["port", NOBODY])),
        by(two, "ls, two", &["ls", "--quiet"]),
        runner("docker ps", &["docker", "ps"]),
        runner("podman ps", &["podman", "--url", &podman.socket(), "ps"]),
    ])
    .run(rounds);
    let more = ms(scores["known, two"]) - ms(scores["known, alone"]);
    let row = format!("ms that a Podman adds to a lookup in Docker, {size}");
    rows.line(&row, more, 0.1, "");
    // All are asked at once, and the slowest one has to say no, too.
    let slowest =
        std::cmp::max_by_key(scores["unknown, alone"], scores["unknown, Podman"], |score| {
            score.time
        });
    let row = format!("an unknown name, {ENGINES} engines / the slowest of them alone, {size}");
    rows.ratio(&row, scores["unknown, all"], slowest, 1.5);
    let theirs = scores["docker ps"].time + scores["podman ps"].time;
    let row = format!("ls of Docker and {CONTAINERS} of Podman / docker ps + podman ps, {size}");
    rows.ratio(&row, scores["ls, two"], Score { time: theirs, memory: 0 }, 1.2);
    let memory = |engines: &[String]| Daemon::start(tools, engines).memory();
    let (one, both) = (memory(alone), memory(two));
    let beside = format!("{one:9.2} MiB {both:8.2} MiB");
    rows.line(&format!("MiB that a Podman adds to the daemon, {size}"), both - one, 1.0, &beside);
}

/// That ends as what cannot be answered.
fn unknown(runner: Runner) -> Runner {
    Runner { code: 2, ..runner }
}

fn ms(score: Score) -> f64 {
    score.time.as_secs_f64() * 1000.0
}
