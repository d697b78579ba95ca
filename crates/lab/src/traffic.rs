//! Traffic that is more than ping: what TCP and UDP deliver is compared with what was sent.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use docker_ovs_netns::{Error, EthtoolSocket, Netns, visit};

use crate::home::Home;

/// Nothing here takes longer than milliseconds, unless a packet is lost.
const PATIENCE: Duration = Duration::from_secs(3);
/// What TCP carries, in bytes.
const MEGABYTE: usize = 1 << 20;
/// Payloads of UDP in bytes: small, nearly a whole packet, and in several fragments.
const DATAGRAMS: [usize; 3] = [1, 1400, 20_000];

/// Sends a megabyte by TCP and datagrams of several sizes by UDP from `from` to `to`, whose
/// address is `ip`, and UDP back. Each datagram is sent once.
///
/// # Errors
/// What did not arrive as it was sent.
///
/// # Panics
/// When `ip` is no address, or a namespace cannot be opened.
pub fn carries(from: &impl Home, to: &impl Home, ip: &str) -> Result<(), String> {
    let ip: IpAddr = ip.parse().expect("an IP address");
    let (from, to) = (space(from), space(to));
    let tcp = tcp(&from, &to, ip).map_err(|error| format!("TCP to {ip}: {error}"));
    let udp = udp(&from, &to, ip).map_err(|error| format!("UDP to {ip}: {error}"));
    let failed: Vec<_> = [tcp, udp].into_iter().filter_map(Result::err).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Asserts that each of these addresses of `to` gets all that [`carries`] sends.
///
/// # Panics
/// Where something is lost, or arrives broken.
pub fn assert_carries(from: &impl Home, to: &impl Home, ips: &[&str]) {
    for ip in ips {
        carries(from, to, ip).unwrap_or_else(|lost| panic!("traffic is lost: {lost}"));
    }
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

fn tcp(from: &Netns, to: &Netns, ip: IpAddr) -> io::Result<()> {
    let listener = inside(to, || TcpListener::bind((ip, 0)))?;
    let address = listener.local_addr()?;
    let sent = bytes(MEGABYTE);
    let mut stream = inside(from, || TcpStream::connect_timeout(&address, PATIENCE))?;
    let (mut accepted, _) = listener.accept()?;
    stream.set_write_timeout(Some(PATIENCE))?;
    accepted.set_read_timeout(Some(PATIENCE))?;
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

fn udp(from: &Netns, to: &Netns, ip: IpAddr) -> io::Result<()> {
    let any = SocketAddr::new(if ip.is_ipv4() { [0; 4].into() } else { [0; 16].into() }, 0);
    let bind = |address| {
        let socket = UdpSocket::bind(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(socket)
    };
    let near = inside(from, || bind(any))?;
    let far = inside(to, || bind(SocketAddr::new(ip, 0)))?;
    let mut got = vec![0; 1 << 16];
    for size in DATAGRAMS {
        let sent = bytes(size);
        near.send_to(&sent, far.local_addr()?)?;
        let (length, sender) = far.recv_from(&mut got)?;
        same(&sent, &got[..length])?;
        far.send_to(&sent, sender)?;
        let (length, _) = near.recv_from(&mut got)?;
        same(&sent, &got[..length])?;
    }
    Ok(())
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
