//! The driver's own socket, where no service manager has bound it.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::tool::command;

/// A driver of no switch and no engine.
fn start(socket: &Path) -> Child {
    let nothing = ["-H", "unix:///nonexistent", "--db", "unix:/nonexistent"];
    let words = [&nothing[..], &["driver", "--socket", socket.to_str().unwrap()]].concat();
    command("docker-ovs", &words).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn of_several_drivers_that_start_at_once_over_a_dead_socket_one_lives() {
    lab::need!(Lab);
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("ovs.sock");
        drop(UnixListener::bind(&socket).unwrap());
        let mut all: Vec<_> = (0..4).map(|_| start(&socket)).collect();
        lab::wait_until("three have ended", || {
            let ended =
                all.iter_mut().map(|child| usize::from(child.try_wait().unwrap().is_some()));
            ended.sum::<usize>() == 3
        });
        assert!(UnixStream::connect(&socket).is_ok());
        for mut child in all {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn whatever_signal_ends_a_driver_its_files_go_with_it() {
    lab::need!(Lab);
    for signal in
        [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::ALARM]
    {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("ovs.sock");
        let mut child = start(&socket);
        lab::wait_until("it listens", || UnixStream::connect(&socket).is_ok());
        kill_process(Pid::from_child(&child), signal).unwrap();
        lab::wait_until("it ends", || child.try_wait().unwrap().is_some());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal:?}");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "{signal:?}");
    }
}
