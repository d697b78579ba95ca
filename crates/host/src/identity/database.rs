//! Whether a database is the one that ovs-vswitchd serves: the same socket, or the same server
//! behind another one. By TCP it is another machine's until it is proven to be that server's.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use model::identity::{SourceIdentity, World};
use ovsdb::{Remote, Uuid};
use rustix::fs::{Mode, OFlags, fstat, open, stat};
use rustix::io::Errno;

use super::peer;
use super::process::{Process, is_same};
use super::sockets::opened_by;
use super::vswitchd::Vswitchd;
use crate::failure::is_of_this_system;

/// Who answered for a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answerer {
    /// The process behind its socket; 0 for one that is not seen, none by TCP.
    pub(crate) peer: Option<u32>,
    /// What it calls itself, where that was read.
    pub(crate) row: Option<DatabaseRow>,
}

/// What a database calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatabaseRow {
    /// The `_uuid` of its Open_vSwitch row, made with the database and different in each.
    pub(crate) id: Uuid,
    /// What the operator calls it.
    pub(crate) system_id: Option<String>,
}

/// Whose the database at `asked` is. To be called in a tokio runtime; waits for nothing.
///
/// # Errors
/// This system has no descriptor left to look with, or a socket of vswitchd's is too deep to be looked at.
pub(crate) fn judge(asked: &Remote, vswitchd: &Vswitchd, rundir: &Path) -> io::Result<World> {
    let of = format!("ovs-vswitchd (process {})", vswitchd.process.pid());
    let own = Connected::of(&vswitchd.process, rundir)?;
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

/// How vswitchd is connected.
struct Connected<'a> {
    vswitchd: &'a Process,
    /// The sockets in its command line, each held.
    sockets: Vec<OwnedFd>,
    /// The addresses in its command line.
    addresses: Vec<Remote>,
}

impl<'a> Connected<'a> {
    /// By the databases in vswitchd's command line (ovs-vswitchd(8)); without one there by its own folder's. What
    /// is not there is passed over.
    fn of(vswitchd: &'a Process, rundir: &Path) -> io::Result<Self> {
        let words = vswitchd.words();
        let methods = ["unix:", "tcp:", "ssl:"];
        let named = words.iter().skip(1).flat_map(|word| word.split(','));
        let named = named.filter(|word| methods.iter().any(|method| word.starts_with(method)));
        let named: Vec<_> = named.collect();
        let unix = named.iter().filter_map(|word| word.strip_prefix("unix:"));
        let unix = unix.chain(named.is_empty().then_some("db.sock"));
        let sockets = unix.filter_map(|path| held(vswitchd, Path::new(path), rundir));
        let sockets = sockets.collect::<Result<_, _>>()?;
        let by_address = named.iter().filter(|word| !word.starts_with("unix:"));
        let addresses = by_address.filter_map(|word| word.parse().ok()).collect();
        Ok(Self { vswitchd, sockets, addresses })
    }

    /// The address by which it is connected and that is this one.
    fn by(&self, at: SocketAddr) -> Option<&Remote> {
        self.addresses.iter().find(|own| address(own) == Some(at) && self.is_own(at.ip()))
    }

    /// The address by which it is connected to the server that is this process.
    fn by_listener(&self, server: u32) -> Option<&Remote> {
        let server = Process::open(server).ok()?;
        let listens_at = |at: SocketAddr| {
            self.is_own(at.ip())
                && server.shares_netns_of(self.vswitchd)
                && listens(&server, at).unwrap_or_default()
        };
        self.addresses.iter().find(|own| address(own).is_some_and(listens_at))
    }

    /// Whether an address is one of vswitchd's own network namespace. Only in this program's is it told which
    /// there are.
    fn is_own(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || (shares_our_netns(self.vswitchd) && is_own_address(ip))
    }
}

fn address(remote: &Remote) -> Option<SocketAddr> {
    match remote {
        Remote::Tcp(at) | Remote::Ssl(at) => Some(*at),
        Remote::Unix(_) => None,
    }
}

/// A socket as vswitchd names it, held; none where it is not there. One that is too deep to be looked at may be any.
fn held(process: &Process, path: &Path, rundir: &Path) -> Option<io::Result<OwnedFd>> {
    let found = if path.is_absolute() {
        process.find(path)
    } else {
        let how = OFlags::PATH | OFlags::CLOEXEC;
        open(rundir.join(path), how, Mode::empty()).map_err(io::Error::from)
    };
    match found {
        Err(error) if is_of_this_system(&error) || is_too_deep(&error) => Some(Err(error)),
        found => found.ok().map(Ok),
    }
}

fn is_too_deep(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NAMETOOLONG.raw_os_error())
}

/// The process that listens at a socket that is held.
fn listener_at(socket: &OwnedFd) -> io::Result<u32> {
    peer::listener(&PathBuf::from(format!("/proc/self/fd/{}", socket.as_raw_fd())))
}

fn judge_socket(asked: &Path, own: &Connected<'_>, of: &str) -> World {
    let is_asked =
        |own: &OwnedFd| matches!((stat(asked), fstat(own)), (Ok(a), Ok(b)) if is_same(&a, &b));
    if own.sockets.iter().any(is_asked) {
        return World::Here { evidence: format!("{of} is connected by the same socket") };
    }
    let server = peer::listener(asked).ok().filter(|pid| *pid != 0);
    let Some(server) = server else {
        return World::Unknown { why: format!("its server is not seen, nor that it serves {of}") };
    };
    if own_server(&own.sockets) == Some(server) {
        return World::Here { evidence: format!("process {server} serves {of} too") };
    }
    if let Some(at) = own.by_listener(server) {
        let evidence = format!("process {server} listens at {at}, by which {of} is connected");
        return World::Here { evidence };
    }
    World::Unknown {
        why: match own.addresses.first() {
            Some(at) => format!(
                "process {server} answers, and {of} is connected by {at}, where it is not seen to listen"
            ),
            None => format!("process {server} answers, which does not serve {of}"),
        },
    }
}

fn judge_address(asked: &Remote, at: SocketAddr, own: &Connected<'_>, of: &str) -> World {
    // In one namespace an address of its own is one server's.
    if shares_our_netns(own.vswitchd)
        && let Some(at) = own.by(at)
    {
        return World::Here { evidence: format!("{of} is connected by {at}, too") };
    }
    let far = |why: String| World::Elsewhere { why };
    let server = own_server(&own.sockets).map(Process::open);
    let Some(Ok(server)) = server else {
        return far(match own.addresses.first() {
            Some(at) => format!(
                "it is asked at {asked}, and {of} is connected by {at}, whose server was not looked for"
            ),
            None => format!("it is asked at {asked}, and what serves {of} is not seen"),
        });
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
pub(super) fn listener(row: &str) -> Option<(SocketAddr, u64)> {
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
    use super::{
        Connected, is_own_address, is_too_deep, judge_address, judge_socket, listener,
        listeners_in, listens,
    };
    use crate::identity::process::Process;
    use model::identity::World;
    use std::net::{IpAddr, TcpListener};
    use std::os::unix::net::UnixListener;
    use std::process::{Child, Stdio};

    /// What was started with these words, as vswitchd is.
    struct Started(Child);

    impl Started {
        fn with(words: &[&str]) -> Self {
            let mut sh = lab::program("sh");
            sh.args(["-c", "read forever", "vswitchd"]).args(words).stdin(Stdio::piped());
            Self(sh.spawn().unwrap())
        }

        fn process(&self) -> Process {
            let process = Process::open(self.0.id()).unwrap();
            lab::wait_until("it has its words", || process.words().iter().any(|it| it == "-c"));
            process
        }
    }

    impl Drop for Started {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    /// This process serves by a socket and an address, and vswitchd is connected by either.
    #[tokio::test]
    async fn a_server_is_the_same_by_its_socket_and_by_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("db.sock");
        let _unix = UnixListener::bind(&socket).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = tcp.local_addr().unwrap();
        let asked = |words: &[&str]| {
            let started = Started::with(words);
            let process = started.process();
            let own = Connected::of(&process, folder.path()).unwrap();
            let remote = format!("tcp:{at}").parse().unwrap();
            [judge_socket(&socket, &own, "it"), judge_address(&remote, at, &own, "it")]
        };
        let by_address = format!("tcp:{at}");
        for words in [&[by_address.as_str()][..], &[], &["unix:db.sock"]] {
            for world in asked(words) {
                assert!(world.is_here(), "{words:?}: {world:?}");
            }
        }
        // Of what is somewhere else it is said where.
        let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for other in [format!("tcp:{other}"), "ssl:192.0.2.1:6640".to_owned()] {
            for world in asked(&[&other]) {
                let why = world.doubt().unwrap();
                assert!(why.contains(&format!("connected by {other}")), "{why}");
            }
        }
        let elsewhere = asked(&["tcp:192.0.2.1:6640"]);
        assert!(matches!(elsewhere, [World::Unknown { .. }, World::Elsewhere { .. }]));
    }

    #[test]
    fn a_socket_that_is_too_deep_to_be_looked_at_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d/".repeat(200));
        std::fs::create_dir_all(&deep).unwrap();
        let started = Started::with(&[&format!("unix:{}/db.sock", deep.display())]);
        let process = started.process();
        let error = Connected::of(&process, folder.path()).err().unwrap();
        assert!(is_too_deep(&error), "{error}");
        drop(started);
        let started = Started::with(&["unix:/nonexistent/db.sock"]);
        let process = started.process();
        assert!(Connected::of(&process, folder.path()).unwrap().sockets.is_empty());
    }

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
