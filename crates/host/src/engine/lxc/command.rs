//! The socket of one container: an abstract one (unix(7)), at which its monitor listens as long as it
//! runs (`src/lxc/commands.c` of LXC).

use std::hash::Hasher;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType, UCred, sendmsg, socket_with,
};
use rustix::process::{getegid, geteuid, getpid};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use crate::identity::peer::pid_of;
use crate::identity::process::Process;

/// `LXC_CMD_GET_INIT_PID`.
const GET_INIT_PID: i32 = 4;
/// The longest name, in bytes: that of `sockaddr_un`, less the zero before it.
const LONGEST: usize = 107;

/// The processes of a container that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Processes {
    /// The one that listens.
    pub(super) monitor: u32,
    /// The container's first one, as the monitor numbers it.
    pub(super) init: u32,
}

/// The processes of the container `name` below `path`; none where it does not run.
///
/// # Errors
/// As the connection fails, or [`io::ErrorKind::InvalidData`] for an answer that is none;
/// [`io::ErrorKind::WouldBlock`] where too many others wait there.
pub(super) async fn processes(path: &Path, name: &str) -> io::Result<Option<Processes>> {
    let mut stream = match connect(path, name) {
        Ok(stream) => stream,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(None),
        Err(error) => return Err(error),
    };
    let monitor = pid_of(&stream)?;
    // Whoever is first may have a name of this kind, and a container whose name is taken does not start.
    if !is_its_monitor(&stream, monitor, &path.join(name))? {
        return Ok(None);
    }
    stream.writable().await?;
    send(&stream, &request())?;
    let mut answer = [0; 16];
    match stream.read_exact(&mut answer).await {
        Ok(_) => {}
        // It ended meanwhile.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(init_in(answer)?.map(|init| Processes { monitor, init }))
}

/// Connects without waiting, also where others who wait there leave no place.
fn connect(path: &Path, name: &str) -> io::Result<UnixStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new_abstract_name(&address(path, name))?)?;
    UnixStream::from_std(socket.into())
}

/// Whether a container's monitor may be what listens: it runs as root, or as the owner of the container's
/// folder, and its PIDs are this program's. A process within another container that shares this network
/// namespace may be root, too, and LXC within it has the same paths.
fn is_its_monitor(stream: &UnixStream, pid: u32, folder: &Path) -> io::Result<bool> {
    let user = stream.peer_cred()?.uid();
    let is_of_owner = || std::fs::metadata(folder).is_ok_and(|folder| folder.uid() == user);
    // One that is not seen from here is judged by its user alone.
    let is_inside =
        pid != 0 && Process::open(pid).is_ok_and(|peer| !peer.shares_our_pids().unwrap_or(true));
    Ok(!is_inside && (user == 0 || is_of_owner()))
}

/// What the socket is called: by the container's folder, or by a digest of that if it is too long.
pub(super) fn address(path: &Path, name: &str) -> Vec<u8> {
    let folder = [path.as_os_str().as_encoded_bytes(), b"/", name.as_bytes()].concat();
    let plain = [&folder, &b"/command"[..]].concat();
    if plain.len() < LONGEST {
        return plain;
    }
    let mut digest = fnv::FnvHasher::default();
    digest.write(&folder);
    format!("lxc/{:016x}/command", digest.finish()).into_bytes()
}

/// `struct lxc_cmd_req`: the command, and no data.
fn request() -> [u8; 16] {
    let mut request = [0; 16];
    if let Some(command) = request.first_chunk_mut() {
        *command = GET_INIT_PID.to_ne_bytes();
    }
    request
}

/// A monitor answers those alone who say who they are (`SCM_CREDENTIALS` of unix(7)).
fn send(stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    let who = UCred { pid: getpid(), uid: geteuid(), gid: getegid() };
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmCredentials(who));
    sendmsg(stream, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// `struct lxc_cmd_rsp`: a result, a length, and in the place of a pointer the number; none of a
/// container that is just being started or stopped.
pub(in crate::engine) fn init_in(answer: [u8; 16]) -> io::Result<Option<u32>> {
    let no = || io::Error::new(io::ErrorKind::InvalidData, "it answers otherwise than LXC does");
    let result = answer.first_chunk().copied().map(i32::from_ne_bytes).ok_or_else(no)?;
    let number = answer.last_chunk().copied().map(i64::from_ne_bytes).ok_or_else(no)?;
    if result < 0 || number <= 0 {
        return Ok(None);
    }
    u32::try_from(number).map(Some).map_err(|_| no())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_number_in_the_place_of_a_pointer() {
        let answer = |result: i32, number: i64| {
            let mut answer = [0; 16];
            answer[..4].copy_from_slice(&result.to_ne_bytes());
            answer[8..].copy_from_slice(&number.to_ne_bytes());
            init_in(answer)
        };
        assert_eq!(answer(0, 4711).unwrap(), Some(4711));
        assert_eq!(answer(-3, 4711).unwrap(), None);
        assert_eq!((answer(0, 0).unwrap(), answer(0, -1).unwrap()), (None, None));
        assert!(answer(0, i64::MAX).is_err());
    }

    #[test]
    fn a_long_name_is_a_digest() {
        let short = address(Path::new("/var/lib/lxc"), "web");
        assert_eq!(short, b"/var/lib/lxc/web/command");
        let long = address(Path::new(&format!("/{}", "x".repeat(99))), "web");
        assert!(long.starts_with(b"lxc/") && long.len() == "lxc//command".len() + 16);
    }
}
