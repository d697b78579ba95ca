//! Whether a database is the one that ovs-vswitchd serves: the same socket, or the same server
//! behind another one. By TCP it is another machine's until it is proven to be that server's.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use model::identity::{SourceIdentity, World};
use ovsdb::Remote;
use rustix::fs::{Mode, OFlags, fstat, open, stat};

use super::peer;
use super::process::{Process, is_same};
use super::sockets::opened_by;
use super::vswitchd::Vswitchd;
use crate::failure::is_of_this_system;
use crate::switch::ovsdb::Answerer;

/// Whose the database at `asked` is. To be called in a tokio runtime; waits for nothing.
///
/// # Errors
/// This system has no descriptor left to look with.
pub(crate) fn judge(asked: &Remote, vswitchd: &Vswitchd, rundir: &Path) -> io::Result<World> {
    let of = format!("ovs-vswitchd (process {})", vswitchd.process.pid());
    let own = own_sockets(&vswitchd.process, rundir)?;
    Ok(match asked {
        Remote::Unix(path) => judge_socket(path, &own, &of),
        Remote::Tcp(at) | Remote::Ssl(at) => judge_address(asked, *at, &own, &of),
    })
}

/// Who answered for a database of this `world`.
pub(crate) fn identity(answerer: Option<&Answerer>, world: World) -> SourceIdentity {
    let pid = answerer.and_then(|answerer| answerer.peer).filter(|pid| *pid != 0);
    let row = answerer.and_then(|answerer| answerer.row.as_ref());
    let id = row.map(|row| row.id.to_string());
    SourceIdentity { id, ..SourceIdentity::new(pid, world) }
}

/// The sockets of the databases in vswitchd's command line (ovs-vswitchd(8)), each held; without a database
/// there its own folder's. What is not there is passed over.
fn own_sockets(process: &Process, rundir: &Path) -> io::Result<Vec<OwnedFd>> {
    let words = process.words();
    let methods = ["unix:", "tcp:", "ssl:"];
    let named = words.iter().skip(1).flat_map(|word| word.split(','));
    let named = named.filter(|word| methods.iter().any(|method| word.starts_with(method)));
    let mut named = named.peekable();
    let find = |path: &Path| {
        let found = if path.is_absolute() {
            process.find(path)
        } else {
            let how = OFlags::PATH | OFlags::CLOEXEC;
            open(rundir.join(path), how, Mode::empty()).map_err(io::Error::from)
        };
        match found {
            Err(error) if is_of_this_system(&error) => Some(Err(error)),
            found => found.ok().map(Ok),
        }
    };
    if named.peek().is_none() {
        return find(Path::new("db.sock")).into_iter().collect();
    }
    let sockets = named.filter_map(|word| word.strip_prefix("unix:").map(Path::new));
    sockets.filter_map(find).collect()
}

/// The process that listens at a socket that is held.
fn listener_at(socket: &OwnedFd) -> io::Result<u32> {
    peer::listener(&PathBuf::from(format!("/proc/self/fd/{}", socket.as_raw_fd())))
}

fn judge_socket(asked: &Path, own: &[OwnedFd], of: &str) -> World {
    let is_asked =
        |own: &OwnedFd| matches!((stat(asked), fstat(own)), (Ok(a), Ok(b)) if is_same(&a, &b));
    if own.iter().any(is_asked) {
        return World::Here { evidence: format!("{of} is connected by the same socket") };
    }
    let server = peer::listener(asked).ok().filter(|pid| *pid != 0);
    let Some(server) = server else {
        return World::Unknown { why: format!("its server is not seen, nor that it serves {of}") };
    };
    if own_server(own) == Some(server) {
        return World::Here { evidence: format!("process {server} serves {of} too") };
    }
    World::Unknown { why: format!("process {server} answers, which does not serve {of}") }
}

fn judge_address(asked: &Remote, at: SocketAddr, own: &[OwnedFd], of: &str) -> World {
    let far = |why: String| World::Elsewhere { why };
    let server = own_server(own).map(Process::open);
    let Some(Ok(server)) = server else {
        return far(format!("it is asked at {asked}, and what serves {of} is not seen"));
    };
    let unproven = format!("it is asked at {asked}, where what serves {of} does not listen");
    let is_ours = is_own_address(at.ip()) && shares_our_netns(&server);
    let pid = server.pid();
    match is_ours.then(|| listens(&server, at)) {
        Some(Ok(true)) => {
            World::Here { evidence: format!("process {pid} listens there, and serves {of}") }
        }
        Some(Err(error)) => far(format!("{unproven}: {error}")),
        _ => far(unproven),
    }
}

/// The process that serves vswitchd.
fn own_server(own: &[OwnedFd]) -> Option<u32> {
    own.iter().find_map(|socket| listener_at(socket).ok()).filter(|pid| *pid != 0)
}

fn shares_our_netns(server: &Process) -> bool {
    let own = stat("/proc/self/ns/net");
    let its = stat(format!("/proc/{}/ns/net", server.pid()));
    matches!((own, its), (Ok(own), Ok(its)) if is_same(&own, &its))
}

/// Whether what is sent to `ip` stays in this network namespace: then it is also sent from there.
fn is_own_address(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 1))?;
        socket.local_addr()
    });
    ip.is_loopback() || from.is_ok_and(|from| from.ip() == ip)
}

/// Whether what is sent to `at`, an address of its own network namespace, arrives at this process.
fn listens(server: &Process, at: SocketAddr) -> io::Result<bool> {
    let mut listeners = listeners(server, "tcp", at.port())?;
    if at.is_ipv6() || listeners.is_empty() {
        listeners.extend(self::listeners(server, "tcp6", at.port()).unwrap_or_default());
    }
    // A listener at this very address hears what one at all addresses would.
    let named = listeners.iter().any(|(ip, _)| *ip == at.ip());
    let heard =
        listeners.iter().filter(|(ip, _)| if named { *ip == at.ip() } else { ip.is_unspecified() });
    let heard = heard.map(|(_, inode)| *inode).collect();
    Ok(!opened_by(server.pid(), &heard)?.is_empty())
}

/// The addresses at which sockets listen at `port`, each with its inode (proc_pid_net(5)).
fn listeners(server: &Process, table: &str, port: u16) -> io::Result<Vec<(IpAddr, u64)>> {
    listeners_in(Path::new(&format!("/proc/{}/net/{table}", server.pid())), port)
}

/// The same of a table. Those that listen come first, and are read to the last one.
fn listeners_in(table: &Path, port: u16) -> io::Result<Vec<(IpAddr, u64)>> {
    let mut found = Vec::new();
    for row in files::lines(table)?.skip(1) {
        let Some((at, inode)) = listener(&String::from_utf8_lossy(&row?)) else { break };
        if at.port() == port {
            found.push((at.ip(), inode));
        }
    }
    Ok(found)
}

/// `0: 0100007F:19F0 00000000:0000 0A …  inode`: addresses are words as the machine has them.
fn listener(row: &str) -> Option<(SocketAddr, u64)> {
    const LISTENING: &str = "0A";
    let fields: Vec<_> = row.split_whitespace().collect();
    let [_, at, _, LISTENING, ..] = fields.as_slice() else { return None };
    let (ip, port) = at.split_once(':')?;
    let words = ip.as_bytes().chunks(8).map(|word| {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        Some(word.to_ne_bytes())
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    let ip: IpAddr = match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok()?.into(),
        _ => <[u8; 16]>::try_from(bytes).ok()?.into(),
    };
    let port = u16::from_str_radix(port, 16).ok()?;
    Some((SocketAddr::new(ip, port), fields.get(9)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{is_own_address, listener, listeners_in, listens};
    use crate::identity::process::Process;
    use std::net::{IpAddr, TcpListener};

    #[test]
    fn a_row_tells_who_listens() {
        let row = "   1: 0100007F:19F0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0";
        assert_eq!(listener(row), Some(("127.0.0.1:6640".parse().unwrap(), 4711)));
        let row = "   1: 00000000000000000000000001000000:0050 0:0 0A 0:0 00:0 0 0 0 12 1";
        assert_eq!(listener(row), Some(("[::1]:80".parse().unwrap(), 12)));
        assert_eq!(listener("0: 0100007F:19F0 0100007F:0050 01 0:0 00:0 0 0 0 12"), None);
    }

    #[test]
    fn of_many_that_listen_the_last_one_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("tcp");
        let rest = "00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n";
        let other = format!("   1: 0100007F:0050 00000000:0000 0A {rest}");
        let last = format!("   1: 0100007F:19F0 00000000:0000 0A {rest}");
        let connected = format!("   1: 0100007F:19F0 0100007F:0050 01 {rest}");
        for many in [0, 1_000, 20_000] {
            let text = format!("head\n{}{last}{connected}", other.repeat(many));
            std::fs::write(&table, text).unwrap();
            let found = listeners_in(&table, 6640).unwrap();
            assert_eq!(found, vec![(IpAddr::from([127, 0, 0, 1]), 4711)], "{many}");
        }
    }

    #[test]
    fn what_listens_at_the_very_address_hears() {
        let own = Process::open(std::process::id()).unwrap();
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        let all = TcpListener::bind("[::]:0").unwrap();
        let at = one.local_addr().unwrap();
        assert!(listens(&own, at).unwrap());
        // What another user's process is may be hidden.
        if let Ok(first) = Process::open(1) {
            assert!(!listens(&first, at).unwrap_or_default());
        }
        assert!(listens(&own, (at.ip(), all.local_addr().unwrap().port()).into()).unwrap());
        drop(one);
        assert!(!listens(&own, at).unwrap());
        assert!(is_own_address("127.0.0.7".parse().unwrap()));
        assert!(!is_own_address("192.0.2.1".parse().unwrap()));
    }
}
