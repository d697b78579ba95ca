//! It stays true: under a wall clock that jumps by a year, stamps jump, and nothing else does.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::time::{Duration, Instant};

use crate::tool::live::Events;
use crate::tool::switch::{Switch, nothing_false_was_told, told};
use crate::tool::{Event, Served, command, says};
use lab::{Bridge, Clock, Container, wait_until};

/// Generous: nothing takes longer than on a machine whose clock is right.
const SOON: Duration = Duration::from_secs(10);

fn number(event: &Event) -> u64 {
    event.id.rsplit_once('-').unwrap().1.parse().unwrap()
}

#[test]
fn changes_are_told_in_order_whatever_the_clock_says() {
    lab::need!(Lab, Faketime);
    let clock = Clock::new();
    let switch = Switch::new();
    let words = ["--db", &switch.server.remote()];
    let (events, daemon) =
        (Events::start_under(&clock, &words), Served::start_under(&clock, &words));
    let mut stream = daemon.events(None);
    let first = stream.next();
    wait_until("it is told", || told(&events, "[]") == 1);
    let mut stamps = Vec::new();
    let mut last = number(&first);
    for (i, to) in ["+1y", "-1y", "+0"].into_iter().enumerate() {
        clock.jump(to);
        let start = Instant::now();
        switch.tag(u32::try_from(i).unwrap() + 1);
        wait_until("it is told", || told(&events, "[VLAN]") == i + 1);
        let event = stream.find(|event| event.data["Changed"][0] == "VLAN");
        println!("the clock at {to}: told after {:.1?}", start.elapsed());
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert!(number(&event) > last, "{event:?}");
        last = number(&event);
        stamps.push(event.data["Time"].as_str().unwrap().to_owned());
    }
    let [later, earlier, now] = &stamps[..] else { unreachable!() };
    assert!(earlier < now && now < later, "{stamps:?}");
    // Who comes again gets what was missed, whichever way the clock went.
    let again = daemon.events(Some(&first.id)).find(|event| event.data["Changed"][0] == "VLAN");
    assert_eq!(again.data["Time"], **later);
    nothing_false_was_told(&switch, &events);
}

#[test]
fn a_source_that_hangs_is_noticed_whatever_the_clock_says() {
    lab::need!(Lab, Faketime);
    let clock = Clock::new();
    let switch = Switch::new();
    let events = Events::start_under(&clock, &["--db", &switch.server.remote()]);
    wait_until("it is told", || told(&events, "[]") == 1);
    for (round, to) in (1..).zip(["+1y", "-1y"]) {
        switch.signal("-STOP");
        clock.jump(to);
        let (start, before) = (Instant::now(), events.late("OVSDB at"));
        wait_until("it is shown", || events.late("OVSDB at") > before);
        println!("the clock at {to}: shown after {:.1?}", start.elapsed());
        // Neither at once nor never.
        assert!((Duration::from_secs(2)..SOON).contains(&start.elapsed()), "{:?}", start.elapsed());
        switch.signal("-CONT");
        switch.tag(u32::try_from(round).unwrap());
        wait_until("it is told", || told(&events, "[VLAN]") == round);
    }
    nothing_false_was_told(&switch, &events);
}

#[test]
fn a_clock_that_is_behind_makes_nothing_old_enough_to_be_removed() {
    lab::need!(Docker, Faketime);
    let clock = Clock::new();
    let (bridge, container) = (Bridge::new(), Container::run());
    says(&["connect", bridge.name(), container.name(), "--format", "{{.OFPort}}"]);
    container.remove();
    let prune = |to: &str| {
        clock.jump(to);
        let words = [
            "prune",
            "--bridge",
            bridge.name(),
            "--dry-run",
            "--filter",
            "until=1h",
            "--format",
            "json",
        ];
        let output = clock.rule(command("docker-ovs", &words)).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for soon in ["+0", "-1y", "-60y"] {
        assert_eq!(prune(soon), "", "{soon}");
    }
    assert!(prune("+1y").contains(bridge.name()));
}
