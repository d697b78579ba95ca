//! The switch's end of the socket, for scripts, and the messages it sends.

use docker_ovs_openflow::Port;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

pub(crate) const HELLO: u8 = 0;
pub(crate) const ERROR: u8 = 1;
pub(crate) const ECHO_REQUEST: u8 = 2;
pub(crate) const FEATURES_REPLY: u8 = 6;
pub(crate) const PACKET_IN: u8 = 10;
pub(crate) const PORT_STATUS: u8 = 12;

/// `OFPET_BAD_REQUEST`, `OFPBRC_BAD_MULTIPART`.
pub(crate) const BAD_MULTIPART: [u8; 4] = [0, 1, 0, 2];

/// The switch's end of the socket.
pub(crate) struct Switch {
    pub(crate) stream: UnixStream,
    pub(crate) version: u8,
}

impl Switch {
    /// Says HELLO without a bitmap, as Open vSwitch does, and reads the client's.
    pub(crate) async fn greet(&mut self) {
        self.send(HELLO, 99, &[]).await;
        assert_eq!(self.request().await.0, HELLO);
    }

    pub(crate) async fn send(&mut self, kind: u8, xid: u32, body: &[u8]) {
        self.write(&message(self.version, kind, xid, body)).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The type, transaction id and body of the next message from the client.
    pub(crate) async fn request(&mut self) -> (u8, u32, Vec<u8>) {
        let mut header = [0; 8];
        self.stream.read_exact(&mut header).await.unwrap();
        let [_, kind, length_high, length_low, xid @ ..] = header;
        let mut body = vec![0; usize::from(u16::from_be_bytes([length_high, length_low])) - 8];
        self.stream.read_exact(&mut body).await.unwrap();
        (kind, u32::from_be_bytes(xid), body)
    }

    /// Answers a request for ports with `ports`, in messages as full as they can be.
    pub(crate) async fn send_ports(&mut self, xid: u32, ports: &[Vec<u8>]) {
        let per_message = 65_000 / ports[0].len();
        let mut chunks = ports.chunks(per_message).peekable();
        while let Some(chunk) = chunks.next() {
            let body = self.part(chunks.peek().is_some(), &chunk.concat());
            self.send(self.reply_kind(), xid, &body).await;
        }
    }

    pub(crate) fn part(&self, more: bool, entries: &[u8]) -> Vec<u8> {
        let padding: &[u8] = if self.version == 1 { &[] } else { &[0; 4] };
        [&[0, 13, 0, u8::from(more)], padding, entries].concat()
    }

    pub(crate) fn reply_kind(&self) -> u8 {
        if self.version == 1 { 17 } else { 19 }
    }
}

pub(crate) fn message(version: u8, kind: u8, xid: u32, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + body.len()).unwrap();
    let header = [&[version, kind][..], &length.to_be_bytes(), &xid.to_be_bytes()];
    [&header.concat(), body].concat()
}

/// A port as `version` lays it out, named after its number.
pub(crate) fn port(version: u8, number: u16) -> Vec<u8> {
    let mut name = [0; 16];
    let text = format!("port{number}");
    name[..text.len()].copy_from_slice(text.as_bytes());
    let number = number.to_be_bytes();
    let mac = [2, 0, 0, 0, number[0], number[1]];
    match version {
        1 => [&number[..], &mac, &name, &[0; 24]].concat(),
        2..=4 => [&[0; 2][..], &number, &[0; 4], &mac, &[0; 2], &name, &[0; 32]].concat(),
        _ => {
            let property = [&[0, 0, 0, 32][..], &[0; 28]].concat();
            let start = [&[0; 2][..], &number, &[0, 72, 0, 0], &mac, &[0; 2], &name].concat();
            [&start, &[0; 8][..], &property].concat()
        }
    }
}

pub(crate) fn ports(version: u8, count: u16) -> Vec<Vec<u8>> {
    (1..=count).map(|number| port(version, number)).collect()
}

/// The ofports of `ports`, after a check that each has the name and address of its number.
pub(crate) fn numbers(ports: &[Port]) -> Vec<u16> {
    let number = |port: &Port| {
        let number = port.ofport().unwrap();
        assert_eq!(port.name, format!("port{number}"));
        assert_eq!(port.mac[4..], number.to_be_bytes());
        number
    };
    ports.iter().map(number).collect()
}

/// `struct ofp_switch_features` with datapath id 5 and `ports`.
pub(crate) fn features(ports: &[Vec<u8>]) -> Vec<u8> {
    [&[0, 0, 0, 0, 0, 0, 0, 5][..], &[0; 16], &ports.concat()].concat()
}
