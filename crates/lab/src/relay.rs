//! Docker's socket by way of a test that can cut it or let it hang.
#![allow(clippy::missing_panics_doc, reason = "what goes wrong here fails the test")]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// The relay: what comes in at its socket goes to Docker, and back.
#[derive(Debug)]
pub struct Relay {
    path: PathBuf,
    door: Arc<RelayState>,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
struct RelayState {
    /// Both ends of every connection; none while it is cut.
    open: Mutex<Option<Vec<UnixStream>>>,
    hung: Mutex<bool>,
    goes_on: Condvar,
}

impl Default for Relay {
    fn default() -> Self {
        Self::new()
    }
}

impl Relay {
    /// One that passes everything on.
    ///
    /// # Panics
    /// When its socket cannot be made.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let open = Mutex::new(Some(Vec::new()));
        let door = Arc::new(RelayState { open, hung: Mutex::new(false), goes_on: Condvar::new() });
        let at = Arc::clone(&door);
        thread::spawn(move || listener.incoming().flatten().for_each(|from| join(from, &at)));
        Self { path, door, _folder: folder }
    }

    /// What `-H` takes.
    pub fn url(&self) -> String {
        format!("unix://{}", self.path.display())
    }

    /// Cuts every connection, and closes new ones at once.
    pub fn cut(&self) {
        let streams = self.door.open.lock().unwrap().take().unwrap_or_default();
        for stream in streams {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Lets connections in again.
    pub fn mend(&self) {
        *self.door.open.lock().unwrap() = Some(Vec::new());
    }

    /// Passes on nothing more, and closes nothing.
    pub fn hang(&self) {
        *self.door.hung.lock().unwrap() = true;
    }

    /// Passes on what came meanwhile, and all that comes.
    pub fn go_on(&self) {
        *self.door.hung.lock().unwrap() = false;
        self.door.goes_on.notify_all();
    }
}

fn join(from: UnixStream, door: &Arc<RelayState>) {
    let mut open = door.open.lock().unwrap();
    let Some(open) = open.as_mut() else { return };
    let to = UnixStream::connect(crate::places::engine()).unwrap();
    let copy = |stream: &UnixStream| stream.try_clone().unwrap();
    open.extend([copy(&from), copy(&to)]);
    for (read, write) in [(copy(&from), copy(&to)), (to, from)] {
        let door = Arc::clone(door);
        thread::spawn(move || pass_on(read, write, &door));
    }
}

fn pass_on(mut read: UnixStream, mut write: UnixStream, door: &RelayState) {
    let mut piece = [0; 1 << 12];
    while let Ok(length @ 1..) = read.read(&mut piece) {
        let hung = door.hung.lock().unwrap();
        drop(door.goes_on.wait_while(hung, |hung| *hung));
        if write.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = write.shutdown(std::net::Shutdown::Both);
}
