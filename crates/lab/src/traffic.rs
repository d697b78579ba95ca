//! Traffic that is more than ping: what TCP and UDP deliver is compared with what was sent.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use docker_ovs_netns::{Error, EthtoolSocket, Netns, visit};

use crate::home::Home;
use crate::run::{patience, slowness};

/// What TCP carries, in bytes.
const MEGABYTE: usize = 1 << 20;
/// Payloads of UDP in bytes: small, nearly a whole packet, and in several fragments.
const DATAGRAMS: [usize; 3] = [1, 1400, 20_000];

/// Sends a megabyte by TCP and datagrams of several sizes by UDP from `from` to `to`, whose
/// address is `ip`, and UDP back. Each datagram is sent once. For tests that expect a loss, which
/// is told after three seconds without a packet, where milliseconds are enough.
///
/// # Errors
/// What did not arrive as it was sent.
///
/// # Panics
/// When `ip` is no address, or a namespace cannot be opened.
pub fn carries(from: &impl Home, to: &impl Home, ip: &str) -> Result<(), String> {
    carries_within(Duration::from_secs(3) * slowness(), from, to, ip)
}

fn carries_within(
    patience: Duration,
    from: &impl Home,
    to: &impl Home,
    ip: &str,
) -> Result<(), String> {
    let ip: IpAddr = ip.parse().expect("an IP address");
    let way = TrafficPath { from: space(from), to: space(to), ip, patience };
    let tcp = way.tcp().map_err(|error| format!("TCP to {ip}: {error}"));
    let udp = way.udp().map_err(|error| format!("UDP to {ip}: {error}"));
    let failed: Vec<_> = [tcp, udp].into_iter().filter_map(Result::err).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Asserts that each of these addresses of `to` gets all that [`carries`] sends, however long that
/// takes a busy machine.
///
/// # Panics
/// Where something is lost, or arrives broken.
pub fn assert_carries(from: &impl Home, to: &impl Home, ips: &[&str]) {
    for ip in ips {
        let carried = carries_within(patience(), from, to, ip);
        carried.unwrap_or_else(|lost| panic!("traffic is lost: {lost}"));
    }
}

/// Where [`echo`] answers (RFC 862).
const ECHO: u16 = 7;

/// Sends back from now on what comes to this address of `home` by TCP or UDP: for what is sent by another
/// machine.
///
/// # Panics
/// When `ip` is not an address of it.
pub fn echo(home: &impl Home, ip: &str) {
    let space = space(home);
    let ip: IpAddr = ip.parse().expect("an IP address");
    let listener = inside(&space, || TcpListener::bind((ip, ECHO))).expect("the port is free");
    let socket = inside(&space, || UdpSocket::bind((ip, ECHO))).expect("the port is free");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || io::copy(&mut &stream, &mut &stream));
        }
    });
    thread::spawn(move || {
        let mut got = vec![0; 1 << 16];
        while let Ok((length, sender)) = socket.recv_from(&mut got) {
            let _ = socket.send_to(&got[..length], sender);
        }
    });
}

/// Asserts that a megabyte by TCP and datagrams of several sizes by UDP come back from where [`echo`]
/// answers, as they were sent.
///
/// # Panics
/// Where something is lost, or arrives broken.
pub fn assert_echoes(from: &impl Home, ip: &str) {
    let ip: IpAddr = ip.parse().expect("an IP address");
    let (space, patience) = (space(from), patience());
    let tcp = echoed_by_tcp(&space, ip, patience).map_err(|error| format!("TCP to {ip}: {error}"));
    let udp =
        || echoed_by_udp(&space, ip, patience).map_err(|error| format!("UDP to {ip}: {error}"));
    tcp.and_then(|()| udp()).unwrap_or_else(|lost| panic!("traffic is lost: {lost}"));
}

fn echoed_by_tcp(from: &Netns, ip: IpAddr, patience: Duration) -> io::Result<()> {
    let address = SocketAddr::from((ip, ECHO));
    let stream = inside(from, || TcpStream::connect_timeout(&address, patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.set_read_timeout(Some(patience))?;
    let (sent, mut got) = (bytes(MEGABYTE), Vec::new());
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            (&stream).write_all(&sent)?;
            stream.shutdown(Shutdown::Write)
        });
        let read = (&stream).read_to_end(&mut got);
        writing.join().expect("the writer ends").and(read)
    })?;
    same(&sent, &got)
}

fn echoed_by_udp(from: &Netns, ip: IpAddr, patience: Duration) -> io::Result<()> {
    let any: IpAddr = if ip.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let socket = inside(from, || UdpSocket::bind((any, 0)))?;
    socket.set_read_timeout(Some(patience))?;
    for size in DATAGRAMS {
        let sent = bytes(size);
        socket.send_to(&sent, (ip, ECHO))?;
        received(&socket, &sent, &format!("the datagram of {size} bytes"))?;
    }
    Ok(())
}

/// Whether `interface` leaves the checksums of TCP and UDP to its hardware, as every veth does
/// from its beginning.
///
/// # Panics
/// When there is no such interface.
pub fn has_checksum_offload(home: &impl Home, interface: &str) -> bool {
    with_features(home, interface, EthtoolSocket::tx_checksum_offload)
}

/// Has it leave them to its hardware, or finish them.
///
/// # Panics
/// When there is no such interface.
pub fn set_checksum_offload(home: &impl Home, interface: &str, on: bool) {
    with_features(home, interface, |features, index| features.set_tx_checksum_offload(index, on));
}

fn with_features<T: Send>(
    home: &impl Home,
    interface: &str,
    act: impl Fn(&EthtoolSocket, u32) -> Result<T, Error> + Sync,
) -> T {
    let space = space(home);
    let done = visit(&[&space], |_, route| {
        let link = route.link_named(interface)?;
        let link = link.unwrap_or_else(|| panic!("there is no {interface}"));
        act(&EthtoolSocket::here()?, link.ifindex)
    });
    done.into_iter().next().unwrap().unwrap_or_else(|error| panic!("{interface}: {error}"))
}

/// Where traffic goes, and how long nothing may come before it counts as lost.
struct TrafficPath {
    from: Netns,
    to: Netns,
    ip: IpAddr,
    patience: Duration,
}

impl TrafficPath {
    fn tcp(&self) -> io::Result<()> {
        let listener = inside(&self.to, || TcpListener::bind((self.ip, 0)))?;
        let address = listener.local_addr()?;
        let sent = bytes(MEGABYTE);
        let connect = || TcpStream::connect_timeout(&address, self.patience);
        let mut stream = inside(&self.from, connect)?;
        let (mut accepted, _) = listener.accept()?;
        stream.set_write_timeout(Some(self.patience))?;
        accepted.set_read_timeout(Some(self.patience))?;
        let mut got = Vec::with_capacity(sent.len());
        let (wrote, read) = thread::scope(|scope| {
            let writing = scope.spawn(|| {
                stream.write_all(&sent)?;
                stream.shutdown(Shutdown::Write)
            });
            let read = accepted.read_to_end(&mut got);
            (writing.join().expect("the writer ends"), read)
        });
        wrote?;
        read?;
        same(&sent, &got)
    }

    fn udp(&self) -> io::Result<()> {
        let any: IpAddr = if self.ip.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
        let near = inside(&self.from, || UdpSocket::bind((any, 0)))?;
        let far = inside(&self.to, || UdpSocket::bind((self.ip, 0)))?;
        for socket in [&near, &far] {
            socket.set_read_timeout(Some(self.patience))?;
        }
        for size in DATAGRAMS {
            let sent = bytes(size);
            near.send_to(&sent, far.local_addr()?)?;
            let there = format!("the datagram of {size} bytes");
            let sender = received(&far, &sent, &there)?;
            far.send_to(&sent, sender)?;
            received(&near, &sent, &format!("{there} that was sent back"))?;
        }
        Ok(())
    }
}

/// Who sent what was awaited, once it has come.
fn received(socket: &UdpSocket, sent: &[u8], what: &str) -> io::Result<SocketAddr> {
    let mut got = vec![0; 1 << 16];
    let came = socket.recv_from(&mut got);
    let (length, sender) = came.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            io::Error::new(error.kind(), format!("{what} did not come"))
        }
        _ => error,
    })?;
    same(sent, &got[..length]).map_err(|error| io::Error::other(format!("{what}: {error}")))?;
    Ok(sender)
}

fn same(sent: &[u8], got: &[u8]) -> io::Result<()> {
    if sent == got {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{} bytes were sent, {} came, not the same",
        sent.len(),
        got.len()
    )))
}

/// Bytes that do not repeat (xorshift, G. Marsaglia 2003).
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    });
    next.take(count).collect()
}

fn space(home: &impl Home) -> Netns {
    let name = home.netns();
    let path = match name.parse::<u32>() {
        Ok(pid) => format!("/proc/{pid}/ns/net"),
        Err(_) => format!("/run/netns/{name}"),
    };
    Netns::open(&PathBuf::from(path)).expect("its namespace can be opened")
}

/// Opens a socket in a namespace; it stays there, whichever thread uses it.
fn inside<T: Send>(space: &Netns, open: impl Fn() -> io::Result<T> + Sync) -> io::Result<T> {
    let opened = visit(&[space], |_, _| open().map_err(Error::Socket)).remove(0);
    opened.map_err(|error| match error {
        Error::Socket(error) => error,
        other => io::Error::other(other),
    })
}
