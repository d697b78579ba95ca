//! What packet the query of a trace asks for.

use livetraffic::Trace;
use traffic::PacketKind;

use crate::api::params::{flag, once};
use crate::http::error::ApiError;

/// `from=` and `to=`, which packet, as the options of `docker ovs trace` are called (`tcp=PORT`,
/// `udp=PORT`, `icmp`, `arp`, `raw=FLOW`; one of them at most), and `both`.
pub(crate) fn trace(pairs: Vec<(String, String)>) -> Result<Trace, ApiError> {
    let mut ends = [None, None];
    let [from, to] = &mut ends;
    let (mut kind, mut both) = (None, None);
    for (key, value) in pairs {
        match key.as_str() {
            "from" => once(from, &key, value)?,
            "to" => once(to, &key, value)?,
            "both" => once(&mut both, &key, flag(&key, &value)?)?,
            _ => once(&mut kind, &key, packet(&key, value)?)?,
        }
    }
    let ends = ends.map(|end| end.filter(|word: &String| !word.is_empty()));
    let [Some(source), Some(destination)] = ends else {
        return Err(ApiError::bad_request("from= and to= say where the packet goes"));
    };
    let kind = kind.unwrap_or(PacketKind::Icmp);
    let both = both.unwrap_or(false);
    if both && matches!(kind, PacketKind::Raw(_)) {
        return Err(ApiError::bad_request(
            "there is no answer to a packet in your own words: no both",
        ));
    }
    Ok(Trace { source, destination, kind, both, brief: false })
}

fn packet(key: &str, value: String) -> Result<PacketKind, ApiError> {
    match key {
        "tcp" => Ok(PacketKind::Tcp(port(key, &value)?)),
        "udp" => Ok(PacketKind::Udp(port(key, &value)?)),
        "icmp" if value.is_empty() => Ok(PacketKind::Icmp),
        "arp" if value.is_empty() => Ok(PacketKind::Arp),
        "icmp" | "arp" => Err(ApiError::bad_request(format!("{key} has no value"))),
        "raw" => Ok(PacketKind::Raw(value)),
        _ => Err(ApiError::bad_request(format!(
            "{key:?} means nothing here; a packet is tcp=, udp=, icmp, arp or raw="
        ))),
    }
}

fn port(key: &str, value: &str) -> Result<u16, ApiError> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let port = value.parse().ok().filter(|_| digits);
    port.ok_or_else(|| ApiError::bad_request(format!("{key}= is a port, 0 to 65535")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &[(&str, &str)]) -> Result<Trace, ApiError> {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let ends = [("from", "web"), ("to", "br0:LOCAL")];
        trace(ends.iter().chain(query).map(pair).collect())
    }

    #[test]
    fn a_trace_is_what_the_verb_takes() {
        let usual = of(&[]).unwrap();
        assert_eq!((usual.source.as_str(), usual.destination.as_str()), ("web", "br0:LOCAL"));
        assert_eq!((usual.kind, usual.both), (PacketKind::Icmp, false));
        for (query, kind) in [
            (("tcp", "80"), PacketKind::Tcp(80)),
            (("udp", "65535"), PacketKind::Udp(65535)),
            (("icmp", ""), PacketKind::Icmp),
            (("arp", ""), PacketKind::Arp),
            (("raw", "ip,nw_proto=47"), PacketKind::Raw("ip,nw_proto=47".to_owned())),
        ] {
            assert_eq!(of(&[query]).unwrap().kind, kind);
        }
        assert!(of(&[("both", "")]).unwrap().both && !of(&[("both", "0")]).unwrap().both);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for query in [
            &[("tcp", "")][..],
            &[("tcp", "-1")],
            &[("udp", "65536")],
            &[("udp", "0x50")],
            &[("tcp", "1"), ("udp", "1")],
            &[("arp", "x")],
            &[("icmp", "1")],
            &[("both", "x")],
            &[("both", ""), ("both", "")],
            &[("from", "db")],
            &[("raw", "arp"), ("both", "")],
            &[("vlan", "1")],
        ] {
            assert!(of(query).is_err(), "{query:?}");
        }
        assert!(trace(vec![("from".to_owned(), "web".to_owned())]).is_err());
    }
}
