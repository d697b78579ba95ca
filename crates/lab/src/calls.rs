//! A program that is killed at one of its system calls, whichever of its threads makes it (ptrace(2)).

use std::fs::{File, read_to_string};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Which system calls count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Every one.
    All,
    /// Those by which something is sent, to a file or a socket.
    Sending,
}

impl Calls {
    fn count(self, number: i64) -> bool {
        let sending = [libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_write, libc::SYS_writev];
        self == Self::All || sending.contains(&number)
    }
}

/// Waits until it is traced, and becomes the program then: what comes before `exec` is not counted.
const START: &str = "kill -STOP $$; exec \"$0\" \"$@\"";

/// Runs `command` until it makes its `n`th call of these, counted from 1 over all its threads, and kills it
/// before the kernel has carried that call out. None where it was killed; else it made fewer, and this is how
/// it ended and what it said on stderr.
///
/// # Panics
/// When it cannot be started or traced.
pub fn kill_at_call(command: &Command, calls: Calls, n: usize) -> Option<(ExitStatus, String)> {
    let said = tempfile::NamedTempFile::new().expect("there is room for its words");
    // One that traces is told of the calls of what it started itself alone.
    let status = thread::scope(|scope| {
        let tracer = scope.spawn(|| Tracer::start(command, said.as_file()).run(calls, n));
        tracer.join().expect("it is traced to its end")
    });
    let words = read_to_string(said.path()).unwrap_or_default();
    status.map(|status| (status, words))
}

struct Tracer {
    pid: Pid,
}

impl Tracer {
    #[allow(clippy::zombie_processes, reason = "waitpid(2) waits for all its threads")]
    fn start(command: &Command, said: &File) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", START]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let said = said.try_clone().expect("a descriptor is free");
        let child = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn();
        let pid = child.expect("sh starts").id();
        let pid = Pid::from_raw(pid.try_into().expect("a process id"));
        waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("it waits to be traced");
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        ptrace::seize(pid, options).expect("a child may be traced");
        kill(pid, Signal::SIGCONT).expect("it is there");
        Self { pid }
    }

    /// How it ended, if it was not killed.
    fn run(&self, calls: Calls, n: usize) -> Option<ExitStatus> {
        let (mut is_program, mut count) = (false, 0);
        let any = Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD);
        loop {
            let (thread, signal) = match waitpid(None, any).expect("it is there") {
                WaitStatus::PtraceSyscall(thread) => {
                    if is_program && is_entry(thread) && calls.count(self.number(thread)) {
                        count += 1;
                        if count == n {
                            kill(self.pid, Signal::SIGKILL).expect("it is there");
                        }
                    }
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, _, event) => {
                    is_program |= event == libc::PTRACE_EVENT_EXEC;
                    (thread, None)
                }
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::Exited(thread, code) if thread == self.pid => {
                    return Some(ExitStatus::from_raw(code << 8));
                }
                WaitStatus::Signaled(thread, ..) if thread == self.pid => return None,
                _ => continue,
            };
            // One that is being killed is not there any more.
            let _ = ptrace::syscall(thread, signal);
        }
    }

    /// Of the call that this thread is stopped at (`proc_pid_syscall(5)`); -1 where it is none.
    fn number(&self, thread: Pid) -> i64 {
        let text = read_to_string(format!("/proc/{}/task/{thread}/syscall", self.pid));
        let number = text.ok().and_then(|text| text.split(' ').next()?.parse().ok());
        number.unwrap_or(-1)
    }
}

/// Whether the kernel is about to carry the call out, and not just done with it.
fn is_entry(thread: Pid) -> bool {
    ptrace::syscall_info(thread).is_ok_and(|info| info.op == libc::PTRACE_SYSCALL_INFO_ENTRY)
}
