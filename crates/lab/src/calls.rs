//! A program that is killed at one of its system calls, whichever of its threads makes it (ptrace(2)).

use std::collections::BTreeSet;
use std::fs::{File, read_dir, read_to_string};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// With a thread the ones that it starts are followed.
const THREADS: Options = Options::PTRACE_O_TRACESYSGOOD.union(Options::PTRACE_O_TRACECLONE);

/// How long is waited before it is looked again whether a thread has stopped.
const PAUSE: Duration = Duration::from_micros(200);

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

/// A program that runs already and is followed from now on.
pub struct KillAtCall {
    is_over: Arc<AtomicBool>,
    made: Arc<AtomicUsize>,
    tracer: JoinHandle<bool>,
}

impl KillAtCall {
    /// Kills process `pid` before the kernel has carried out the `n`th call of these that it makes from now
    /// on. All of its threads are followed when this returns.
    ///
    /// # Panics
    /// When it cannot be traced.
    pub fn attach(pid: u32, calls: Calls, n: usize) -> Self {
        let pid = Pid::from_raw(pid.try_into().expect("a process id"));
        let (is_over, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (until, counted) = (Arc::clone(&is_over), Arc::clone(&made));
        let (is_followed, followed) = mpsc::channel();
        // What traces is a thread, and ends with it.
        let tracer = thread::spawn(move || {
            let tell = || is_followed.send(()).expect("it is awaited");
            Tracer { pid }.follow(calls, n, &counted, &until, tell)
        });
        followed.recv().expect("it is followed");
        Self { is_over, made, tracer }
    }

    /// How many of these calls it has begun since it is followed.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// Whether it was killed already.
    pub fn is_done(&self) -> bool {
        self.tracer.is_finished()
    }

    /// Lets go of it: whether it was killed.
    ///
    /// # Panics
    /// When it could not be followed.
    pub fn has_killed(self) -> bool {
        self.is_over.store(true, Ordering::Relaxed);
        self.tracer.join().expect("it is traced to its end")
    }
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
        let options = THREADS | Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL;
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

    /// Whether it was killed before `until`; its calls are counted in `made`. `is_followed` is called once all
    /// of its threads are.
    fn follow(
        &self,
        calls: Calls,
        n: usize,
        made: &AtomicUsize,
        until: &AtomicBool,
        is_followed: impl FnOnce(),
    ) -> bool {
        let mut stopping = self.seize_all();
        assert!(!stopping.is_empty(), "it is there and may be traced");
        let mut is_followed = Some(is_followed);
        let any = Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD | WaitPidFlag::WNOHANG);
        while !until.load(Ordering::Relaxed) {
            if stopping.is_empty()
                && let Some(tell) = is_followed.take()
            {
                tell();
            }
            let (thread, signal) = match waitpid(None, any).expect("it is traced") {
                WaitStatus::StillAlive => {
                    thread::sleep(PAUSE);
                    continue;
                }
                WaitStatus::PtraceSyscall(thread) => {
                    // A thread that has stopped already goes on while others still are to stop.
                    let counts = is_followed.is_none()
                        && is_entry(thread)
                        && calls.count(self.number(thread));
                    if counts && made.fetch_add(1, Ordering::Relaxed) + 1 == n {
                        // Who has started it waits for its end.
                        kill(self.pid, Signal::SIGKILL).expect("it is there");
                        return true;
                    }
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, ..) => (thread, None),
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                status => {
                    stopping.retain(|thread| Some(*thread) != status.pid());
                    continue;
                }
            };
            stopping.remove(&thread);
            let _ = ptrace::syscall(thread, signal);
        }
        false
    }

    /// Has each thread stop, and those that are started meanwhile. One that ends meanwhile is none of them.
    fn seize_all(&self) -> BTreeSet<Pid> {
        let mut all = BTreeSet::new();
        loop {
            let threads = read_dir(format!("/proc/{}/task", self.pid)).into_iter().flatten();
            let ids =
                threads.flatten().filter_map(|thread| thread.file_name().to_str()?.parse().ok());
            let seized: Vec<_> = ids
                .map(Pid::from_raw)
                .filter(|thread| !all.contains(thread) && ptrace::seize(*thread, THREADS).is_ok())
                .collect();
            if seized.is_empty() {
                return all;
            }
            all.extend(seized.into_iter().filter(|thread| ptrace::interrupt(*thread).is_ok()));
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
