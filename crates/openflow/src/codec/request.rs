//! What we send.

use super::header::{ECHO_REPLY, ERROR, FEATURES_REQUEST, HELLO, Header};
use super::{hello, multipart};
use crate::version::{Version, Versions};

/// A message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    /// Offers versions.
    Hello(Versions),
    /// Tells that none of the peer's versions will do: `OFPHFC_INCOMPATIBLE`
    /// (1.3.5 section 6.3.1).
    HelloFailed,
    /// Returns what an ECHO_REQUEST brought (1.3.5 section 7.5.3).
    EchoReply(&'a [u8]),
    /// Asks what the bridge is (1.3.5 section 7.3.1).
    Features,
    /// Asks for the description of all ports (1.3.5 section 7.3.5.7).
    ///
    /// The specifications have it since 1.3. Open vSwitch answers it in every version,
    /// where FEATURES_REPLY has room for 1,364 ports only.
    Ports,
    /// Asks for the counters of all ports (1.3.5 section 7.3.5.6).
    PortStats,
}

impl Request<'_> {
    /// What the specifications call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hello(_) => "HELLO",
            Self::HelloFailed => "ERROR",
            Self::EchoReply(_) => "ECHO_REPLY",
            Self::Features => "FEATURES_REQUEST",
            Self::Ports => "the request for PORT_DESC",
            Self::PortStats => "the request for PORT_STATS",
        }
    }

    /// Appends the message to `out`.
    pub(crate) fn put(self, out: &mut Vec<u8>, version: Version, xid: u32) {
        match self {
            Self::Hello(versions) => put(out, version, HELLO, xid, &hello::body(versions)),
            Self::HelloFailed => put(out, version, ERROR, xid, &[0; 4]),
            Self::EchoReply(payload) => put(out, version, ECHO_REPLY, xid, payload),
            Self::Features => put(out, version, FEATURES_REQUEST, xid, &[]),
            Self::Ports => {
                let body = multipart::ports_request(version);
                put(out, version, multipart::request_kind(version), xid, body);
            }
            Self::PortStats => {
                let body = multipart::port_stats_request(version);
                put(out, version, multipart::request_kind(version), xid, body);
            }
        }
    }
}

/// No body of ours is longer than that of the echo it answers: the length fits.
fn put(out: &mut Vec<u8>, version: Version, kind: u8, xid: u32, body: &[u8]) {
    let length = u16::try_from(Header::LENGTH + body.len()).unwrap_or(u16::MAX);
    out.extend([version as u8, kind]);
    out.extend(length.to_be_bytes());
    out.extend(xid.to_be_bytes());
    out.extend(body);
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::version::{Version, Versions};

    fn bytes(request: Request, version: Version) -> Vec<u8> {
        let mut out = Vec::new();
        request.put(&mut out, version, 0x0102_0304);
        out
    }

    #[test]
    fn a_hello_bears_the_bitmap() {
        let versions = Versions::from_iter([Version::V1_0, Version::V1_3]);
        let hello = bytes(Request::Hello(versions), Version::V1_3);
        assert_eq!(hello, [4, 0, 0, 16, 1, 2, 3, 4, 0, 1, 0, 8, 0, 0, 0, 0b1_0010]);
    }

    #[test]
    fn the_request_for_ports_differs_by_version() {
        let all = [&[0xff; 4][..], &[0; 4]].concat();
        for (version, start, rest) in [
            (Version::V1_0, [1, 16, 0, 12], vec![]),
            (Version::V1_1, [2, 18, 0, 16], vec![0; 4]),
            (Version::V1_2, [3, 18, 0, 16], vec![0; 4]),
            (Version::V1_3, [4, 18, 0, 16], vec![0; 4]),
            (Version::V1_4, [5, 18, 0, 16], vec![0; 4]),
            (Version::V1_5, [6, 18, 0, 24], [&[0; 4], &all[..]].concat()),
        ] {
            let expected = [&start[..], &[1, 2, 3, 4, 0, 13, 0, 0], &rest].concat();
            assert_eq!(bytes(Request::Ports, version), expected, "{version}");
        }
    }

    #[test]
    fn an_echo_is_returned_whole() {
        let payload = vec![7; 65_535 - 8];
        let echo = bytes(Request::EchoReply(&payload), Version::V1_0);
        assert_eq!(echo[..8], [1, 3, 0xff, 0xff, 1, 2, 3, 4]);
        assert_eq!(echo[8..], payload);
    }
}
