//! Connects by `unix:FILE`.

use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use tokio::net::UnixStream;
use tokio::time::sleep;

/// After so long it is seen whether there is a place by now.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// The longest path that connect(2) takes, in bytes: `sun_path` of unix(7) without the NUL at its end.
const LONGEST: usize = 107;

/// Connects to the socket `path`, however long that is, and waits for a place where as many clients wait already as its
/// server lets wait (listen(2); 64 of each daemon of Open vSwitch). A socket that blocks waits by itself; any other is
/// told `EAGAIN` (connect(2)), and nothing tells it when there is a place.
///
/// It has no end of its own while there is none: the caller has a deadline, and drops the future. To be called in a
/// tokio runtime that has its clock.
///
/// # Errors
/// As connect(2) fails otherwise, and open(2) of a path that connect(2) does not take.
pub async fn connect(path: &Path) -> io::Result<UnixStream> {
    if path.as_os_str().len() <= LONGEST {
        return connect_to(path).await;
    }
    // Open vSwitch's own programs go by a short name, too, and have sockets in such places.
    let socket = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let short = format!("/proc/self/fd/{}", socket.as_raw_fd());
    connect_to(Path::new(&short)).await
}

async fn connect_to(path: &Path) -> io::Result<UnixStream> {
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(ASK_AGAIN).await,
            connected => return connected,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::net::UnixSocket;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn where_others_leave_no_place_one_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixSocket::new_stream().unwrap();
        socket.bind(&path).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut waiting = Vec::new();
        let full = loop {
            match UnixStream::connect(&path).await {
                Ok(stream) => waiting.push(stream),
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
        let mut connecting = pin!(connect(&path));
        assert!(timeout(ASK_AGAIN * 3, connecting.as_mut()).await.is_err(), "there is no place");
        let accepted = listener.accept().await;
        assert!(accepted.is_ok() && connecting.await.is_ok());
    }

    #[tokio::test]
    async fn a_path_that_is_longer_than_that_of_a_socket_leads_there() {
        let folder = tempfile::tempdir().unwrap();
        let (short, long) = (folder.path().join("s"), folder.path().join("l".repeat(LONGEST)));
        let listener = std::os::unix::net::UnixListener::bind(&short).unwrap();
        std::fs::rename(&short, &long).unwrap();
        assert!(connect(&long).await.is_ok() && listener.accept().is_ok());
        std::fs::remove_file(&long).unwrap();
        assert_eq!(connect(&long).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn what_no_wait_mends_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        assert_eq!(connect(&path).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert_eq!(connect(&path).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
