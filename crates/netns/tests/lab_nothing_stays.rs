//! What a visit leaves behind: nothing. A program of its own, since it counts the process's
//! threads and descriptors.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

#[path = "it/space/mod.rs"]
mod space;

use docker_ovs_netns::{Netns, visit};

use space::{Space, soon};

fn entries(directory: &str) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[test]
fn no_thread_and_no_descriptor_stays() {
    lab::need!(Root);
    let spaces = [Space::new("a"), Space::new("b")];
    let open: Vec<_> = spaces.iter().map(Space::open).collect();
    let both = [&open[0], &open[1]];
    let home = Netns::current().unwrap().identity();
    let count = || (entries("/proc/self/task"), entries("/proc/self/fd"));
    let before = count();
    for _ in 0..50 {
        let links = visit(&both, |_, socket| socket.links());
        assert!(links.iter().all(Result::is_ok));
    }
    assert!(soon(|| count() == before), "{:?}, before {before:?}", count());
    assert_eq!(Netns::current().unwrap().identity(), home);
    // What reads may fail or panic; the thread ends all the same.
    let panicked = std::panic::catch_unwind(|| visit::<()>(&both, |_, _| panic!("on purpose")));
    assert!(panicked.is_err());
    assert!(soon(|| count() == before), "{:?}, before {before:?}", count());
}
