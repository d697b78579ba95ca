//! Packets that have no ports: whether an echo request, or a request for a MAC, comes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use super::scene::{Host, passes};

/// The identifier of an echo: each is a connection of its own to conntrack, which keeps earlier ones a while.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let own = std::process::id() & 0xffff;
    AtomicU16::new(u16::try_from(own).unwrap_or_default())
});

/// An echo request without data (RFC 792) to the address, with the identifier, that are given.
const ECHO: &str = "
import socket, struct, sys
echo = lambda checksum: struct.pack('!BBHHH', 8, 0, checksum, int(sys.argv[2]), 1)
total = sum(struct.unpack('!4H', echo(0)))
total = (total & 0xffff) + (total >> 16)
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.sendto(echo(~total & 0xffff), (sys.argv[1], 0))
";

/// An ARP request (RFC 826) to all, from the MAC and address that are given, for the other address.
const REQUEST: &str = "
import socket, sys
mac = bytes.fromhex(sys.argv[1].replace(':', ''))
own, other = map(socket.inet_aton, sys.argv[2:])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('eth0', 0x0806))
arp = bytes([0, 1, 8, 0, 6, 4, 0, 1]) + mac + own + bytes(6) + other
s.send(b'\\xff' * 6 + mac + b'\\x08\\x06' + arp)
";

/// Counts such requests from the first address for the second that are for this host, until stdin ends. What had
/// the tag of a VLAN that is not here is for another host to the kernel.
const EAR: &str = "
import socket, sys
own, other = map(socket.inet_aton, sys.argv[1:])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
s.bind(('eth0', 0x0806))
print('ready', flush=True)
sys.stdin.read()
s.setblocking(False)
count = 0
try:
    while True:
        frame, address = s.recvfrom(2048)
        is_it = frame[20:22] == b'\\x00\\x01' and frame[28:32] == own and frame[38:42] == other
        count += is_it and address[2] != socket.PACKET_OTHERHOST
except BlockingIOError:
    print(count)
";

impl Host {
    /// Sends an echo request, and tells whether that came, as [`Self::reaches`] does of a datagram.
    pub(super) fn echoes(&self, to: &Host, witness: &Host) -> bool {
        let before = to.counted("Icmp: ", "InEchos");
        let identifier = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        self.sends(ECHO, &[&to.ip.to_string(), &identifier]);
        passes(&self.socket(), witness);
        passes(&witness.socket(), to);
        to.counted("Icmp: ", "InEchos") != before
    }

    /// The same of a request for the MAC of the other one.
    pub(super) fn asks(&self, to: &Host, witness: &Host) -> bool {
        let (own, other) = (self.ip.to_string(), to.ip.to_string());
        let mut ear = to.python(EAR, &[&own, &other]);
        let mut ear = ear.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(ear.stdout.take().unwrap());
        let mut ready = String::new();
        said.read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        self.sends(REQUEST, &[&self.mac, &own, &other]);
        passes(&self.socket(), witness);
        passes(&witness.socket(), to);
        drop(ear.stdin.take());
        let mut count = String::new();
        said.read_to_string(&mut count).unwrap();
        assert!(ear.wait().unwrap().success());
        count.trim() != "0"
    }

    fn sends(&self, code: &str, words: &[&str]) {
        assert!(self.python(code, words).status().unwrap().success(), "{words:?}");
    }

    /// Python in its network namespace.
    fn python(&self, code: &str, words: &[&str]) -> Command {
        let mut command = lab::program("nsenter");
        let pid = self.container.pid();
        command.args(["--target", &pid, "--net", "python3", "-c", code]).args(words);
        command
    }
}
